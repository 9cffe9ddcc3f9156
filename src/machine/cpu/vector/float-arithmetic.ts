// Arithmetic of the architecture's floating-point numbers: exact, then rounded once.
// Source: Arm ARM DDI 0487, shared pseudocode FPAdd, FPMul, FPDiv, FPSqrt, FPMulAdd, FPMax, FPMaxNum, FPCompare.
import {
  bitLength,
  DIVIDE_BY_ZERO,
  DOWNWARD,
  type Environment,
  type Format,
  INFINITY,
  INVALID,
  infinity,
  invalid,
  isNan,
  processNan,
  processNans,
  QUIET_NAN,
  round,
  SIGNALLING_NAN,
  type Unpacked,
  unpack,
  ZERO,
  zero,
} from './float.ts';
import { isOrdinary, numberOf, ordinaryResult } from './float-host.ts';

/** -a: the sign alone. */
export const negate = (f: Format, a: bigint): bigint => a ^ f.sign;
export const absolute = (f: Format, a: bigint): bigint => a & ~f.sign;

/** The exact sum of two finite numbers or zeros, rounded. A sum of zero is positive unless rounding downward, or both were negative zeros. */
function sum(f: Format, a: Unpacked, b: Unpacked, e: Environment): bigint {
  if (a.kind === ZERO && b.kind === ZERO && a.negative === b.negative) return zero(f, a.negative);
  const exponent = Math.min(a.kind === ZERO ? b.exponent : a.exponent, b.kind === ZERO ? a.exponent : b.exponent);
  const signed = (u: Unpacked): bigint => (u.kind === ZERO ? 0n : (u.negative ? -u.mantissa : u.mantissa) << BigInt(u.exponent - exponent));
  const total = signed(a) + signed(b);
  if (total === 0n) return zero(f, e.rounding === DOWNWARD);
  return round(f, total < 0n, total < 0n ? -total : total, exponent, e);
}

/** FPAdd. */
export function add(f: Format, a: bigint, b: bigint, e: Environment): bigint {
  const ordinary = isOrdinary(e) ? ordinaryResult(f, numberOf(f, a) + numberOf(f, b)) : null;
  if (ordinary !== null) return ordinary;
  const x = unpack(f, a, e);
  const y = unpack(f, b, e);
  if (isNan(x) || isNan(y)) return processNans(f, [[x, a], [y, b]], e)!; // biome-ignore format: pairs
  if (x.kind === INFINITY && y.kind === INFINITY && x.negative !== y.negative) return invalid(f, e);
  if (x.kind === INFINITY) return infinity(f, x.negative);
  if (y.kind === INFINITY) return infinity(f, y.negative);
  return sum(f, x, y, e);
}

/** FPSub. A NaN operand keeps its sign. */
export function subtract(f: Format, a: bigint, b: bigint, e: Environment): bigint {
  const isNumber = (b & f.infinity) !== f.infinity || absolute(f, b) === f.infinity;
  return add(f, a, isNumber ? negate(f, b) : b, e);
}

/** FPMul. */
export function multiply(f: Format, a: bigint, b: bigint, e: Environment): bigint {
  const ordinary = isOrdinary(e) ? ordinaryResult(f, numberOf(f, a) * numberOf(f, b)) : null;
  if (ordinary !== null) return ordinary;
  const x = unpack(f, a, e);
  const y = unpack(f, b, e);
  if (isNan(x) || isNan(y)) return processNans(f, [[x, a], [y, b]], e)!; // biome-ignore format: pairs
  const negative = x.negative !== y.negative;
  if (x.kind === INFINITY || y.kind === INFINITY) {
    return x.kind === ZERO || y.kind === ZERO ? invalid(f, e) : infinity(f, negative);
  }
  if (x.kind === ZERO || y.kind === ZERO) return zero(f, negative);
  return round(f, negative, x.mantissa * y.mantissa, x.exponent + y.exponent, e);
}

/** FPDiv. */
export function divide(f: Format, a: bigint, b: bigint, e: Environment): bigint {
  const ordinary = isOrdinary(e) ? ordinaryResult(f, numberOf(f, a) / numberOf(f, b)) : null;
  if (ordinary !== null) return ordinary;
  const x = unpack(f, a, e);
  const y = unpack(f, b, e);
  if (isNan(x) || isNan(y)) return processNans(f, [[x, a], [y, b]], e)!; // biome-ignore format: pairs
  if (x.kind === y.kind && (x.kind === INFINITY || x.kind === ZERO)) return invalid(f, e);
  const negative = x.negative !== y.negative;
  if (x.kind === INFINITY) return infinity(f, negative);
  if (y.kind === ZERO) {
    e.raised |= DIVIDE_BY_ZERO;
    return infinity(f, negative);
  }
  if (x.kind === ZERO || y.kind === INFINITY) return zero(f, negative);
  // Enough bits of the quotient, and one for what is left over.
  const shift = f.fraction + 3 + Math.max(0, bitLength(y.mantissa) - bitLength(x.mantissa));
  const numerator = x.mantissa << BigInt(shift);
  const quotient = numerator / y.mantissa;
  const sticky = quotient * y.mantissa === numerator ? 0n : 1n;
  return round(f, negative, (quotient << 1n) | sticky, x.exponent - y.exponent - shift - 1, e);
}

