// Integer arithmetic that saturates, and products of polynomials. Source: Arm ARM DDI 0487, C7.2, shared pseudocode SatQ, PolynomialMult.
import type { A64Row } from '../../../arch/a64/rows-form.ts';
import { bits } from '../../../arch/a64/rows-form.ts';
import type { Core } from '../core.ts';
import {
  countOf,
  type Executor,
  half,
  immediateShape,
  indexedElement,
  putNarrow,
  rd,
  rm,
  rn,
  signed as s,
  saturate,
  shiftBy,
} from './elements.ts';
import type { Environment } from './float.ts';
import { environmentOf, getElements, keepRaised, setElements } from './registers.ts';

/** From unsigned elements of `width` bits: what was there, and the operands. */
type Operation = (d: bigint, a: bigint, b: bigint, width: number, e: Environment) => bigint;
/** A shift by an immediate; of a narrowing one `width` is the result's, and the element is twice as wide. */
type Shift = (a: bigint, amount: bigint, width: number, e: Environment) => bigint;

/** Twice the product's upper half. */
const highOfDouble =
  (rounded: boolean): Operation =>
  (_, a, b, w, e) => {
    const product = 2n * s(a, w) * s(b, w) + (rounded ? 1n << BigInt(w - 1) : 0n);
    return saturate(product >> BigInt(w), w, true, e);
  };

const OPERATIONS: Readonly<Record<string, Operation>> = {
  SQADD: (_, a, b, w, e) => saturate(s(a, w) + s(b, w), w, true, e),
  UQADD: (_, a, b, w, e) => saturate(a + b, w, false, e),
  SQSUB: (_, a, b, w, e) => saturate(s(a, w) - s(b, w), w, true, e),
  UQSUB: (_, a, b, w, e) => saturate(a - b, w, false, e),
  SQSHL: (_, a, b, w, e) => saturate(shiftBy(s(a, w), b, false), w, true, e),
  UQSHL: (_, a, b, w, e) => saturate(shiftBy(a, b, false), w, false, e),
  SQRSHL: (_, a, b, w, e) => saturate(shiftBy(s(a, w), b, true), w, true, e),
  UQRSHL: (_, a, b, w, e) => saturate(shiftBy(a, b, true), w, false, e),
  SQDMULH: highOfDouble(false),
  SQRDMULH: highOfDouble(true),
  SUQADD: (d, a, _, w, e) => saturate(s(d, w) + a, w, true, e),
  USQADD: (d, a, _, w, e) => saturate(d + s(a, w), w, false, e),
  SQABS: (_, a, __, w, e) => saturate(s(a, w) < 0n ? -s(a, w) : s(a, w), w, true, e),
  SQNEG: (_, a, __, w, e) => saturate(-s(a, w), w, true, e),
};

const NARROW: Readonly<Record<string, Shift>> = {
  SQXTN: (a, _, w, e) => saturate(s(a, 2 * w), w, true, e),
  SQXTUN: (a, _, w, e) => saturate(s(a, 2 * w), w, false, e),
  UQXTN: (a, _, w, e) => saturate(a, w, false, e),
};

/** Twice the product, `width` bits wide, saturated before it is added, and after. */
const LONG: Readonly<Record<string, (d: bigint, product: bigint, width: number, e: Environment) => bigint>> = {
  SQDMULL: (_, product) => product,
  SQDMLAL: (d, product, w, e) => saturate(s(d, w) + product, w, true, e),
  SQDMLSL: (d, product, w, e) => saturate(s(d, w) - product, w, true, e),
};

const SHIFTS_LEFT: Readonly<Record<string, Shift>> = {
  SQSHL: (a, n, w, e) => saturate(s(a, w) << n, w, true, e),
  UQSHL: (a, n, w, e) => saturate(a << n, w, false, e),
  SQSHLU: (a, n, w, e) => saturate(s(a, w) << n, w, false, e),
};

const right = (value: bigint, amount: bigint, rounded: boolean): bigint => (rounded ? value + (1n << (amount - 1n)) : value) >> amount;

const SHIFTS_NARROW: Readonly<Record<string, Shift>> = {
  SQSHRN: (a, n, w, e) => saturate(right(s(a, 2 * w), n, false), w, true, e),
  SQRSHRN: (a, n, w, e) => saturate(right(s(a, 2 * w), n, true), w, true, e),
  SQSHRUN: (a, n, w, e) => saturate(right(s(a, 2 * w), n, false), w, false, e),
  SQRSHRUN: (a, n, w, e) => saturate(right(s(a, 2 * w), n, true), w, false, e),
  UQSHRN: (a, n, w, e) => saturate(right(a, n, false), w, false, e),
  UQRSHRN: (a, n, w, e) => saturate(right(a, n, true), w, false, e),
};

