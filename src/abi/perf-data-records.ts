// The records of a perf.data, as rows: number, name, and the members in front of what has no fixed length.
// Source: Linux include/uapi/linux/perf_event.h and tools/lib/perf/include/perf/event.h; reference perf-data §2.
import { type Struct, struct } from './struct.ts';

/** Record types by number; below 64 the kernel writes them, from 64 on perf itself. */
export const PERF_RECORD_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'MMAP'],
  [2, 'LOST'],
  [3, 'COMM'],
  [4, 'EXIT'],
  [5, 'THROTTLE'],
  [6, 'UNTHROTTLE'],
  [7, 'FORK'],
  [8, 'READ'],
  [9, 'SAMPLE'],
  [10, 'MMAP2'],
  [11, 'AUX'],
  [12, 'ITRACE_START'],
  [13, 'LOST_SAMPLES'],
  [14, 'SWITCH'],
  [15, 'SWITCH_CPU_WIDE'],
  [16, 'NAMESPACES'],
  [17, 'KSYMBOL'],
  [18, 'BPF_EVENT'],
  [19, 'CGROUP'],
  [20, 'TEXT_POKE'],
  [21, 'AUX_OUTPUT_HW_ID'],
  [64, 'HEADER_ATTR'],
  [65, 'HEADER_EVENT_TYPE'],
  [66, 'HEADER_TRACING_DATA'],
  [67, 'HEADER_BUILD_ID'],
  [68, 'FINISHED_ROUND'],
  [69, 'ID_INDEX'],
  [70, 'AUXTRACE_INFO'],
  [71, 'AUXTRACE'],
  [72, 'AUXTRACE_ERROR'],
  [73, 'THREAD_MAP'],
  [74, 'CPU_MAP'],
  [75, 'STAT_CONFIG'],
  [76, 'STAT'],
  [77, 'STAT_ROUND'],
  [78, 'EVENT_UPDATE'],
  [79, 'TIME_CONV'],
  [80, 'HEADER_FEATURE'],
  [81, 'COMPRESSED'],
  [82, 'FINISHED_INIT'],
  [83, 'COMPRESSED2'],
]);

export const PERF_RECORD_MMAP = 1;
export const PERF_RECORD_COMM = 3;
export const PERF_RECORD_EXIT = 4;
export const PERF_RECORD_FORK = 7;
export const PERF_RECORD_MMAP2 = 10;
export const PERF_RECORD_LOST_SAMPLES = 13;
export const PERF_RECORD_SWITCH = 14;
export const PERF_RECORD_SWITCH_CPU_WIDE = 15;
export const PERF_RECORD_HEADER_ATTR = 64;
export const PERF_RECORD_HEADER_TRACING_DATA = 66;
export const PERF_RECORD_HEADER_BUILD_ID = 67;
export const PERF_RECORD_FINISHED_ROUND = 68;
export const PERF_RECORD_ID_INDEX = 69;
export const PERF_RECORD_THREAD_MAP = 73;
export const PERF_RECORD_CPU_MAP = 74;
export const PERF_RECORD_EVENT_UPDATE = 78;
export const PERF_RECORD_COMPRESSED = 81;
export const PERF_RECORD_FINISHED_INIT = 82;
export const PERF_RECORD_COMPRESSED2 = 83;

/** `misc`: in bits 2:0 whose address space an MMAP is of. */
export const PERF_RECORD_MISC_CPUMODE_MASK = 7;
export const PERF_RECORD_MISC_KERNEL = 1;
export const PERF_RECORD_MISC_USER = 2;
/** Bit 13: on COMM by exec, on SWITCH out of the CPU. */
export const PERF_RECORD_MISC_COMM_EXEC = 1 << 13;
export const PERF_RECORD_MISC_SWITCH_OUT = 1 << 13;
/** Bit 14 on MMAP2: a build-id stands in place of the device and inode. */
export const PERF_RECORD_MISC_MMAP_BUILD_ID = 1 << 14;
/** Bit 15 on HEADER_BUILD_ID: the length of the build-id is given. */
export const PERF_RECORD_MISC_BUILD_ID_SIZE = 1 << 15;

