// The state of one SPU that is not in its registers (those are in the CPU's context). Plain data, in the world.
import type { SampleEventName } from '../../arch/spe/pmu-events.ts';
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

/** The PMU events of sampling since boot, by name (arch/spe/pmu-events.ts). */
export type SampleCounts = Record<SampleEventName, number>;

/** Something that software should hear of and that no register says; `why` is a sentence with its reason. */
export interface SpuNotice {
  /** 'spe.filter': a filter's setting selects nothing · 'spe.collision': COLL was set · 'spe.stop': a management event · 'spe.abort': an External abort that the unit does not report. */
  readonly kind: 'spe.filter' | 'spe.collision' | 'spe.stop' | 'spe.abort';
  readonly tick: number;
  readonly why: string;
}

export interface SpuState {
  readonly device: SpuDescription;
  counts: SampleCounts;
  /** The one sample in flight is complete when SAMPLE_POP has come here. */
  sampleUntil: number;
  /** Target of the last taken and retired branch while profiling was enabled (FEAT_SPE_PBT); null = forgotten. */
  previousTarget: { readonly address: bigint; readonly el: number } | null;
  /** The filter registers' values that were last looked at for settings that select nothing, mixed into one number. */
  filtersSeen: number;
  /** Records since the session last drained them: it moves them to its record log, so that none stay in the world. */
  completed: CompletedRecord[];
  /** Notices since they were last drained. */
  notices: SpuNotice[];
}

/** The sample in flight is complete, or given up: PSB CSYNC, the buffer disabled, the world switch. */
export function finishSamples(spu: SpuState): void {
  spu.sampleUntil = 0;
}

export function newSpuState(device: SpuDescription): SpuState {
  return {
    device: Object.freeze({ pmsver: device.pmsver, pmsidr: device.pmsidr, pmbidr: device.pmbidr, layout: device.layout }),
    counts: {
      SAMPLE_POP: 0,
      SAMPLE_FEED: 0,
      SAMPLE_FILTRATE: 0,
      SAMPLE_COLLISION: 0,
      SAMPLE_FEED_DS: 0,
      SAMPLE_BUFFER_FULL: 0,
      SAMPLE_FEED_BR: 0,
      SAMPLE_FEED_LD: 0,
      SAMPLE_FEED_ST: 0,
      SAMPLE_FEED_OP: 0,
      SAMPLE_FEED_EVENT: 0,
      SAMPLE_FEED_LAT: 0,
      SAMPLE_FEED_FP: 0,
      SAMPLE_FEED_SIMD: 0,
    },
    sampleUntil: 0,
    previousTarget: null,
    filtersSeen: 0,
    completed: [],
    notices: [],
  };
}
