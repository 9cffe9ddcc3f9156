// Colours of the live region: roles to SGR sequences (ECMA-48 §8.3.117). Without colour the text stands alone, so nothing may depend on them.

import type { ColourTheme } from '../view/themes.ts';

export type Role = 'plain' | 'dim' | 'strong' | 'command' | 'option' | 'number' | 'name' | 'string' | 'comment' | 'bad' | 'chosen';

const SGR: Readonly<Record<Exclude<Role, 'plain'>, readonly [string, string]>> = {
  dim: ['2', '22'],
  strong: ['1', '22'],
  command: ['1', '22'],
  option: ['36', '39'],
  number: ['33', '39'],
  name: ['36', '39'],
  string: ['32', '39'],
  comment: ['2', '22'],
  bad: ['4;31', '24;39'],
  chosen: ['7', '27'],
};

const THEMES: Readonly<Record<ColourTheme, Partial<typeof SGR>>> = {
  default: {},
  bright: { option: ['96', '39'], number: ['93', '39'], name: ['96', '39'], string: ['92', '39'], bad: ['4;91', '24;39'] },
  'blue-yellow': { string: ['94', '39'], bad: ['4;93', '24;39'] },
  mono: { option: ['22', '22'], number: ['22', '22'], name: ['22', '22'], string: ['22', '22'], bad: ['4', '24'] },
};

export type Paint = (role: Role, text: string) => string;

/** Paints, or leaves the text as it is. The theme may change while the shell runs. */
export const painter =
  (colour: boolean, theme: () => ColourTheme = () => 'default'): Paint =>
  (role, text) => {
    if (!colour || role === 'plain' || text === '') return text;
    const [on, off] = THEMES[theme()][role] ?? SGR[role];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
