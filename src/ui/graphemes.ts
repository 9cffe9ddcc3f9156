// What a person calls a character: grapheme clusters (Unicode UAX #29, by Intl.Segmenter) and the columns they take in a terminal.
import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const widths = new Map<string, number>();

const isPlainAscii = (text: string): boolean => /^[\n\x20-\x7e]*$/.test(text);

/** The grapheme clusters of `text`, in order; their concatenation is `text`. */
export function graphemesOf(text: string): string[] {
  if (isPlainAscii(text)) return [...text];
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** Columns of one grapheme: 0, 1 or 2. A newline has none. */
export function columnsOf(grapheme: string): number {
  if (grapheme.length === 1 && grapheme >= ' ' && grapheme <= '~') return 1;
  if (grapheme === '\n') return 0;
  let width = widths.get(grapheme);
  if (width === undefined) {
    width = stringWidth(grapheme);
    if (widths.size > 4096) widths.clear();
    widths.set(grapheme, width);
  }
  return width;
}

/** Columns of a text that may hold SGR sequences. */
export const columnsOfText = (text: string): number => (isPlainAscii(text) ? text.length : stringWidth(text));

/** Text as the editor keeps it: `\n` line ends, blanks for tabs, no control characters, no half surrogates. */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/\t/g, ' ')
    .replace(/\u001b\[[0-?]*[ -/]*[@-~]/g, '')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '')
    .replace(/\p{Surrogate}/gu, '\ufffd');
}

function wrapLine(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && columnsOfText(last) + 1 + columnsOfText(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Lines of at most `columns`, broken at blanks; a longer word stands alone. */
export const wrapText = (text: string, columns: number): string =>
  text
    .split('\n')
    .flatMap((line) => wrapLine(line, columns))
    .join('\n');

/** Cuts a plain text to at most `columns`; what is cut off is shown by `mark`. */
export function cutText(text: string, columns: number, mark = '…'): string {
  if (columnsOfText(text) <= columns) return text;
  const room = columns - columnsOfText(mark);
  if (room < 0) return '';
  let used = 0;
  let out = '';
  for (const grapheme of graphemesOf(text)) {
    used += columnsOf(grapheme);
    if (used > room) break;
    out += grapheme;
  }
  return out + mark;
}
