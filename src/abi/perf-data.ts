// The layout of perf.data files as far as Arm SPE needs it: file header, record headers, AUX trace records, feature sections.
// Source: Linux tools/perf/Documentation/perf.data-file-format.txt and include/uapi/linux/perf_event.h; reference perf-data §1-§4.
import { type Struct, struct } from './struct.ts';

/** `PERFILE2`, and the same from a machine of the other byte order. */
export const PERF_MAGIC = 0x32454c4946524550n;
export const PERF_MAGIC_SWAPPED = 0x50455246494c4532n;

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
export const PERF_RECORD_HEADER_FEATURE = 80;

export const PERF_LOST: Struct = struct('perf_record_lost', 24, ['u64 header', 'u64 id', 'u64 lost']);
export const PERF_AUX: Struct = struct('perf_record_aux', 32, ['u64 header', 'u64 aux_offset', 'u64 aux_size', 'u64 flags']);
export const PERF_AUX_FLAG_TRUNCATED = 1;
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
/** Words behind AUXTRACE_INFO: two = version 1; else version 2, a header of four words and one block a CPU. */
export const SPE_INFO_V1_WORDS = 2;
export const SPE_INFO_V2_HEADER_WORDS = 4;
/** Words of a version 2 block that are read here. */
export const SPE_INFO_CPU = 1;
export const SPE_INFO_MIDR = 3;

/** Feature bits of the file header. */
export const HEADER_CPUID = 9;
