// The sample_id behind records of the kernel: which thread, when, on which CPU, of which event (reference perf-data §2).
import {
  PERF_SAMPLE_CPU,
  PERF_SAMPLE_ID,
  PERF_SAMPLE_IDENTIFIER,
  PERF_SAMPLE_STREAM_ID,
  PERF_SAMPLE_TID,
  PERF_SAMPLE_TIME,
} from '../../abi/perf-data-attributes.ts';
import { s32, u64 } from './fields.ts';
import type { PerfEvent } from './header-in.ts';

export interface SampleId {
  readonly pid: number;
  readonly tid: number;
  /** Nanoseconds; 0n where the record has none. */
  readonly time: bigint;
  /** -1 where the record has none. */
  readonly cpu: number;
  /** 0n where the record has none. */
  readonly id: bigint;
}

/** What stands behind the records of a file, by the sample_type of its events. */
export interface SampleIdLayout {
  readonly fields: readonly bigint[];
  readonly size: number;
}

/** Eight bytes each, in the order they stand. */
const FIELDS = [PERF_SAMPLE_TID, PERF_SAMPLE_TIME, PERF_SAMPLE_ID, PERF_SAMPLE_STREAM_ID, PERF_SAMPLE_CPU, PERF_SAMPLE_IDENTIFIER];

/** The layout, if all events share it and have it behind every record; else null: then the trailers are not read. */
export function sampleIdLayout(events: readonly PerfEvent[]): SampleIdLayout | null {
  const masks = new Set(events.map((e) => e.sampleType & FIELDS.reduce((all, f) => all | f, 0n)));
  const [mask] = masks;
  if (masks.size !== 1 || mask === undefined || events.some((e) => !e.sampleIdAll)) return null;
  const fields = FIELDS.filter((f) => (mask & f) !== 0n);
  return { fields, size: fields.length * 8 };
}

/** The trailer of a record whose other members take `body` bytes at least; null where it is too short to have one. */
export function readSampleId(record: Uint8Array, body: number, layout: SampleIdLayout | null): SampleId | null {
  if (layout === null || record.length < body + layout.size) return null;
  let at = record.length - layout.size;
  const found = { pid: -1, tid: -1, time: 0n, cpu: -1, id: 0n };
  for (const field of layout.fields) {
    if (field === PERF_SAMPLE_TID) {
      found.pid = s32(record, at);
      found.tid = s32(record, at + 4);
    } else if (field === PERF_SAMPLE_TIME) found.time = u64(record, at);
    else if (field === PERF_SAMPLE_CPU) found.cpu = s32(record, at);
    else if (field !== PERF_SAMPLE_STREAM_ID) found.id = u64(record, at);
    at += 8;
  }
  return found;
}
