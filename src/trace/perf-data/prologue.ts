// What a recording begins with, in the order `perf record` writes it: the clock, the ids, the kind of AUX trace, the kernel, the maps of
// threads and CPUs, the tasks that are there (reference perf-data §2).
import { PERF_EVENT_HEADER } from '../../abi/perf-data.ts';
import {
  PERF_CPU_MAP,
  PERF_ID_INDEX,
  PERF_ID_INDEX_ENTRY,
  PERF_MMAP,
  PERF_RECORD_CPU_MAP,
  PERF_RECORD_FINISHED_INIT,
  PERF_RECORD_ID_INDEX,
  PERF_RECORD_MISC_KERNEL,
  PERF_RECORD_MMAP,
  PERF_RECORD_THREAD_MAP,
  PERF_THREAD_MAP,
  PERF_THREAD_MAP_ENTRY,
} from '../../abi/perf-data-records.ts';
import { packStruct } from '../../abi/struct.ts';
import { type EventLayout, sampleId } from './attributes.ts';
import { type Bytes, cutUtf8, filledUp, joined, recordName } from './bytes.ts';
import { NO_MOMENT, type PerfRecording, type RecordedCpu, type RecordedKernel } from './recording.ts';
import { auxtraceInfoRecord, perfRecord, sideBandRecords, timeConversionRecord } from './records-out.ts';

/** Entries that fit one record of 64 KiB. */
const IDS_A_RECORD = 2000;
const THREADS_A_RECORD = 2700;

/** The records up to FINISHED_INIT. Side-band records without a time belong to what was there already. */
export function* prologue(r: PerfRecording, events: readonly [EventLayout, EventLayout]): Generator<Bytes> {
  if (r.clock !== null) yield timeConversionRecord(r.clock);
  yield* idIndex(r, events);
  yield auxtraceInfoRecord(r.metadata, r.event.pmuType, infoCpus(r));
  if (r.kernel !== null) yield kernelMapping(r, r.kernel);
  yield* threadMap(r);
  yield cpuMap(r);
  for (const s of r.sideBand) if (s.at.time === 0n) yield* sideBandRecords(r, events[1], s);
  yield perfRecord(PERF_RECORD_FINISHED_INIT, 0, PERF_EVENT_HEADER, {});
}

/** The CPUs of the streams; in a recording per thread, all. */
function infoCpus(r: PerfRecording): readonly RecordedCpu[] {
  const { streams } = r;
  return streams.by === 'cpu' ? r.machine.cpus.filter((c) => streams.cpus.includes(c.cpu)) : r.machine.cpus;
}

function* idIndex(r: PerfRecording, events: readonly EventLayout[]): Generator<Bytes> {
  const { streams } = r;
  const entries = events.flatMap((event) =>
    event.ids.map((id, idx) =>
      packStruct(PERF_ID_INDEX_ENTRY, {
        id,
        idx,
        cpu: streams.by === 'cpu' ? streams.cpus[idx] : -1,
        tid: streams.by === 'thread' ? streams.tids[idx] : (r.traced[0]?.tid ?? -1),
      }),
    ),
  );
  for (let at = 0; at < entries.length; at += IDS_A_RECORD) {
    const some = entries.slice(at, at + IDS_A_RECORD);
    yield perfRecord(PERF_RECORD_ID_INDEX, 0, PERF_ID_INDEX, { nr: some.length }, ...some);
  }
}

/** Without this record perf says that kernel addresses were restricted, and takes the kernel to begin at 2^63. */
function kernelMapping(r: PerfRecording, k: RecordedKernel): Bytes {
  const members = { pid: -1, tid: 0, start: k.start, len: k.length, pgoff: k.reference };
  const name = recordName('[kernel.kallsyms]_text', 64);
  return perfRecord(PERF_RECORD_MMAP, PERF_RECORD_MISC_KERNEL, PERF_MMAP, members, name, sampleId(r, NO_MOMENT, 0n));
}

function* threadMap(r: PerfRecording): Generator<Bytes> {
  const threads = r.traced.length === 0 ? [{ tid: -1, comm: '' }] : r.traced;
  for (let at = 0; at < threads.length; at += THREADS_A_RECORD) {
    const some = threads
      .slice(at, at + THREADS_A_RECORD)
      .map((t) => packStruct(PERF_THREAD_MAP_ENTRY, { pid: t.tid, comm: [...cutUtf8(new TextEncoder().encode(t.comm), 15)] }));
    yield perfRecord(PERF_RECORD_THREAD_MAP, 0, PERF_THREAD_MAP, { nr: some.length }, ...some);
  }
}

/** A recording per thread has the map of one CPU -1: any. */
function cpuMap(r: PerfRecording): Bytes {
  const cpus = r.streams.by === 'cpu' ? r.streams.cpus : [-1];
  const list = Uint8Array.from(cpus.flatMap((cpu) => [cpu & 0xff, (cpu >> 8) & 0xff]));
  const record = filledUp(joined(packStruct(PERF_CPU_MAP, { type: 0, nr: cpus.length }), list), 8);
  record.set(packStruct(PERF_EVENT_HEADER, { type: PERF_RECORD_CPU_MAP, misc: 0, size: record.length }));
  return record;
}
