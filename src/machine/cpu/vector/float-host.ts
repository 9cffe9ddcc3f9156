// The ordinary case of floating-point arithmetic by ECMAScript's own numbers: rounding to nearest, nothing flushed, FPSR.IXC set already, and a
// result that is a normal number. Then the only flag that the operation could raise is the one that stands, and the result is IEEE 754's in
// both: single precision by way of double, whose 53 bits are at least 2 * 24 + 2, so that rounding twice is rounding once (Figueroa,
// "When is double rounding innocuous?", 1995). Everything else goes the exact way.
import { DOUBLE, type Environment, type Format, INEXACT, TIES_TO_EVEN } from './float.ts';

const view = new DataView(new ArrayBuffer(8));

/** A number of single or double precision; signalling NaNs as NaN. */
export function numberOf(f: Format, word: bigint): number {
  if (f === DOUBLE) {
    view.setBigUint64(0, word);
    return view.getFloat64(0);
  }
  view.setUint32(0, Number(word));
  return view.getFloat32(0);
}

/** Nothing but the result is to be found out. */
export function isOrdinary(e: Environment): boolean {
  return (e.raised & INEXACT) !== 0 && e.rounding === TIES_TO_EVEN && !e.flush;
}

/** The result rounded to the format; null when it is no normal number, or the smallest one (which may have been smaller before). */
export function ordinaryResult(f: Format, result: number): bigint | null {
  const rounded = f === DOUBLE ? result : Math.fround(result);
  const size = Math.abs(rounded);
  if (!(size > 2 ** f.least && size < Number.POSITIVE_INFINITY)) return null;
  if (f === DOUBLE) {
    view.setFloat64(0, rounded);
    return view.getBigUint64(0);
  }
  view.setFloat32(0, rounded);
  return BigInt(view.getUint32(0));
}
