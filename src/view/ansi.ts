// Doc to text with ANSI colours (ECMA-48 SGR): the sixteen colours of the terminal's own theme, never a fixed one.
import type { Doc, Role } from './doc.ts';
import { type LayoutOptions, layout } from './layout.ts';
import type { ColourTheme } from './themes.ts';

type Sgr = readonly [string, string] | null;

/** SGR parameters that begin and end each role. */
const SGR: Readonly<Record<Role, Sgr>> = {
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

/** What a theme does otherwise than the first. */
const THEMES: Readonly<Record<ColourTheme, Partial<Record<Role, Sgr>>>> = {
  default: {},
  bright: { number: ['96', '39'], name: ['94', '39'], good: ['92', '39'], bad: ['91', '39'], changed: ['93', '39'], address: ['95', '39'] },
  // Red and green alike to one reader in twelve: blue and yellow are not, and the bad is bold as well.
  'blue-yellow': { good: ['94', '39'], bad: ['1;93', '22;39'], changed: ['4', '24'], name: ['36', '39'] },
  // Weight and lines, no colour.
  mono: { number: null, name: null, address: null, good: null, bad: ['1', '22'], changed: ['4', '24'] },
};

/** One run of text in its role's colours. The text must be free of control characters. */
export function colour(text: string, role: Role = 'plain', theme: ColourTheme = 'default'): string {
  const own = THEMES[theme][role];
  const sgr = own === undefined ? SGR[role] : own;
  return sgr === null || text === '' ? text : `\u001b[${sgr[0]}m${text}\u001b[${sgr[1]}m`;
}

export interface AnsiOptions extends LayoutOptions {
  readonly theme?: ColourTheme;
}

export function renderAnsi(doc: Doc, options: AnsiOptions): string {
  return layout(doc, options)
    .map((piece) =>
      piece.kind === 'raw'
        ? piece.text
        : piece.lines.map((line) => `${line.map((s) => colour(s.text, s.role, options.theme)).join('')}\n`).join(''),
    )
    .join('');
}
