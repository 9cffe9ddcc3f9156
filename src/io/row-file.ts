// A file of many lines, written as they come: under a temporary name, renamed when it is whole.
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { type FileFault, faultOf } from './files.ts';

const BATCH = 256 * 1024;

export interface RowFile {
  line(text: string): void;
  /** Gives the file its name; what went wrong, if anything did since the start. */
  close(): Result<null, FileFault>;
  /** Leaves nothing behind. */
  abandon(): void;
}

export function createRowFile(path: string): Result<RowFile, FileFault> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  let waiting: string[] = [];
  let length = 0;
  let fault: FileFault | null = null;
  let fd: number;
  try {
    fd = openSync(temporary, 'w');
  } catch (problem) {
    return err(faultOf(problem));
  }
  const guarded = (work: () => void): void => {
    try {
      if (fault === null) work();
    } catch (problem) {
      fault = faultOf(problem);
    }
  };
  const flush = (): void => {
    const bytes = Buffer.from(waiting.join(''), 'utf8');
    waiting = [];
    length = 0;
    guarded(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    });
  };
  const abandon = (): void => {
    closeSync(fd);
    rmSync(temporary, { force: true });
  };
  return ok({
    line: (text) => {
      waiting.push(text, '\n');
      length += text.length + 1;
      if (length >= BATCH) flush();
    },
    close: () => {
      flush();
      guarded(() => renameSync(temporary, path));
      if (fault === null) {
        closeSync(fd);
        return ok(null);
      }
      abandon();
      return err(fault);
    },
    abandon,
  });
}
