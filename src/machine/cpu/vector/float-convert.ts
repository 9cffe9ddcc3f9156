// Conversions of floating-point numbers: between formats, to and from integers and fixed point, to integral numbers.
// Source: Arm ARM DDI 0487, shared pseudocode FPConvert, FPToFixed, FixedToFP, FPRoundInt.
import {
  type Environment,
  type Format,
  HALF,
  INEXACT,
  INFINITY,
  INVALID,
  infinity,
  isNan,
  processNan,
  round,
  roundToInteger,
  SIGNALLING_NAN,
  unpack,
  ZERO,
  zero,
} from './float.ts';

/** A NaN's sign and the upper bits of its fraction in another format, quiet. */
function convertNan(from: Format, to: Format, word: bigint): bigint {
  const fraction = word & (from.quiet - 1n);
  const shift = BigInt(to.fraction - from.fraction);
  const moved = shift >= 0n ? fraction << shift : fraction >> -shift;
  return zero(to, (word & from.sign) !== 0n) | to.defaultNan | moved;
}

/** FPConvert. */
export function convert(from: Format, to: Format, word: bigint, e: Environment, rounding = e.rounding): bigint {
  const u = unpack(from, word, e);
  const alternative = to === HALF && e.alternativeHalf;
  if (isNan(u)) {
    if (u.kind === SIGNALLING_NAN || alternative) e.raised |= INVALID;
    if (alternative) return zero(to, u.negative);
    return e.defaultNan ? to.defaultNan : convertNan(from, to, word);
  }
  if (u.kind === INFINITY) {
    if (!alternative) return infinity(to, u.negative);
    e.raised |= INVALID;
    return zero(to, u.negative) | (to.sign - 1n);
  }
  if (u.kind === ZERO) return zero(to, u.negative);
  return round(to, u.negative, u.mantissa, u.exponent, e, rounding);
}

/** FPToFixed: an integer of `width` bits that counts 2^-fraction; saturates, which is an invalid operation, as a NaN (which gives 0) is. */
export function toFixed(
  f: Format,
  word: bigint,
  width: number,
  signed: boolean,
  fraction: number,
  rounding: number,
  e: Environment,
): bigint {
  const u = unpack(f, word, e);
  const least = signed ? -(1n << BigInt(width - 1)) : 0n;
  const most = signed ? (1n << BigInt(width - 1)) - 1n : (1n << BigInt(width)) - 1n;
  if (isNan(u)) {
    e.raised |= INVALID;
    return 0n;
  }
  if (u.kind === ZERO) return 0n;
  if (u.kind === INFINITY) {
    e.raised |= INVALID;
    return BigInt.asUintN(width, u.negative ? least : most);
  }
  const { value, exact } = roundToInteger(u.mantissa, u.exponent + fraction, u.negative, rounding);
  const number = u.negative ? -value : value;
  if (number < least || number > most) {
    e.raised |= INVALID;
    return BigInt.asUintN(width, number < least ? least : most);
  }
  if (!exact) e.raised |= INEXACT;
  return BigInt.asUintN(width, number);
}

/** FixedToFP: of `width` bits. */
export function fromFixed(f: Format, word: bigint, width: number, signed: boolean, fraction: number, e: Environment): bigint {
  const value = signed ? BigInt.asIntN(width, word) : BigInt.asUintN(width, word);
  if (value === 0n) return 0n;
  return round(f, value < 0n, value < 0n ? -value : value, -fraction, e);
}

/** FPRoundInt. `exact`: a change is reported as inexact. */
export function roundToIntegral(f: Format, word: bigint, rounding: number, exact: boolean, e: Environment): bigint {
  const u = unpack(f, word, e);
  if (isNan(u)) return processNan(f, u, word, e);
  if (u.kind === INFINITY) return word;
  if (u.kind === ZERO) return zero(f, u.negative);
  if (u.exponent >= 0) return word;
  const rounded = roundToInteger(u.mantissa, u.exponent, u.negative, rounding);
  if (exact && !rounded.exact) e.raised |= INEXACT;
  return rounded.value === 0n ? zero(f, u.negative) : round(f, u.negative, rounded.value, 0, e);
}
