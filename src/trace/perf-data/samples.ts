// A record as the sample that perf makes of it (`perf script --itrace=i1i`): instruction pointer, address, physical address, weight, time,
// data source. Rules of perf 6.1 and 6.12, reference perf-data §5.1 and spe-architecture §2.3.
import {
  MEM_DTLB,
  MEM_LVL,
  MEM_LVL_NUM,
  MEM_OP,
  MEM_REMOTE,
  MEM_SNOOP,
  MEM_SNOOPX,
  PERF_MEM_LVL_HIT,
  PERF_MEM_LVL_L1,
  PERF_MEM_LVL_L2,
  PERF_MEM_LVL_L3,
  PERF_MEM_LVL_LOC_RAM,
  PERF_MEM_LVL_MISS,
  PERF_MEM_LVL_NA,
  PERF_MEM_LVLNUM_NA,
  PERF_MEM_LVLNUM_RAM,
  PERF_MEM_OP_LOAD,
  PERF_MEM_OP_STORE,
  PERF_MEM_REMOTE_REMOTE,
  PERF_MEM_SNOOP_HIT,
  PERF_MEM_SNOOP_NA,
  PERF_MEM_SNOOP_NONE,
  PERF_MEM_SNOOPX_PEER,
  PERF_MEM_TLB_HIT,
  PERF_MEM_TLB_MISS,
  PERF_MEM_TLB_WK,
} from '../../abi/perf-data-memory.ts';
import { codeAddressHigh, dataAddressHigh, physicalAddressHigh } from '../../arch/spe/fixup.ts';
import { LOAD_STORE, OTHER } from '../../arch/spe/operations.ts';
import { BRANCH_TARGET, DATA_PHYSICAL, DATA_VIRTUAL, PC, TOTAL_LATENCY } from '../../arch/spe/packets.ts';
import {
  ADDRESSES,
  COUNTERS,
  HAS_CONTEXT,
  HAS_OPERATION,
  HAS_PA,
  HAS_PC,
  HAS_SOURCE,
  HAS_TARGET,
  HAS_TIMESTAMP,
  HAS_TOTAL,
  HAS_VA,
  type TraceColumns,
} from '../columns.ts';
import { type TimeConversion, timeOfCounter } from './clock.ts';

export interface PerfSample {
  readonly ip: bigint;
  /** Virtual address of the data; 0n where there was none. */
  readonly addr: bigint;
  readonly physicalAddress: bigint;
  readonly target: bigint;
  /** Total latency, cycles. */
  readonly weight: number;
  /** Nanoseconds; null in a recording without times. A record without a timestamp is at counter 0. */
  readonly time: bigint | null;
  /** Context ID, which perf takes for the thread; null where the record has none. */
  readonly context: number | null;
  /** perf_mem_data_src; 0n for what accesses no memory. */
  readonly dataSource: bigint;
}

export interface SampleOptions {
  readonly clock: TimeConversion | null;
  readonly midr: number | undefined;
  /** 6.1 takes SVE operations of class 0 for loads. */
  readonly perf: '6.1' | '6.12';
}

/** The sample of one row. */
export function sampleAt(c: TraceColumns, row: number, options: SampleOptions): PerfSample {
  const present = c.present[row];
  const address = (bit: number, index: number, high: (high: number) => number): bigint => {
    if ((present & bit) === 0) return 0n;
    const at = row * ADDRESSES + index;
    return (BigInt(high(c.addressHi[at])) << 32n) | BigInt(c.addressLo[at]);
  };
  const counter = present & HAS_TIMESTAMP ? (BigInt(c.timestampHi[row]) << 32n) | BigInt(c.timestampLo[row]) : 0n;
  return {
    ip: address(HAS_PC, PC, codeAddressHigh),
    addr: address(HAS_VA, DATA_VIRTUAL, dataAddressHigh),
    physicalAddress: address(HAS_PA, DATA_PHYSICAL, physicalAddressHigh),
    target: address(HAS_TARGET, BRANCH_TARGET, codeAddressHigh),
    weight: present & HAS_TOTAL ? c.counter[row * COUNTERS + TOTAL_LATENCY] : 0,
    time: options.clock === null ? null : timeOfCounter(options.clock, counter),
    context: present & HAS_CONTEXT ? c.context[row] : null,
    dataSource: dataSource(c, row, options),
  };
}

/** Implementer, architecture and part of MIDR_EL1: revisions are alike. */
const PART = 0xff0f_fff0;
/** Parts whose data source codes perf 6.1 and 6.12 know: Neoverse N1, N2, V1. */
const NEOVERSE = [0x410f_d0c0, 0x410f_d490, 0x410f_d400];

