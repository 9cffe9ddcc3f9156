// Records of data processing. Which fields an operand is, and whether register 31 is SP, comes from the rows.
import { type A64Row, bits } from '../../arch/a64/rows-form.ts';
import { SINK, ZERO } from './context.ts';
import { OPERAND } from './lanes.ts';
import * as op from './operations.ts';
import * as rare from './rare.ts';

/** True when the operation is 64-bit: `sf`, or X registers as operands. */
export function isWide(row: A64Row, word: number): boolean {
  const sf = row.pattern.fields.find((f) => f.name === 'sf');
  if (sf !== undefined) return bits(word, sf.shift, sf.shift) === 1;
  return row.operands.length > 0 && row.operands[0].startsWith('X');
}

/** The number that DecodeBitMasks(N, imms, immr) gives for the whole register, as halves. Reserved encodings do not come here. */
export function bitmaskImmediate(word: number): { lo: number; hi: number } {
  const n = bits(word, 22, 22);
  const imms = bits(word, 15, 10);
  const immr = bits(word, 21, 16);
  const size = n === 1 ? 64 : 1 << (31 - Math.clz32(~imms & 63));
  const ones = (imms & (size - 1)) + 1;
  const rotate = immr & (size - 1);
  let element = (1n << BigInt(ones)) - 1n;
  element = ((element >> BigInt(rotate)) | (element << BigInt(size - rotate))) & ((1n << BigInt(size)) - 1n);
  let value = 0n;
  for (let at = 0; at < 64; at += size) value |= element << BigInt(at);
  return { lo: Number(BigInt.asIntN(32, value)), hi: Number(BigInt.asIntN(32, value >> 32n)) };
}

/** Ones where BFM and UBFM take bits of the rotated source: a mask of `width` bits at `place`. */
function fieldMask(width: number, place: number): { lo: number; hi: number } {
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(place);
  return { lo: Number(BigInt.asIntN(32, mask)), hi: Number(BigInt.asIntN(32, mask >> 32n)) };
}

/** The operands every record may have, before an operation overwrites what it keeps elsewhere. */
export interface Fields {
  readonly word: number;
  readonly row: A64Row;
  readonly wide: boolean;
  readonly mask: number;
  readonly d: number;
  readonly n: number;
  readonly m: number;
}

export const readRegister = (r: number): number => (r === 31 ? ZERO : r);

export function fieldsOf(row: A64Row, word: number): Fields {
  const has = (operand: string): boolean => (row.operands as readonly string[]).includes(operand);
  const d = bits(word, 4, 0);
  const n = bits(word, 9, 5);
  const wide = isWide(row, word);
  return {
    word,
    row,
    wide,
    mask: wide ? -1 : 0,
    d: d === 31 && !has('Rd|SP') ? SINK : d,
    n: n === 31 && !has('Rn|SP') ? ZERO : n,
    m: readRegister(bits(word, 20, 16)),
  };
}

export type Words = readonly [operation: number, d?: number, n?: number, m?: number, x?: number, y?: number, z?: number, w?: number];
export type Build = (f: Fields) => Words;

const addImmediate =
  (negative: boolean): Build =>
  (f) => {
    const value = bits(f.word, 21, 10) << (bits(f.word, 22, 22) * 12);
    const low = negative ? -value | 0 : value;
    return [op.OP_ADD, f.d, f.n, ZERO, low, low < 0 ? -1 : 0, f.mask];
  };

const flagsImmediate =
  (wide: number, narrow: number): Build =>
  (f) => [f.wide ? wide : narrow, f.d, f.n, ZERO, bits(f.word, 21, 10) << (bits(f.word, 22, 22) * 12)];

const logicalImmediate =
  (operation: number): Build =>
  (f) => {
    const value = bitmaskImmediate(f.word);
    return [operation, f.d, f.n, ZERO, value.lo, value.hi, f.mask];
  };

