// Records of a perf.data as bytes (reference perf-data §2-§4, §6). A record's size field counts its 8-byte header and is 16 bits wide;
// records of the kernel end in the sample_id.
import {
  PERF_AUX,
  PERF_AUXTRACE,
  PERF_AUXTRACE_ARM_SPE,
  PERF_AUXTRACE_INFO,
  PERF_EVENT_HEADER,
  PERF_LOST,
  PERF_RECORD_AUX,
  PERF_RECORD_AUXTRACE,
  PERF_RECORD_AUXTRACE_INFO,
  PERF_RECORD_LOST,
  PERF_RECORD_TIME_CONV,
  PERF_TIME_CONV,
  SPE_INFO_BLOCK_HEADER_WORDS,
  SPE_INFO_BLOCK_WORDS,
  SPE_INFO_MAGIC,
  SPE_INFO_V2_HEADER_WORDS,
  SPE_INFO_V2_VERSION,
} from '../../abi/perf-data.ts';
import {
  PERF_COMM,
  PERF_FORK,
  PERF_MMAP,
  PERF_MMAP2,
  PERF_MMAP2_BUILD_ID,
  PERF_RECORD_COMM,
  PERF_RECORD_EXIT,
  PERF_RECORD_FORK,
  PERF_RECORD_MISC_COMM_EXEC,
  PERF_RECORD_MISC_KERNEL,
  PERF_RECORD_MISC_MMAP_BUILD_ID,
  PERF_RECORD_MISC_SWITCH_OUT,
  PERF_RECORD_MISC_USER,
  PERF_RECORD_MMAP,
  PERF_RECORD_MMAP2,
  PERF_RECORD_SWITCH_CPU_WIDE,
  PERF_SWITCH_CPU_WIDE,
} from '../../abi/perf-data-records.ts';
import { packStruct, type Struct } from '../../abi/struct.ts';
import { type EventLayout, sampleId } from './attributes.ts';
import { type Bytes, filledUp, joined, recordName, words64 } from './bytes.ts';
import type { TimeConversion } from './clock.ts';
import type { Moment, PerfRecording, RecordedAux, RecordedBuffer, RecordedCpu, SideBand } from './recording.ts';

type Members = Readonly<Record<string, bigint | number | readonly number[]>>;

/** Longest name in a record: PATH_MAX, and TASK_COMM_LEN. */
const PATH = 4096;
const COMM = 16;

const LARGEST_RECORD = 0xffff;

/** A record; its length is filled up to 8 bytes. Throws (our bug) where it does not fit 16 bits. */
export function perfRecord(type: number, misc: number, s: Struct, members: Members, ...more: readonly Uint8Array[]): Bytes {
  const record = filledUp(joined(packStruct(s, members), ...more), 8);
  if (record.length > LARGEST_RECORD) throw new Error(`a record of type ${type} with ${record.length} bytes`);
  record.set(packStruct(PERF_EVENT_HEADER, { type, misc, size: record.length }));
  return record;
}

/** The id of an event on the CPU of a moment. */
function idAt(r: PerfRecording, event: EventLayout, at: Moment): bigint {
  const index = r.streams.by === 'cpu' ? r.streams.cpus.indexOf(at.cpu) : r.streams.tids.indexOf(at.tid);
  return event.ids[Math.max(0, index)] ?? 0n;
}

/** What the kernel said of tasks and mappings, in the order it happened; a moment at time 0 is perf's own, without an id. */
export function sideBandRecords(r: PerfRecording, tracking: EventLayout, s: SideBand): Bytes[] {
  const trailer = sampleId(r, s.at, s.at.time === 0n ? 0n : idAt(r, tracking, s.at));
  switch (s.kind) {
    case 'comm': {
      const misc = s.exec ? PERF_RECORD_MISC_COMM_EXEC : 0;
      return [perfRecord(PERF_RECORD_COMM, misc, PERF_COMM, { pid: s.pid, tid: s.tid }, recordName(s.comm, COMM), trailer)];
    }
    case 'fork':
    case 'exit': {
      const members = { pid: s.pid, ppid: s.parentPid, tid: s.tid, ptid: s.parentTid, time: s.at.time };
      return [perfRecord(s.kind === 'fork' ? PERF_RECORD_FORK : PERF_RECORD_EXIT, 0, PERF_FORK, members, trailer)];
    }
    case 'mmap':
      return [mappingRecord(s, trailer)];
    case 'switch': {
      const next = { ...s.at, pid: s.nextPid, tid: s.nextTid };
      const out = { next_prev_pid: s.nextPid, next_prev_tid: s.nextTid };
      const into = { next_prev_pid: s.at.pid, next_prev_tid: s.at.tid };
      return [
        perfRecord(PERF_RECORD_SWITCH_CPU_WIDE, PERF_RECORD_MISC_SWITCH_OUT, PERF_SWITCH_CPU_WIDE, out, trailer),
        perfRecord(PERF_RECORD_SWITCH_CPU_WIDE, 0, PERF_SWITCH_CPU_WIDE, into, sampleId(r, next, idAt(r, tracking, next))),
      ];
    }
    case 'lost':
      return [perfRecord(PERF_RECORD_LOST, 0, PERF_LOST, { id: idAt(r, tracking, s.at), lost: s.lost }, trailer)];
  }
}

