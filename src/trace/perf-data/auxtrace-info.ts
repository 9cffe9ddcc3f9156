// AUXTRACE_INFO of Arm SPE, both versions: which PMU, and of version 2 each CPU's MIDR (reference perf-data §3).
import {
  PERF_AUXTRACE_INFO,
  SPE_INFO_BLOCK_WORDS,
  SPE_INFO_CPU,
  SPE_INFO_CPU_PMU_TYPE,
  SPE_INFO_CPUS,
  SPE_INFO_EVENT_FILTER,
  SPE_INFO_HEADER_SIZE,
  SPE_INFO_MAGIC,
  SPE_INFO_MIDR,
  SPE_INFO_MIN_INTERVAL,
  SPE_INFO_PMU_TYPE,
  SPE_INFO_V1_WORDS,
  SPE_INFO_V2_HEADER_WORDS,
} from '../../abi/perf-data.ts';
import { type PerfDataError, u64 } from './fields.ts';

export interface SpeCpu {
  readonly midr: bigint;
  /** Type of the SPE PMU over the CPU; null: none. */
  readonly pmuType: number | null;
  readonly minInterval: number;
  /** caps/event_filter; null where the file does not have it. */
  readonly eventFilter: bigint | null;
}

export interface SpeInfo {
  readonly version: 1 | 2;
  readonly pmuType: number;
  /** By CPU number; empty in version 1. */
  readonly cpus: ReadonlyMap<number, SpeCpu>;
}

const NO_PMU = 0xffff_ffff_ffff_ffffn;

/** Reads the record as perf does, by its length: two words are version 1. `warn` hears of what does not hold; it is then left out. */
export function readSpeInfo(record: Uint8Array, offset: number, warn: (error: PerfDataError) => void): SpeInfo | null {
  const words = (record.length - PERF_AUXTRACE_INFO.size) >> 3;
  const word = (i: number): bigint => u64(record, PERF_AUXTRACE_INFO.size + i * 8);
  if (words === SPE_INFO_V1_WORDS) return { version: 1, pmuType: Number(word(0) & 0xffff_ffffn), cpus: new Map() };
  if (words < SPE_INFO_V2_HEADER_WORDS) {
    warn({ message: `AUXTRACE_INFO has ${words} words, which is neither version`, offset });
    return null;
  }
  const cpus = new Map<number, SpeCpu>();
  const info: SpeInfo = { version: 2, pmuType: Number(word(SPE_INFO_PMU_TYPE) & 0xffff_ffffn), cpus };
  const header = Number(word(SPE_INFO_HEADER_SIZE));
  const count = Number(word(SPE_INFO_CPUS));
  if (count === 0) return info;
  const block = (words - header) / count;
  if (header < SPE_INFO_V2_HEADER_WORDS || !Number.isInteger(block) || block <= SPE_INFO_CPU_PMU_TYPE) {
    warn({
      message: `AUXTRACE_INFO: ${words} words do not hold ${word(SPE_INFO_CPUS)} CPUs behind a header of ${word(SPE_INFO_HEADER_SIZE)}`,
      offset,
    });
    return info;
  }
  for (let i = 0; i < count; i++) {
    const at = header + i * block;
    if (word(at) !== SPE_INFO_MAGIC) warn({ message: `AUXTRACE_INFO: the block of CPU ${i} does not begin with its magic number`, offset });
    const pmu = word(at + SPE_INFO_CPU_PMU_TYPE);
    cpus.set(Number(word(at + SPE_INFO_CPU)), {
      midr: word(at + SPE_INFO_MIDR),
      pmuType: pmu === NO_PMU ? null : Number(pmu & 0xffff_ffffn),
      minInterval: block > SPE_INFO_MIN_INTERVAL ? Number(word(at + SPE_INFO_MIN_INTERVAL)) : 0,
      eventFilter: block >= SPE_INFO_BLOCK_WORDS ? word(at + SPE_INFO_EVENT_FILTER) : null,
    });
  }
  return info;
}
