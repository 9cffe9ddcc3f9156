// The AUX bytes of a perf.data: buffer by buffer as they stand in the file, which is how perf dumps them; or joined to the streams that the
// units wrote. A buffer begins where the one before it ended; what was recorded between them, if anything, is lost (a gap), and the filling
// that perf puts behind a buffer to a multiple of 8 bytes is not part of the stream (reference perf-data §4).
import { PERF_AUX, PERF_AUX_FLAG_OVERWRITE, PERF_AUXTRACE, PERF_RECORD_AUX, PERF_RECORD_AUXTRACE } from '../../abi/perf-data.ts';
import { PERF_ID_INDEX, PERF_ID_INDEX_ENTRY, PERF_RECORD_ID_INDEX } from '../../abi/perf-data-records.ts';
import { offsetOf, type PerfDataError, s32, size64, u32, u64 } from './fields.ts';
import { MOST_IDS } from './header-in.ts';
import { midrOf, type PerfData, recordsOf } from './open.ts';
import { PIECE, piecesOf } from './read-at.ts';
import { readSampleId } from './sample-id.ts';

/** An AUXTRACE record: `size` bytes of AUX at `offset` of the file. */
export interface AuxExtent {
  readonly offset: number;
  readonly size: number;
  readonly queue: number;
  /** -1: a thread's buffer. */
  readonly cpu: number;
  /** -1: of any thread. */
  readonly tid: number;
  /** Where the buffer begins in its AUX stream. */
  readonly auxOffset: bigint;
  /** MIDR_EL1 of the CPU; undefined = not known. */
  readonly midr: number | undefined;
}

const X = {
  offset: offsetOf(PERF_AUXTRACE, 'offset'),
  idx: offsetOf(PERF_AUXTRACE, 'idx'),
  tid: offsetOf(PERF_AUXTRACE, 'tid'),
  cpu: offsetOf(PERF_AUXTRACE, 'cpu'),
};
const AUX_OFFSET = offsetOf(PERF_AUX, 'aux_offset');
const AUX_SIZE = offsetOf(PERF_AUX, 'aux_size');
const AUX_FLAGS = offsetOf(PERF_AUX, 'flags');

/** Every buffer in file order. */
export function* auxBuffers(p: PerfData): Generator<AuxExtent> {
  for (const r of recordsOf(p)) {
    if (r.type === PERF_RECORD_AUXTRACE && r.bytes.length >= PERF_AUXTRACE.size) yield extentOf(p, r.offset, r.bytes, r.payload);
  }
}

function extentOf(p: PerfData, at: number, record: Uint8Array, size: number): AuxExtent {
  const cpu = s32(record, X.cpu);
  return {
    offset: at + record.length,
    size,
    queue: u32(record, X.idx),
    cpu,
    tid: s32(record, X.tid),
    auxOffset: u64(record, X.offset),
    midr: midrOf(p, cpu),
  };
}

/** A piece of a joined stream. The bytes may be kept. */
export interface StreamPiece {
  readonly queue: number;
  readonly cpu: number;
  readonly midr: number | undefined;
  readonly bytes: Uint8Array;
  /** Offset of the first byte in the file; of filling between buffers, where it stood. */
  readonly offset: number;
  /** Bytes of the stream that are missing in front of this piece, when it begins a buffer; 0n: it goes on. */
  readonly gap: bigint;
}

/** Streams that one file may have: CPUs or threads. */
const MOST_STREAMS = 8192;

interface Stream {
  /** Offset in the stream behind the last buffer, its filling included. */
  end: bigint;
  /** Zeros at the end of the last buffer that may be filling: held back. */
  held: number;
  heldAt: number;
  /** How many of them are filling for sure, because an AUX record says that the stream ends before them. */
  filling: number;
  cpu: number;
  midr: number | undefined;
}

/**
 * The streams' bytes, in file order, so that pieces of several streams alternate. `piece`: most bytes at a time. `warn` hears of streams
 * that are not read because there are too many.
 */
export function* auxStreams(p: PerfData, piece = PIECE, warn: (error: PerfDataError) => void = () => {}): Generator<StreamPiece> {
  const streams = new Map<number, Stream>();
  const said = new Map<number, bigint>();
  for (const extent of extentsAndEnds(p, said)) {
    let stream = streams.get(extent.queue);
    if (stream === undefined) {
      if (streams.size >= MOST_STREAMS) {
        warn({ message: `a buffer of queue ${extent.queue}: more than ${MOST_STREAMS} streams`, offset: extent.offset });
        continue;
      }
      stream = newStream(extent);
      streams.set(extent.queue, stream);
    }
    yield* joinBuffer(p, extent, stream, piece);
    knowFilling(stream, said.get(extent.queue));
  }
  for (const [queue, stream] of streams) {
    knowFilling(stream, said.get(queue));
    yield* heldZeros(queue, stream, stream.held - stream.filling);
  }
}

