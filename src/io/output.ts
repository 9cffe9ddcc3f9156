// Standard output and error: colours, width, and a reader that goes away. Written by file descriptor: process.stdout would load Node's
// streams first, which is a quarter of a small command's time.
import { fstatSync, writeSync } from 'node:fs';
import { faultOf } from './files.ts';

/** One of the two standard outputs. */
export interface Output {
  readonly isTTY: boolean;
  /** Of a terminal; undefined elsewhere. */
  readonly columns: number | undefined;
  write(text: string | Uint8Array): void;
}

export interface OutputOptions {
  readonly color: 'auto' | 'always' | 'never';
  readonly width: number | null;
  readonly plain: boolean;
}

/** Columns where the output is no terminal. */
export const DEFAULT_WIDTH = 80;

/** `--color`, then NO_COLOR, FORCE_COLOR, CLICOLOR, then whether it is a terminal that is not dumb. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  options: OutputOptions,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (options.color !== 'auto') return options.color === 'always';
  if (options.plain) return false;
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  if (env['CLICOLOR_FORCE'] !== undefined && env['CLICOLOR_FORCE'] !== '0') return true;
  if (env['CLICOLOR'] === '0' || env['TERM'] === 'dumb') return false;
  return stream.isTTY === true;
}

/** Columns for tables. */
export function widthOf(stream: { readonly isTTY?: boolean; readonly columns?: number }, options: OutputOptions): number {
  return options.width ?? (stream.isTTY === true && stream.columns ? stream.columns : DEFAULT_WIDTH);
}

/** A locale that is not UTF-8 gets no drawing characters. */
export function isUtf8(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'];
  return locale === undefined || /utf-?8/i.test(locale);
}

const LINUX_NULL_DEVICE = 0x103; // major 1, minor 3

/** Whether the descriptor may be a terminal: then Node's own stream is asked. A pipe or file is none, and neither is /dev/null. */
function maybeTerminal(fd: 1 | 2): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && !(process.platform === 'linux' && stat.rdev === LINUX_NULL_DEVICE);
  } catch {
    return false; // closed
  }
}

/** language.md §1: a file that cannot be opened, or written. */
const CANNOT_WRITE = 2;

const waiting = new Int32Array(new SharedArrayBuffer(4));

/**
 * Standard output (1) or error (2). A write waits until its reader has taken it. When the reader is gone spesh ends quietly: nobody reads
 * on. What else stands in the way, such as a full disk, ends it with exit 2.
 */
export function standardOutput(fd: 1 | 2): Output {
  const terminal = maybeTerminal(fd);
  const stream = (): NodeJS.WriteStream => (fd === 1 ? process.stdout : process.stderr);
  return {
    get isTTY() {
      return terminal && stream().isTTY === true;
    },
    get columns() {
      return terminal ? stream().columns : undefined;
    },
    write: (text) => {
      const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
      for (let at = 0; at < bytes.length; ) {
        try {
          at += writeSync(fd, bytes, at);
        } catch (problem) {
          const code = (problem as NodeJS.ErrnoException).code;
          // The descriptor may be shared with someone who made it non-blocking; then the reader is waited for.
          if (code === 'EAGAIN') Atomics.wait(waiting, 0, 0, 1);
          else if (code === 'EPIPE') process.exit(0);
          else if (code === 'EBADF')
            return; // closed from the start
          else {
            if (fd === 1) STDERR.write(`spesh: standard output: ${faultOf(problem).message}\n`);
            process.exit(CANNOT_WRITE);
          }
        }
      }
    },
  };
}

/** Standard output and error of this process. */
export const STDOUT = standardOutput(1);
export const STDERR = standardOutput(2);

/** Writes to standard output: for output of any length. */
export async function writeOut(piece: Uint8Array | string): Promise<void> {
  STDOUT.write(piece);
}
