// Doc to text with ANSI colours (ECMA-48 SGR): the sixteen colours of the terminal's own theme, never a fixed one.
import type { Doc, Role } from './doc.ts';
import { type LayoutOptions, layout } from './layout.ts';

/** SGR parameters that begin and end each role. */
const SGR: Readonly<Record<Role, readonly [string, string] | null>> = {
  plain: null,
  dim: ['2', '22'],
  strong: ['1', '22'],
  number: ['36', '39'],
  name: ['34', '39'],
  good: ['32', '39'],
  bad: ['31', '39'],
  changed: ['33', '39'],
  address: ['35', '39'],
  comment: ['2', '22'],
  heading: ['1', '22'],
};

/** One run of text in its role's colours. The text must be free of control characters. */
export function colour(text: string, role: Role = 'plain'): string {
  const sgr = SGR[role];
  return sgr === null || text === '' ? text : `\u001b[${sgr[0]}m${text}\u001b[${sgr[1]}m`;
}

export function renderAnsi(doc: Doc, options: LayoutOptions): string {
  return layout(doc, options)
    .map((piece) =>
      piece.kind === 'raw' ? piece.text : piece.lines.map((line) => `${line.map((s) => colour(s.text, s.role)).join('')}\n`).join(''),
    )
    .join('');
}