/** The streams' bytes one stream after the other, in the order in which they begin. It holds where the buffers lie, 100 bytes or so a buffer. */
export function* auxStreamsInTurn(p: PerfData, piece = PIECE): Generator<StreamPiece> {
  const said = new Map<number, bigint>();
  const queues = new Map<number, { extent: AuxExtent; said: bigint | undefined }[]>();
  for (const extent of extentsAndEnds(p, said)) {
    const buffer = { extent, said: said.get(extent.queue) };
    const list = queues.get(extent.queue);
    if (list === undefined) queues.set(extent.queue, [buffer]);
    else list.push(buffer);
  }
  for (const [queue, buffers] of queues) {
    const stream = newStream(buffers[0].extent);
    for (const buffer of buffers) {
      yield* joinBuffer(p, buffer.extent, stream, piece);
      knowFilling(stream, buffer.said);
    }
    knowFilling(stream, said.get(queue));
    yield* heldZeros(queue, stream, stream.held - stream.filling);
  }
}

const newStream = (x: AuxExtent): Stream => ({ end: x.auxOffset, held: 0, heldAt: x.offset, filling: 0, cpu: x.cpu, midr: x.midr });

/** Every buffer in file order; `said` gets where the last AUX record of each queue says that its stream ends. */
function* extentsAndEnds(p: PerfData, said: Map<number, bigint>): Generator<AuxExtent> {
  const queueOfId = idQueues(p);
  for (const r of recordsOf(p)) {
    if (r.type === PERF_RECORD_ID_INDEX && r.bytes.length >= PERF_ID_INDEX.size) takeIdIndex(queueOfId, r.bytes);
    // In overwrite mode its offset is one of the ring, not of the stream.
    if (r.type === PERF_RECORD_AUX && r.bytes.length >= PERF_AUX.size && (u32(r.bytes, AUX_FLAGS) & PERF_AUX_FLAG_OVERWRITE) === 0) {
      const queue = queueOfId.get(readSampleId(r.bytes, PERF_AUX.size, p.sampleId)?.id ?? 0n);
      if (queue !== undefined) said.set(queue, u64(r.bytes, AUX_OFFSET) + u64(r.bytes, AUX_SIZE));
    }
    if (r.type === PERF_RECORD_AUXTRACE && r.bytes.length >= PERF_AUXTRACE.size) yield extentOf(p, r.offset, r.bytes, r.payload);
  }
}

/** The queue of each id: where ID_INDEX does not say, ids stand in the order of the queues. */
function idQueues(p: PerfData): Map<bigint, number> {
  const queues = new Map<bigint, number>();
  for (const event of p.events) for (const [queue, id] of event.ids.entries()) queues.set(id, queue);
  return queues;
}

function takeIdIndex(queues: Map<bigint, number>, record: Uint8Array): void {
  const count = Math.min(
    size64(record, PERF_ID_INDEX.size - 8),
    Math.floor((record.length - PERF_ID_INDEX.size) / PERF_ID_INDEX_ENTRY.size),
  );
  for (let i = 0; i < count && queues.size < MOST_IDS; i++) {
    const at = PERF_ID_INDEX.size + i * PERF_ID_INDEX_ENTRY.size;
    queues.set(u64(record, at), u32(record, at + 8));
  }
}

function* joinBuffer(p: PerfData, extent: AuxExtent, stream: Stream, piece: number): Generator<StreamPiece> {
  if (extent.size === 0) return;
  const { queue, cpu, midr } = extent;
  const step = extent.auxOffset - stream.end;
  // A step back by less than 8 bytes, over zeros: they were filling.
  const overlap = step < 0n && step >= -BigInt(stream.held) ? -Number(step) : 0;
  yield* heldZeros(queue, stream, stream.held - (step === 0n ? 0 : Math.max(overlap, stream.filling)));
  let gap = step > 0n || step < -7n ? step : 0n;
  let left = extent.size;
  const zeros = trailingZeros(p, extent);
  for (const bytes of piecesOf(p.file, extent.offset, extent.offset + extent.size - zeros, piece)) {
    yield { queue, cpu, midr, bytes, offset: extent.offset + extent.size - left, gap };
    gap = 0n;
    left -= bytes.length;
  }
  stream.end = extent.auxOffset + BigInt(extent.size);
  stream.held = zeros;
  stream.filling = 0;
  stream.heldAt = extent.offset + extent.size - zeros;
  stream.cpu = cpu;
  stream.midr = midr;
}

/** Zeros at the end of a buffer, at most the seven that can be filling. */
function trailingZeros(p: PerfData, extent: AuxExtent): number {
  const tail = p.file.read(extent.offset + Math.max(0, extent.size - 7), Math.min(7, extent.size));
  let zeros = 0;
  while (zeros < tail.length && tail[tail.length - 1 - zeros] === 0) zeros++;
  return zeros;
}

function* heldZeros(queue: number, stream: Stream, count: number): Generator<StreamPiece> {
  if (count <= 0) return;
  yield { queue, cpu: stream.cpu, midr: stream.midr, bytes: new Uint8Array(count), offset: stream.heldAt, gap: 0n };
  stream.held = 0;
}

/** What the AUX record read last says of where the stream ends: among the zeros held back, or elsewhere. */
function knowFilling(stream: Stream, said: bigint | undefined): void {
  if (said === undefined) return;
  const filling = stream.end - said;
  if (filling > 0n && filling <= BigInt(stream.held)) stream.filling = Number(filling);
}
