// Floating-point instructions on scalar registers and vectors. Source: Arm ARM DDI 0487, C7.2.
import type { A64Row } from '../../../arch/a64/rows-form.ts';
import { bits } from '../../../arch/a64/rows-form.ts';
import { holdsNow } from '../condition.ts';
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z } from '../context.ts';
import type { Core } from '../core.ts';
import { type Executor, immediateShape, indexedElement, countOf as lanesOf, rd, rm, rn } from './elements.ts';
import * as estimate from './estimate.ts';
import { DOUBLE, type Environment, type Format, HALF, SINGLE, TIES_AWAY, TO_ODD } from './float.ts';
import * as fp from './float-arithmetic.ts';
import { convert, fromFixed, roundToIntegral, toFixed } from './float-convert.ts';
import { floatBits, readGeneral, writeGeneral } from './move.ts';
import { environmentOf, getElement, getElements, keepRaised, setElement, setElements } from './registers.ts';

const ra = (w: number): number => bits(w, 14, 10);
/** log2 of the bytes of a number: bit 22 says single or double. */
const sizeOf = (w: number): number => 2 + bits(w, 22, 22);
const formatOf = (size: number): Format => (size === 2 ? SINGLE : DOUBLE);
const isVector = (row: A64Row): boolean => row.vector?.simd === true && !/_scalar/.test(row.id);
const countOf = (word: number, row: A64Row, size: number): number => (isVector(row) ? lanesOf(word, size) : 1);

type Unary = (f: Format, a: bigint, e: Environment) => bigint;
type Binary = (f: Format, a: bigint, b: bigint, e: Environment) => bigint;

/** -1n where the comparison holds. */
const comparison =
  (accepts: readonly fp.Order[], signal: boolean, absolute = false): Binary =>
  (f, a, b, e) => {
    const order = absolute ? fp.compare(f, fp.absolute(f, a), fp.absolute(f, b), e, signal) : fp.compare(f, a, b, e, signal);
    return accepts.includes(order) ? -1n : 0n;
  };

const BINARY: Readonly<Record<string, Binary>> = {
  FADD: fp.add,
  FSUB: fp.subtract,
  FMUL: fp.multiply,
  FNMUL: (f, a, b, e) => fp.negate(f, fp.multiply(f, a, b, e)),
  FDIV: fp.divide,
  FMAX: fp.maximum,
  FMIN: fp.minimum,
  FMAXNM: fp.maximumNumber,
  FMINNM: fp.minimumNumber,
  FABD: (f, a, b, e) => fp.absolute(f, fp.subtract(f, a, b, e)),
  FMULX: estimate.multiplyExtended,
  FRECPS: estimate.reciprocalStep,
  FRSQRTS: estimate.reciprocalRootStep,
  FCMEQ: comparison(['equal'], false),
  FCMGE: comparison(['greater', 'equal'], true),
  FCMGT: comparison(['greater'], true),
  FCMLE: comparison(['less', 'equal'], true),
  FCMLT: comparison(['less'], true),
  FACGE: comparison(['greater', 'equal'], true, true),
  FACGT: comparison(['greater'], true, true),
};

/** The letter of an instruction's rounding mode; I and X take FPCR's, X reports what it changed. */
const roundingOf = (letter: string, e: Environment): number =>
  letter === 'A' ? TIES_AWAY : letter === 'I' || letter === 'X' ? e.rounding : 'NPMZ'.indexOf(letter);

const roundIntegral =
  (letter: string): Unary =>
  (f, a, e) =>
    roundToIntegral(f, a, roundingOf(letter, e), letter === 'X', e);

/** FCVTxS, FCVTxU to an integer as wide as the number. */
const toInteger =
  (letter: string, signed: boolean): Unary =>
  (f, a, e) =>
    toFixed(f, a, f.width, signed, 0, roundingOf(letter, e), e);

const UNARY: Readonly<Record<string, Unary>> = {
  FMOV: (_, a) => a,
  FABS: fp.absolute,
  FNEG: fp.negate,
  FSQRT: fp.squareRoot,
  FRECPE: estimate.reciprocalEstimate,
  FRSQRTE: estimate.reciprocalRootEstimate,
  FRECPX: estimate.reciprocalExponent,
  SCVTF: (f, a, e) => fromFixed(f, a, f.width, true, 0, e),
  UCVTF: (f, a, e) => fromFixed(f, a, f.width, false, 0, e),
  ...Object.fromEntries([...'NPMZAXI'].map((letter) => [`FRINT${letter}`, roundIntegral(letter)])),
  ...Object.fromEntries(
    [...'NPMZA'].flatMap((letter) => [
      [`FCVT${letter}S`, toInteger(letter, true)],
      [`FCVT${letter}U`, toInteger(letter, false)],
    ]),
  ),
};

