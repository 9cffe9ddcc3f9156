// Writing a perf.data: the file format and the pipe format. Nothing of the AUX bytes is held: the file is laid out first, then its pieces
// are made one after the other. Reference perf-data §1-§6.
import {
  PERF_EVENT_HEADER,
  PERF_FILE_HEADER,
  PERF_FILE_SECTION,
  PERF_MAGIC,
  PERF_PIPE_HEADER_SIZE,
  PERF_RECORD_HEADER_FEATURE,
} from '../../abi/perf-data.ts';
import {
  PERF_EVENT_UPDATE,
  PERF_EVENT_UPDATE_NAME,
  PERF_HEADER_FEATURE,
  PERF_RECORD_EVENT_UPDATE,
  PERF_RECORD_FINISHED_ROUND,
  PERF_RECORD_HEADER_ATTR,
} from '../../abi/perf-data-records.ts';
import { packStruct } from '../../abi/struct.ts';
import { type EventLayout, eventsOf } from './attributes.ts';
import { type Bytes, filledUp, joined, recordName, roundUp, words64 } from './bytes.ts';
import { featuresOf } from './features-out.ts';
import { prologue } from './prologue.ts';
import { piecesOf } from './read-at.ts';
import type { PerfRecording, RecordedBuffer } from './recording.ts';
import { auxRecord, auxtraceRecord, perfRecord, sideBandRecords } from './records-out.ts';

/** A part of the data section: a record, or the bytes behind an AUXTRACE record, filled up to `size`. */
type DataPart =
  | { readonly kind: 'record' | 'auxtrace'; readonly bytes: Bytes }
  | { readonly kind: 'payload'; readonly buffer: RecordedBuffer; readonly size: number };

/** The data section in order: prologue; for each buffer what happened until it was handed over, its AUX record, its bytes; the rest. */
function* dataParts(r: PerfRecording, events: readonly [EventLayout, EventLayout]): Generator<DataPart> {
  for (const bytes of prologue(r, events)) yield { kind: 'record', bytes };
  const timed = r.sideBand.filter((s) => s.at.time !== 0n);
  const offsets = new Map<number, bigint>();
  let next = 0;
  for (const buffer of r.buffers) {
    while (next < timed.length && timed[next].at.time <= buffer.time) {
      for (const bytes of sideBandRecords(r, events[1], timed[next])) yield { kind: 'record', bytes };
      next++;
    }
    const auxOffset = buffer.auxOffset ?? offsets.get(buffer.stream) ?? 0n;
    const size = roundUp(buffer.bytes.size, 8);
    offsets.set(buffer.stream, auxOffset + BigInt(buffer.bytes.size));
    yield { kind: 'record', bytes: auxRecord(r, events[0], buffer, auxOffset) };
    yield { kind: 'auxtrace', bytes: auxtraceRecord(r, buffer, size, auxOffset) };
    yield { kind: 'payload', buffer, size };
  }
  for (; next < timed.length; next++) {
    for (const bytes of sideBandRecords(r, events[1], timed[next])) yield { kind: 'record', bytes };
  }
  yield { kind: 'record', bytes: perfRecord(PERF_RECORD_FINISHED_ROUND, 0, PERF_EVENT_HEADER, {}) };
}

function* payloadPieces(buffer: RecordedBuffer, size: number): Generator<Uint8Array> {
  let written = 0;
  for (const piece of piecesOf(buffer.bytes, 0, buffer.bytes.size)) {
    written += piece.length;
    yield piece;
  }
  if (written !== buffer.bytes.size) throw new Error(`an AUX buffer ended after ${written} of ${buffer.bytes.size} bytes`);
  if (size > written) yield new Uint8Array(size - written);
}

/**
 * A recording as a perf.data file, in pieces to be written one after the other; each is valid until the next. Throws (our bug, or a source
 * that changed under us) where a buffer's bytes end early or the recording does not fit the format.
 */
export function* writePerfData(r: PerfRecording): Generator<Uint8Array> {
  const events = eventsOf(r);
  const ids = events.map((e) => words64(...e.ids));
  let at = PERF_FILE_HEADER.size;
  const idSections = ids.map((bytes) => {
    const section = packStruct(PERF_FILE_SECTION, { offset: at, size: bytes.length });
    at += bytes.length;
    return section;
  });
  const attrs = joined(...events.flatMap((e, i) => [e.attr, idSections[i]]));
  const attrsAt = at;
  const dataAt = attrsAt + attrs.length;

  let dataSize = 0;
  const auxtraces: number[] = [];
  for (const part of dataParts(r, events)) {
    if (part.kind === 'auxtrace') auxtraces.push(dataAt + dataSize);
    dataSize += part.kind === 'payload' ? part.size : part.bytes.length;
  }
  const features = featuresOf(r, events, auxtraces);
  const bits = [0n, 0n, 0n, 0n];
  for (const f of features) bits[f.bit >> 6] |= 1n << BigInt(f.bit & 63);

  yield packStruct(PERF_FILE_HEADER, {
    magic: PERF_MAGIC,
    size: PERF_FILE_HEADER.size,
    attr_size: events[0].attr.length + PERF_FILE_SECTION.size,
    attrs_offset: attrsAt,
    attrs_size: attrs.length,
    data_offset: dataAt,
    data_size: dataSize,
    adds_features: bits,
  });
  yield* ids;
  yield attrs;
  for (const part of dataParts(r, events)) {
    if (part.kind === 'payload') yield* payloadPieces(part.buffer, part.size);
    else yield part.bytes;
  }
  at = dataAt + dataSize + features.length * PERF_FILE_SECTION.size;
  for (const f of features) {
    yield packStruct(PERF_FILE_SECTION, { offset: at, size: f.payload.length });
    at += f.payload.length;
  }
  for (const f of features) yield f.payload;
}

/** The same recording as `perf record -o -` writes it to a pipe: attrs, features and names are records in front of the data. */
export function* writePerfPipe(r: PerfRecording): Generator<Uint8Array> {
  const events = eventsOf(r);
  yield words64(PERF_MAGIC, PERF_PIPE_HEADER_SIZE);
  for (const e of events) yield perfRecord(PERF_RECORD_HEADER_ATTR, 0, PERF_EVENT_HEADER, {}, e.attr, words64(...e.ids));
  for (const f of featuresOf(r, events, null)) {
    yield perfRecord(PERF_RECORD_HEADER_FEATURE, 0, PERF_HEADER_FEATURE, { feat_id: f.bit }, f.payload);
  }
  for (const e of events) {
    const members = { type: PERF_EVENT_UPDATE_NAME, id: e.ids[0] ?? 0n };
    yield perfRecord(PERF_RECORD_EVENT_UPDATE, 0, PERF_EVENT_UPDATE, members, filledUp(recordName(e.name, 256), 8));
  }
  for (const part of dataParts(r, events)) {
    if (part.kind === 'payload') yield* payloadPieces(part.buffer, part.size);
    else yield part.bytes;
  }
}
