// The state of one SPU that is not in its registers (those are in the CPU's context). Plain data, in the world.
import type { SampledOperation } from './operation.ts';

/** What the host fixture says of the unit, copied in at boot. */
export interface SpuDescription {
  /** ID_AA64DFR0_EL1.PMSVer: 1 = SPE, 2 = SPEv1p1, 3 = SPEv1p2, … */
  readonly pmsver: number;
  readonly pmsidr: bigint;
  readonly pmbidr: bigint;
  /** Order and slots of the packets in a record (spe-architecture §1.11). */
  readonly layout: 'n1-slots' | 'architectural';
}

/** One record that reached the buffer whole. */
export interface CompletedRecord {
  /** Address of its first byte, as PMBPTR_EL1 had it. */
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly truth: SampledOperation;
}

/** The PMU events of sampling since boot (spe-architecture §2.2). */
export interface SampleCounts {
  SAMPLE_POP: number;
  SAMPLE_FEED: number;
  SAMPLE_FILTRATE: number;
  SAMPLE_COLLISION: number;
  SAMPLE_BUFFER_FULL: number;
  SAMPLE_FEED_BR: number;
  SAMPLE_FEED_LD: number;
  SAMPLE_FEED_ST: number;
  SAMPLE_FEED_OP: number;
  SAMPLE_FEED_EVENT: number;
  SAMPLE_FEED_LAT: number;
}

export interface SpuState {
  readonly device: SpuDescription;
  counts: SampleCounts;
  /** Target of the last taken and retired branch while profiling was enabled (FEAT_SPE_PBT); null = forgotten. */
  previousTarget: { readonly address: bigint; readonly el: number } | null;
  /** Records since the session last drained them: it moves them to its record log, so that none stay in the world. */
  completed: CompletedRecord[];
}

export function newSpuState(device: SpuDescription): SpuState {
  return {
    device: Object.freeze({ pmsver: device.pmsver, pmsidr: device.pmsidr, pmbidr: device.pmbidr, layout: device.layout }),
    counts: {
      SAMPLE_POP: 0,
      SAMPLE_FEED: 0,
      SAMPLE_FILTRATE: 0,
      SAMPLE_COLLISION: 0,
      SAMPLE_BUFFER_FULL: 0,
      SAMPLE_FEED_BR: 0,
      SAMPLE_FEED_LD: 0,
      SAMPLE_FEED_ST: 0,
      SAMPLE_FEED_OP: 0,
      SAMPLE_FEED_EVENT: 0,
      SAMPLE_FEED_LAT: 0,
    },
    previousTarget: null,
    completed: [],
  };
}
