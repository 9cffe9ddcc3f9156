// Floating-point numbers as the architecture has them, exactly: over BigInt, with every rounding mode and the cumulative flags.
// Source: Arm ARM DDI 0487, shared pseudocode FPUnpackBase, FPRoundBase, FPProcessNaN; A1.5 (formats, exceptions).
// Numbers are bit patterns in bigints. A finite one is mantissa * 2^exponent.

export interface Format {
  /** Bits in all, of the fraction, and the exponent of the smallest normal number. */
  readonly width: number;
  readonly fraction: number;
  readonly least: number;
  readonly sign: bigint;
  readonly infinity: bigint;
  readonly quiet: bigint;
  readonly defaultNan: bigint;
  /** Of its parts: the fraction's bits, the bit above them, their number, and the exponent field of infinities and NaNs. */
  readonly fractionBits: bigint;
  readonly implicit: bigint;
  readonly shift: bigint;
  readonly most: number;
}

function format(width: number, fraction: number): Format {
  const exponentBits = width - fraction - 1;
  const infinity = ((1n << BigInt(exponentBits)) - 1n) << BigInt(fraction);
  const quiet = 1n << BigInt(fraction - 1);
  const implicit = 1n << BigInt(fraction);
  return {
    width,
    fraction,
    least: 2 - 2 ** (exponentBits - 1),
    sign: 1n << BigInt(width - 1),
    infinity,
    quiet,
    defaultNan: infinity | quiet,
    fractionBits: implicit - 1n,
    implicit,
    shift: BigInt(fraction),
    most: 2 ** exponentBits - 1,
  };
}

export const HALF = format(16, 10);
export const SINGLE = format(32, 23);
export const DOUBLE = format(64, 52);

/** Rounding modes: the values of FPCR.RMode, and two that only instructions name. */
export const TIES_TO_EVEN = 0;
export const UPWARD = 1;
export const DOWNWARD = 2;
export const TOWARD_ZERO = 3;
export const TIES_AWAY = 4;
export const TO_ODD = 5;

/** Cumulative exception bits of FPSR. */
export const INVALID = 1 << 0;
export const DIVIDE_BY_ZERO = 1 << 1;
export const OVERFLOW = 1 << 2;
export const UNDERFLOW = 1 << 3;
export const INEXACT = 1 << 4;
export const INPUT_DENORMAL = 1 << 7;
export const SATURATED = 1 << 27; // QC

/** What FPCR asks for, and what FPSR has accumulated: one instruction's. */
export interface Environment {
  rounding: number;
  /** FZ: denormal numbers of single and double precision are zeros. */
  flush: boolean;
  /** DN: every NaN result is the default one. */
  defaultNan: boolean;
  /** AHP: half precision has no infinities and NaNs. */
  alternativeHalf: boolean;
  raised: number;
}

/** Kinds of numbers, in `Unpacked.kind`. */
export const ZERO = 0;
export const FINITE = 1;
export const INFINITY = 2;
export const QUIET_NAN = 3;
export const SIGNALLING_NAN = 4;

export interface Unpacked {
  readonly kind: number;
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
}

const special = (kind: number, negative: boolean): Unpacked => ({ kind, negative, mantissa: 0n, exponent: 0 });

/** The parts of a number. A denormal one is a zero when the environment flushes, and says so; half precision is never flushed. */
export function unpack(f: Format, word: bigint, e: Environment): Unpacked {
  const top = Number(word >> f.shift); // sign and exponent
  const negative = top > f.most;
  const fraction = word & f.fractionBits;
  const biased = top & f.most;
  if (biased === 0) {
    if (fraction === 0n) return special(ZERO, negative);
    if (e.flush && f !== HALF) {
      e.raised |= INPUT_DENORMAL;
      return special(ZERO, negative);
    }
    return { kind: FINITE, negative, mantissa: fraction, exponent: f.least - f.fraction };
  }
  if (biased === f.most && !(f === HALF && e.alternativeHalf)) {
    if (fraction === 0n) return special(INFINITY, negative);
    return special((word & f.quiet) !== 0n ? QUIET_NAN : SIGNALLING_NAN, negative);
  }
  return { kind: FINITE, negative, mantissa: fraction | f.implicit, exponent: f.least - f.fraction + biased - 1 };
}

export const isNan = (u: Unpacked): boolean => u.kind >= QUIET_NAN;

