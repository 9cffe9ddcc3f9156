// The records of a perf.data one after the other, through a window: what follows an AUXTRACE record is stepped over, not read; so is the
// description of tracepoints in a pipe.
import { PERF_AUXTRACE, PERF_EVENT_HEADER, PERF_RECORD_AUXTRACE } from '../../abi/perf-data.ts';
import { PERF_HEADER_TRACING_DATA, PERF_RECORD_HEADER_TRACING_DATA } from '../../abi/perf-data-records.ts';
import { offsetOf, type PerfDataError, size64, u16, u32 } from './fields.ts';
import type { ReadAt } from './read-at.ts';

export interface FoundRecord {
  /** Offset of the record in the file. */
  readonly offset: number;
  readonly type: number;
  readonly misc: number;
  /** The whole record, header included. */
  readonly bytes: Uint8Array;
  /** Bytes behind the record that belong to it and are in the file. */
  readonly payload: number;
}

/** Bytes read at once: few behind a payload, where another may follow at once, more and more while records follow each other. */
const FIRST_WINDOW = 4096;
const WINDOW = 256 * 1024;
const HEADER = PERF_EVENT_HEADER.size;
const TYPE = offsetOf(PERF_EVENT_HEADER, 'type');
const MISC = offsetOf(PERF_EVENT_HEADER, 'misc');
const SIZE = offsetOf(PERF_EVENT_HEADER, 'size');
const PAYLOAD = offsetOf(PERF_AUXTRACE, 'size');
const TRACING_PAYLOAD = offsetOf(PERF_HEADER_TRACING_DATA, 'data_size');

/** Every record from `from` to `end`. A record that does not hold ends the walk: `broken` hears of it. */
export function* walkRecords(file: ReadAt, from: number, end: number, broken: (error: PerfDataError) => void): Generator<FoundRecord> {
  let window: Uint8Array = new Uint8Array(0);
  let windowAt = from;
  let next = FIRST_WINDOW;
  let at = from;
  /** Whether the window has so many bytes at `at`; reads on where it has not. */
  const has = (bytes: number): boolean => {
    if (windowAt + window.length - at >= bytes) return true;
    next = at > windowAt + window.length ? FIRST_WINDOW : Math.min(WINDOW, next * 2);
    window = file.read(at, Math.min(Math.max(next, bytes), end - at));
    windowAt = at;
    return window.length >= bytes;
  };
  while (at < end) {
    if (!has(HEADER)) return broken({ message: 'the file ends in a record', offset: at });
    const size = u16(window, at - windowAt + SIZE);
    if (size < HEADER) return broken({ message: `a record of ${size} bytes`, offset: at });
    if (!has(size)) return broken({ message: 'the file ends in a record', offset: at });
    const here = at - windowAt;
    const type = u32(window, here + TYPE);
    const bytes = window.subarray(here, here + size);
    const claimed = payloadOf(type, bytes);
    const payload = Math.min(claimed, end - at - size);
    if (payload < claimed) {
      const what = type === PERF_RECORD_AUXTRACE ? 'an AUX buffer' : 'a description of tracepoints';
      broken({ message: `${what} of ${claimed} bytes, of which ${payload} are in the file`, offset: at });
    }
    yield { offset: at, type, misc: u16(window, here + MISC), bytes, payload };
    at += size + payload;
  }
}

/** Bytes that a record says are behind it. */
function payloadOf(type: number, bytes: Uint8Array): number {
  if (type === PERF_RECORD_AUXTRACE && bytes.length >= PERF_AUXTRACE.size) return size64(bytes, PAYLOAD);
  if (type === PERF_RECORD_HEADER_TRACING_DATA && bytes.length >= PERF_HEADER_TRACING_DATA.size) return u32(bytes, TRACING_PAYLOAD);
  return 0;
}
