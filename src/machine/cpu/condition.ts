// Condition codes over the flags as the interpreter keeps them: N is the sign of `n`, Z is `z === 0`, C is `c`, V is the sign of `v`.
// Source: Arm ARM DDI 0487, C1.2.4 (condition code), shared pseudocode ConditionHolds.
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z } from './context.ts';

/** Writes the flags into a context's `core`. */
export function putFlags(k: Int32Array, n: number, z: number, c: number, v: number): void {
  k[FLAG_N] = n >>> 31;
  k[FLAG_Z] = z === 0 ? 1 : 0;
  k[FLAG_C] = c;
  k[FLAG_V] = v >>> 31;
}

export function conditionHolds(condition: number, n: number, z: number, c: number, v: number): boolean {
  switch (condition) {
    case 0: // EQ
      return z === 0;
    case 1: // NE
      return z !== 0;
    case 2: // CS
      return c !== 0;
    case 3: // CC
      return c === 0;
    case 4: // MI
      return n < 0;
    case 5: // PL
      return n >= 0;
    case 6: // VS
      return v < 0;
    case 7: // VC
      return v >= 0;
    case 8: // HI
      return c !== 0 && z !== 0;
    case 9: // LS
      return c === 0 || z === 0;
    case 10: // GE
      return (n ^ v) >= 0;
    case 11: // LT
      return (n ^ v) < 0;
    case 12: // GT
      return z !== 0 && (n ^ v) >= 0;
    case 13: // LE
      return z === 0 || (n ^ v) < 0;
    default: // AL, NV
      return true;
  }
}

/** Does the condition hold with the flags of the context (indices of context.ts)? */
export function holdsNow(k: Int32Array, condition: number): boolean {
  return conditionHolds(condition, k[FLAG_N] === 0 ? 0 : -1, k[FLAG_Z] === 0 ? 1 : 0, k[FLAG_C], k[FLAG_V] === 0 ? 0 : -1);
}