const isScalar = (row: A64Row): boolean => row.id.includes('_scalar');
const isByElement = (row: A64Row): boolean => row.id.includes('_element');

/** The second operand's elements: registers, or one element for all. */
function others(core: Core, word: number, row: A64Row, all: () => bigint[]): (index: number) => bigint {
  if (isByElement(row)) {
    const one = indexedElement(core, word);
    return () => one;
  }
  const elements = all();
  return (index) => elements[index];
}

const same =
  (operation: Operation): Executor =>
  (core, word, row) => {
    const size = bits(word, 23, 22);
    const count = isScalar(row) ? 1 : countOf(word, size);
    const e = environmentOf(core.words);
    const b = others(core, word, row, () => getElements(core.vector, rm(word), size, count));
    const a = getElements(core.vector, rn(word), size, count);
    const d = getElements(core.vector, rd(word), size, count);
    setElements(core.vector, rd(word), size, d.map((x, i) => operation(x, a[i], b(i), 8 << size, e))); // biome-ignore format: one line
    keepRaised(core.words);
  };

const long =
  (operation: (typeof LONG)[string]): Executor =>
  (core, word, row) => {
    const size = bits(word, 23, 22);
    const width = 8 << size;
    const e = environmentOf(core.words);
    const source = (r: number): bigint[] => (isScalar(row) ? getElements(core.vector, r, size, 1) : half(core, r, size, word));
    const b = others(core, word, row, () => source(rm(word)));
    const a = source(rn(word));
    const d = getElements(core.vector, rd(word), size + 1, a.length);
    const product = (i: number): bigint => saturate(2n * s(a[i], width) * s(b(i), width), 2 * width, true, e);
    setElements(core.vector, rd(word), size + 1, d.map((x, i) => operation(x, product(i), 2 * width, e))); // biome-ignore format: one line
    keepRaised(core.words);
  };

/** Into elements half as wide; a scalar clears what is above it, as the lower half of a vector does. */
const narrow =
  (operation: Shift, shifts: boolean): Executor =>
  (core, word, row) => {
    const size = shifts ? immediateShape(word).size : bits(word, 23, 22);
    const amount = shifts ? BigInt((16 << size) - immediateShape(word).imm) : 0n;
    const e = environmentOf(core.words);
    const a = getElements(core.vector, rn(word), size + 1, isScalar(row) ? 1 : 8 >> size);
    const out = a.map((x) => operation(x, amount, 8 << size, e));
    if (isScalar(row)) setElements(core.vector, rd(word), size, out);
    else putNarrow(core, word, size, out);
    keepRaised(core.words);
  };

const shiftLeft =
  (operation: Shift): Executor =>
  (core, word, row) => {
    const { size, imm } = immediateShape(word);
    const e = environmentOf(core.words);
    const a = getElements(core.vector, rn(word), size, isScalar(row) ? 1 : countOf(word, size));
    setElements(core.vector, rd(word), size, a.map((x) => operation(x, BigInt(imm - (8 << size)), 8 << size, e))); // biome-ignore format: one line
    keepRaised(core.words);
  };

/** The product of two polynomials over {0, 1}. */
function polynomialProduct(a: bigint, b: bigint): bigint {
  let product = 0n;
  for (let bit = 0n; bit < 8n; bit++) if (((a >> bit) & 1n) === 1n) product ^= b << bit;
  return product;
}

const polynomials: Executor = (core, word) => {
  const a = getElements(core.vector, rn(word), 0, countOf(word, 0));
  const b = getElements(core.vector, rm(word), 0, countOf(word, 0));
  setElements(core.vector, rd(word), 0, a.map((x, i) => polynomialProduct(x, b[i]))); // biome-ignore format: one line
};

const longPolynomials: Executor = (core, word) => {
  const a = half(core, rn(word), 0, word);
  const b = half(core, rm(word), 0, word);
  setElements(core.vector, rd(word), 1, a.map((x, i) => polynomialProduct(x, b[i]))); // biome-ignore format: one line
};

/** The executor of a row that saturates; null: it is not of this file. */
export function saturatingExecutor(row: A64Row): Executor | null {
  const name = row.id.replace(/2?(_.*)?$/, '');
  if (name === 'PMUL') return polynomials;
  if (name === 'PMULL') return longPolynomials;
  if (row.id.includes('_immediate')) return SHIFTS_LEFT[name] === undefined ? null : shiftLeft(SHIFTS_LEFT[name]);
  if (SHIFTS_NARROW[name] !== undefined) return narrow(SHIFTS_NARROW[name], true);
  if (NARROW[name] !== undefined) return narrow(NARROW[name], false);
  if (LONG[name] !== undefined) return long(LONG[name]);
  return OPERATIONS[name] === undefined ? null : same(OPERATIONS[name]);
}
