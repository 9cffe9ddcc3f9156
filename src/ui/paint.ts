// Colours of the live region: roles to SGR sequences (ECMA-48 §8.3.117). Without colour the text stands alone, so nothing may depend on them.

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

export type Paint = (role: Role, text: string) => string;

/** Paints, or leaves the text as it is. */
export const painter =
  (colour: boolean): Paint =>
  (role, text) => {
    if (!colour || role === 'plain' || text === '') return text;
    const [on, off] = SGR[role];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
