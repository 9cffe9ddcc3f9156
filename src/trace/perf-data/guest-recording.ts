// A recording of guests, as the host's perf would have made it of the VMM's vCPU threads: an AUX stream for each CPU that ran them, the
// switches that say which thread it was, the image with its symbols (see image-mappings.ts for what perf makes of a guest's addresses).
import type { Elf } from '../../abi/elf.ts';
import { HAS_TIMESTAMP } from '../columns.ts';
import { decodeChunk, dropRows, endBuffer, newTraceDecoder } from '../decode.ts';
import { type TimeConversion, timeConversion, timeOfCounter } from './clock.ts';
import { buildIdOf, guestKernel, imageMappings } from './image-mappings.ts';
import { piecesOf, type ReadAt } from './read-at.ts';
import {
  NO_MOMENT,
  type PerfRecording,
  type RecordedAux,
  type RecordedBuffer,
  type RecordedEvent,
  type RecordedMachine,
  type SideBand,
  wholeAux,
} from './recording.ts';

export interface GuestStream {
  readonly cpu: number;
  /** The vCPU's thread in the VMM. */
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  readonly bytes: ReadAt;
  /** In what pieces perf read them, and what the driver reported; null: nobody knows, the driver handed them over whole. */
  readonly buffers: readonly GuestBuffer[] | null;
}

/** What perf read at once: `auxOffset` counts from the beginning of the stream. */
export interface GuestBuffer {
  readonly auxOffset: bigint;
  readonly bytes: ReadAt;
  readonly aux: readonly GuestAux[];
}

/** `counter`: the counter that timestamps count, when the driver handed it over. */
export type GuestAux = Pick<RecordedAux, 'start' | 'size' | 'flags'> & { readonly counter: bigint };

export interface GuestTrace {
  readonly machine: RecordedMachine;
  readonly event: RecordedEvent;
  /** Of the counter that timestamps count, Hz. */
  readonly frequency: bigint;
  /** One a CPU, or one a thread: then the recording has no times (reference perf-data §5.1). */
  readonly streams: readonly GuestStream[];
  readonly by: 'cpu' | 'thread';
  /** The guest's image; `path` absolute, for perf opens the file by it. */
  readonly image: { readonly elf: Elf; readonly path: string } | null;
  readonly command: readonly string[];
  readonly metadata?: 1 | 2;
}

/** The recording of guests. Where no record has a timestamp the recording has no times at all. */
export function guestRecording(g: GuestTrace): PerfRecording {
  const spans = g.streams.map((s) => timestampsOf(s.bytes));
  const timed = g.by === 'cpu' && spans.some((s) => s !== null);
  const clock = timed ? timeConversion(g.frequency) : null;
  const buildId = g.image === null ? null : buildIdOf(g.image.elf);
  const threads = g.streams.map(({ pid, tid }) => ({ pid, tid }));
  const mappings = g.image === null ? [] : imageMappings(g.image.elf, { path: g.image.path, buildId, processes: threads });
  const tasks = g.streams.map(({ pid, tid, comm }): SideBand => ({ kind: 'comm', at: NO_MOMENT, pid, tid, comm, exec: false }));
  const start = clock === null ? 0n : before(clock, spans);
  const cpus = g.streams.map((s) => s.cpu);
  const tids = g.streams.map((s) => s.tid);
  // Threads that share a CPU have a buffer each; a switch would give all of them to one.
  const shared = new Set(cpus).size < cpus.length;
  const switches = g.streams.flatMap(({ cpu, pid, tid }): SideBand[] =>
    start === 0n || shared ? [] : [{ kind: 'switch', at: { pid: 0, tid: 0, time: start, cpu }, nextPid: pid, nextTid: tid }],
  );
  return {
    machine: g.machine,
    event: g.event,
    command: g.command,
    metadata: g.metadata ?? 1,
    clock,
    streams: g.by === 'cpu' ? { by: 'cpu', cpus, ...(shared ? { tids } : {}) } : { by: 'thread', tids },
    traced: g.by === 'cpu' ? [] : g.streams.map(({ tid, comm }) => ({ tid, comm })),
    kernel: guestKernel(mappings),
    sideBand: [...mappings, ...tasks, ...switches],
    buffers: g.streams.flatMap((s, stream) => buffersOf(s, stream, clock, spans[stream]?.last ?? 0n)),
    buildIds: g.image === null || buildId === null ? [] : [{ path: g.image.path, id: buildId, kernel: true }],
  };
}

function buffersOf(s: GuestStream, stream: number, clock: TimeConversion | null, last: bigint): RecordedBuffer[] {
  const { pid, tid } = s;
  const time = (counter: bigint): bigint => (clock === null ? 0n : timeOfCounter(clock, counter));
  if (s.buffers === null) {
    const handedOver = clock === null ? 0n : time(last) + 1n;
    return [{ stream, bytes: s.bytes, auxOffset: null, aux: wholeAux(s.bytes, { time: handedOver, pid, tid }) }];
  }
  return s.buffers.map(({ auxOffset, bytes, aux }) => {
    return { stream, bytes, auxOffset, aux: aux.map(({ counter, ...a }) => ({ ...a, time: time(counter), pid, tid })) };
  });
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