function integerRoot(value: bigint): bigint {
  let root = 1n << BigInt((bitLength(value) + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** FPSqrt. */
export function squareRoot(f: Format, a: bigint, e: Environment): bigint {
  const ordinary = isOrdinary(e) ? ordinaryResult(f, Math.sqrt(numberOf(f, a))) : null;
  if (ordinary !== null) return ordinary;
  const x = unpack(f, a, e);
  if (isNan(x)) return processNan(f, x, a, e);
  if (x.kind === ZERO) return zero(f, x.negative);
  if (x.negative) return invalid(f, e);
  if (x.kind === INFINITY) return infinity(f, false);
  let shift = Math.max(0, 2 * (f.fraction + 3) - bitLength(x.mantissa));
  if (((x.exponent - shift) & 1) !== 0) shift += 1;
  const value = x.mantissa << BigInt(shift);
  const root = integerRoot(value);
  const sticky = root * root === value ? 0n : 1n;
  return round(f, false, (root << 1n) | sticky, (x.exponent - shift) / 2 - 1, e);
}

/** FPMulAdd: addend + a * b * 2^scale, rounded once. */
export function multiplyAdd(f: Format, addend: bigint, a: bigint, b: bigint, e: Environment, scale = 0): bigint {
  const c = unpack(f, addend, e);
  const x = unpack(f, a, e);
  const y = unpack(f, b, e);
  const infiniteByZero = (x.kind === INFINITY && y.kind === ZERO) || (x.kind === ZERO && y.kind === INFINITY);
  const nan = processNans(f, [[c, addend], [x, a], [y, b]], e); // biome-ignore format: three
  if (c.kind === QUIET_NAN && infiniteByZero) return invalid(f, e);
  if (nan !== null) return nan;
  const negative = x.negative !== y.negative;
  const infinite = x.kind === INFINITY || y.kind === INFINITY;
  if (infiniteByZero || (c.kind === INFINITY && infinite && c.negative !== negative)) return invalid(f, e);
  if (c.kind === INFINITY) return infinity(f, c.negative);
  if (infinite) return infinity(f, negative);
  const isZero = x.kind === ZERO || y.kind === ZERO;
  const product: Unpacked = {
    kind: isZero ? ZERO : x.kind,
    negative,
    mantissa: x.mantissa * y.mantissa,
    exponent: x.exponent + y.exponent + scale,
  };
  return sum(f, c, product, e);
}

/** Numbers in order: greater means greater, both zeros are equal. A denormal that is flushed is a zero. */
function orderOf(f: Format, word: bigint, u: Unpacked): bigint {
  if (u.kind === ZERO) return 0n;
  return u.negative ? -absolute(f, word) : word;
}

function extreme(f: Format, a: bigint, b: bigint, e: Environment, greater: boolean): bigint {
  const x = unpack(f, a, e);
  const y = unpack(f, b, e);
  if (isNan(x) || isNan(y)) return processNans(f, [[x, a], [y, b]], e)!; // biome-ignore format: pairs
  const order = orderOf(f, a, x) - orderOf(f, b, y);
  const first = greater ? order > 0n : order < 0n;
  if ((first ? x : y).kind !== ZERO) return first ? a : b;
  return zero(f, greater ? x.negative && y.negative : x.negative || y.negative);
}

/** FPMax, FPMin. */
export const maximum = (f: Format, a: bigint, b: bigint, e: Environment): bigint => extreme(f, a, b, e, true);
export const minimum = (f: Format, a: bigint, b: bigint, e: Environment): bigint => extreme(f, a, b, e, false);

/** A quiet NaN beside a number stands back: it is taken as the infinity that loses. */
function extremeNumber(f: Format, a: bigint, b: bigint, e: Environment, greater: boolean): bigint {
  const quiet: Environment = { ...e };
  const x = unpack(f, a, quiet).kind;
  const y = unpack(f, b, quiet).kind;
  e.raised |= quiet.raised;
  const loser = infinity(f, greater);
  if (x === QUIET_NAN && y !== QUIET_NAN) return extreme(f, loser, b, e, greater);
  if (y === QUIET_NAN && x !== QUIET_NAN) return extreme(f, a, loser, e, greater);
  return extreme(f, a, b, e, greater);
}

/** FPMaxNum, FPMinNum. */
export const maximumNumber = (f: Format, a: bigint, b: bigint, e: Environment): bigint => extremeNumber(f, a, b, e, true);
export const minimumNumber = (f: Format, a: bigint, b: bigint, e: Environment): bigint => extremeNumber(f, a, b, e, false);

export type Order = 'less' | 'equal' | 'greater' | 'unordered';

/** FPCompare. `signal`: a quiet NaN is an invalid operation too. */
export function compare(f: Format, a: bigint, b: bigint, e: Environment, signal: boolean): Order {
  if (!e.flush) {
    const [left, right] = [numberOf(f, a), numberOf(f, b)];
    if (left === right) return 'equal';
    if (left < right) return 'less';
    if (left > right) return 'greater';
  }
  const x = unpack(f, a, e);
  const y = unpack(f, b, e);
  if (isNan(x) || isNan(y)) {
    if (signal || x.kind === SIGNALLING_NAN || y.kind === SIGNALLING_NAN) e.raised |= INVALID;
    return 'unordered';
  }
  const order = orderOf(f, a, x) - orderOf(f, b, y);
  return order < 0n ? 'less' : order > 0n ? 'greater' : 'equal';
}
