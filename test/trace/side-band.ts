// What the kernel said of tasks, mappings and buffers, read one record after the other (reference perf-data §2). Names are as the file has
// them: whoever shows them escapes control characters.
import { PERF_AUX, PERF_LOST, PERF_RECORD_AUX, PERF_RECORD_LOST } from '../../src/abi/perf-data.ts';
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
  PERF_RECORD_MISC_CPUMODE_MASK,
  PERF_RECORD_MISC_KERNEL,
  PERF_RECORD_MISC_MMAP_BUILD_ID,
  PERF_RECORD_MISC_SWITCH_OUT,
  PERF_RECORD_MMAP,
  PERF_RECORD_MMAP2,
  PERF_RECORD_SWITCH,
  PERF_RECORD_SWITCH_CPU_WIDE,
  PERF_SWITCH_CPU_WIDE,
} from '../../src/abi/perf-data-records.ts';
import type { Struct } from '../../src/abi/struct.ts';
import { offsetOf, s32, textAt, u32, u64 } from '../../src/trace/perf-data/fields.ts';
import { type PerfData, recordsOf } from '../../src/trace/perf-data/open.ts';
import { readSampleId, type SampleId } from '../../src/trace/perf-data/sample-id.ts';
import type { FoundRecord } from '../../src/trace/perf-data/walk.ts';

/** `at`: who, when, where; null where the records carry no trailer, or one that cannot be told. `offset`: of the record in the file. */
export type ReadSideBand = { readonly offset: number; readonly at: SampleId | null } & (
  | { readonly kind: 'comm'; readonly pid: number; readonly tid: number; readonly comm: string; readonly exec: boolean }
  | { readonly kind: 'fork' | 'exit'; readonly pid: number; readonly parentPid: number; readonly tid: number; readonly parentTid: number }
  | {
      readonly kind: 'mmap';
      readonly pid: number;
      readonly tid: number;
      readonly address: bigint;
      readonly length: bigint;
      readonly pageOffset: bigint;
      readonly path: string;
      readonly kernel: boolean;
      readonly buildId: Uint8Array | null;
      /** PROT_* and MAP_* of an MMAP2; 0 for MMAP, which does not say. */
      readonly protection: number;
      readonly mapFlags: number;
    }
  | { readonly kind: 'switch'; readonly out: boolean; readonly otherPid: number; readonly otherTid: number }
  | { readonly kind: 'aux'; readonly auxOffset: bigint; readonly size: bigint; readonly flags: number }
  | { readonly kind: 'lost'; readonly lost: bigint }
);

/** Every such record of the file, in file order. */
export function* readSideBand(p: PerfData): Generator<ReadSideBand> {
  for (const r of recordsOf(p)) {
    const read = readOne(p, r);
    if (read !== null) yield read;
  }
}

const FORMS: ReadonlyMap<number, Struct> = new Map([
  [PERF_RECORD_MMAP, PERF_MMAP],
  [PERF_RECORD_MMAP2, PERF_MMAP2],
  [PERF_RECORD_COMM, PERF_COMM],
  [PERF_RECORD_FORK, PERF_FORK],
  [PERF_RECORD_EXIT, PERF_FORK],
  [PERF_RECORD_SWITCH_CPU_WIDE, PERF_SWITCH_CPU_WIDE],
  [PERF_RECORD_AUX, PERF_AUX],
  [PERF_RECORD_LOST, PERF_LOST],
]);
const HEADER = 8;

function readOne(p: PerfData, r: FoundRecord): ReadSideBand | null {
  const form = FORMS.get(r.type);
  const fixed = form?.size ?? (r.type === PERF_RECORD_SWITCH ? HEADER : Number.POSITIVE_INFINITY);
  if (r.bytes.length < fixed) return null;
  const b = r.bytes;
  const at = readSampleId(b, fixed, p.sampleId);
  const where = { offset: r.offset, at };
  const nameEnd = at === null || p.sampleId === null ? b.length : b.length - p.sampleId.size;
  switch (r.type) {
    case PERF_RECORD_COMM: {
      const comm = textAt(b, PERF_COMM.size, nameEnd);
      return { ...where, kind: 'comm', pid: s32(b, 8), tid: s32(b, 12), comm, exec: (r.misc & PERF_RECORD_MISC_COMM_EXEC) !== 0 };
    }
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT: {
      const kind = r.type === PERF_RECORD_FORK ? 'fork' : 'exit';
      return { ...where, kind, pid: s32(b, 8), parentPid: s32(b, 12), tid: s32(b, 16), parentTid: s32(b, 20) };
    }
    case PERF_RECORD_MMAP:
    case PERF_RECORD_MMAP2:
      return {
        ...where,
        kind: 'mmap',
        pid: s32(b, offsetOf(PERF_MMAP, 'pid')),
        tid: s32(b, offsetOf(PERF_MMAP, 'tid')),
        address: u64(b, offsetOf(PERF_MMAP, 'start')),
        length: u64(b, offsetOf(PERF_MMAP, 'len')),
        pageOffset: u64(b, offsetOf(PERF_MMAP, 'pgoff')),
        path: textAt(b, fixed, nameEnd),
        kernel: (r.misc & PERF_RECORD_MISC_CPUMODE_MASK) === PERF_RECORD_MISC_KERNEL,
        buildId: r.type === PERF_RECORD_MMAP2 && (r.misc & PERF_RECORD_MISC_MMAP_BUILD_ID) !== 0 ? buildIdOf(b) : null,
        protection: r.type === PERF_RECORD_MMAP2 ? u32(b, offsetOf(PERF_MMAP2, 'prot')) : 0,
        mapFlags: r.type === PERF_RECORD_MMAP2 ? u32(b, offsetOf(PERF_MMAP2, 'flags')) : 0,
      };
    case PERF_RECORD_SWITCH:
      return { ...where, kind: 'switch', out: (r.misc & PERF_RECORD_MISC_SWITCH_OUT) !== 0, otherPid: -1, otherTid: -1 };
    case PERF_RECORD_SWITCH_CPU_WIDE:
      return { ...where, kind: 'switch', out: (r.misc & PERF_RECORD_MISC_SWITCH_OUT) !== 0, otherPid: s32(b, 8), otherTid: s32(b, 12) };
    case PERF_RECORD_AUX: {
      const [auxOffset, size] = [u64(b, offsetOf(PERF_AUX, 'aux_offset')), u64(b, offsetOf(PERF_AUX, 'aux_size'))];
      return { ...where, kind: 'aux', auxOffset, size, flags: u32(b, offsetOf(PERF_AUX, 'flags')) };
    }
    case PERF_RECORD_LOST:
      return { ...where, kind: 'lost', lost: u64(b, offsetOf(PERF_LOST, 'lost')) };
    default:
      return null;
  }
}

function buildIdOf(record: Uint8Array): Uint8Array {
  const at = offsetOf(PERF_MMAP2_BUILD_ID, 'build_id');
  return record.slice(at, at + Math.min(20, record[offsetOf(PERF_MMAP2_BUILD_ID, 'build_id_size')]));
}
