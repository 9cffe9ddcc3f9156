// A recording as the writer of perf.data takes it: what `perf record -e arm_spe_0/…/` would have known of the machine, the event, the tasks
// and the buffers. Plain values; times are nanoseconds of the clock that `clock` maps the counter to, addresses are as perf gives them to
// its users (arch/spe/fixup.ts).
import type { TimeConversion } from './clock.ts';
import type { ReadAt } from './read-at.ts';

export interface PerfRecording {
  readonly machine: RecordedMachine;
  readonly event: RecordedEvent;
  /** The command line that a recording would have had, word by word. */
  readonly command: readonly string[];
  /** AUXTRACE_INFO: 1 opens in every perf, 2 gives perf 6.13 and later the MIDR of each CPU (reference perf-data §3). */
  readonly metadata: 1 | 2;
  /** How the counter of timestamp packets becomes time; null: no record carries a time ("timeless"), as in a recording per thread. */
  readonly clock: TimeConversion | null;
  /** One AUX stream a CPU, in this order, or one a thread. `tids`: streams of a CPU that are a thread's each, where several share a CPU. */
  readonly streams:
    | { readonly by: 'cpu'; readonly cpus: readonly number[]; readonly tids?: readonly number[] }
    | { readonly by: 'thread'; readonly tids: readonly number[] };
  /** Threads that were traced, with their names, for THREAD_MAP; none: the whole system was (`-a`). */
  readonly traced: readonly { readonly tid: number; readonly comm: string }[];
  readonly kernel: RecordedKernel | null;
  /** What was there when recording began, then what came to pass, by rising time. */
  readonly sideBand: readonly SideBand[];
  /** In the order of the file; those of a stream in the order it was written. */
  readonly buffers: readonly RecordedBuffer[];
  readonly buildIds: readonly RecordedBuildId[];
}

export interface RecordedCpu {
  readonly cpu: number;
  readonly midr: bigint;
  readonly core: number;
  readonly socket: number;
  readonly node: number;
  /** Type of the SPE PMU over this CPU; null: none. */
  readonly pmuType: number | null;
  /** caps/min_interval and caps/event_filter; 0 where not known. */
  readonly minInterval: number;
  readonly eventFilter: bigint;
}

export interface RecordedMachine {
  readonly hostname: string;
  readonly release: string;
  /** Version of perf that the file claims to be of. */
  readonly perfVersion: string;
  readonly description: string;
  readonly cpus: readonly RecordedCpu[];
  readonly nodes: readonly { readonly node: number; readonly totalKiB: number; readonly freeKiB: number }[];
  /** Physical memory in blocks of `blockSize` bytes; each node has the blocks from `first`, `count` of them. */
  readonly memory: {
    readonly blockSize: bigint;
    readonly nodes: readonly { readonly node: number; readonly first: number; readonly count: number }[];
  };
  readonly pmus: readonly { readonly type: number; readonly name: string }[];
}

export interface RecordedEvent {
  /** As the user gave it: `arm_spe_0/ts_enable=1/`. */
  readonly name: string;
  readonly pmuType: number;
  /** Controls, PMSEVFR, PMSLATFR with bits 11:0, and PMSNEVFR, as the PMU's format/ files place them. */
  readonly config: bigint;
  readonly config1: bigint;
  readonly config2: bigint;
  readonly config3: bigint;
  /** Operations between samples. */
  readonly period: number;
  readonly excludeUser: boolean;
  readonly excludeKernel: boolean;
}

/** The kernel's own text, which perf wants even where no sample lies in it; `reference` is the address of `_text`. */
export interface RecordedKernel {
  readonly start: bigint;
  readonly length: bigint;
  readonly reference: bigint;
}

/** What perf read at once of an AUX stream. */
export interface RecordedBuffer {
  /** Index into the streams. */
  readonly stream: number;
  readonly bytes: ReadAt;
  /** Where it begins in its stream; null: where the one before it ended. */
  readonly auxOffset: bigint | null;
  /** What the driver had reported until then, and not for the buffer before. */
  readonly aux: readonly RecordedAux[];
}

/** An AUX record: what the driver handed over, and what befell it. */
export interface RecordedAux {
  /** Bytes from the beginning of the buffer, and how many; in overwrite mode where the driver was, which is no place in the buffer. */
  readonly start: number;
  readonly size: number;
  /** PERF_AUX_FLAG_*. */
  readonly flags: number;
  /** 0n: not known. */
  readonly time: bigint;
  readonly pid: number;
  readonly tid: number;
}

/** The one AUX record of a buffer that the driver handed over whole. */
export const wholeAux = (bytes: ReadAt, more: Partial<RecordedAux> = {}): readonly RecordedAux[] => [
  { start: 0, size: bytes.size, flags: 0, time: 0n, pid: 0, tid: 0, ...more },
];

export interface RecordedBuildId {
  readonly path: string;
  readonly id: Uint8Array;
  readonly kernel: boolean;
}

/** When and where a record of the kernel arose; all zero for what perf itself made up of a running system. */
export interface Moment {
  readonly pid: number;
  readonly tid: number;
  readonly time: bigint;
  readonly cpu: number;
}

export type SideBand =
  | {
      readonly kind: 'comm';
      readonly at: Moment;
      readonly pid: number;
      readonly tid: number;
      readonly comm: string;
      readonly exec: boolean;
    }
  | {
      readonly kind: 'fork' | 'exit';
      readonly at: Moment;
      readonly pid: number;
      readonly parentPid: number;
      readonly tid: number;
      readonly parentTid: number;
    }
  | {
      readonly kind: 'mmap';
      readonly at: Moment;
      readonly pid: number;
      readonly tid: number;
      readonly address: bigint;
      readonly length: bigint;
      readonly pageOffset: bigint;
      readonly path: string;
      /** In the kernel's part of the address space: a module, or an image that runs at EL1 or EL2. */
      readonly kernel: boolean;
      readonly buildId: Uint8Array | null;
      /** PROT_* and MAP_* (sys/mman.h). */
      readonly protection: number;
      readonly mapFlags: number;
    }
  /** A CPU changes from one thread to another: two records, as the kernel writes them. */
  | { readonly kind: 'switch'; readonly at: Moment; readonly nextPid: number; readonly nextTid: number }
  | { readonly kind: 'lost'; readonly at: Moment; readonly lost: bigint };

/** Nothing is known of when: what stands in the prologue. */
export const NO_MOMENT: Moment = { pid: 0, tid: 0, time: 0n, cpu: 0 };