const EVENT_L1D_ACCESS = 1 << 2;
const EVENT_L1D_REFILL = 1 << 3;
const EVENT_TLB_ACCESS = 1 << 4;
const EVENT_TLB_WALK = 1 << 5;
const EVENT_LLC_ACCESS = 1 << 8;
const EVENT_LLC_MISS = 1 << 9;
const EVENT_REMOTE_ACCESS = 1 << 10;

function dataSource(c: TraceColumns, row: number, options: SampleOptions): bigint {
  const op = c.present[row] & HAS_OPERATION ? c.operation[row] : -1;
  const events = c.eventsLo[row];
  const isStore = op >> 8 === LOAD_STORE && (op & 1) === 1;
  const isLoad = op >> 8 === LOAD_STORE ? !isStore : options.perf === '6.1' && op >> 8 === OTHER && (op & 0x89) === 0x08;
  if (!isLoad && !isStore) return 0n;
  const known = options.midr !== undefined && NEOVERSE.includes((options.midr & PART) >>> 0);
  const source = c.present[row] & HAS_SOURCE ? c.source[row] : 0;
  return (
    ((isStore ? PERF_MEM_OP_STORE : PERF_MEM_OP_LOAD) << MEM_OP) |
    (known ? neoverseSource(isStore, source) : genericSource(events)) |
    (walk(events) << MEM_DTLB)
  );
}

function walk(events: number): bigint {
  if ((events & (EVENT_TLB_ACCESS | EVENT_TLB_WALK)) === 0) return 0n;
  return PERF_MEM_TLB_WK | (events & EVENT_TLB_WALK ? PERF_MEM_TLB_MISS : PERF_MEM_TLB_HIT);
}

const hit = (level: bigint, number: bigint): bigint => ((level | PERF_MEM_LVL_HIT) << MEM_LVL) | (number << MEM_LVL_NUM);
const NO_SNOOP = PERF_MEM_SNOOP_NONE << MEM_SNOOP;
const REMOTE = PERF_MEM_REMOTE_REMOTE << MEM_REMOTE;
const PEER = PERF_MEM_SNOOPX_PEER << MEM_SNOOPX;
const STORE_SOURCE = (PERF_MEM_LVL_NA << MEM_LVL) | (PERF_MEM_LVLNUM_NA << MEM_LVL_NUM) | (PERF_MEM_SNOOP_NA << MEM_SNOOP);

/** By data source code; other codes leave the level open. */
const NEOVERSE_SOURCES: ReadonlyMap<number, bigint> = new Map([
  [0x0, hit(PERF_MEM_LVL_L1, 1n) | NO_SNOOP],
  [0x8, hit(PERF_MEM_LVL_L2, 2n) | NO_SNOOP],
  [0x9, hit(PERF_MEM_LVL_L2, 2n) | PEER],
  [0xa, hit(PERF_MEM_LVL_L3, 3n) | PEER],
  [0xb, hit(PERF_MEM_LVL_L3, 3n) | (PERF_MEM_SNOOP_HIT << MEM_SNOOP)],
  [0xc, hit(PERF_MEM_LVL_L3, 3n) | PEER],
  [0xd, (PERF_MEM_LVL_NA << MEM_LVL) | (PERF_MEM_LVLNUM_NA << MEM_LVL_NUM) | REMOTE | PEER],
  [0xe, hit(PERF_MEM_LVL_LOC_RAM, PERF_MEM_LVLNUM_RAM) | NO_SNOOP],
]);

function neoverseSource(isStore: boolean, source: number): bigint {
  return isStore ? STORE_SOURCE : (NEOVERSE_SOURCES.get(source) ?? 0n);
}

function genericSource(events: number): bigint {
  let level = 0n;
  if (events & (EVENT_LLC_ACCESS | EVENT_LLC_MISS)) {
    level = PERF_MEM_LVL_L3 | (events & EVENT_LLC_MISS ? PERF_MEM_LVL_MISS : PERF_MEM_LVL_HIT);
  } else if (events & (EVENT_L1D_ACCESS | EVENT_L1D_REFILL)) {
    level = PERF_MEM_LVL_L1 | (events & EVENT_L1D_REFILL ? PERF_MEM_LVL_MISS : PERF_MEM_LVL_HIT);
  }
  return (level << MEM_LVL) | (events & EVENT_REMOTE_ACCESS ? REMOTE : 0n);
}
