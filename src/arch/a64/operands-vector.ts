// Operands of floating point and Advanced SIMD: registers, elements, lists, immediates. DDI 0487 C1.2.5, C7.2; how they are written: objdump
// of binutils 2.40. What the names mean stands at VectorOperand in rows-form.ts.
import { expandFloat, expandMask } from './modified-immediate.ts';
import { type Fields, type OperandForm, type Printing, put, readImmediate } from './operand-form.ts';
import { registerName } from './operands-register.ts';
import type { A64Row } from './rows-form.ts';

const LETTERS = 'bhsd';
const SCALARS = 'bhsdq';

/** How the size of the elements (log2 of bytes) and q are kept in the fields. */
interface Arrangement {
  size(f: Fields): number;
  q(f: Fields): number;
  set(f: Fields, size: number, q: number): boolean;
}

const byField = (name: string, add: number, fixedQ: 0 | 1 | null): Arrangement => ({
  size: (f) => f[name] + add,
  q: (f) => fixedQ ?? f['q'],
  set: (f, size, q) => put(f, name, size - add) && (fixedQ === null ? put(f, 'q', q) : q === fixedQ),
});

const fixed = (size: number): Arrangement => ({ size: () => size, q: (f) => f['q'], set: (f, s, q) => s === size && put(f, 'q', q) });

/** Single or double by field t. */
const byType = (add: number, fixedQ: 0 | 1 | null): Arrangement => byField('t', 2 + add, fixedQ);

const ARRANGEMENTS: Readonly<Record<string, Arrangement>> = {
  T: byField('size', 0, null),
  T0: byField('size', 0, 0),
  T1: byField('size', 0, 1),
  W: byField('size', 1, 1),
  P: byField('size', 1, null),
  F: byType(0, null),
  N0: byType(-1, 0),
  N1: byType(-1, 1),
  M: byType(0, 1),
  b: fixed(0),
  h: fixed(1),
  s: fixed(2),
  d: fixed(3),
};

/** The pair that a scalar reduction adds: 2S or 2D. */
const PAIR: Arrangement = {
  size: (f) => 2 + f['t'],
  q: (f) => f['t'],
  set: (f, size, q) => q === size - 2 && put(f, 't', q),
};

/** `16b`: an arrangement as it is written. */
const written = (size: number, q: number): string => `${(8 << q) >> size}${LETTERS[size]}`;

function literal(text: string): Arrangement {
  const size = LETTERS.indexOf(text.at(-1) ?? '');
  const q = Number(text.slice(0, -1)) === 16 >> size ? 1 : 0;
  return { size: () => size, q: () => q, set: (_f, s, asked) => s === size && asked === q };
}

function arrangementOf(name: string): Arrangement {
  return name === 'M0' ? PAIR : (ARRANGEMENTS[name] ?? literal(name));
}

/** `v3.16b` as its parts; null for anything else. */
function readVector(text: string | undefined): { number: number; size: number; q: number } | null {
  const found = /^v(\d|[12]\d|3[01])\.(\d+)([bhsd])$/.exec(text ?? '');
  if (found === null) return null;
  const size = LETTERS.indexOf(found[3]);
  const q = [8 >> size, 16 >> size].indexOf(Number(found[2]));
  return q === -1 ? null : { number: Number(found[1]), size, q };
}

function vectorRegister(field: string, arrangement: Arrangement): OperandForm {
  return {
    print: ({ fields }) => `v${fields[field]}.${written(arrangement.size(fields), arrangement.q(fields))}`,
    read: ({ fields, parts, at }) => {
      const found = readVector(parts[at]);
      return found !== null && arrangement.set(fields, found.size, found.q) && put(fields, field, found.number) ? 1 : -1;
    },
  };
}

