// The layout of perf.data files as far as Arm SPE needs it: file header, record headers, AUX trace records.
// Source: Linux tools/perf/Documentation/perf.data-file-format.txt and include/uapi/linux/perf_event.h; reference perf-data §1-§4.
import { type Struct, struct } from './struct.ts';

/** `PERFILE2`; the same from a machine of the other byte order; and `PERFFILE`, the first format. */
export const PERF_MAGIC = 0x32454c4946524550n;
export const PERF_MAGIC_SWAPPED = 0x50455246494c4532n;
export const PERF_MAGIC_FIRST = 0x454c494646524550n;

/** The header of a file; a pipe's ends after `size`, which is then 16. */
export const PERF_FILE_HEADER: Struct = struct('perf_file_header', 104, [
  'u64 magic',
  'u64 size',
  'u64 attr_size',
  'u64 attrs_offset',
  'u64 attrs_size',
  'u64 data_offset',
  'u64 data_size',
  'u64 event_types_offset',
  'u64 event_types_size',
  'u64[4] adds_features',
]);
export const PERF_PIPE_HEADER_SIZE = 16;

export const PERF_FILE_SECTION: Struct = struct('perf_file_section', 16, ['u64 offset', 'u64 size']);

/** `size` counts the header, not the payload that follows an AUXTRACE record. */
export const PERF_EVENT_HEADER: Struct = struct('perf_event_header', 8, ['u32 type', 'u16 misc', 'u16 size']);

export const PERF_RECORD_LOST = 2;
export const PERF_RECORD_AUX = 11;
export const PERF_RECORD_AUXTRACE_INFO = 70;
export const PERF_RECORD_AUXTRACE = 71;
export const PERF_RECORD_TIME_CONV = 79;
export const PERF_RECORD_HEADER_FEATURE = 80;

export const PERF_LOST: Struct = struct('perf_record_lost', 24, ['u64 header', 'u64 id', 'u64 lost']);
export const PERF_AUX: Struct = struct('perf_record_aux', 32, ['u64 header', 'u64 aux_offset', 'u64 aux_size', 'u64 flags']);

/** Flags of an AUX record: what befell the buffer between two records (spe-architecture §6.8). */
export const PERF_AUX_FLAG_TRUNCATED = 1;
export const PERF_AUX_FLAG_OVERWRITE = 2;
export const PERF_AUX_FLAG_PARTIAL = 4;
export const PERF_AUX_FLAG_COLLISION = 8;

export const PERF_AUXTRACE: Struct = struct('perf_record_auxtrace', 48, [
  'u64 header',
  'u64 size',
  'u64 offset',
  'u64 reference',
  'u32 idx',
  'u32 tid',
  'u32 cpu',
  'u32 reserved',
]);

export const PERF_AUXTRACE_INFO: Struct = struct('perf_record_auxtrace_info', 16, ['u64 header', 'u32 type', 'u32 reserved']);
export const PERF_AUXTRACE_ARM_SPE = 4;

/** What writes AUX traces, by the type of AUXTRACE_INFO. */
export const PERF_AUXTRACE_TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'Intel PT'],
  [2, 'Intel BTS'],
  [3, 'Arm CoreSight ETM'],
  [PERF_AUXTRACE_ARM_SPE, 'Arm SPE'],
  [5, 's390 CPU-measurement sampling'],
  [6, 'HiSilicon PCIe tune and trace'],
  [7, 'powerpc VPA dispatch trace'],
]);

/** Words behind AUXTRACE_INFO: two = version 1; else version 2, a header of four words and one block a CPU. */
export const SPE_INFO_V1_WORDS = 2;
export const SPE_INFO_V2_HEADER_WORDS = 4;
/** Version 2's header: version, words of the header, PMU type, number of CPUs. */
export const SPE_INFO_V2_VERSION = 2;
export const SPE_INFO_HEADER_SIZE = 1;
export const SPE_INFO_PMU_TYPE = 2;
export const SPE_INFO_CPUS = 3;
/** Words of a version 2 block; perf 7.3 reads all seven without asking how many there are. */
export const SPE_INFO_MAGIC = 0x1010101010101010n;
export const SPE_INFO_CPU = 1;
export const SPE_INFO_MIDR = 3;
export const SPE_INFO_CPU_PMU_TYPE = 4;
export const SPE_INFO_MIN_INTERVAL = 5;
export const SPE_INFO_EVENT_FILTER = 6;
export const SPE_INFO_BLOCK_WORDS = 7;
/** Words of a block in front of its parameters: magic, CPU, their number. */
export const SPE_INFO_BLOCK_HEADER_WORDS = 3;

/** How the counter of timestamp packets becomes nanoseconds of the other records. Old files end behind `time_zero`, at 32 bytes. */
export const PERF_TIME_CONV: Struct = struct('perf_record_time_conv', 56, [
  'u64 header',
  'u64 time_shift',
  'u64 time_mult',
  'u64 time_zero',
  'u64 time_cycles',
  'u64 time_mask',
  'u8 cap_user_time_zero',
  'u8 cap_user_time_short',
  'u8[6] reserved',
]);
export const PERF_TIME_CONV_SHORT_SIZE = 32;

/** Feature bits of the file header. */
export const HEADER_CPUID = 9;
