// perf_mem_data_src: where the data of a memory access came from, packed in 64 bits. Source: Linux include/uapi/linux/perf_event.h.

/** First bit of each field, from the lowest: op 5, lvl 14, snoop 5, lock 2, dtlb 7, lvl_num 4, remote 1, snoopx 2, blk 3, hops 3 bits. */
export const MEM_OP = 0n;
export const MEM_LVL = 5n;
export const MEM_SNOOP = 19n;
export const MEM_DTLB = 26n;
export const MEM_LVL_NUM = 33n;
export const MEM_REMOTE = 37n;
export const MEM_SNOOPX = 38n;

export const PERF_MEM_OP_LOAD = 0x02n;
export const PERF_MEM_OP_STORE = 0x04n;

export const PERF_MEM_LVL_NA = 0x0001n;
export const PERF_MEM_LVL_HIT = 0x0002n;
export const PERF_MEM_LVL_MISS = 0x0004n;
export const PERF_MEM_LVL_L1 = 0x0008n;
export const PERF_MEM_LVL_L2 = 0x0020n;
export const PERF_MEM_LVL_L3 = 0x0040n;
export const PERF_MEM_LVL_LOC_RAM = 0x0080n;

export const PERF_MEM_LVLNUM_RAM = 0x0dn;
export const PERF_MEM_LVLNUM_NA = 0x0fn;

export const PERF_MEM_SNOOP_NA = 0x01n;
export const PERF_MEM_SNOOP_NONE = 0x02n;
export const PERF_MEM_SNOOP_HIT = 0x04n;
export const PERF_MEM_SNOOPX_PEER = 0x02n;
export const PERF_MEM_REMOTE_REMOTE = 0x01n;

export const PERF_MEM_TLB_HIT = 0x02n;
export const PERF_MEM_TLB_MISS = 0x04n;
export const PERF_MEM_TLB_WK = 0x20n;
