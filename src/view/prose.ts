// Prose in lines: broken at blanks, as wide as is good to read and as the terminal allows.
import { textWidth } from './width.ts';

/** Columns of prose where there is room. */
export const PROSE = 78;

/**
 * A paragraph in lines of at most that many columns; a line that continues a table's row stands under its second column; one that is indented
 * stays as it is.
 */
export function wrapProse(paragraph: string, columns: number = PROSE): string[] {
  if (paragraph.startsWith(' ')) return [paragraph];
  const [, head, rest] = /^(\S+ {2,})?(.*)$/.exec(paragraph) ?? ['', '', paragraph];
  const indent = ' '.repeat(head?.length ?? 0);
  const lines: string[] = [];
  let line = head ?? '';
  for (const word of rest.split(' ')) {
    const next = line.trimEnd() === '' || line === head ? line + word : `${line} ${word}`;
    if (textWidth(next) <= columns || line.trim() === '') line = next;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}
