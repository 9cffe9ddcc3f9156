// Integer arithmetic on elements: what each instruction makes of them. Source: Arm ARM DDI 0487, C7.2.
import type { A64Row } from '../../../arch/a64/rows-form.ts';
import { bits } from '../../../arch/a64/rows-form.ts';
import {
  countOf,
  type Executor,
  half,
  indexedElement,
  isFull,
  putNarrow,
  rd,
  rm,
  rn,
  signed as s,
  shiftBy,
  unsigned as u,
} from './elements.ts';
import { getElement, getElements, setElements } from './registers.ts';

/** From unsigned elements of `width` bits; only as many bits of the result count. */
type Binary = (a: bigint, b: bigint, width: number) => bigint;
type Accumulate = (d: bigint, a: bigint, b: bigint, width: number) => bigint;
type Unary = (a: bigint, width: number) => bigint;

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a);
const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const truth = (holds: boolean): bigint => (holds ? -1n : 0n);

const BINARY: Readonly<Record<string, Binary>> = {
  SHADD: (a, b, w) => (s(a, w) + s(b, w)) >> 1n,
  UHADD: (a, b) => (a + b) >> 1n,
  SRHADD: (a, b, w) => (s(a, w) + s(b, w) + 1n) >> 1n,
  URHADD: (a, b) => (a + b + 1n) >> 1n,
  SHSUB: (a, b, w) => (s(a, w) - s(b, w)) >> 1n,
  UHSUB: (a, b) => (a - b) >> 1n,
  CMGT: (a, b, w) => truth(s(a, w) > s(b, w)),
  CMHI: (a, b) => truth(a > b),
  CMGE: (a, b, w) => truth(s(a, w) >= s(b, w)),
  CMHS: (a, b) => truth(a >= b),
  CMEQ: (a, b) => truth(a === b),
  CMTST: (a, b) => truth((a & b) !== 0n),
  SSHL: (a, b, w) => shiftBy(s(a, w), b, false),
  USHL: (a, b) => shiftBy(a, b, false),
  SRSHL: (a, b, w) => shiftBy(s(a, w), b, true),
  URSHL: (a, b) => shiftBy(a, b, true),
  SMAX: (a, b, w) => greater(s(a, w), s(b, w)),
  UMAX: greater,
  SMIN: (a, b, w) => smaller(s(a, w), s(b, w)),
  UMIN: smaller,
  SABD: (a, b, w) => distance(s(a, w), s(b, w)),
  UABD: distance,
  ADD: (a, b) => a + b,
  SUB: (a, b) => a - b,
  MUL: (a, b) => a * b,
};

const ACCUMULATE: Readonly<Record<string, Accumulate>> = {
  SABA: (d, a, b, w) => d + distance(s(a, w), s(b, w)),
  UABA: (d, a, b) => d + distance(a, b),
  MLA: (d, a, b) => d + a * b,
  MLS: (d, a, b) => d - a * b,
};

/** Comparisons with zero are those with a register of zeros; CMLE and CMLT the other way round. */
const AGAINST_ZERO: Readonly<Record<string, Binary>> = {
  CMGT: BINARY['CMGT'],
  CMGE: BINARY['CMGE'],
  CMEQ: BINARY['CMEQ'],
  CMLE: (a, b, w) => BINARY['CMGE'](b, a, w),
  CMLT: (a, b, w) => BINARY['CMGT'](b, a, w),
};

function reverse(value: bigint, width: number, unit: number): bigint {
  let out = 0n;
  for (let at = 0; at < width; at += unit) out |= u(value >> BigInt(at), unit) << BigInt(width - unit - at);
  return out;
}

/** Bits of an element up to its first one. */
function leadingZeros(value: bigint, width: number): bigint {
  let count = 0;
  while (count < width && ((value >> BigInt(width - 1 - count)) & 1n) === 0n) count += 1;
  return BigInt(count);
}

function ones(value: bigint): bigint {
  let count = 0n;
  for (let rest = value; rest !== 0n; rest &= rest - 1n) count += 1n;
  return count;
}

const UNARY: Readonly<Record<string, Unary>> = {
  CLS: (a, w) => leadingZeros(u(a ^ (a >> 1n), w - 1), w - 1),
  CLZ: leadingZeros,
  CNT: ones,
  ABS: (a, w) => (s(a, w) < 0n ? -s(a, w) : a),
  NEG: (a) => -a,
};

const LOGICAL: Readonly<Record<string, (d: bigint, a: bigint, b: bigint) => bigint>> = {
  AND: (_, a, b) => a & b,
  BIC: (_, a, b) => a & ~b,
  ORR: (_, a, b) => a | b,
  ORN: (_, a, b) => a | ~b,
  EOR: (_, a, b) => a ^ b,
  BSL: (d, a, b) => b ^ ((b ^ a) & d),
  BIT: (d, a, b) => d ^ ((d ^ a) & b),
  BIF: (d, a, b) => d ^ ((d ^ a) & ~b),
};

/** Size and number of elements: one of 64 bits for scalar rows. */
function shapeOf(word: number, row: A64Row): { size: number; count: number } {
  if (row.id.endsWith('_scalar')) return { size: 3, count: 1 };
  const size = bits(word, 23, 22);
  return { size, count: countOf(word, size) };
}

