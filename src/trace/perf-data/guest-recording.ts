// A recording of guests, as the host's perf would have made it of the VMM's vCPU threads: an AUX stream for each CPU that ran them, the
// switches that say which thread it was, the image with its symbols (see image-mappings.ts for what perf makes of a guest's addresses).
import type { Elf } from '../../abi/elf.ts';
import { HAS_TIMESTAMP } from '../columns.ts';
import { decodeChunk, dropRows, endBuffer, newTraceDecoder } from '../decode.ts';
import { type TimeConversion, timeConversion, timeOfCounter } from './clock.ts';
import { buildIdOf, guestKernel, imageMappings } from './image-mappings.ts';
import { piecesOf, type ReadAt } from './read-at.ts';
import { NO_MOMENT, type PerfRecording, type RecordedEvent, type RecordedMachine, type SideBand } from './recording.ts';

export interface GuestStream {
  readonly cpu: number;
  /** The vCPU's thread in the VMM. */
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  readonly bytes: ReadAt;
  /** PERF_AUX_FLAG_*. */
  readonly flags: number;
}

export interface GuestTrace {
  readonly machine: RecordedMachine;
  readonly event: RecordedEvent;
  /** Of the counter that timestamps count, Hz. */
  readonly frequency: bigint;
  /** One a CPU. */
  readonly streams: readonly GuestStream[];
  /** The guest's image; `path` absolute, for perf opens the file by it. */
  readonly image: { readonly elf: Elf; readonly path: string } | null;
  readonly command: readonly string[];
  readonly metadata?: 1 | 2;
}

/** The recording of guests. Where no record has a timestamp the recording has no times at all. */
export function guestRecording(g: GuestTrace): PerfRecording {
  const spans = g.streams.map((s) => timestampsOf(s.bytes));
  const timed = spans.some((s) => s !== null);
  const clock = timed ? timeConversion(g.frequency) : null;
  const buildId = g.image === null ? null : buildIdOf(g.image.elf);
  const threads = g.streams.map(({ pid, tid }) => ({ pid, tid }));
  const mappings = g.image === null ? [] : imageMappings(g.image.elf, { path: g.image.path, buildId, processes: threads });
  const tasks = g.streams.map(({ pid, tid, comm }): SideBand => ({ kind: 'comm', at: NO_MOMENT, pid, tid, comm, exec: false }));
  const start = clock === null ? 0n : before(clock, spans);
  const switches = g.streams.flatMap(({ cpu, pid, tid }): SideBand[] =>
    start === 0n ? [] : [{ kind: 'switch', at: { pid: 0, tid: 0, time: start, cpu }, nextPid: pid, nextTid: tid }],
  );
  return {
    machine: g.machine,
    event: g.event,
    command: g.command,
    metadata: g.metadata ?? 1,
    clock,
    streams: { by: 'cpu', cpus: g.streams.map((s) => s.cpu) },
    traced: [],
    kernel: guestKernel(mappings),
    sideBand: [...mappings, ...tasks, ...switches],
    buffers: g.streams.map((s, stream) => ({
      stream,
      bytes: s.bytes,
      auxOffset: null,
      flags: s.flags,
      time: clock === null ? 0n : timeOfCounter(clock, spans[stream]?.last ?? 0n) + 1n,
      pid: s.pid,
      tid: s.tid,
    })),
    buildIds: g.image === null || buildId === null ? [] : [{ path: g.image.path, id: buildId, kernel: true }],
  };
}

interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** The least and the greatest timestamp of a stream; null where it has none. */
function timestampsOf(bytes: ReadAt): Span | null {
  const d = newTraceDecoder();
  let span: Span | null = null;
  const take = (): void => {
    const c = d.columns;
    for (let row = 0; row < c.rows; row++) {
      if ((c.present[row] & HAS_TIMESTAMP) === 0) continue;
      const ts = (BigInt(c.timestampHi[row]) << 32n) | BigInt(c.timestampLo[row]);
      if (span === null) span = { first: ts, last: ts };
      else if (ts < span.first) span = { first: ts, last: span.last };
      else if (ts > span.last) span = { first: span.first, last: ts };
    }
    dropRows(d);
  };
  for (const piece of piecesOf(bytes, 0, bytes.size)) {
    decodeChunk(d, piece);
    take();
  }
  endBuffer(d);
  take();
  return span;
}

/** A time before every record, at least 1: perf takes a time of 0 for none. */
function before(clock: TimeConversion, spans: readonly (Span | null)[]): bigint {
  let first: bigint | null = null;
  for (const span of spans) if (span !== null && (first === null || span.first < first)) first = span.first;
  const time = first === null ? 0n : timeOfCounter(clock, first);
  return time > 1n ? time - 1n : 1n;
}
