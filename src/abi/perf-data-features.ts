// The feature sections of a perf.data: what was recorded, and on what machine.
// Source: Linux tools/perf/util/header.h and tools/perf/Documentation/perf.data-file-format.txt; reference perf-data §1.3.

/** Feature bits by number. */
export const HEADER_FEATURE_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'TRACING_DATA'],
  [2, 'BUILD_ID'],
  [3, 'HOSTNAME'],
  [4, 'OSRELEASE'],
  [5, 'VERSION'],
  [6, 'ARCH'],
  [7, 'NRCPUS'],
  [8, 'CPUDESC'],
  [9, 'CPUID'],
  [10, 'TOTAL_MEM'],
  [11, 'CMDLINE'],
  [12, 'EVENT_DESC'],
  [13, 'CPU_TOPOLOGY'],
  [14, 'NUMA_TOPOLOGY'],
  [15, 'BRANCH_STACK'],
  [16, 'PMU_MAPPINGS'],
  [17, 'GROUP_DESC'],
  [18, 'AUXTRACE'],
  [19, 'STAT'],
  [20, 'CACHE'],
  [21, 'SAMPLE_TIME'],
  [22, 'MEM_TOPOLOGY'],
  [23, 'CLOCKID'],
  [24, 'DIR_FORMAT'],
  [25, 'BPF_PROG_INFO'],
  [26, 'BPF_BTF'],
  [27, 'COMPRESSED'],
  [28, 'CPU_PMU_CAPS'],
  [29, 'CLOCK_DATA'],
  [30, 'HYBRID_TOPOLOGY'],
  [31, 'PMU_CAPS'],
]);

export const HEADER_BUILD_ID = 2;
export const HEADER_HOSTNAME = 3;
export const HEADER_OSRELEASE = 4;
export const HEADER_VERSION = 5;
export const HEADER_ARCH = 6;
export const HEADER_NRCPUS = 7;
export const HEADER_CPUDESC = 8;
export const HEADER_TOTAL_MEM = 10;
export const HEADER_CMDLINE = 11;
export const HEADER_EVENT_DESC = 12;
export const HEADER_CPU_TOPOLOGY = 13;
export const HEADER_NUMA_TOPOLOGY = 14;
export const HEADER_PMU_MAPPINGS = 16;
export const HEADER_AUXTRACE = 18;
export const HEADER_MEM_TOPOLOGY = 22;
export const HEADER_DIR_FORMAT = 24;
export const HEADER_COMPRESSED = 27;

export const HEADER_FEAT_BITS = 256;

/** Strings are filled up to a multiple of this, their length counting that. */
export const HEADER_STRING_ALIGN = 64;