const binary =
  (operation: Binary, zero = false): Executor =>
  (core, word, row) => {
    const size = sizeOf(word);
    const count = countOf(word, row, size);
    const e = environmentOf(core.words);
    const a = getElements(core.vector, rn(word), size, count);
    const b = zero ? null : getElements(core.vector, rm(word), size, count);
    setElements(core.vector, rd(word), size, a.map((x, i) => operation(formatOf(size), x, b === null ? 0n : b[i], e))); // biome-ignore format: one line
    keepRaised(core.words);
  };

const unary =
  (operation: Unary): Executor =>
  (core, word, row) => {
    const size = sizeOf(word);
    const e = environmentOf(core.words);
    const a = getElements(core.vector, rn(word), size, countOf(word, row, size));
    setElements(core.vector, rd(word), size, a.map((x) => operation(formatOf(size), x, e))); // biome-ignore format: one line
    keepRaised(core.words);
  };

/** Of neighbours in Vm:Vn. */
const pairwise =
  (operation: Binary): Executor =>
  (core, word, row) => {
    const size = sizeOf(word);
    const count = countOf(word, row, size);
    const e = environmentOf(core.words);
    const all = [...getElements(core.vector, rn(word), size, count), ...getElements(core.vector, rm(word), size, count)];
    const out: bigint[] = [];
    for (let i = 0; i < count; i++) out.push(operation(formatOf(size), all[2 * i], all[2 * i + 1], e));
    setElements(core.vector, rd(word), size, out);
    keepRaised(core.words);
  };

/** Reduce: halves first. */
function reduce(values: readonly bigint[], operation: (a: bigint, b: bigint) => bigint): bigint {
  if (values.length === 1) return values[0];
  const middle = values.length / 2;
  const high = reduce(values.slice(middle), operation);
  return operation(reduce(values.slice(0, middle), operation), high);
}

const reduction =
  (operation: Binary, size: (word: number) => number, count: number): Executor =>
  (core, word) => {
    const at = size(word);
    const e = environmentOf(core.words);
    const all = getElements(core.vector, rn(word), at, count);
    setElements(core.vector, rd(word), at, [reduce(all, (a, b) => operation(formatOf(at), a, b, e))]);
    keepRaised(core.words);
  };

/** FMLA, FMLS; by element too. */
const multiplyAdd =
  (negative: boolean): Executor =>
  (core, word, row) => {
    const size = sizeOf(word);
    const f = formatOf(size);
    const count = countOf(word, row, size);
    const e = environmentOf(core.words);
    const one = row.id.includes('_element') ? indexedElement(core, word) : null;
    const d = getElements(core.vector, rd(word), size, count);
    const a = getElements(core.vector, rn(word), size, count);
    const b = getElements(core.vector, rm(word), size, count);
    setElements(
      core.vector,
      rd(word),
      size,
      d.map((x, i) => fp.multiplyAdd(f, x, negative ? fp.negate(f, a[i]) : a[i], one ?? b[i], e)),
    );
    keepRaised(core.words);
  };

const multiplyByElement =
  (operation: Binary): Executor =>
  (core, word, row) => {
    const size = sizeOf(word);
    const e = environmentOf(core.words);
    const one = indexedElement(core, word);
    const a = getElements(core.vector, rn(word), size, countOf(word, row, size));
    setElements(core.vector, rd(word), size, a.map((x) => operation(formatOf(size), x, one, e))); // biome-ignore format: one line
    keepRaised(core.words);
  };

/** FMADD and its kin: which of addend and product are negated. */
const fused =
  (negateAddend: boolean, negateProduct: boolean): Executor =>
  (core, word) => {
    const size = sizeOf(word);
    const f = formatOf(size);
    const e = environmentOf(core.words);
    const [a, n, m] = [ra(word), rn(word), rm(word)].map((r) => getElement(core.vector, r, size, 0));
    const result = fp.multiplyAdd(f, negateAddend ? fp.negate(f, a) : a, negateProduct ? fp.negate(f, n) : n, m, e);
    setElements(core.vector, rd(word), size, [result]);
    keepRaised(core.words);
  };

const FLAGS: Readonly<Record<fp.Order, number>> = { less: 0b1000, equal: 0b0110, greater: 0b0010, unordered: 0b0011 };

