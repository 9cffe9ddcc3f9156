// The bits of the Events packet: Arm ARM DDI 0487 M.a.a, D18.2.6; names as perf prints them, and the first of the three perf versions
// (6.1, 6.12, 7.3) that knows each. Bits without a row are IMPLEMENTATION DEFINED or zero.
import { PERF_VERSIONS, type PerfVersion } from './perf.ts';

export interface EventRow {
  readonly bit: number;
  readonly name: string;
  readonly since: PerfVersion;
  readonly about: string;
}

const row = (bit: number, name: string, about: string, since: PerfVersion = '6.1'): EventRow => ({ bit, name, since, about });

export const EVENTS_BY_BIT: readonly EventRow[] = [
  row(0, 'EXCEPTION-GEN', 'completed with a synchronous exception'),
  row(1, 'RETIRED', 'architecturally retired, or completed with a synchronous exception'),
  row(2, 'L1D-ACCESS', 'accessed at least the level 1 data cache'),
  row(3, 'L1D-REFILL', 'caused a level 1 data cache refill'),
  row(4, 'TLB-ACCESS', 'accessed at least the first-level TLB'),
  row(5, 'TLB-REFILL', 'needed a translation table walk'),
  row(6, 'NOT-TAKEN', 'a conditional instruction whose condition failed'),
  row(7, 'MISPRED', 'a branch that corrected the predicted flow'),
  row(8, 'LLC-ACCESS', 'accessed at least the last level cache'),
  row(9, 'LLC-REFILL', 'missed the last level cache'),
  row(10, 'REMOTE-ACCESS', 'caused an access to another socket'),
  row(11, 'ALIGNMENT', 'extra latency because of the alignment of the address'),
  row(16, 'TXN', 'in a transaction (removed from the architecture)', '7.3'),
  row(17, 'SVE-PARTIAL-PRED', 'an SVE or SME operation with at least one false predicate element'),
  row(18, 'SVE-EMPTY-PRED', 'an SVE or SME operation with all predicate elements false'),
  row(19, 'L2D-ACCESS', 'a load that accessed at least the level 2 cache', '7.3'),
  row(20, 'L2D-MISS', 'a load that missed the level 2 cache', '7.3'),
  row(21, 'HITM', 'a load that hit modified data', '7.3'),
  row(22, 'LFB', 'a load that hit a recently fetched line', '7.3'),
  row(23, 'SNOOPED', "a load whose data came from outside this PE's caches", '7.3'),
  row(24, 'STREAMING-SVE', 'executed in Streaming SVE mode', '7.3'),
  row(25, 'SMCU', 'executed on a shared coprocessor', '7.3'),
];

/** An implementation's own event that perf 7.3 knows by the part number of MIDR_EL1. */
export const NAMED_BY_IMPLEMENTATION: readonly { readonly bit: number; readonly name: string; readonly parts: readonly number[] }[] = [
  { bit: 12, name: 'LATE-PREFETCH', parts: [0x410fd0c0] }, // Neoverse N1
];

/** Implementer, architecture and part number: what perf compares of a MIDR_EL1. */
const PART_MASK = 0xff0ffff0;

/** The names of the bits in `events`, blank-separated, as one perf version prints them behind `EV`. 7.3 lists unnamed bits as `IMPDEF:n,n`. */
export function eventNames(events: bigint, perf: PerfVersion, midr?: number): string {
  const version = PERF_VERSIONS.indexOf(perf);
  const words: string[] = [];
  let unnamed = events;
  for (const e of EVENTS_BY_BIT) {
    if (PERF_VERSIONS.indexOf(e.since) > version || ((events >> BigInt(e.bit)) & 1n) === 0n) continue;
    words.push(e.name);
    unnamed &= ~(1n << BigInt(e.bit));
  }
  if (perf !== '7.3') return words.join(' ');
  for (const e of NAMED_BY_IMPLEMENTATION) {
    if (((unnamed >> BigInt(e.bit)) & 1n) === 0n || midr === undefined || !e.parts.includes((midr & PART_MASK) >>> 0)) continue;
    words.push(e.name);
    unnamed &= ~(1n << BigInt(e.bit));
  }
  const bits: number[] = [];
  for (let bit = 0; bit < 64; bit++) if ((unnamed >> BigInt(bit)) & 1n) bits.push(bit);
  if (bits.length > 0) words.push(`IMPDEF:${bits.join(',')}`);
  return words.join(' ');
}
