// Standard output and error: colours, width, and a reader that goes away.

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

/** Writes to a standard stream. When its reader is gone, spesh ends quietly: nobody reads on. */
export function writer(stream: NodeJS.WriteStream): (text: string) => void {
  stream.on('error', (problem: NodeJS.ErrnoException) => {
    if (problem.code === 'EPIPE') process.exit(0);
    throw problem;
  });
  return (text) => {
    if (text !== '') stream.write(text);
  };
}

/** A locale that is not UTF-8 gets no drawing characters. */
export function isUtf8(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'];
  return locale === undefined || /utf-?8/i.test(locale);
}

/** Writes to standard output and waits while its reader is slow: for output of any length. */
export async function writeOut(piece: Uint8Array | string): Promise<void> {
  if (piece.length === 0 || process.stdout.write(piece)) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}
