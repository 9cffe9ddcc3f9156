// Files in and out: read whole with their hash, written under another name and renamed, so that a reader sees the old or the new one.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';

export interface FileBytes {
  readonly path: string;
  readonly absolute: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

export interface FileFault {
  readonly message: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is no directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ERR_FS_FILE_TOO_LARGE: 'the file is too large',
};

/** Why the operating system said no, in words. */
export function faultOf(problem: unknown): FileFault {
  const code = typeof problem === 'object' && problem !== null && 'code' in problem ? String(problem.code) : '';
  return { message: REASONS[code] ?? (code === '' ? String(problem) : code) };
}

/** node:crypto takes longer to load than most commands to run, and most read no file: it is loaded when first needed. */
export const sha256 = (bytes: Uint8Array): string => process.getBuiltinModule('node:crypto').hash('sha256', bytes);

/** The whole file. */
export function readBytes(path: string): Result<FileBytes, FileFault> {
  try {
    const bytes = readFileSync(path);
    return ok({ path, absolute: resolve(path), sha256: sha256(bytes), bytes });
  } catch (problem) {
    return err(faultOf(problem));
  }
}

/** The whole file as UTF-8 text. */
export function readText(path: string): Result<string, FileFault> {
  try {
    return ok(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (problem) {
    return err(faultOf(problem));
  }
}

export function fileExists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Where a symbolic link leads, so that a rename replaces the file and not the link. */
function target(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Writes all of it, or nothing: temporary name in the same directory, fsync, rename. The mode of an existing file stays. */
export function writeBytes(path: string, bytes: Uint8Array | string): Result<null, FileFault> {
  const to = target(path);
  const before = statSync(to, { throwIfNoEntry: false });
  try {
    if (before !== undefined && !before.isFile()) {
      // A device or pipe (/dev/stdout) is written in place.
      if (before.isDirectory()) return err({ message: REASONS['EISDIR'] });
      writeAll(openSync(to, 'w'), bytes);
      return ok(null);
    }
  } catch (problem) {
    return err(faultOf(problem));
  }
  const temporary = join(dirname(to), `.${basename(to)}.${process.pid}.tmp`);
  try {
    writeAll(openSync(temporary, 'w', before === undefined ? 0o666 : before.mode & 0o777), bytes);
    renameSync(temporary, to);
    return ok(null);
  } catch (problem) {
    rmSync(temporary, { force: true });
    return err(faultOf(problem));
  }
}

function writeAll(fd: number, bytes: Uint8Array | string): void {
  const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  try {
    for (let at = 0; at < data.length; ) at += writeSync(fd, data, at);
    try {
      fsyncSync(fd);
    } catch {
      // Pipes and some file systems cannot.
    }
  } finally {
    closeSync(fd);
  }
}

export function makeDirectory(path: string): Result<null, FileFault> {
  try {
    mkdirSync(path, { recursive: true });
    return ok(null);
  } catch (problem) {
    return err(faultOf(problem));
  }
}

/** Everything that standard input holds. */
export async function readStandardInput(): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of process.stdin) parts.push(part as Uint8Array);
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
}

const MOST_NAMES = 500;

/** What a path could go on with: entries of its directory that begin as it ends; directories with a slash. Hidden ones only behind a dot. */
export function filesFrom(path: string): string[] {
  const slash = path.lastIndexOf('/') + 1;
  const directory = path.slice(0, slash);
  const begun = path.slice(slash);
  try {
    return readdirSync(directory === '' ? '.' : directory, { withFileTypes: true })
      .filter((entry) => entry.name.startsWith(begun) && (begun.startsWith('.') || !entry.name.startsWith('.')))
      .slice(0, MOST_NAMES)
      .map((entry) => `${directory}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .sort();
  } catch {
    return [];
  }
}
