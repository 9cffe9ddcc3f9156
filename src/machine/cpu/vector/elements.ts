// What the executors of SIMD&FP instructions share: register fields, shapes, halves. Source: Arm ARM DDI 0487, C7.2, C4.1.97.
import { type A64Row, bits } from '../../../arch/a64/rows-form.ts';
import type { Core } from '../core.ts';
import { type Environment, SATURATED } from './float.ts';
import { getElement, getElements, setElement, setElements } from './registers.ts';

/** Executes an instruction that accesses no memory. */
export type Executor = (core: Core, word: number, row: A64Row) => void;

export const rd = (w: number): number => bits(w, 4, 0);
export const rn = (w: number): number => bits(w, 9, 5);
export const rm = (w: number): number => bits(w, 20, 16);
/** Q: the instruction works on 128 bits, or is the `2` form of one that takes halves. */
export const isFull = (w: number): boolean => bits(w, 30, 30) === 1;
/** Elements of 1 << size bytes that the instruction works on. */
export const countOf = (w: number, size: number): number => (isFull(w) ? 16 : 8) >> size;

/** The signed and unsigned value of the low `width` bits. */
export const signed = (value: bigint, width: number): bigint => BigInt.asIntN(width, value);
export const unsigned = (value: bigint, width: number): bigint => BigInt.asUintN(width, value);

/** SatQ: the nearest value of the width; FPSR.QC says that it was another. */
export function saturate(value: bigint, width: number, isSigned: boolean, e: Environment): bigint {
  const least = isSigned ? -(1n << BigInt(width - 1)) : 0n;
  const most = (1n << BigInt(isSigned ? width - 1 : width)) - 1n;
  if (value >= least && value <= most) return value;
  e.raised |= SATURATED;
  return value < least ? least : most;
}

/** Shift left by the signed low byte of b; a right shift when it is negative, rounded or not. */
export function shiftBy(value: bigint, b: bigint, rounded: boolean): bigint {
  const amount = BigInt.asIntN(8, b);
  if (amount >= 0n) return value << amount;
  return (rounded ? value + (1n << (-amount - 1n)) : value) >> -amount;
}

/** The half of the register that an instruction and its `2` form take. */
export const half = (core: Core, r: number, size: number, word: number): bigint[] =>
  getElements(core.vector, r, size, 8 >> size, isFull(word) ? 8 >> size : 0);

/** Narrow results go to the lower half and clear the upper one; those of `2` forms to the upper half. */
export function putNarrow(core: Core, word: number, size: number, values: readonly bigint[]): void {
  const d = rd(word);
  if (!isFull(word)) setElements(core.vector, d, size, values);
  else for (const [i, value] of values.entries()) setElement(core.vector, d, size, values.length + i, value);
}

/** The element of Vm that an indexed operation names. Halfwords: index H:L:M and four bits of register; words: H:L; doublewords: H. */
export function indexedElement(core: Core, word: number): bigint {
  const size = bits(word, 23, 22);
  const h = bits(word, 11, 11);
  const l = bits(word, 21, 21);
  const m = bits(word, 20, 20);
  if (size === 1) return getElement(core.vector, bits(word, 19, 16), 1, (h << 2) | (l << 1) | m);
  return getElement(core.vector, rm(word), size, size === 2 ? (h << 1) | l : h);
}

/** log2 of the bytes of immh's element, and immh:immb. */
export function immediateShape(word: number): { size: number; imm: number } {
  const imm = bits(word, 22, 16);
  return { size: 28 - Math.clz32(imm), imm };
}
