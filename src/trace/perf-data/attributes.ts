// The two events of an SPE recording and their ids: the SPE event, and the dummy that tracks tasks and mappings (reference perf-data §1.2).

import {
  ATTR_COMM,
  ATTR_COMM_EXEC,
  ATTR_CONTEXT_SWITCH,
  ATTR_DISABLED,
  ATTR_ENABLE_ON_EXEC,
  ATTR_EXCLUDE_GUEST,
  ATTR_EXCLUDE_HV,
  ATTR_EXCLUDE_KERNEL,
  ATTR_EXCLUDE_USER,
  ATTR_INHERIT,
  ATTR_MMAP,
  ATTR_MMAP2,
  ATTR_SAMPLE_ID_ALL,
  ATTR_TASK,
  PERF_COUNT_SW_DUMMY,
  PERF_EVENT_ATTR,
  PERF_FORMAT_ID,
  PERF_SAMPLE_CPU,
  PERF_SAMPLE_DATA_SRC,
  PERF_SAMPLE_IDENTIFIER,
  PERF_SAMPLE_IP,
  PERF_SAMPLE_PHYS_ADDR,
  PERF_SAMPLE_TID,
  PERF_SAMPLE_TIME,
  PERF_TYPE_SOFTWARE,
  SPE_CONFIG_PA_ENABLE,
} from '../../abi/perf-data-attributes.ts';
import { packStruct, structField } from '../../abi/struct.ts';
import { type Bytes, joined, words32, words64 } from './bytes.ts';
import type { Moment, PerfRecording } from './recording.ts';

/** An event of the file: its attr, one id a stream. */
export interface EventLayout {
  readonly name: string;
  readonly attr: Bytes;
  readonly ids: readonly bigint[];
}

/** Ids are any unique numbers well below 10^9, above which perf puts those of the events it makes of the trace. */
const FIRST_ID = 100;

const PERF_ATTR_SIZE_OFFSET = structField(PERF_EVENT_ATTR, 'size').offset;

/** The SPE event, then the tracking event. */
export function eventsOf(r: PerfRecording): readonly [EventLayout, EventLayout] {
  const streams = streamCount(r);
  const ids = (event: number): bigint[] => Array.from({ length: streams }, (_, i) => BigInt(FIRST_ID + event * streams + i));
  const e = r.event;
  const common = commonSampleType(r);
  const onExec = r.traced.length > 0 ? ATTR_DISABLED | ATTR_INHERIT | ATTR_ENABLE_ON_EXEC : ATTR_DISABLED | ATTR_INHERIT;
  const flags = (r.streams.by === 'thread' ? onExec & ~ATTR_INHERIT : onExec) | ATTR_SAMPLE_ID_ALL | ATTR_EXCLUDE_GUEST;
  const spe = packStruct(PERF_EVENT_ATTR, {
    type: e.pmuType,
    size: PERF_EVENT_ATTR.size,
    config: e.config,
    sample_period: e.period,
    sample_type: common | PERF_SAMPLE_DATA_SRC | ((e.config & SPE_CONFIG_PA_ENABLE) !== 0n ? PERF_SAMPLE_PHYS_ADDR : 0n),
    read_format: PERF_FORMAT_ID,
    flags: flags | (e.excludeUser ? ATTR_EXCLUDE_USER : 0n) | (e.excludeKernel ? ATTR_EXCLUDE_KERNEL | ATTR_EXCLUDE_HV : 0n),
    config1: e.config1,
    config2: e.config2,
  });
  const switches = r.streams.by === 'cpu' && r.clock !== null ? ATTR_CONTEXT_SWITCH : 0n;
  const dummy = packStruct(PERF_EVENT_ATTR, {
    type: PERF_TYPE_SOFTWARE,
    size: PERF_EVENT_ATTR.size,
    config: PERF_COUNT_SW_DUMMY,
    sample_period: 1,
    sample_type: common,
    read_format: PERF_FORMAT_ID,
    flags: flags | ATTR_EXCLUDE_KERNEL | ATTR_EXCLUDE_HV | ATTR_MMAP | ATTR_COMM | ATTR_TASK | ATTR_MMAP2 | ATTR_COMM_EXEC | switches,
  });
  return [
    { name: e.name, attr: e.config3 === 0n ? spe : widened(spe, e.config3), ids: ids(0) },
    { name: 'dummy:u', attr: e.config3 === 0n ? dummy : widened(dummy, 0n), ids: ids(1) },
  ];
}

/** An inverted event filter needs attrs of 136 bytes, which perf before 6.12 does not open: so only where one is asked for. */
function widened(attr: Bytes, config3: bigint): Bytes {
  const out = joined(attr, words64(config3));
  out.set(words32(out.length), PERF_ATTR_SIZE_OFFSET);
  return out;
}

function streamCount(r: PerfRecording): number {
  return r.streams.by === 'cpu' ? r.streams.cpus.length : r.streams.tids.length;
}

/** What every record of the kernel carries; IDENTIFIER, so that the two events may differ (pitfall 4). */
function commonSampleType(r: PerfRecording): bigint {
  const base = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_IDENTIFIER;
  return base | (r.clock === null ? 0n : PERF_SAMPLE_TIME) | (r.streams.by === 'cpu' ? PERF_SAMPLE_CPU : 0n);
}

/** The sample_id behind a record of the kernel; `id` 0n for records that perf makes up, whose trailer is all zeros (pitfall 5). */
export function sampleId(r: PerfRecording, at: Moment, id: bigint): Bytes {
  const parts: number[] = [];
  const put64 = (value: bigint): void => {
    parts.push(Number(value & 0xffff_ffffn), Number(BigInt.asUintN(64, value) >> 32n));
  };
  parts.push(at.pid, at.tid);
  if (r.clock !== null) put64(at.time);
  if (r.streams.by === 'cpu') parts.push(at.cpu, 0);
  put64(id);
  return words32(...parts);
}
