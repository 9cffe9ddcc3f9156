// The room of SPE traces: a file's bytes become buffers (this file), buffers become columns (decode), columns become records and statistics,
// and packets become the text of `perf report -D` (dump). Promises: damaged bytes are skipped and counted, never an error; nothing here makes
// an object per packet or record before someone asks for it.
import { err, ok, type Result } from 'neverthrow';
import { PERF_MAGIC, PERF_MAGIC_SWAPPED } from '../abi/perf-data.ts';
import { decodeChunk, dropRows, endBuffer, newTraceDecoder, type TraceDecoder } from './decode.ts';
import { type DumpOptions, dumpChunk, endDump, newDump } from './dump.ts';
import { readPerfData } from './perf-data.ts';

/** What is wrong with a file, and the byte offset where it is. */
export interface TraceFileError {
  readonly message: string;
  readonly offset: number;
}

/** One AUX buffer. */
export interface TraceBuffer {
  readonly bytes: Uint8Array;
  /** Offset of its first byte in the file. */
  readonly base: number;
  /** Decoder state is kept by queue: a record may go on in the next buffer of its queue. */
  readonly queue: number;
  /** CPU number; -1 = a thread's buffer, or not known. */
  readonly cpu: number;
  /** MIDR_EL1 of the CPU; undefined = not known. */
  readonly midr: number | undefined;
}

export interface TraceFile {
  readonly kind: 'aux' | 'perf.data';
  readonly buffers: readonly TraceBuffer[];
  /** Events that perf lost, and AUX records flagged truncated or with collisions. */
  readonly lostEvents: number;
  readonly truncatedBuffers: number;
  readonly collidedBuffers: number;
  /** What was wrong with the file and was stepped over. */
  readonly warnings: readonly TraceFileError[];
}

function firstWord(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = 7; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

/** The buffers of a perf.data or of a raw AUX file, which is any other bytes. Errors: a perf.data whose header does not hold. */
export function readTraceFile(bytes: Uint8Array): Result<TraceFile, TraceFileError> {
  const magic = bytes.length >= 8 ? firstWord(bytes) : 0n;
  if (magic === PERF_MAGIC) return readPerfData(bytes);
  if (magic === PERF_MAGIC_SWAPPED) return err({ message: 'a perf.data of a big-endian machine', offset: 0 });
  return ok({
    kind: 'aux',
    buffers: [{ bytes, base: 0, queue: 0, cpu: -1, midr: undefined }],
    lostEvents: 0,
    truncatedBuffers: 0,
    collidedBuffers: 0,
    warnings: [],
  });
}

/** The dump of every buffer of a file, in pieces. Offsets begin anew in each buffer. */
export function* dumpFile(file: TraceFile, perf: DumpOptions['perf']): Generator<Uint8Array> {
  for (const buffer of file.buffers) {
    const d = newDump({ perf, base: buffer.base, ...(buffer.midr === undefined ? {} : { midr: buffer.midr }) });
    yield* dumpChunk(d, buffer.bytes);
    yield endDump(d);
  }
}

/** Bytes decoded between two yields of `decodeFile`. */
const BATCH = 1 << 20;

/**
 * Decodes a file batch by batch: each yield is a decoder whose columns hold the next rows, to be read before going on, with the MIDR_EL1 of
 * their CPU. Its counts run on from batch to batch of one queue.
 */
export function* decodeFile(file: TraceFile): Generator<{ readonly decoder: TraceDecoder; readonly midr: number | undefined }> {
  const queues = new Map<number, TraceDecoder>();
  const midrs = new Map<number, number | undefined>();
  for (const buffer of file.buffers) {
    const decoder = queues.get(buffer.queue) ?? newTraceDecoder(BATCH / 32);
    queues.set(buffer.queue, decoder);
    midrs.set(buffer.queue, buffer.midr);
    for (let at = 0; at < buffer.bytes.length; at += BATCH) {
      decodeChunk(decoder, buffer.bytes.subarray(at, at + BATCH));
      yield { decoder, midr: buffer.midr };
      dropRows(decoder);
    }
    endBuffer(decoder, false);
    yield { decoder, midr: buffer.midr };
    dropRows(decoder);
  }
  for (const [queue, decoder] of queues) {
    endBuffer(decoder);
    yield { decoder, midr: midrs.get(queue) };
    dropRows(decoder);
  }
}
