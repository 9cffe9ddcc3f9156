// perf_event_attr: what an event of a recording was asked to be. Source: Linux include/uapi/linux/perf_event.h; reference perf-data §1.2.
import { type Struct, struct } from './struct.ts';

/**
 * The size that every perf which knows SPE opens (pitfall 1: a size above the reader's own is "incompatible file format"); `config3` and
 * `config4` stand behind it and only newer readers take them.
 */
export const PERF_EVENT_ATTR: Struct = struct('perf_event_attr', 128, [
  'u32 type',
  'u32 size',
  'u64 config',
  'u64 sample_period',
  'u64 sample_type',
  'u64 read_format',
  'u64 flags',
  'u32 wakeup_events',
  'u32 bp_type',
  'u64 config1',
  'u64 config2',
  'u64 branch_sample_type',
  'u64 sample_regs_user',
  'u32 sample_stack_user',
  's32 clockid',
  'u64 sample_regs_intr',
  'u32 aux_watermark',
  'u16 sample_max_stack',
  'u16 reserved_2',
  'u32 aux_sample_size',
  'u32 aux_action',
  'u64 sig_data',
]);

/** The first published size, which no attr is shorter than. */
export const PERF_ATTR_SIZE_VER0 = 64;

/** Bits of `flags`. */
export const ATTR_DISABLED = 1n << 0n;
export const ATTR_INHERIT = 1n << 1n;
export const ATTR_EXCLUDE_USER = 1n << 4n;
export const ATTR_EXCLUDE_KERNEL = 1n << 5n;
export const ATTR_EXCLUDE_HV = 1n << 6n;
export const ATTR_MMAP = 1n << 8n;
export const ATTR_COMM = 1n << 9n;
export const ATTR_ENABLE_ON_EXEC = 1n << 12n;
export const ATTR_TASK = 1n << 13n;
export const ATTR_SAMPLE_ID_ALL = 1n << 18n;
export const ATTR_EXCLUDE_GUEST = 1n << 20n;
export const ATTR_MMAP2 = 1n << 23n;
export const ATTR_COMM_EXEC = 1n << 24n;
export const ATTR_CONTEXT_SWITCH = 1n << 26n;

/** Bits of `sample_type`. Of these TID, TIME, ID, STREAM_ID, CPU and IDENTIFIER also stand behind every other record, in this order. */
export const PERF_SAMPLE_IP = 1n << 0n;
export const PERF_SAMPLE_TID = 1n << 1n;
export const PERF_SAMPLE_TIME = 1n << 2n;
export const PERF_SAMPLE_ID = 1n << 6n;
export const PERF_SAMPLE_CPU = 1n << 7n;
export const PERF_SAMPLE_STREAM_ID = 1n << 9n;
export const PERF_SAMPLE_DATA_SRC = 1n << 15n;
export const PERF_SAMPLE_IDENTIFIER = 1n << 16n;
export const PERF_SAMPLE_PHYS_ADDR = 1n << 19n;

export const PERF_FORMAT_ID = 4n;

export const PERF_TYPE_SOFTWARE = 1;
export const PERF_COUNT_SW_DUMMY = 9n;

/** Bit 1 of `config` of the SPE PMU: physical addresses (spe-architecture §6.2). */
export const SPE_CONFIG_PA_ENABLE = 1n << 1n;
