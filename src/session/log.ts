// The session's histories: calls, records, events, the guest's console. They are not in the world, so that two orders of calls that
// end alike are alike; each entry carries its tick, so that time travel can cut them.
import type { CallReport, SessionEvent } from './outcome.ts';
import type { SampleRecord } from './records.ts';

export interface SessionLog {
  readonly calls: readonly CallReport[];
  readonly records: readonly SampleRecord[];
  readonly events: readonly SessionEvent[];
  readonly console: readonly ConsoleByte[];
}

export interface MutableLog {
  calls: CallReport[];
  records: SampleRecord[];
  events: SessionEvent[];
  console: ConsoleByte[];
}

/** One byte that a guest wrote to its UART. */
export interface ConsoleByte {
  readonly tick: number;
  readonly vm: number;
  readonly byte: number;
}

export const newLog = (): MutableLog => ({ calls: [], records: [], events: [], console: [] });