const wideMove =
  (invert: boolean): Build =>
  (f) => {
    const hw = bits(f.word, 22, 21);
    const value = bits(f.word, 20, 5) << ((hw & 1) * 16);
    const lo = hw < 2 ? value : 0;
    const hi = hw < 2 ? 0 : value;
    return [op.OP_CONSTANT, f.d, 0, 0, invert ? ~lo : lo, (invert ? ~hi : hi) & f.mask];
  };

const keep: Build = (f) => {
  const hw = bits(f.word, 22, 21);
  const shift = (hw & 1) * 16;
  const value = bits(f.word, 20, 5) << shift;
  const hole = ~(0xffff << shift);
  return hw < 2 ? [op.OP_KEEP, f.d, 0, 0, value, 0, hole, f.mask] : [op.OP_KEEP, f.d, 0, 0, 0, value, -1, hole];
};

const unsignedBitfield: Build = (f) => {
  const immr = bits(f.word, 21, 16);
  const imms = bits(f.word, 15, 10);
  const size = f.wide ? 64 : 32;
  const mask = imms >= immr ? fieldMask(imms - immr + 1, 0) : fieldMask(imms + 1, size - immr);
  if (!f.wide) return [op.OP_BITFIELD_32, f.d, f.n, 0, immr, mask.lo];
  return [immr < 32 ? op.OP_BITFIELD_LOW : op.OP_BITFIELD_HIGH, f.d, f.n, 0, immr & 31, mask.lo, mask.hi];
};

const signedBitfield: Build = (f) => {
  const immr = bits(f.word, 21, 16);
  const imms = bits(f.word, 15, 10);
  if (imms >= immr && imms < 32) return [op.OP_SIGN_EXTEND, f.d, f.n, 0, 31 - imms, 31 - imms + immr, f.mask];
  // SBFIZ of a W register: the field moves up, its sign fills what is above it.
  if (!f.wide) return [op.OP_SIGN_EXTEND, f.d, f.n, 0, 31 - imms, 31 - imms - (32 - immr), 0];
  if (imms === 63 && immr > 0 && immr < 32) return [op.OP_ASR_64, f.d, f.n, 0, immr];
  return [op.OP_RARE, f.d, f.n, 0, immr | (imms << 6), 1, rare.RARE_SBFM_64];
};

const bitfieldInsert: Build = (f) => [
  op.OP_RARE,
  f.d,
  f.n,
  0,
  bits(f.word, 21, 16) | (bits(f.word, 15, 10) << 6),
  f.wide ? 1 : 0,
  rare.RARE_BFM,
];

const extract: Build = (f) => {
  const lsb = bits(f.word, 15, 10);
  if (!f.wide) return [op.OP_RARE, f.d, f.n, f.m, lsb, 0, rare.RARE_EXTR_32];
  return [op.OP_EXTRACT, f.d, f.n, f.m, lsb];
};

/** The operation over a register operand as it is: a builder of the record's words but the operand's shift. */
type Plain = (f: Fields, m: number) => Words;

/** The record `plain` makes, with the operand shifted or extended before. `type`: see SHIFTED. */
function withShift(f: Fields, plain: Plain, type: number, amount: number): Words {
  const [operation, d = 0, n = 0, m = 0, x = 0, y = 0, z = 0] = plain(f, OPERAND);
  return [operation + op.SHIFTED, d, n, m, x, y, z, f.m | (type << 8) | (amount << 12)];
}

const shifted =
  (plain: Plain): Build =>
  (f) => {
    const amount = bits(f.word, 15, 10);
    return amount === 0 ? plain(f, f.m) : withShift(f, plain, bits(f.word, 23, 22) + (f.wide ? 0 : 4), amount);
  };

const extended =
  (plain: Plain): Build =>
  (f) =>
    withShift(f, plain, 8 + bits(f.word, 15, 13), bits(f.word, 12, 10));

