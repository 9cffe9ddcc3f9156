// Estimates of reciprocals and of reciprocals of square roots, eight bits of them, and the steps that improve them.
// Source: Arm ARM DDI 0487, shared pseudocode FPRecipEstimate, RecipEstimate, FPRSqrtEstimate, RecipSqrtEstimate, FPRecpX, FPRecipStepFused,
// FPRSqrtStepFused, FPMulX, UnsignedRecipEstimate, UnsignedRSqrtEstimate.
import {
  DIVIDE_BY_ZERO,
  DOWNWARD,
  type Environment,
  type Format,
  INEXACT,
  INFINITY,
  infinity,
  invalid,
  isNan,
  OVERFLOW,
  processNan,
  TIES_TO_EVEN,
  UNDERFLOW,
  UPWARD,
  unpack,
  ZERO,
  zero,
} from './float.ts';
import { multiply, multiplyAdd, negate } from './float-arithmetic.ts';

/** 2^17 / (a + 1/2), rounded, of 256 to 511. */
export function reciprocal(a: number): number {
  return (Math.floor(2 ** 19 / (2 * a + 1)) + 1) >> 1;
}

/** The nearest of 256 to 511 to the reciprocal of the root of 128 to 511. */
export function reciprocalRoot(scaled: number): number {
  const a = scaled < 256 ? 2 * scaled + 1 : (((scaled >> 1) << 1) + 1) * 2;
  let b = 512;
  while (a * (b + 1) * (b + 1) < 2 ** 28) b += 1;
  return (b + 1) >> 1;
}

const TOP = 1n << 51n;
const FRACTION = (1n << 52n) - 1n;

/** The exponent field and, as in double precision, the fraction. */
function partsOf(f: Format, a: bigint): { exponent: number; fraction: bigint } {
  return { exponent: Number(a >> f.shift) & f.most, fraction: (a & f.fractionBits) << (52n - f.shift) };
}

const assembled = (f: Format, negative: boolean, exponent: number, fraction: bigint): bigint =>
  zero(f, negative) | (BigInt(exponent) << f.shift) | (fraction >> (52n - f.shift));

function tooSmall(f: Format, negative: boolean, e: Environment): bigint {
  e.raised |= OVERFLOW | INEXACT;
  const toInfinity = e.rounding === TIES_TO_EVEN || e.rounding === (negative ? DOWNWARD : UPWARD);
  return toInfinity ? infinity(f, negative) : zero(f, negative) | (f.infinity - 1n);
}

/** FPRecipEstimate. */
export function reciprocalEstimate(f: Format, a: bigint, e: Environment): bigint {
  const u = unpack(f, a, e);
  if (isNan(u)) return processNan(f, u, a, e);
  if (u.kind === INFINITY) return zero(f, u.negative);
  if (u.kind === ZERO) {
    e.raised |= DIVIDE_BY_ZERO;
    return infinity(f, u.negative);
  }
  let { exponent, fraction } = partsOf(f, a);
  // Below a quarter of the smallest normal number the reciprocal is too great.
  if (exponent === 0 && fraction < TOP >> 1n) return tooSmall(f, u.negative, e);
  const most = 1 - 2 * f.least; // the exponents of a number and its estimate add up to it: 253, 2045
  if (e.flush && exponent >= most) {
    e.raised |= UNDERFLOW;
    return zero(f, u.negative);
  }
  if (exponent === 0) {
    if ((fraction & TOP) === 0n) {
      exponent = -1;
      fraction = (fraction << 2n) & FRACTION;
    } else fraction = (fraction << 1n) & FRACTION;
  }
  let field = most - exponent;
  const estimate = BigInt(reciprocal(256 | Number(fraction >> 44n)));
  fraction = (estimate & 0xffn) << 44n;
  if (field === 0) fraction = TOP | (fraction >> 1n);
  else if (field === -1) {
    fraction = (TOP >> 1n) | (fraction >> 2n);
    field = 0;
  }
  return assembled(f, u.negative, field, fraction);
}

/** FPRSqrtEstimate. */
export function reciprocalRootEstimate(f: Format, a: bigint, e: Environment): bigint {
  const u = unpack(f, a, e);
  if (isNan(u)) return processNan(f, u, a, e);
  if (u.kind === ZERO) {
    e.raised |= DIVIDE_BY_ZERO;
    return infinity(f, u.negative);
  }
  if (u.negative) return invalid(f, e);
  if (u.kind === INFINITY) return zero(f, false);
  let { exponent, fraction } = partsOf(f, a);
  if (exponent === 0) {
    while ((fraction & TOP) === 0n) {
      fraction = (fraction << 1n) & FRACTION;
      exponent -= 1;
    }
    fraction = (fraction << 1n) & FRACTION;
  }
  const even = (exponent & 1) === 0;
  const scaled = even ? 256 | Number(fraction >> 44n) : 128 | Number(fraction >> 45n);
  const bias = 1 - f.least;
  return assembled(f, false, Math.floor((3 * bias - 1 - exponent) / 2), BigInt(reciprocalRoot(scaled) & 0xff) << 44n);
}

/** FPRecpX: the exponent turned over, without a fraction. */
export function reciprocalExponent(f: Format, a: bigint, e: Environment): bigint {
  const u = unpack(f, a, e);
  if (isNan(u)) return processNan(f, u, a, e);
  const exponent = Number(a >> f.shift) & f.most;
  return zero(f, u.negative) | (BigInt(exponent === 0 ? f.most - 1 : f.most & ~exponent) << f.shift);
}

/** One number is infinite and the other zero. */
function isInfiniteByZero(f: Format, a: bigint, b: bigint, e: Environment): boolean {
  const { raised } = e;
  const [x, y] = [unpack(f, a, e).kind, unpack(f, b, e).kind];
  e.raised = raised;
  return (x === INFINITY && y === ZERO) || (x === ZERO && y === INFINITY);
}

const two = (f: Format): bigint => BigInt(2 - f.least) << f.shift;
const oneAndAHalf = (f: Format): bigint => (BigInt(1 - f.least) << f.shift) | f.quiet;

/** FPRecipStepFused: 2 - a * b. */
export function reciprocalStep(f: Format, a: bigint, b: bigint, e: Environment): bigint {
  if (isInfiniteByZero(f, a, b, e)) return two(f);
  return multiplyAdd(f, two(f), negate(f, a), b, e);
}

/** FPRSqrtStepFused: (3 - a * b) / 2, rounded once. */
export function reciprocalRootStep(f: Format, a: bigint, b: bigint, e: Environment): bigint {
  if (isInfiniteByZero(f, a, b, e)) return oneAndAHalf(f);
  return multiplyAdd(f, oneAndAHalf(f), negate(f, a), b, e, -1);
}

/** FPMulX: an infinity times zero is 2. */
export function multiplyExtended(f: Format, a: bigint, b: bigint, e: Environment): bigint {
  if (!isInfiniteByZero(f, a, b, e)) return multiply(f, a, b, e);
  return two(f) | ((a ^ b) & f.sign);
}

/** UnsignedRecipEstimate and UnsignedRSqrtEstimate of 32 bits that stand for 0 to 1. */
export const unsignedReciprocal = (a: bigint): bigint => (a >> 31n === 0n ? 0xffffffffn : BigInt(reciprocal(Number(a >> 23n))) << 23n);
export const unsignedReciprocalRoot = (a: bigint): bigint =>
  a >> 30n === 0n ? 0xffffffffn : BigInt(reciprocalRoot(Number(a >> 23n))) << 23n;
