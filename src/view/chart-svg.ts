// Bars and tables of a Doc as one still picture (SVG 1.1): a heading, then each row as a label, a bar and a number. Text is escaped; what XML
// does not allow becomes U+FFFD.
import type { Block, Doc, Line } from './doc.ts';
import { escapeXml } from './svg.ts';

const WIDTH = 960;
const MARGIN = 16;
const ROW = 18;
const LABEL = 380;
const NUMBER = 110;
const BAR = WIDTH - 2 * MARGIN - LABEL - NUMBER;
const SIZE = 12;

const textOf = (line: Line): string => (typeof line === 'string' ? line : line.map((span) => span.text).join(''));

/** Some characters of a label that is too long for its column. */
const fitted = (text: string, most: number): string => {
  const chars = Array.from(text);
  return chars.length <= most ? text : `${chars.slice(0, most - 1).join('')}…`;
};

interface Drawing {
  y: number;
  readonly parts: string[];
}

function put(d: Drawing, x: number, text: string, style = ''): void {
  d.parts.push(`<text x="${x}" y="${d.y + 13}"${style}>${escapeXml(text)}</text>`);
}

function drawBlock(d: Drawing, block: Block): void {
  switch (block.kind) {
    case 'text':
      for (const line of block.lines) {
        const text = textOf(line);
        if (text !== '') put(d, MARGIN, text, ' font-weight="bold"');
        d.y += text === '' ? ROW / 2 : ROW;
      }
      return;
    case 'bars': {
      const most = Math.max(1, ...block.rows.map((r) => r.value));
      for (const row of block.rows) {
        put(d, MARGIN, fitted(row.label, 52));
        const width = Math.round((row.value / most) * BAR * 10) / 10;
        d.parts.push(`<rect x="${MARGIN + LABEL}" y="${d.y + 3}" width="${width}" height="${ROW - 6}" fill="#4477aa"/>`);
        put(d, MARGIN + LABEL + BAR + 8, row.text);
        d.y += ROW;
      }
      return;
    }
    case 'table': {
      const count = Math.max(1, block.columns.length);
      const first = Math.min(LABEL, (WIDTH - 2 * MARGIN) / count);
      const step = (WIDTH - 2 * MARGIN - first) / Math.max(1, count - 1);
      const x = (i: number): number => Math.round(i === 0 ? MARGIN : MARGIN + first + (i - 1) * step);
      const rows = [block.columns.map((c): Line => c.title), ...block.rows];
      for (const row of rows) {
        for (const [i, cell] of row.entries()) put(d, x(i), fitted(textOf(cell), i === 0 ? 52 : 24));
        d.y += ROW;
      }
      return;
    }
    case 'pairs':
      for (const row of block.rows) {
        put(d, MARGIN, row.name);
        put(d, MARGIN + LABEL, textOf(row.value));
        d.y += ROW;
      }
      return;
    default:
      return;
  }
}

/** The picture; `title` is also what a screen reader says. Blocks that are neither text, bars, table nor pairs are left out. */
export function chartSvg(title: string, doc: Doc): string {
  const d: Drawing = { y: MARGIN, parts: [] };
  put(d, MARGIN, title, ' font-size="16"');
  d.y += ROW * 1.5;
  for (const block of doc) drawBlock(d, block);
  const height = Math.ceil(d.y + MARGIN);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<g font-family="ui-monospace, DejaVu Sans Mono, monospace" font-size="${SIZE}" fill="#222222">`,
    ...d.parts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
