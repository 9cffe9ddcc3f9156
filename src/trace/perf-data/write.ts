// Writing a recording as a perf.data: the file format and the pipe format. Reference perf-data §1-§6.
import { PERF_EVENT_HEADER, PERF_MAGIC, PERF_PIPE_HEADER_SIZE, PERF_RECORD_HEADER_FEATURE } from '../../abi/perf-data.ts';
import {
  PERF_EVENT_UPDATE,
  PERF_EVENT_UPDATE_NAME,
  PERF_HEADER_FEATURE,
  PERF_RECORD_EVENT_UPDATE,
  PERF_RECORD_FINISHED_ROUND,
  PERF_RECORD_HEADER_ATTR,
} from '../../abi/perf-data-records.ts';
import { type EventLayout, eventsOf } from './attributes.ts';
import { filledUp, recordName, roundUp, words64, wordsOf64 } from './bytes.ts';
import { featuresOf } from './features-out.ts';
import { fileLayout, partPieces, type SectionPart } from './layout-out.ts';
import { prologue } from './prologue.ts';
import type { PerfRecording } from './recording.ts';
import { auxRecord, auxtraceRecord, perfRecord, sideBandRecords } from './records-out.ts';

/** The data section in order: prologue; for each buffer what happened until it was handed over, its AUX records, its bytes; the rest. */
function* dataParts(r: PerfRecording, events: readonly [EventLayout, EventLayout]): Generator<SectionPart> {
  for (const bytes of prologue(r, events)) yield { kind: 'bytes', bytes };
  const timed = r.sideBand.filter((s) => s.at.time !== 0n);
  const offsets = new Map<number, bigint>();
  let next = 0;
  for (const buffer of r.buffers) {
    const auxOffset = buffer.auxOffset ?? offsets.get(buffer.stream) ?? 0n;
    const size = roundUp(buffer.bytes.size, 8);
    offsets.set(buffer.stream, auxOffset + BigInt(buffer.bytes.size));
    for (const aux of buffer.aux) {
      while (next < timed.length && timed[next].at.time <= aux.time) {
        for (const bytes of sideBandRecords(r, events[1], timed[next])) yield { kind: 'bytes', bytes };
        next++;
      }
      yield { kind: 'bytes', bytes: auxRecord(r, events[0], buffer.stream, auxOffset, aux) };
    }
    yield { kind: 'auxtrace', bytes: auxtraceRecord(r, buffer, size, auxOffset) };
    yield { kind: 'payload', bytes: buffer.bytes, size };
  }
  for (; next < timed.length; next++) {
    for (const bytes of sideBandRecords(r, events[1], timed[next])) yield { kind: 'bytes', bytes };
  }
  yield { kind: 'bytes', bytes: perfRecord(PERF_RECORD_FINISHED_ROUND, 0, PERF_EVENT_HEADER, {}) };
}

/**
 * A recording as a perf.data file, in pieces to be written one after the other; each is valid until the next. Throws (our bug, or a source
 * that changed under us) where a buffer's bytes end early or the recording does not fit the format.
 */
export function writePerfData(r: PerfRecording): Generator<Uint8Array> {
  const events = eventsOf(r);
  return fileLayout(
    events,
    () => dataParts(r, events),
    (auxtraces) => featuresOf(r, events, auxtraces).map(({ bit, payload }) => ({ bit, part: { kind: 'bytes', bytes: payload } })),
  );
}

/** The same recording as `perf record -o -` writes it to a pipe: attrs, features and names are records in front of the data. */
export function* writePerfPipe(r: PerfRecording): Generator<Uint8Array> {
  const events = eventsOf(r);
  yield words64(PERF_MAGIC, PERF_PIPE_HEADER_SIZE);
  for (const e of events) yield perfRecord(PERF_RECORD_HEADER_ATTR, 0, PERF_EVENT_HEADER, {}, e.attr, wordsOf64(e.ids));
  for (const f of featuresOf(r, events, null)) {
    yield perfRecord(PERF_RECORD_HEADER_FEATURE, 0, PERF_HEADER_FEATURE, { feat_id: f.bit }, f.payload);
  }
  for (const e of events) {
    const members = { type: PERF_EVENT_UPDATE_NAME, id: e.ids[0] ?? 0n };
    yield perfRecord(PERF_RECORD_EVENT_UPDATE, 0, PERF_EVENT_UPDATE, members, filledUp(recordName(e.name, 256), 8));
  }
  for (const part of dataParts(r, events)) yield* partPieces(part);
}
