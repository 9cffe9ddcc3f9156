// Register operands: general registers by field, shifted and extended. DDI 0487 C1.2.5.
import { type Fields, type OperandForm, put, readImmediate } from './operand-form.ts';
import type { A64Row } from './rows-form.ts';

export interface RegisterName {
  readonly number: number;
  readonly wide: boolean;
  /** True for SP and WSP, which share number 31 with the zero registers. */
  readonly stack: boolean;
}

/** `x3`, `wzr`, `sp`: number 31 is the stack pointer where `stack` says so. */
export function registerName(number: number, wide: boolean, stack = false): string {
  if (number !== 31) return `${wide ? 'x' : 'w'}${number}`;
  if (stack) return wide ? 'sp' : 'wsp';
  return wide ? 'xzr' : 'wzr';
}

/** The register of that name; null when there is none. */
export function readRegister(text: string | undefined): RegisterName | null {
  if (text === undefined) return null;
  if (text === 'sp' || text === 'wsp') return { number: 31, wide: text === 'sp', stack: true };
  if (text === 'xzr' || text === 'wzr') return { number: 31, wide: text === 'xzr', stack: false };
  const found = /^([xw])(\d|[12]\d|30)$/.exec(text);
  return found && { number: Number(found[2]), wide: found[1] === 'x', stack: false };
}

/** A register in field `name`: R takes its width from sf, W and X are what they say. `stack`: 31 is the stack pointer. */
function register(letter: string, name: string, stack: boolean): OperandForm {
  return {
    print: ({ fields }) => registerName(fields[name], letter === 'R' ? fields['sf'] === 1 : letter === 'X', stack),
    read: ({ fields, parts, at }) => {
      const found = readRegister(parts[at]);
      if (found === null || (found.number === 31 && found.stack !== stack)) return -1;
      if (letter === 'R' ? !put(fields, 'sf', found.wide ? 1 : 0) : found.wide !== (letter === 'X')) return -1;
      return put(fields, name, found.number) ? 1 : -1;
    },
  };
}

/** The register behind the one in field `name` (CASP). */
const next = (name: string): OperandForm => ({
  print: ({ fields }) => registerName(fields[name] + 1, fields['sf'] === 1),
  read: ({ fields, parts, at }) => {
    const found = readRegister(parts[at]);
    return found !== null && found.number === fields[name] + 1 && found.wide === (fields['sf'] === 1) ? 1 : -1;
  },
});

const SHIFTS = ['lsl', 'lsr', 'asr', 'ror'];
export const EXTENDS = ['uxtb', 'uxth', 'uxtw', 'uxtx', 'sxtb', 'sxth', 'sxtw', 'sxtx'];

/** `lsl #3`, `uxtw` as word and amount (null when left out); null for anything else. */
export function readModifier(text: string | undefined): { word: string; amount: number | null } | null {
  const found = /^([a-z]+)(?:\s+(#\S+))?$/.exec(text ?? '');
  if (found === null || !(SHIFTS.includes(found[1]) || EXTENDS.includes(found[1]))) return null;
  const amount = found[2] === undefined ? null : readImmediate(found[2]);
  return { word: found[1], amount: amount === null ? null : Number(amount) };
}

const shifted: OperandForm = {
  print: ({ fields }) => {
    const name = registerName(fields['rm'], fields['sf'] === 1);
    return fields['shift'] === 0 && fields['imm6'] === 0 ? name : `${name}, ${SHIFTS[fields['shift']]} #${fields['imm6']}`;
  },
  read: (r) => {
    if (register('R', 'rm', false).read(r) === -1) return -1;
    const modifier = readModifier(r.parts[r.at + 1]);
    r.fields['shift'] = modifier ? SHIFTS.indexOf(modifier.word) : 0;
    r.fields['imm6'] = modifier?.amount ?? 0;
    if (r.fields['shift'] === -1) return -1;
    return modifier ? 2 : 1;
  },
};

const stackTakesPart = (f: Fields, row: A64Row): boolean => f['rn'] === 31 || (f['rd'] === 31 && row.operands[0] === 'Rd|SP');

/** Extended register: the extension of the operation's own width is written LSL, or not at all, when a stack pointer takes part. */
const extended: OperandForm = {
  print: ({ fields, row }) => {
    const { rm, option, imm3, sf } = fields;
    const name = registerName(rm, sf === 1 && (option & 3) === 3);
    if (stackTakesPart(fields, row) && option === 2 + sf) return imm3 === 0 ? name : `${name}, lsl #${imm3}`;
    return `${name}, ${EXTENDS[option]}${imm3 === 0 ? '' : ` #${imm3}`}`;
  },
  read: ({ row, fields, parts, at }) => {
    const found = readRegister(parts[at]);
    const modifier = readModifier(parts[at + 1]);
    const plain = modifier === null || modifier.word === 'lsl';
    if (found === null || found.stack || (plain && !stackTakesPart(fields, row))) return -1;
    const option = plain ? 2 + fields['sf'] : EXTENDS.indexOf(modifier.word);
    if (option === -1 || found.wide !== (fields['sf'] === 1 && (option & 3) === 3)) return -1;
    Object.assign(fields, { rm: found.number, option, imm3: modifier?.amount ?? 0 });
    return modifier ? 2 : 1;
  },
};

const optional: OperandForm = {
  print: ({ fields }) => (fields['rt'] === 31 ? '' : registerName(fields['rt'], true)),
  read: (r) => {
    if (r.at < r.parts.length) return register('X', 'rt', false).read(r);
    r.fields['rt'] = 31;
    return 0;
  },
};

/** By the width that field b5 says (the bit's number above 31 needs X). */
const byBit: OperandForm = {
  print: ({ fields }) => registerName(fields['rt'], fields['b5'] === 1),
  read: ({ fields, parts, at }) => {
    const found = readRegister(parts[at]);
    if (found === null || found.stack) return -1;
    fields['rt'] = found.number;
    return 1;
  },
};

/** The form of a register operand; undefined for other operands. */
export function registerForm(operand: string): OperandForm | undefined {
  const found = /^([RWX])([a-z]2?)(\|SP)?$/.exec(operand);
  if (found) return register(found[1], `r${found[2]}`, found[3] !== undefined);
  return SPECIAL[operand];
}

const SPECIAL: Readonly<Record<string, OperandForm>> = {
  'Rs+1': next('rs'),
  'Rt+1': next('rt'),
  'Rm.shift': shifted,
  'Rm.extend': extended,
  'Xt?': optional,
  'Rt.b5': byBit,
};
