// The physical counter as the SPU's timestamps read it.
import type { Machine } from '../machine.ts';

/** CNTPCT of the machine now: one count an operation. */
export function physicalCount(m: Machine): bigint {
  return BigInt(m.tick);
}