const logical =
  (operation: number, invert: number): Plain =>
  (f, m) =>
    operation === op.OP_ORR && invert === 0 && f.n === ZERO
      ? [op.OP_MOVE, f.d, 0, m, 0, 0, f.mask]
      : [operation, f.d, f.n, m, invert, invert, f.mask];

const ADD: Plain = (f, m) => [op.OP_ADD, f.d, f.n, m, 0, 0, f.mask];
const SUB: Plain = (f, m) => [op.OP_SUB, f.d, f.n, m, 0, 0, f.mask];
const ADDS: Plain = (f, m) => [f.wide ? op.OP_ADDS_64 : op.OP_ADDS_32, f.d, f.n, m];
const SUBS: Plain = (f, m) => [f.wide ? op.OP_SUBS_64 : op.OP_SUBS_32, f.d, f.n, m];

const oneOfRare =
  (operation: number, flags = false, w4 = 0): Build =>
  (f) => [flags ? op.OP_RARE_FLAGS : op.OP_RARE, f.d, f.n, f.m, w4, f.wide ? 1 : 0, operation];

const byWidth =
  (wideOperation: Build, narrowOperation: Build): Build =>
  (f) =>
    f.wide ? wideOperation(f) : narrowOperation(f);

const plain =
  (operation: number): Build =>
  (f) => [operation, f.d, f.n, f.m];

const select =
  (form: number): Build =>
  (f) => [op.OP_SELECT, f.d, f.n, f.m, bits(f.word, 15, 12), form, f.mask];

const conditionalCompare =
  (operation: number, immediate: boolean): Build =>
  (f) => {
    const form = bits(f.word, 3, 0) | (bits(f.word, 15, 12) << 4) | (immediate ? bits(f.word, 20, 16) << 8 : 0);
    return [op.OP_RARE_FLAGS, SINK, f.n, immediate ? ZERO : f.m, form, f.wide ? 1 : 0, operation];
  };

const multiply =
  (operation: number, form: number): Build =>
  (f) => [operation, f.d, f.n, f.m, readRegister(bits(f.word, 14, 10)), form];

/** The rare multiplications: X is the register that is added to. */
const multiplyRare =
  (operation: number): Build =>
  (f) => [op.OP_RARE, f.d, f.n, f.m, readRegister(bits(f.word, 14, 10)), 1, operation];

const pcRelative: Build = (f) => {
  const imm = (((bits(f.word, 23, 5) << 2) | bits(f.word, 30, 29)) << 11) >> 11; // 21 bits, signed
  if (f.row.id === 'ADR') return [op.OP_ADR, f.d, 0, 0, imm, imm >> 31, -1];
  return [op.OP_ADR, f.d, 0, 0, imm << 12, imm >> 20, ~0xfff];
};