/** Behind it a name, NUL terminated and filled up to 8 bytes; then the sample_id. */
export const PERF_MMAP: Struct = struct('perf_record_mmap', 40, ['u64 header', 'u32 pid', 'u32 tid', 'u64 start', 'u64 len', 'u64 pgoff']);
export const PERF_MMAP2: Struct = struct('perf_record_mmap2', 72, [
  'u64 header',
  'u32 pid',
  'u32 tid',
  'u64 start',
  'u64 len',
  'u64 pgoff',
  'u32 maj',
  'u32 min',
  'u64 ino',
  'u64 ino_generation',
  'u32 prot',
  'u32 flags',
]);
/** MMAP2 with the build-id in place of maj … ino_generation. */
export const PERF_MMAP2_BUILD_ID: Struct = struct('perf_record_mmap2', 72, [
  'u64 header',
  'u32 pid',
  'u32 tid',
  'u64 start',
  'u64 len',
  'u64 pgoff',
  'u8 build_id_size',
  'u8 reserved_1',
  'u16 reserved_2',
  'u8[20] build_id',
  'u32 prot',
  'u32 flags',
]);
export const PERF_COMM: Struct = struct('perf_record_comm', 16, ['u64 header', 'u32 pid', 'u32 tid']);
/** FORK and EXIT. */
export const PERF_FORK: Struct = struct('perf_record_fork', 32, ['u64 header', 'u32 pid', 'u32 ppid', 'u32 tid', 'u32 ptid', 'u64 time']);
export const PERF_SWITCH_CPU_WIDE: Struct = struct('perf_record_switch', 16, ['u64 header', 'u32 next_prev_pid', 'u32 next_prev_tid']);
export const PERF_LOST_SAMPLES: Struct = struct('perf_record_lost_samples', 16, ['u64 header', 'u64 lost']);

export const PERF_ID_INDEX: Struct = struct('perf_record_id_index', 16, ['u64 header', 'u64 nr']);
/** -1 in `cpu` or `tid` = any. */
export const PERF_ID_INDEX_ENTRY: Struct = struct('id_index_entry', 32, ['u64 id', 'u64 idx', 'u64 cpu', 'u64 tid']);
export const PERF_THREAD_MAP: Struct = struct('perf_record_thread_map', 16, ['u64 header', 'u64 nr']);
export const PERF_THREAD_MAP_ENTRY: Struct = struct('perf_record_thread_map_entry', 24, ['u64 pid', 'u8[16] comm']);
/** Type 0: a list of u16 CPU numbers follows, filled up to 8 bytes. */
export const PERF_CPU_MAP: Struct = struct('perf_record_cpu_map', 12, ['u32 type_', 'u16 misc', 'u16 size', 'u16 type', 'u16 nr']);
export const PERF_EVENT_UPDATE: Struct = struct('perf_record_event_update', 24, ['u64 header', 'u64 type', 'u64 id']);
export const PERF_EVENT_UPDATE_NAME = 2;
export const PERF_HEADER_FEATURE: Struct = struct('perf_record_header_feature', 16, ['u64 header', 'u64 feat_id']);
/** In front of the description of tracepoints in a pipe. */
export const PERF_HEADER_TRACING_DATA: Struct = struct('perf_record_header_tracing_data', 12, ['u64 header', 'u32 data_size']);
/** An entry of feature BUILD_ID. */
export const PERF_HEADER_BUILD_ID: Struct = struct('perf_record_header_build_id', 36, [
  'u32 type',
  'u16 misc',
  'u16 size',
  's32 pid',
  'u8[20] build_id',
  'u8 build_id_size',
  'u8 reserved_1',
  'u16 reserved_2',
]);