/** A scalar register whose size the letter says: a name, or F (field t), E (field size), G (size and one). */
function scalarRegister(letter: string, field: string): OperandForm {
  const known = SCALARS.indexOf(letter.toLowerCase());
  const name = letter === 'F' ? 't' : 'size';
  const add = letter === 'F' ? 2 : letter === 'G' ? 1 : 0;
  return {
    print: ({ fields }) => `${SCALARS[known >= 0 ? known : fields[name] + add]}${fields[field]}`,
    read: ({ fields, parts, at }) => {
      const found = /^([bhsdq])(\d|[12]\d|3[01])$/.exec(parts[at] ?? '');
      if (found === null) return -1;
      const size = SCALARS.indexOf(found[1]);
      if (known >= 0 ? size !== known : size < add || !put(fields, name, size - add)) return -1;
      return put(fields, field, Number(found[2])) ? 1 : -1;
    },
  };
}

const widthOfField = (row: A64Row, name: string): number => row.pattern.fields.find((f) => f.name === name)?.width ?? 0;

/** An index kept in several fields, the most significant first; or a number that is written and not kept. */
function readIndex(row: A64Row, fields: Fields, names: readonly string[], value: number): boolean {
  let rest = value;
  for (const name of [...names].reverse()) {
    const width = widthOfField(row, name);
    if (width === 0) return rest === Number(name);
    if (!put(fields, name, rest & ((1 << width) - 1))) return false;
    rest >>= width;
  }
  return rest === 0;
}

function indexOf(row: A64Row, fields: Fields, names: readonly string[]): number {
  return names.reduce((value, name) => (fields[name] === undefined ? Number(name) : (value << widthOfField(row, name)) | fields[name]), 0);
}

function element(field: string, letter: string, names: readonly string[]): OperandForm {
  return {
    print: ({ row, fields }) => `v${fields[field]}.${letter}[${indexOf(row, fields, names)}]`,
    read: ({ row, fields, parts, at }) => {
      const found = /^v(\d|[12]\d|3[01])\.([bhsd])\[(\d+)\]$/.exec(parts[at] ?? '');
      if (found === null || found[2] !== letter || !put(fields, field, Number(found[1]))) return -1;
      return readIndex(row, fields, names, Number(found[3])) ? 1 : -1;
    },
  };
}

/** `{v0.16b, v1.16b}`, `{v0.16b-v3.16b}`: as objdump writes them, with a hyphen from three on unless they go past v31. */
function listText(first: number, count: number, suffix: string): string {
  const names = Array.from({ length: count }, (_, i) => `v${(first + i) & 31}${suffix}`);
  if (count > 2 && first + count <= 32) return `{${names[0]}-${names[count - 1]}}`;
  return `{${names.join(', ')}}`;
}

/** First register, number of registers and suffix (`.16b`, `.b`) of a list, and what stands behind it. */
function readList(text: string | undefined): { first: number; count: number; suffix: string; rest: string } | null {
  const found = /^\{\s*([^}]*?)\s*\}(.*)$/.exec(text ?? '');
  if (found === null) return null;
  const names = found[1].split(/\s*[,-]\s*/).map((name) => /^v(\d|[12]\d|3[01])(\.\w+)$/.exec(name));
  const [head] = names;
  if (head === null || names.some((n) => n === null || n[2] !== head[2])) return null;
  const numbers = names.map((n) => Number(n?.[1]));
  const range = found[1].includes('-');
  if (!range && numbers.some((n, i) => n !== ((numbers[0] + i) & 31))) return null;
  return { first: numbers[0], count: range ? numbers[1] - numbers[0] + 1 : numbers.length, suffix: head[2], rest: found[2] };
}

/** A list of whole registers. `count`: how many; or field len says one less. */
function wholeList(field: string, arrangement: Arrangement, count: number | 'len'): OperandForm {
  return {
    print: ({ fields }) => {
      const suffix = `.${written(arrangement.size(fields), arrangement.q(fields))}`;
      return listText(fields[field], count === 'len' ? fields['len'] + 1 : count, suffix);
    },
    read: ({ fields, parts, at }) => {
      const list = readList(parts[at]);
      const shape = readVector(`v0${list?.suffix}`);
      if (list === null || shape === null || list.rest !== '' || !arrangement.set(fields, shape.size, shape.q)) return -1;
      if (count === 'len' ? !put(fields, 'len', list.count - 1) : list.count !== count) return -1;
      return put(fields, field, list.first) ? 1 : -1;
    },
  };
}

