// The room of SPE traces: a file of any size is opened behind a port (this file), its buffers become columns (decode), columns become records,
// lines and statistics, packets become the text of `perf report -D` (dump), and a recording becomes a perf.data (perf-data/). Promises: damaged
// bytes are skipped and counted, never an error; memory is bounded by the piece and by the number of streams, not by the file; nothing here
// makes an object per packet or record before someone asks for it.
import { ok, type Result } from 'neverthrow';
import type { PerfVersion } from '../arch/spe/perf.ts';
import { newColumns, type TraceColumns } from './columns.ts';
import { decodeChunk, dropRows, endBuffer, newTraceDecoder, type TraceDecoder } from './decode.ts';
import { type Dump, dumpAnew, dumpChunk, endDump, newDump } from './dump.ts';
import { newPacketLoop } from './packet-loop.ts';
import type { TimeConversion } from './perf-data/clock.ts';
import type { PerfDataError } from './perf-data/fields.ts';
import { magicOf } from './perf-data/header-in.ts';
import { openPerfData, type PerfData } from './perf-data/open.ts';
import { PIECE, piecesOf, type ReadAt } from './perf-data/read-at.ts';
import { type AuxExtent, auxBuffers, auxStreams, type StreamPiece } from './perf-data/streams.ts';

export interface TraceSource {
  readonly file: ReadAt;
  /** null: raw AUX bytes. */
  readonly perfData: PerfData | null;
}

/** What to say beside a trace that is none. */
export const TRACE_HINT = 'a trace is a raw AUX file, or a perf.data with Arm SPE in it';

/** A perf.data, or a raw AUX file, which is any other bytes. Errors: a perf.data that spesh does not read. */
export function openTrace(file: ReadAt): Result<TraceSource, PerfDataError> {
  if (magicOf(file) === null) return ok({ file, perfData: null });
  return openPerfData(file).map((perfData) => ({ file, perfData }));
}

/** Every AUX buffer; a raw file is one, of CPU -1. */
export function* buffersOf(source: TraceSource): Generator<AuxExtent> {
  if (source.perfData !== null) yield* auxBuffers(source.perfData);
  else yield { offset: 0, size: source.file.size, queue: 0, cpu: -1, tid: -1, auxOffset: 0n, midr: undefined };
}

/** AUX bytes in all. */
export function auxSize(source: TraceSource): number {
  return source.perfData?.counts.auxBytes ?? source.file.size;
}

/** Machines have few kinds of CPU; a file may claim any number. */
const KEPT_DUMPS = 4;

/** The dump of every buffer as `perf report -D` prints its packets, in pieces. Offsets begin anew in each buffer; `done` hears of bytes. */
export function* dumpSource(source: TraceSource, perf: PerfVersion, done: (bytes: number) => void = () => {}): Generator<Uint8Array> {
  const dumps = new Map<number | undefined, Dump>();
  for (const { offset, size, midr } of buffersOf(source)) {
    let shared = dumps.get(midr);
    if (shared === undefined) {
      if (dumps.size === KEPT_DUMPS) dumps.clear();
      shared = newDump({ perf, ...(midr === undefined ? {} : { midr }) });
      dumps.set(midr, shared);
    }
    // The tables of words are shared by all buffers; only where the bytes lie is each one's own.
    const d = dumpAnew(shared, { ...shared.options, base: offset });
    for (const bytes of piecesOf(source.file, offset, offset + size)) {
      yield* dumpChunk(d, bytes);
      done(bytes.length);
    }
    yield endDump(d);
  }
}

/** Rows that were decoded: `decoder.columns` holds them until the next step. Counts of a decoder run on through its stream. */
export interface DecodedPiece {
  readonly decoder: TraceDecoder;
  readonly queue: number;
  /** -1 = a thread's stream, or not known. */
  readonly cpu: number;
  readonly midr: number | undefined;
  /** How the timestamps become time; null: not known. */
  readonly clock: TimeConversion | null;
  /** How many AUX bytes were decoded for it. */
  readonly bytes: number;
}

interface StreamState {
  readonly decoder: TraceDecoder;
  /** The record in hand, while the columns serve another stream. */
  readonly hand: TraceColumns;
  cpu: number;
  midr: number | undefined;
}

function* streamPieces(source: TraceSource, piece: number): Generator<StreamPiece> {
  if (source.perfData !== null) {
    yield* auxStreams(source.perfData, piece);
    return;
  }
  let offset = 0;
  for (const bytes of piecesOf(source.file, 0, source.file.size, piece)) {
    yield { queue: 0, cpu: -1, midr: undefined, bytes, offset, gap: 0n };
    offset += bytes.length;
  }
}

/** AUX bytes from which on making a quick loop is sooner done than going without. */
const WORTH_A_LOOP = 256 * 1024;

/**
 * Decodes every stream, in the order of the file. Records and packets go on from buffer to buffer of a stream; where bytes of it are
 * missing, the record in hand ends. All streams share one set of columns.
 */
export function* decodeSource(source: TraceSource, piece = PIECE): Generator<DecodedPiece> {
  const streams = new Map<number, StreamState>();
  const loop = auxSize(source) < WORTH_A_LOOP || piece > PIECE ? null : newPacketLoop();
  const columns = loop?.columns ?? newColumns(Math.ceil(piece / 32) + 1);
  const clock = source.perfData?.clock ?? null;
  let current: StreamState | null = null;
  for (const p of streamPieces(source, piece)) {
    let stream = streams.get(p.queue);
    if (stream === undefined) {
      stream = { decoder: newTraceDecoder(columns, loop), hand: newColumns(1), cpu: p.cpu, midr: p.midr };
      streams.set(p.queue, stream);
    }
    switchTo(columns, current, stream);
    current = stream;
    stream.cpu = p.cpu;
    stream.midr = p.midr;
    if (p.gap !== 0n) endBuffer(stream.decoder);
    decodeChunk(stream.decoder, p.bytes);
    yield { decoder: stream.decoder, queue: p.queue, cpu: p.cpu, midr: p.midr, clock, bytes: p.bytes.length };
    dropRows(stream.decoder);
  }
  for (const [queue, stream] of streams) {
    switchTo(columns, current, stream);
    current = stream;
    endBuffer(stream.decoder);
    yield { decoder: stream.decoder, queue, cpu: stream.cpu, midr: stream.midr, clock, bytes: 0 };
    dropRows(stream.decoder);
  }
}

/** Puts the record in hand of one stream aside and takes up that of another; a new stream has none. */
function switchTo(columns: TraceColumns, from: StreamState | null, to: StreamState): void {
  if (from === to) return;
  if (from !== null) copyFirstRow(columns, from.hand);
  copyFirstRow(to.hand, columns);
}

function copyFirstRow(from: TraceColumns, to: TraceColumns): void {
  for (const [name, column] of Object.entries(from)) {
    const target = to[name as keyof TraceColumns];
    if (typeof column === 'number' || typeof target === 'number') continue;
    target.set(column.subarray(0, column.length / from.present.length));
  }
}
