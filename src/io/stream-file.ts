// A file of any length written in pieces: under a temporary name, which is renamed when all of it is there.
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { type FileFault, faultOf } from './files.ts';

export interface StreamFile {
  /** Throws where the system cannot write; then `abandon` it. */
  write(piece: Uint8Array): void;
  /** Gives the file its name. */
  close(): Result<null, FileFault>;
  /** Leaves nothing behind. */
  abandon(): void;
}

/** Begins a file. A device or pipe (/dev/stdout) is written in place. */
export function createStreamFile(path: string): Result<StreamFile, FileFault> {
  try {
    const to = resolved(path);
    const before = statSync(to, { throwIfNoEntry: false });
    if (before?.isDirectory()) return err({ message: 'it is a directory' });
    const inPlace = before !== undefined && !before.isFile();
    const name = inPlace ? to : join(dirname(to), `.${basename(to)}.${process.pid}.tmp`);
    const fd = openSync(name, 'w', before === undefined ? 0o666 : before.mode & 0o777);
    const drop = (): void => {
      if (!inPlace) rmSync(name, { force: true });
    };
    return ok({
      write: (piece) => {
        for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
      },
      close: () => {
        try {
          if (!inPlace) fsyncSync(fd);
          closeSync(fd);
          if (!inPlace) renameSync(name, to);
          return ok(null);
        } catch (problem) {
          drop();
          return err(faultOf(problem));
        }
      },
      abandon: () => {
        closeSync(fd);
        drop();
      },
    });
  } catch (problem) {
    return err(faultOf(problem));
  }
}

/** Where a symbolic link leads, so that the rename replaces the file and not the link. */
function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