/** A list of which one element each is meant. */
function elementList(field: string, letter: string, count: number, names: readonly string[]): OperandForm {
  return {
    print: ({ row, fields }) => `${listText(fields[field], count, `.${letter}`)}[${indexOf(row, fields, names)}]`,
    read: ({ row, fields, parts, at }) => {
      const list = readList(parts[at]);
      const index = /^\[(\d+)\]$/.exec(list?.rest ?? '');
      if (list === null || index === null || list.suffix !== `.${letter}` || list.count !== count) return -1;
      return readIndex(row, fields, names, Number(index[1])) && put(fields, field, list.first) ? 1 : -1;
    },
  };
}

const imm8Of = (f: Fields): number => (f['abc'] << 5) | f['defgh'];
const putImm8 = (f: Fields, value: number): boolean =>
  value >= 0 && value < 256 && put(f, 'abc', value >> 5) && put(f, 'defgh', value & 31);

/** imm8 with LSL #8*hw, or MSL #8*(hw+1). */
const imm8 = (modifier: 'lsl' | 'msl' | null): OperandForm => ({
  print: ({ fields }) => {
    const value = `#0x${imm8Of(fields).toString(16)}`;
    if (modifier === 'msl') return `${value}, msl #${8 * (fields['hw'] + 1)}`;
    return modifier === null || fields['hw'] === 0 ? value : `${value}, lsl #${8 * fields['hw']}`;
  },
  read: ({ row, fields, parts, at }) => {
    const value = readImmediate(parts[at]);
    if (value === null || !putImm8(fields, Number(value))) return -1;
    if (modifier === null) return 1;
    const found = new RegExp(`^${modifier} #(\\d+)$`).exec(parts[at + 1] ?? '');
    if (found === null) return modifier === 'lsl' && parts[at + 1] === undefined && put(fields, 'hw', 0) ? 1 : -1;
    const hw = Number(found[1]) / 8 - (modifier === 'msl' ? 1 : 0);
    return Number.isInteger(hw) && hw >= 0 && hw < 2 ** widthOfField(row, 'hw') && put(fields, 'hw', hw) ? 2 : -1;
  },
});

const imm64: OperandForm = {
  print: ({ fields }) => `#0x${expandMask(imm8Of(fields)).toString(16)}`,
  read: ({ fields, parts, at }) => {
    const value = readImmediate(parts[at]);
    for (let imm = 0; value !== null && imm < 256; imm++) if (expandMask(imm) === value) return putImm8(fields, imm) ? 1 : -1;
    return -1;
  },
};

/** C's `%.18e`. */
const floatText = (value: number): string => value.toExponential(18).replace(/e([+-])(\d)$/, 'e$10$2');

const fimm8: OperandForm = {
  print: ({ fields }) => `#${floatText(expandFloat(imm8Of(fields)))}`,
  read: ({ fields, parts, at }) => {
    const found = /^#?(-?\d+(\.\d*)?(e[+-]?\d+)?)$/.exec(parts[at] ?? '');
    for (let imm = 0; found !== null && imm < 256; imm++) if (expandFloat(imm) === Number(found[1])) return putImm8(fields, imm) ? 1 : -1;
    return -1;
  },
};

/** A decimal number that fields give and are given by. */
const number = (
  get: (p: Pick<Printing, 'row' | 'fields'>) => number,
  set: (f: Fields, value: number, row: A64Row) => boolean,
): OperandForm => ({
  print: (p) => `#${get(p)}`,
  read: ({ row, fields, parts, at }) => {
    const value = readImmediate(parts[at]);
    return value !== null && value >= 0n && value < 256n && set(fields, Number(value), row) ? 1 : -1;
  },
});