/** Modules and other images of the kernel are MMAP records of the kernel (a recording has them so); a process's mappings are MMAP2. */
function mappingRecord(s: Extract<SideBand, { kind: 'mmap' }>, trailer: Bytes): Bytes {
  const place = { pid: s.pid, tid: s.tid, start: s.address, len: s.length, pgoff: s.pageOffset };
  const name = recordName(s.path, PATH);
  const mode = s.kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
  if (s.buildId !== null && s.buildId.length <= 20) {
    const id = [...s.buildId];
    const members = { ...place, build_id_size: id.length, build_id: id, prot: s.protection, flags: s.mapFlags };
    return perfRecord(PERF_RECORD_MMAP2, mode | PERF_RECORD_MISC_MMAP_BUILD_ID, PERF_MMAP2_BUILD_ID, members, name, trailer);
  }
  if (s.kernel) return perfRecord(PERF_RECORD_MMAP, mode, PERF_MMAP, place, name, trailer);
  return perfRecord(PERF_RECORD_MMAP2, mode, PERF_MMAP2, { ...place, prot: s.protection, flags: s.mapFlags }, name, trailer);
}

export function timeConversionRecord(c: TimeConversion): Bytes {
  return perfRecord(PERF_RECORD_TIME_CONV, 0, PERF_TIME_CONV, {
    time_shift: c.shift,
    time_mult: c.mult,
    time_zero: c.zero,
    time_cycles: c.cycles,
    time_mask: c.mask,
    cap_user_time_zero: 1,
    cap_user_time_short: c.short ? 1 : 0,
  });
}

/** Blocks of version 2 that fit one record. */
const MOST_INFO_CPUS = Math.floor((LARGEST_RECORD - PERF_AUXTRACE_INFO.size - SPE_INFO_V2_HEADER_WORDS * 8) / (SPE_INFO_BLOCK_WORDS * 8));

/** What version 2 says of a CPU. */
export type InfoCpu = Pick<RecordedCpu, 'cpu' | 'midr' | 'pmuType' | 'minInterval' | 'eventFilter'>;

/** AUXTRACE_INFO of either version. Version 2 has the CPUs, as many as a record holds. */
export function auxtraceInfoRecord(version: 1 | 2, pmuType: number, all: readonly InfoCpu[]): Bytes {
  const members = { type: PERF_AUXTRACE_ARM_SPE };
  if (version === 1) return perfRecord(PERF_RECORD_AUXTRACE_INFO, 0, PERF_AUXTRACE_INFO, members, words64(pmuType, 0));
  const cpus = all.slice(0, MOST_INFO_CPUS);
  const blocks = cpus.map((c) =>
    words64(
      SPE_INFO_MAGIC,
      c.cpu,
      SPE_INFO_BLOCK_WORDS - SPE_INFO_BLOCK_HEADER_WORDS,
      c.midr,
      c.pmuType ?? -1,
      c.minInterval,
      c.eventFilter,
    ),
  );
  const header = words64(SPE_INFO_V2_VERSION, SPE_INFO_V2_HEADER_WORDS, pmuType, cpus.length);
  return perfRecord(PERF_RECORD_AUXTRACE_INFO, 0, PERF_AUXTRACE_INFO, members, header, ...blocks);
}

/** What the driver reports of a stream: where in it, how much, what befell it. `auxOffset`: where the buffer begins that it is of. */
export function auxRecord(r: PerfRecording, spe: EventLayout, stream: number, auxOffset: bigint, a: RecordedAux): Bytes {
  const cpu = r.streams.by === 'cpu' ? (r.streams.cpus[stream] ?? 0) : 0;
  const trailer = sampleId(r, { pid: a.pid, tid: a.tid, time: a.time, cpu }, spe.ids[stream] ?? 0n);
  const members = { aux_offset: auxOffset + BigInt(a.start), aux_size: a.size, flags: a.flags };
  return perfRecord(PERF_RECORD_AUX, 0, PERF_AUX, members, trailer);
}

/** The record in front of a buffer's bytes. `size` is that of the bytes, filled up to 8; `tid` -1: of any thread. */
export function auxtraceRecord(r: PerfRecording, b: RecordedBuffer, size: number, auxOffset: bigint): Bytes {
  const { streams } = r;
  const cpu = streams.by === 'cpu' ? (streams.cpus[b.stream] ?? -1) : -1;
  const tid = streams.tids?.[b.stream] ?? (streams.by === 'cpu' ? r.traced[0]?.tid : undefined) ?? -1;
  return perfRecord(PERF_RECORD_AUXTRACE, 0, PERF_AUXTRACE, { size, offset: auxOffset, idx: b.stream, tid, cpu });
}