const binary =
  (operation: Binary): Executor =>
  (core, word, row) => {
    const { size, count } = shapeOf(word, row);
    const a = getElements(core.vector, rn(word), size, count);
    const b = getElements(core.vector, rm(word), size, count);
    setElements(core.vector, rd(word), size, a.map((x, i) => operation(x, b[i], 8 << size))); // biome-ignore format: one line
  };

const againstZero =
  (operation: Binary): Executor =>
  (core, word, row) => {
    const { size, count } = shapeOf(word, row);
    const a = getElements(core.vector, rn(word), size, count);
    setElements(core.vector, rd(word), size, a.map((x) => operation(x, 0n, 8 << size))); // biome-ignore format: one line
  };

const accumulate =
  (operation: Accumulate): Executor =>
  (core, word, row) => {
    const { size, count } = shapeOf(word, row);
    const d = getElements(core.vector, rd(word), size, count);
    const a = getElements(core.vector, rn(word), size, count);
    const b = getElements(core.vector, rm(word), size, count);
    setElements(core.vector, rd(word), size, d.map((x, i) => operation(x, a[i], b[i], 8 << size))); // biome-ignore format: one line
  };

/** Of neighbours in Vm:Vn. */
const pairwise =
  (operation: Binary): Executor =>
  (core, word, row) => {
    const { size, count } = shapeOf(word, row);
    const all = [...getElements(core.vector, rn(word), size, count), ...getElements(core.vector, rm(word), size, count)];
    const out: bigint[] = [];
    for (let i = 0; i < count; i++) out.push(operation(all[2 * i], all[2 * i + 1], 8 << size));
    setElements(core.vector, rd(word), size, out);
  };

const unary =
  (operation: Unary): Executor =>
  (core, word, row) => {
    const { size, count } = shapeOf(word, row);
    const a = getElements(core.vector, rn(word), size, count);
    setElements(core.vector, rd(word), size, a.map((x) => operation(x, 8 << size))); // biome-ignore format: one line
  };

/** Without elements: all 64 or 128 bits, in words of 64. */
export const bitwise =
  (operation: (d: bigint, a: bigint, b: bigint) => bigint): Executor =>
  (core, word) => {
    const count = isFull(word) ? 2 : 1;
    const d = getElements(core.vector, rd(word), 3, count);
    const a = getElements(core.vector, rn(word), 3, count);
    const b = getElements(core.vector, rm(word), 3, count);
    setElements(core.vector, rd(word), 3, d.map((x, i) => operation(x, a[i], b[i]))); // biome-ignore format: one line
  };

/** Reverses elements within containers of `width` bits. */
const reverseWithin =
  (width: number): Executor =>
  (core, word) => {
    const container = Math.log2(width / 8);
    const unit = 8 << bits(word, 23, 22);
    const a = getElements(core.vector, rn(word), container, countOf(word, container));
    setElements(core.vector, rd(word), container, a.map((x) => reverse(x, width, unit))); // biome-ignore format: one line
  };

/** Sums of neighbours in elements twice as wide. */
const addLongPairs =
  (signed: boolean, accumulates: boolean): Executor =>
  (core, word) => {
    const size = bits(word, 23, 22);
    const a = getElements(core.vector, rn(word), size, countOf(word, size)).map((x) => (signed ? s(x, 8 << size) : x));
    const d = getElements(core.vector, rd(word), size + 1, a.length / 2);
    setElements(core.vector, rd(word), size + 1, d.map((x, i) => (accumulates ? x : 0n) + a[2 * i] + a[2 * i + 1])); // biome-ignore format: one line
  };

/** One result of all elements; `long`: twice as wide. */
const across =
  (signed: boolean, operation: (a: bigint, b: bigint) => bigint, long: boolean): Executor =>
  (core, word) => {
    const size = bits(word, 23, 22);
    const all = getElements(core.vector, rn(word), size, countOf(word, size)).map((x) => (signed ? s(x, 8 << size) : x));
    setElements(core.vector, rd(word), long ? size + 1 : size, [all.reduce(operation)]);
  };

type Long = (d: bigint, a: bigint, b: bigint) => bigint;

/** `wide`: Vn has wide elements already. `element`: b is one element. */
const long =
  (signed: boolean, operation: Long, wide = false): Executor =>
  (core, word, row) => {
    const size = bits(word, 23, 22);
    const extend = (x: bigint, at: number): bigint => (signed ? s(x, 8 << at) : x);
    const d = getElements(core.vector, rd(word), size + 1, 8 >> size);
    const a = wide ? getElements(core.vector, rn(word), size + 1, 8 >> size) : half(core, rn(word), size, word);
    const b = row.id.includes('_element') ? null : half(core, rm(word), size, word);
    const one = b === null ? indexedElement(core, word) : 0n;
    setElements(
      core.vector,
      rd(word),
      size + 1,
      d.map((x, i) => operation(x, extend(a[i], wide ? size + 1 : size), extend(b === null ? one : b[i], size))),
    );
  };