/** Bits of the element that immh:immb belongs to: imm is immb and what immh has below its first one. */
const elementBits = (row: A64Row): number => 1 << widthOfField(row, 'imm');

/** An operand that is always the same text. */
const constant = (text: string): OperandForm => ({ print: () => text, read: ({ parts, at }) => (parts[at] === text ? 1 : -1) });

const total = (row: A64Row, fields: Fields): number => {
  const { structure, bytes } = row.access!;
  if (structure?.lane) return structure.registers * (bytes as number);
  if (structure?.replicate) return structure.registers << fields['size'];
  return structure!.registers * (8 << fields['q']);
};

const address = (rn: number): string => `[${registerName(rn, true, true)}]`;

function readBase(fields: Fields, text: string | undefined): boolean {
  const found = /^\[(x(?:\d|[12]\d|30)|sp)\]$/.exec(text ?? '');
  return found !== null && put(fields, 'rn', found[1] === 'sp' ? 31 : Number(found[1].slice(1)));
}

const OTHERS: Readonly<Record<string, OperandForm>> = {
  imm8: imm8(null),
  'imm8.lsl': imm8('lsl'),
  'imm8.msl': imm8('msl'),
  imm64,
  fimm8,
  fbits: number(
    ({ fields }) => 64 - fields['scale'],
    (f, value) => put(f, 'scale', 64 - value),
  ),
  'imm.right': number(
    ({ row, fields }) => elementBits(row) - fields['imm'],
    (f, value, row) => put(f, 'imm', elementBits(row) - value),
  ),
  'imm.left': number(
    ({ fields }) => fields['imm'],
    (f, value) => put(f, 'imm', value),
  ),
  'imm.bits': number(
    ({ fields }) => 8 << fields['size'],
    (f, value) => 8 << f['size'] === value,
  ),
  'imm.decimal': number(
    ({ fields }) => fields['imm'],
    (f, value) => put(f, 'imm', value),
  ),
  '0': constant('#0'),
  '0.0': constant('#0.0'),
  '[],total': {
    print: ({ row, fields }) => `${address(fields['rn'])}, #${total(row, fields)}`,
    read: ({ row, fields, parts, at }) =>
      readBase(fields, parts[at]) && readImmediate(parts[at + 1]) === BigInt(total(row, fields)) ? 2 : -1,
  },
  '[],Xm': {
    print: ({ fields }) => `${address(fields['rn'])}, ${registerName(fields['rm'], true)}`,
    read: ({ fields, parts, at }) => {
      const found = /^x(\d|[12]\d|30)$/.exec(parts[at + 1] ?? '');
      return found !== null && readBase(fields, parts[at]) && put(fields, 'rm', Number(found[1])) ? 2 : -1;
    },
  },
};

/** The form of an operand of this file; undefined for others. */
export function vectorForm(operand: string): OperandForm | undefined {
  const scalar = /^([BHSDQFEG])([dnmat]2?)$/.exec(operand);
  if (scalar !== null) return scalarRegister(scalar[1], `r${scalar[2]}`);
  const one = /^V([dnm])\.([bhsd])\[(.+)\]$/.exec(operand);
  if (one !== null) return element(`r${one[1]}`, one[2], one[3].split(':'));
  const whole = /^V([dnm])\.(\w+)$/.exec(operand);
  if (whole !== null) return vectorRegister(`r${whole[1]}`, arrangementOf(whole[2]));
  const elements = /^\{V([tn])\.([bhsd])\*(\d)\}\[(.+)\]$/.exec(operand);
  if (elements !== null) {
    const names = elements[4].split(':');
    return elementList(`r${elements[1]}`, elements[2], Number(elements[3]), names);
  }
  const list = /^\{V([tn])\.(\w+)\*(\d|len)\}$/.exec(operand);
  if (list !== null) return wholeList(`r${list[1]}`, arrangementOf(list[2]), list[3] === 'len' ? 'len' : Number(list[3]));
  return OTHERS[operand];
}
