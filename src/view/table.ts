// Tables in text: columns as wide as their content, two blanks between them; where that is wider than allowed, the widest column
// that is aligned left is wrapped at blanks, and, where a word is longer still, cut with `…`.
import type { Column, Span } from './doc.ts';
import { cutToWidth, textWidth } from './width.ts';

type Cell = readonly Span[];

const GAP = 2;
const NARROWEST = 8;

const cellWidth = (cell: Cell): number => cell.reduce((sum, s) => sum + textWidth(s.text), 0);

/** Lines of the table; trailing blanks are left out. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: { readonly width: number; readonly header: boolean },
): Cell[] {
  const titled = options.header && columns.some((c) => c.title !== '');
  const heads: Cell[] = columns.map((c) => (c.title === '' ? [] : [{ text: c.title, role: 'heading' }]));
  const all = titled ? [heads, ...rows] : rows;
  const widths = columns.map((_, i) => Math.max(0, ...all.map((row) => cellWidth(row[i] ?? []))));
  shrink(columns, widths, options.width);
  return all.flatMap((row) => rowLines(columns, widths, row));
}

/** Narrows the widest left-aligned columns until the table fits, or none can give more. */
function shrink(columns: readonly Column[], widths: number[], width: number): void {
  let over = widths.reduce((sum, w) => sum + w, 0) + GAP * (widths.length - 1) - width;
  while (over > 0) {
    const candidates = widths.flatMap((w, i) => (columns[i].align !== 'right' && w > NARROWEST ? [i] : []));
    if (candidates.length === 0) return;
    const widest = candidates.reduce((a, b) => (widths[b] >= widths[a] ? b : a));
    const second = Math.max(NARROWEST, ...candidates.filter((i) => i !== widest).map((i) => widths[i]));
    const give = Math.min(over, Math.max(1, widths[widest] - second), widths[widest] - NARROWEST);
    widths[widest] -= give;
    over -= give;
  }
}

function rowLines(columns: readonly Column[], widths: readonly number[], row: readonly Cell[]): Cell[] {
  const wrapped = columns.map((_, i) => wrapCell(row[i] ?? [], widths[i]));
  const height = Math.max(1, ...wrapped.map((w) => w.length));
  return Array.from({ length: height }, (_, k) => {
    const line: Span[] = [];
    for (const [i, column] of columns.entries()) {
      const cell = wrapped[i][k] ?? [];
      const blanks = ' '.repeat(Math.max(0, widths[i] - cellWidth(cell)));
      if (i > 0) line.push({ text: ' '.repeat(GAP) });
      if (column.align === 'right') line.push({ text: blanks }, ...cell);
      else line.push(...cell, { text: blanks });
    }
    return trimmed(line);
  });
}

function trimmed(line: readonly Span[]): Cell {
  const out = line.filter((s) => s.text !== '');
  while (out.length > 0) {
    const last = out[out.length - 1];
    const text = last.text.trimEnd();
    if (text === last.text) return out;
    out.pop();
    if (text !== '') {
      out.push({ ...last, text });
      return out;
    }
  }
  return out;
}

/** The cell in lines of at most `width` cells. */
function wrapCell(cell: Cell, width: number): Cell[] {
  if (cellWidth(cell) <= width) return [cell];
  const lines: Span[][] = [[]];
  let used = 0;
  for (const span of cell) {
    for (const word of span.text.split(/(?<= )/)) {
      const bare = word.trimEnd();
      if (used > 0 && used + textWidth(bare) > width) {
        lines.push([]);
        used = 0;
      }
      const room = Math.max(1, width - used);
      const fits = textWidth(bare) <= room ? (textWidth(word) <= room ? word : bare) : `${cutToWidth(bare, room - 1)}…`;
      lines[lines.length - 1].push({ ...span, text: fits });
      used += textWidth(fits);
    }
  }
  return lines.map(trimmed);
}