export const DATA_BUILDERS: Readonly<Record<string, Build>> = {
  ADR: pcRelative,
  ADRP: pcRelative,
  ADD_immediate: addImmediate(false),
  SUB_immediate: addImmediate(true),
  ADDS_immediate: flagsImmediate(op.OP_ADDS_64, op.OP_ADDS_32),
  SUBS_immediate: flagsImmediate(op.OP_SUBS_64, op.OP_SUBS_32),
  AND_immediate: logicalImmediate(op.OP_AND),
  ORR_immediate: logicalImmediate(op.OP_ORR),
  EOR_immediate: logicalImmediate(op.OP_EOR),
  ANDS_immediate: logicalImmediate(op.OP_ANDS),
  MOVN: wideMove(true),
  MOVZ: wideMove(false),
  MOVK: keep,
  SBFM: signedBitfield,
  BFM: bitfieldInsert,
  UBFM: unsignedBitfield,
  EXTR: extract,
  AND_register: shifted(logical(op.OP_AND, 0)),
  BIC: shifted(logical(op.OP_AND, -1)),
  ORR_register: shifted(logical(op.OP_ORR, 0)),
  ORN: shifted(logical(op.OP_ORR, -1)),
  EOR_register: shifted(logical(op.OP_EOR, 0)),
  EON: shifted(logical(op.OP_EOR, -1)),
  ANDS_register: shifted(logical(op.OP_ANDS, 0)),
  BICS: shifted(logical(op.OP_ANDS, -1)),
  ADD_register: shifted(ADD),
  SUB_register: shifted(SUB),
  ADDS_register: shifted(ADDS),
  SUBS_register: shifted(SUBS),
  ADD_extended: extended(ADD),
  ADDS_extended: extended(ADDS),
  SUB_extended: extended(SUB),
  SUBS_extended: extended(SUBS),
  ADC: oneOfRare(rare.RARE_ADC, true),
  ADCS: oneOfRare(rare.RARE_ADCS, true),
  SBC: oneOfRare(rare.RARE_SBC, true),
  SBCS: oneOfRare(rare.RARE_SBCS, true),
  CCMN_register: conditionalCompare(rare.RARE_CCMN, false),
  CCMP_register: conditionalCompare(rare.RARE_CCMP, false),
  CCMN_immediate: conditionalCompare(rare.RARE_CCMN, true),
  CCMP_immediate: conditionalCompare(rare.RARE_CCMP, true),
  CSEL: select(0),
  CSINC: select(1),
  CSINV: select(2),
  CSNEG: select(3),
  RBIT: oneOfRare(rare.RARE_RBIT),
  REV16: oneOfRare(rare.RARE_REV16),
  REV_32: oneOfRare(rare.RARE_REV32),
  REV32: oneOfRare(rare.RARE_REV32),
  REV_64: oneOfRare(rare.RARE_REV_64),
  CLZ: oneOfRare(rare.RARE_CLZ),
  CLS: oneOfRare(rare.RARE_CLS),
  UDIV: byWidth(oneOfRare(rare.RARE_UDIV_64), oneOfRare(rare.RARE_UDIV_32)),
  SDIV: byWidth(oneOfRare(rare.RARE_SDIV_64), oneOfRare(rare.RARE_SDIV_32)),
  LSLV: byWidth(plain(op.OP_SHIFT_LEFT_64), oneOfRare(rare.RARE_LSLV_32)),
  LSRV: byWidth(plain(op.OP_SHIFT_RIGHT_64), oneOfRare(rare.RARE_LSRV_32)),
  ASRV: byWidth(oneOfRare(rare.RARE_ASRV_64), oneOfRare(rare.RARE_ASRV_32)),
  RORV: byWidth(oneOfRare(rare.RARE_RORV_64), oneOfRare(rare.RARE_RORV_32)),
  CRC32B: oneOfRare(rare.RARE_CRC32, false, 0),
  CRC32H: oneOfRare(rare.RARE_CRC32, false, 1),
  CRC32W: oneOfRare(rare.RARE_CRC32, false, 2),
  CRC32X: oneOfRare(rare.RARE_CRC32, false, 3),
  CRC32CB: oneOfRare(rare.RARE_CRC32, false, 4),
  CRC32CH: oneOfRare(rare.RARE_CRC32, false, 5),
  CRC32CW: oneOfRare(rare.RARE_CRC32, false, 6),
  CRC32CX: oneOfRare(rare.RARE_CRC32, false, 7),
  MADD: byWidth(multiply(op.OP_MADD_64, 0), multiply(op.OP_MADD_32, 0)),
  MSUB: byWidth(multiplyRare(rare.RARE_MSUB_64), multiply(op.OP_MADD_32, 1)),
  SMADDL: multiplyRare(rare.RARE_SMADDL),
  SMSUBL: multiplyRare(rare.RARE_SMSUBL),
  UMADDL: multiplyRare(rare.RARE_UMADDL),
  UMSUBL: multiplyRare(rare.RARE_UMSUBL),
  SMULH: oneOfRare(rare.RARE_SMULH),
  UMULH: oneOfRare(rare.RARE_UMULH),
};