function putNzcv(core: Core, nzcv: number): void {
  const { k } = core;
  k[FLAG_N] = nzcv >> 3;
  k[FLAG_Z] = (nzcv >> 2) & 1;
  k[FLAG_C] = (nzcv >> 1) & 1;
  k[FLAG_V] = nzcv & 1;
}

const compare =
  (signal: boolean, zero: boolean): Executor =>
  (core, word) => {
    const size = sizeOf(word);
    const e = environmentOf(core.words);
    const b = zero ? 0n : getElement(core.vector, rm(word), size, 0);
    putNzcv(core, FLAGS[fp.compare(formatOf(size), getElement(core.vector, rn(word), size, 0), b, e, signal)]);
    keepRaised(core.words);
  };

const conditionOf = (word: number): number => bits(word, 15, 12);

const conditionalCompare =
  (signal: boolean): Executor =>
  (core, word, row) => {
    if (holdsNow(core.k, conditionOf(word))) compare(signal, false)(core, word, row);
    else putNzcv(core, bits(word, 3, 0));
  };

const select: Executor = (core, word) => {
  const size = sizeOf(word);
  const r = holdsNow(core.k, conditionOf(word)) ? rn(word) : rm(word);
  setElements(core.vector, rd(word), size, [getElement(core.vector, r, size, 0)]);
};

/** Between precisions: sizes of source and result. */
const precision =
  (from: number, to: number): Executor =>
  (core, word) => {
    const formats = [null, HALF, SINGLE, DOUBLE] as const;
    const e = environmentOf(core.words);
    setElements(core.vector, rd(word), to, [convert(formats[from]!, formats[to]!, getElement(core.vector, rn(word), from, 0), e)]);
    keepRaised(core.words);
  };

const wider = (size: number): readonly [Format, Format] => (size === 1 ? [HALF, SINGLE] : [SINGLE, DOUBLE]);

/** FCVTL: the lower half, or of the `2` form the upper one, in the next precision. */
const lengthen: Executor = (core, word) => {
  const size = sizeOf(word) - 1;
  const [from, to] = wider(size);
  const e = environmentOf(core.words);
  const count = 8 >> size;
  const a = getElements(core.vector, rn(word), size, count, bits(word, 30, 30) * count);
  setElements(core.vector, rd(word), size + 1, a.map((x) => convert(from, to, x, e))); // biome-ignore format: one line
  keepRaised(core.words);
};

/** FCVTN, and FCVTXN, which rounds to odd: into the lower half, clearing the upper one; the `2` form into the upper half. */
const shorten: Executor = (core, word, row) => {
  const size = sizeOf(word) - 1;
  const odd = row.id.startsWith('FCVTXN');
  const [to, from] = wider(size);
  const e = environmentOf(core.words);
  const count = row.id.endsWith('_scalar') ? 1 : 8 >> size;
  const rounding = odd ? TO_ODD : e.rounding;
  const out = getElements(core.vector, rn(word), size + 1, count).map((x) => convert(from, to, x, e, rounding));
  if (count === 1 || bits(word, 30, 30) === 0) setElements(core.vector, rd(word), size, out);
  else for (const [i, value] of out.entries()) setElement(core.vector, rd(word), size, count + i, value);
  keepRaised(core.words);
};

const isWide = (word: number): boolean => bits(word, 31, 31) === 1;
const scaleOf = (word: number, row: A64Row): number => (row.id.endsWith('_fixed') ? 64 - bits(word, 15, 10) : 0);

/** To a general register. */
const toGeneral =
  (letter: string, signed: boolean): Executor =>
  (core, word, row) => {
    const size = sizeOf(word);
    const e = environmentOf(core.words);
    const a = getElement(core.vector, rn(word), size, 0);
    writeGeneral(core, rd(word), toFixed(formatOf(size), a, isWide(word) ? 64 : 32, signed, scaleOf(word, row), roundingOf(letter, e), e));
    keepRaised(core.words);
  };

const fromGeneral =
  (signed: boolean): Executor =>
  (core, word, row) => {
    const size = sizeOf(word);
    const e = environmentOf(core.words);
    const value = fromFixed(formatOf(size), readGeneral(core, rn(word)), isWide(word) ? 64 : 32, signed, scaleOf(word, row), e);
    setElements(core.vector, rd(word), size, [value]);
    keepRaised(core.words);
  };

