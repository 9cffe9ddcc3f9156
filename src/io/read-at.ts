// Files too large to read whole: bytes at any offset of an open file (the port of src/trace/perf-data/read-at.ts).
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { err, ok, type Result } from 'neverthrow';
import { type FileFault, faultOf } from './files.ts';

export interface OpenFile {
  /** For `fileOfDescriptor` in a thread of this process. */
  readonly fd: number;
  /** Bytes when it was opened. */
  readonly size: number;
  /** Up to `length` bytes from `offset`; fewer where the file ends. Throws where the system cannot read. */
  read(offset: number, length: number): Uint8Array;
  /** The same into the caller's own bytes; how many it was. */
  readInto(into: Uint8Array, offset: number): number;
  close(): void;
}

/** Opens a regular file. A pipe or device has no size: read it whole instead. */
export function openFile(path: string): Result<OpenFile, FileFault> {
  try {
    // A pipe that is opened and closed again is lost to its writer.
    const about = statSync(path);
    if (!about.isFile()) return err({ message: about.isDirectory() ? 'it is a directory' : 'not a regular file' });
    const fd = openSync(path, 'r');
    return ok(fileAt(fd, fstatSync(fd).size));
  } catch (problem) {
    return err(faultOf(problem));
  }
}

/** A file that this process has open. */
export const fileOfDescriptor = (fd: number, size: number): OpenFile => fileAt(fd, size);

function fileAt(fd: number, size: number): OpenFile {
  const readInto = (bytes: Uint8Array, offset: number): number => {
    const wanted = Math.max(0, Math.min(bytes.length, size - offset));
    let got = 0;
    while (got < wanted) {
      const n = readSync(fd, bytes, got, wanted - got, offset + got);
      if (n === 0) break;
      got += n;
    }
    return got;
  };
  return {
    fd,
    size,
    readInto,
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      const got = readInto(bytes, offset);
      return got === bytes.length ? bytes : bytes.subarray(0, got);
    },
    close: () => closeSync(fd),
  };
}