const LONG: Readonly<Record<string, Long>> = {
  ADDL: (_, a, b) => a + b,
  SUBL: (_, a, b) => a - b,
  ADDW: (_, a, b) => a + b,
  SUBW: (_, a, b) => a - b,
  ABAL: (d, a, b) => d + distance(a, b),
  ABDL: (_, a, b) => distance(a, b),
  MLAL: (d, a, b) => d + a * b,
  MLSL: (d, a, b) => d - a * b,
  MULL: (_, a, b) => a * b,
};

/** The upper halves of sums or differences. */
const highHalf =
  (subtracts: boolean, rounded: boolean): Executor =>
  (core, word) => {
    const size = bits(word, 23, 22);
    const width = 8 << size;
    const a = getElements(core.vector, rn(word), size + 1, 8 >> size);
    const b = getElements(core.vector, rm(word), size + 1, 8 >> size);
    const rounding = rounded ? 1n << BigInt(width - 1) : 0n;
    putNarrow(core, word, size, a.map((x, i) => (u(subtracts ? x - b[i] : x + b[i], 2 * width) + rounding) >> BigInt(width))); // biome-ignore format: one line
  };

const narrow: Executor = (core, word) => {
  const size = bits(word, 23, 22);
  putNarrow(core, word, size, getElements(core.vector, rn(word), size + 1, 8 >> size));
};

const byElement =
  (operation: Accumulate): Executor =>
  (core, word) => {
    const size = bits(word, 23, 22);
    const count = countOf(word, size);
    const one = indexedElement(core, word);
    const d = getElements(core.vector, rd(word), size, count);
    const a = getElements(core.vector, rn(word), size, count);
    setElements(core.vector, rd(word), size, d.map((x, i) => operation(x, a[i], one, 8 << size))); // biome-ignore format: one line
  };

const shiftBySize: Executor = (core, word) => {
  const size = bits(word, 23, 22);
  setElements(core.vector, rd(word), size + 1, half(core, rn(word), size, word).map((x) => x << BigInt(8 << size))); // biome-ignore format: one line
};

const OTHERS: Readonly<Record<string, Executor>> = {
  NOT: bitwise((_, a) => ~a),
  RBIT_vector: (core, word) => {
    const a = getElements(core.vector, rn(word), 0, countOf(word, 0));
    setElements(core.vector, rd(word), 0, a.map((x) => reverse(x, 8, 1))); // biome-ignore format: one line
  },
  REV64_vector: reverseWithin(64),
  REV32_vector: reverseWithin(32),
  REV16_vector: reverseWithin(16),
  SADDLP_vector: addLongPairs(true, false),
  UADDLP_vector: addLongPairs(false, false),
  SADALP_vector: addLongPairs(true, true),
  UADALP_vector: addLongPairs(false, true),
  SADDLV: across(true, (a, b) => a + b, true),
  UADDLV: across(false, (a, b) => a + b, true),
  SMAXV: across(true, greater, false),
  UMAXV: across(false, greater, false),
  SMINV: across(true, smaller, false),
  UMINV: across(false, smaller, false),
  ADDV: across(false, (a, b) => a + b, false),
  ADDP_pair: (core, word) =>
    setElements(core.vector, rd(word), 3, [getElement(core.vector, rn(word), 3, 0) + getElement(core.vector, rn(word), 3, 1)]),
  XTN: narrow,
  XTN2: narrow,
  SHLL: shiftBySize,
  SHLL2: shiftBySize,
  ADDHN: highHalf(false, false),
  RADDHN: highHalf(false, true),
  SUBHN: highHalf(true, false),
  RSUBHN: highHalf(true, true),
};

/** The executor of an integer row; null: it is not of this file. */
export function integerExecutor(row: A64Row): Executor | null {
  const [name, form] = [row.id.replace(/_.*$/, ''), row.id.slice(row.id.indexOf('_') + 1)];
  const base = name.replace(/2$/, '');
  if (OTHERS[row.id] !== undefined) return OTHERS[row.id];
  if (row.vector?.fp) return null;
  if (form === 'zero_vector' || form === 'zero_scalar') return againstZero(AGAINST_ZERO[name]);
  if (form.startsWith('element')) {
    if (ACCUMULATE[name] !== undefined) return byElement(ACCUMULATE[name]);
    if (name === 'MUL') return byElement((_, a, b) => a * b);
  }
  if (OTHERS[base] !== undefined) return OTHERS[base];
  const operation = LONG[base.slice(1)];
  if (operation !== undefined && /^[SU]/.test(base)) return long(base.startsWith('S'), operation, base.endsWith('W'));
  if (form !== 'vector' && form !== 'scalar') return null;
  if (LOGICAL[name] !== undefined) return bitwise(LOGICAL[name]);
  if (UNARY[name] !== undefined) return unary(UNARY[name]);
  if (ACCUMULATE[name] !== undefined) return accumulate(ACCUMULATE[name]);
  if (BINARY[name] !== undefined) return binary(BINARY[name]);
  return BINARY[name.slice(0, -1)] !== undefined && name.endsWith('P') ? pairwise(BINARY[name.slice(0, -1)]) : null;
}