/** Fixed point in vector registers: the fraction bits are a right shift's amount. */
const fixedPoint =
  (toInteger: boolean, signed: boolean): Executor =>
  (core, word, row) => {
    const { size, imm } = immediateShape(word);
    const f = formatOf(size);
    const fraction = 2 * f.width - imm;
    const e = environmentOf(core.words);
    const a = getElements(core.vector, rn(word), size, countOf(word, row, size));
    const out = a.map((x) =>
      toInteger ? toFixed(f, x, f.width, signed, fraction, roundingOf('Z', e), e) : fromFixed(f, x, f.width, signed, fraction, e),
    );
    setElements(core.vector, rd(word), size, out);
    keepRaised(core.words);
  };

const unsignedEstimate =
  (operation: (a: bigint) => bigint): Executor =>
  (core, word) =>
    setElements(core.vector, rd(word), 2, getElements(core.vector, rn(word), 2, lanesOf(word, 2)).map(operation));

const ROWS: Readonly<Record<string, Executor>> = {
  FMADD: fused(false, false),
  FMSUB: fused(false, true),
  FNMADD: fused(true, true),
  FNMSUB: fused(true, false),
  FCMP: compare(false, false),
  FCMP_zero: compare(false, true),
  FCMPE: compare(true, false),
  FCMPE_zero: compare(true, true),
  FCCMP: conditionalCompare(false),
  FCCMPE: conditionalCompare(true),
  FCSEL: select,
  FCVT_single_double: precision(2, 3),
  FCVT_single_half: precision(2, 1),
  FCVT_double_single: precision(3, 2),
  FCVT_double_half: precision(3, 1),
  FCVT_half_single: precision(1, 2),
  FCVT_half_double: precision(1, 3),
  FCVTL: lengthen,
  FCVTL2: lengthen,
  FCVTN: shorten,
  FCVTN2: shorten,
  FCVTXN: shorten,
  FCVTXN2: shorten,
  FCVTXN_scalar: shorten,
  URECPE: unsignedEstimate(estimate.unsignedReciprocal),
  URSQRTE: unsignedEstimate(estimate.unsignedReciprocalRoot),
  FMLA_vector: multiplyAdd(false),
  FMLS_vector: multiplyAdd(true),
  FMOV_immediate: (core, word) => {
    const size = sizeOf(word);
    setElements(core.vector, rd(word), size, [floatBits(bits(word, 20, 13), size)]);
  },
  FMOV_to_W: (core, word) => writeGeneral(core, rd(word), getElement(core.vector, rn(word), 2, 0)),
  FMOV_to_X: (core, word) => writeGeneral(core, rd(word), getElement(core.vector, rn(word), 3, 0)),
  FMOV_to_X_top: (core, word) => writeGeneral(core, rd(word), getElement(core.vector, rn(word), 3, 1)),
  FMOV_from_W: (core, word) => setElements(core.vector, rd(word), 2, [readGeneral(core, rn(word))]),
  FMOV_from_X: (core, word) => setElements(core.vector, rd(word), 3, [readGeneral(core, rn(word))]),
  FMOV_from_X_top: (core, word) => setElement(core.vector, rd(word), 3, 1, readGeneral(core, rn(word))),
};

/** The executor of a floating-point row; null: it is not of this file. */
export function floatingExecutor(row: A64Row): Executor | null {
  if (ROWS[row.id] !== undefined) return ROWS[row.id];
  const name = row.id.replace(/_.*$/, '');
  const form = row.id.slice(name.length);
  if (form.startsWith('_element')) return BINARY[name] === undefined ? multiplyAdd(name === 'FMLS') : multiplyByElement(BINARY[name]);
  if (form.startsWith('_general')) {
    if (name.endsWith('CVTF')) return fromGeneral(name === 'SCVTF');
    return toGeneral(name[4], name.endsWith('S'));
  }
  if (form.startsWith('_fixed')) return fixedPoint(name.startsWith('FCVT'), name.startsWith('S') || name.endsWith('S'));
  if (form.startsWith('_zero')) return binary(BINARY[name], true);
  if (form === '_pair') return reduction(BINARY[name.slice(0, -1)], sizeOf, 2);
  if (form === '' && name.endsWith('V')) return reduction(BINARY[name.slice(0, -1)], () => 2, 4);
  if (UNARY[name] !== undefined) return unary(UNARY[name]);
  if (BINARY[name] !== undefined) return binary(BINARY[name]);
  return BINARY[name.slice(0, -1)] !== undefined && name.endsWith('P') ? pairwise(BINARY[name.slice(0, -1)]) : null;
}
