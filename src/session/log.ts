// The session's histories: calls, records, events, the guest's console. They are not in the world, so that two orders of calls that
// end alike are alike; each entry carries its tick, so that time travel can cut them.
import type { EventAttributes } from '../kernel/driver/event.ts';
import type { PerfPiece } from '../kernel/driver/guest-event.ts';
import type { CallReport, SessionEvent } from './outcome.ts';
import type { SampleRecord } from './records.ts';

export interface SessionLog {
  readonly calls: readonly CallReport[];
  readonly records: readonly SampleRecord[];
  readonly events: readonly SessionEvent[];
  readonly console: readonly ConsoleByte[];
  readonly perf: readonly PerfLog[];
}

/** What one `perf record` had: an event on some vCPUs, and what perf read of each. */
export interface PerfLog {
  /** As the user gave it. */
  readonly event: string;
  readonly pmu: string;
  readonly attributes: EventAttributes;
  /** A buffer for each thread, not for each CPU. */
  readonly perThread: boolean;
  readonly streams: {
    readonly vcpu: string;
    readonly index: number;
    readonly cpu: number;
    readonly pieces: PerfPiece[];
    wakeups: number;
  }[];
}

export interface MutableLog {
  calls: CallReport[];
  records: SampleRecord[];
  events: SessionEvent[];
  console: ConsoleByte[];
  /** Every `perf record`, the last one last. */
  perf: PerfLog[];
}

/** One byte that a guest wrote to its UART. */
export interface ConsoleByte {
  readonly tick: number;
  readonly vm: number;
  readonly byte: number;
}

export const newLog = (): MutableLog => ({ calls: [], records: [], events: [], console: [], perf: [] });

/** How many of the frequent events and calls are kept at least: the last ones of a run that makes millions. */
const KEPT = 100_000;
/** Events that a guest causes by running, as often as it likes; the others (choices of the VMM, exits) are few and kept. */
const FREQUENT = /^(irq\.|trap\.|mmio$|spe\.|psci$|vcpu\.woken$|guest\.|spe\.record$|pin|unpin)/;

/** Forgets the oldest of what a guest can cause without end, so that a long run does not grow without bound. Records and console stay. */
export function trimLog(log: MutableLog): void {
  if (log.events.length > 2 * KEPT) {
    const from = log.events.length - KEPT;
    log.events = log.events.filter((event, i) => i >= from || !FREQUENT.test(event.kind));
  }
  if (log.calls.length > 2 * KEPT) {
    const from = log.calls.length - KEPT;
    log.calls = log.calls.filter((call, i) => i >= from || call.errno !== null || call.ioctl !== 'KVM_RUN');
  }
}
