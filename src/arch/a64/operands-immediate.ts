// Immediate, condition and label operands. DDI 0487 C1.2, C6.2; how they are written: objdump of binutils 2.40.
import { decodeBitmask, encodeBitmask } from './bitmask.ts';
import { type Fields, type OperandForm, put, readImmediate, signed, unsigned, widthOf } from './operand-form.ts';
import { readModifier } from './operands-register.ts';

export const CONDITIONS = ['eq', 'ne', 'cs', 'cc', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le', 'al', 'nv'];
/** Other names of the conditions, as objdump adds them behind //. */
export const CONDITION_ALIASES: readonly (readonly string[])[] = [
  ['none'],
  ['any'],
  ['hs', 'nlast'],
  ['lo', 'ul', 'last'],
  ['first'],
  ['nfrst'],
  [],
  [],
  ['pmore'],
  ['plast'],
  ['tcont'],
  ['tstop'],
  [],
  [],
  [],
  [],
];

/** The number of a condition by any of its names; -1 when there is none. */
export function readCondition(text: string | undefined): number {
  if (text === undefined) return -1;
  const plain = CONDITIONS.indexOf(text);
  return plain !== -1 ? plain : CONDITION_ALIASES.findIndex((names) => names.includes(text));
}

type Base = 'decimal' | 'hex';
const written = (value: number | bigint, base: Base): string => (base === 'hex' ? `#0x${value.toString(16)}` : `#${value}`);

/** A number computed from fields and put back into them. `put` says whether the value fits. */
function number(base: Base, get: (f: Fields) => number, set: (f: Fields, value: number) => boolean): OperandForm {
  return {
    print: ({ fields }) => written(get(fields), base),
    read: ({ fields, parts, at }) => {
      const value = readImmediate(parts[at]);
      if (value === null || value < 0n || value > 0xffffffffn) return -1;
      return set(fields, Number(value)) ? 1 : -1;
    },
  };
}

const plain = (base: Base, name: string): OperandForm =>
  number(
    base,
    (f) => f[name],
    (f, value) => put(f, name, value),
  );

/** A field of a bitfield operation: N follows sf. */
const bitfield = (
  get: (f: Fields, width: number) => number,
  set: (width: number, value: number, f: Fields) => Fields | null,
): OperandForm =>
  number(
    'decimal',
    (f) => get(f, widthOf(f)),
    (f, value) => {
      const width = widthOf(f);
      const fields = set(width, value, f);
      if (fields === null || Object.values(fields).some((v) => v < 0 || v >= width)) return false;
      Object.assign(f, fields, { n: f['sf'] });
      return true;
    },
  );

const conditionForm = (invert: 0 | 1): OperandForm => ({
  print: (p) => {
    const condition = p.fields['cond'] ^ invert;
    const names = CONDITION_ALIASES[condition];
    if (names.length > 0) p.comment = `${CONDITIONS[condition]} = ${names.join(', ')}`;
    return CONDITIONS[condition];
  },
  read: ({ fields, parts, at }) => {
    const condition = readCondition(parts[at]);
    if (condition === -1) return -1;
    fields['cond'] = condition ^ invert;
    return 1;
  },
});

/** imm12 and imm16 with an optional LSL. */
const shiftedImmediate = (name: string, shift: string, step: number, bits: number): OperandForm => ({
  print: ({ fields }) => written(fields[name], 'hex') + (fields[shift] === 0 ? '' : `, lsl #${fields[shift] * step}`),
  read: ({ fields, parts, at }) => {
    const value = readImmediate(parts[at]);
    if (value === null || value < 0n || value >= 1n << BigInt(bits)) return -1;
    const modifier = readModifier(parts[at + 1]);
    if (modifier !== null && (modifier.word !== 'lsl' || (modifier.amount ?? 0) % step !== 0)) return -1;
    fields[name] = Number(value);
    fields[shift] = (modifier?.amount ?? 0) / step;
    return modifier ? 2 : 1;
  },
});

/** A whole register's value, printed with its signed decimal behind //. */
const wholeValue = (get: (f: Fields, width: number) => bigint, set: (f: Fields, width: number, value: bigint) => boolean): OperandForm => ({
  print: (p) => {
    const width = widthOf(p.fields);
    const value = get(p.fields, width);
    p.comment = `#${BigInt.asIntN(width, value)}`;
    return written(value, 'hex');
  },
  read: ({ fields, parts, at }) => {
    const width = widthOf(fields);
    const value = readImmediate(parts[at]);
    if (value === null || value >= 1n << BigInt(width) || value < -(1n << BigInt(width - 1))) return -1;
    return set(fields, width, BigInt.asUintN(width, value)) ? 1 : -1;
  },
});

const wide = (f: Fields): bigint => BigInt(f['imm']) << BigInt(16 * f['hw']);

function putWide(f: Fields, width: number, value: bigint): boolean {
  for (let hw = 0; hw < width / 16; hw++) {
    const imm = (value >> BigInt(16 * hw)) & 0xffffn;
    if (imm << BigInt(16 * hw) !== value) continue;
    Object.assign(f, { hw, imm: Number(imm) });
    return true;
  }
  return false;
}

function putBitmask(f: Fields, width: number, value: bigint): boolean {
  const encoded = encodeBitmask(value, width);
  if (encoded !== null) Object.assign(f, encoded);
  return encoded !== null;
}

const getBitmask = (f: Fields, width: number): bigint => decodeBitmask(f['n'], f['imms'], f['immr'], width) ?? 0n;

const bitmask: OperandForm = {
  print: ({ fields }) => written(getBitmask(fields, widthOf(fields)), 'hex'),
  read: (r) => wholeValue(getBitmask, putBitmask).read(r),
};

/** An address as objdump writes it, relative to `from`, in units of 1 << scale bytes. */
function label(get: (f: Fields) => number, set: (f: Fields, units: number) => boolean, scale: number): OperandForm {
  const from = (pc: bigint): bigint => (scale === 12 ? pc & ~0xfffn : pc);
  return {
    print: (p) => {
      const target = BigInt.asUintN(64, from(p.pc) + (BigInt(get(p.fields)) << BigInt(scale)));
      const name = p.symbol(target);
      return name === undefined ? `0x${target.toString(16)}` : `${target.toString(16)} ${name}`;
    },
    read: ({ fields, pc, parts, at, label: find }) => {
      const text = (parts[at] ?? '').replace(/\s*<.*>$/, '');
      const target = find(text) ?? (/^(0x)?[0-9a-f]+$/.test(text) ? BigInt(text.startsWith('0x') ? text : `0x${text}`) : undefined);
      if (target === undefined) return -1;
      const distance = BigInt.asIntN(64, (scale === 12 ? target & ~0xfffn : target) - from(pc));
      const units = distance >> BigInt(scale);
      return units << BigInt(scale) === distance && units >= -(1n << 27n) && units < 1n << 27n && set(fields, Number(units)) ? 1 : -1;
    },
  };
}

const labelField = (width: number): OperandForm =>
  label(
    (f) => signed(f['imm'], width),
    (f, units) => put(f, 'imm', unsigned(units, width)),
    2,
  );

const split21 = (scale: number): OperandForm =>
  label(
    (f) => signed((f['immhi'] << 2) | f['immlo'], 21),
    (f, units) => {
      const value = unsigned(units, 21);
      Object.assign(f, { immhi: value >> 2, immlo: value & 3 });
      return value !== -1;
    },
    scale,
  );

export const IMMEDIATE_FORMS: Readonly<Record<string, OperandForm>> = {
  'imm12.sh': shiftedImmediate('imm', 'sh', 12, 12),
  'imm16.hw': shiftedImmediate('imm', 'hw', 16, 16),
  bitmask,
  immr: bitfield(
    (f) => f['immr'],
    (_, immr) => ({ immr }),
  ),
  imms: bitfield(
    (f) => f['imms'],
    (_, imms) => ({ imms }),
  ),
  lsb: bitfield(
    (f) => f['imms'],
    (_, imms) => ({ imms }),
  ),
  imm5: plain('hex', 'imm5'),
  imm6: plain('decimal', 'imm6'),
  mask: plain('decimal', 'mask'),
  imm16: plain('hex', 'imm'),
  imm7: plain('hex', 'imm'),
  nzcv: plain('hex', 'nzcv'),
  bit: number(
    'decimal',
    (f) => (f['b5'] << 5) | f['b40'],
    (f, value) => put(f, 'b5', value >> 5) && put(f, 'b40', value & 31),
  ),
  cond: conditionForm(0),
  label26: labelField(26),
  label19: labelField(19),
  label14: labelField(14),
  label21: split21(0),
  page21: split21(12),

  // Operands that only aliases have.
  'cond.inverted': conditionForm(1),
  'imm16.decimal': plain('decimal', 'imm'),
  wide: wholeValue(wide, putWide),
  'wide.inverted': wholeValue(
    (f, width) => BigInt.asUintN(width, ~wide(f)),
    (f, width, value) => putWide(f, width, BigInt.asUintN(width, ~value)),
  ),
  'bitmask.value': wholeValue(getBitmask, putBitmask),
  'shift.left': bitfield(
    (f, width) => width - 1 - f['imms'],
    (width, amount) => ({ immr: (width - amount) % width, imms: width - 1 - amount }),
  ),
  'lsb.insert': bitfield(
    (f, width) => (width - f['immr']) % width,
    (width, lsb) => ({ immr: (width - lsb) % width }),
  ),
  'width.insert': bitfield(
    (f) => f['imms'] + 1,
    (_, bits) => ({ imms: bits - 1 }),
  ),
  'width.extract': bitfield(
    (f) => f['imms'] - f['immr'] + 1,
    (_, bits, f) => ({ imms: f['immr'] + bits - 1 }),
  ),
};