/** A NaN operand as the result: quiet, or the default one. */
export function processNan(f: Format, u: Unpacked, word: bigint, e: Environment): bigint {
  if (u.kind === SIGNALLING_NAN) e.raised |= INVALID;
  return e.defaultNan ? f.defaultNan : word | f.quiet;
}

/** The NaN that operands give, signalling ones first, in their order; null when none is one. */
export function processNans(f: Format, operands: readonly (readonly [Unpacked, bigint])[], e: Environment): bigint | null {
  for (const kind of [SIGNALLING_NAN, QUIET_NAN]) {
    for (const [u, word] of operands) if (u.kind === kind) return processNan(f, u, word, e);
  }
  return null;
}

/** The operation has no meaning: the default NaN. */
export function invalid(f: Format, e: Environment): bigint {
  e.raised |= INVALID;
  return f.defaultNan;
}

export const zero = (f: Format, negative: boolean): bigint => (negative ? f.sign : 0n);
export const infinity = (f: Format, negative: boolean): bigint => (negative ? f.sign : 0n) | f.infinity;

const view = new DataView(new ArrayBuffer(8));

/** Bits of a positive number. */
export function bitLength(value: bigint): number {
  const near = Number(value);
  if (near === Number.POSITIVE_INFINITY) return 1000 + bitLength(value >> 1000n);
  view.setFloat64(0, near);
  const length = (view.getUint16(0) >>> 4) - 1022;
  // From 54 bits on the nearest double may be the next power of two.
  return length > 53 && value >> BigInt(length - 1) === 0n ? length - 1 : length;
}

/** Does a number between two neighbours go to the greater magnitude? `rest` of `of`; `odd`: the smaller one is. */
function roundsUp(rounding: number, negative: boolean, rest: bigint, of: bigint, odd: boolean): boolean {
  if (rest === 0n) return false;
  switch (rounding) {
    case TIES_TO_EVEN:
      return rest * 2n > of || (rest * 2n === of && odd);
    case TIES_AWAY:
      return rest * 2n >= of;
    case TO_ODD:
      return !odd;
    case UPWARD:
      return !negative;
    case DOWNWARD:
      return negative;
    default:
      return false;
  }
}

/** mantissa * 2^exponent as an integer, rounded, and whether that changed it. */
export function roundToInteger(
  mantissa: bigint,
  exponent: number,
  negative: boolean,
  rounding: number,
): { readonly value: bigint; readonly exact: boolean } {
  if (exponent >= 0) return { value: mantissa << BigInt(exponent), exact: true };
  const of = 1n << BigInt(-exponent);
  const value = mantissa >> BigInt(-exponent);
  const rest = mantissa & (of - 1n);
  return { value: roundsUp(rounding, negative, rest, of, (value & 1n) === 1n) ? value + 1n : value, exact: rest === 0n };
}

/**
 * The number of the format nearest to (-1)^negative * mantissa * 2^exponent as the rounding mode wants it. The mantissa is not zero; where
 * the exact value has more bits than fit, its lowest bit may stand for all that follow. Tininess is detected before rounding.
 */
export function round(f: Format, negative: boolean, mantissa: bigint, exponent: number, e: Environment, rounding = e.rounding): bigint {
  const top = bitLength(mantissa) - 1 + exponent;
  if (top < f.least && e.flush && f !== HALF) {
    e.raised |= UNDERFLOW;
    return zero(f, negative);
  }
  const unit = Math.max(top, f.least) - f.fraction;
  const rounded = roundToInteger(mantissa, exponent - unit, negative, rounding);
  if (top < f.least && !rounded.exact) e.raised |= UNDERFLOW;
  // A carry out of the fraction goes into the exponent, where it belongs.
  const biased = BigInt(Math.max(top, f.least) - f.least);
  const word = (biased << f.shift) + rounded.value;
  if (f === HALF && e.alternativeHalf) {
    if (word >= f.sign) {
      e.raised |= INVALID;
      return zero(f, negative) | (f.sign - 1n);
    }
  } else if (word >= f.infinity) {
    e.raised |= OVERFLOW | INEXACT;
    const toInfinity = rounding === TIES_TO_EVEN || rounding === TIES_AWAY || rounding === (negative ? DOWNWARD : UPWARD);
    return toInfinity ? infinity(f, negative) : zero(f, negative) | (f.infinity - 1n);
  }
  if (!rounded.exact) e.raised |= INEXACT;
  return zero(f, negative) | word;
}
