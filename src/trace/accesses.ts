// What a trace says of memory and branches beside plain counts: hot data addresses and cache lines, where data came from and how long it took,
// which branches were mispredicted, lines that CPUs share. Rows are added batch by batch.
import { canonicalHigh, codeAddressHigh, dataAddressHigh, physicalAddressHigh } from '../arch/spe/fixup.ts';
import { BRANCH, LOAD_STORE } from '../arch/spe/operations.ts';
import { type AddressCounts, countAddress, mostFrequent, newAddressCounts } from './address-counts.ts';
import {
  ADDRESSES,
  COUNTERS,
  HAS_EVENTS,
  HAS_OPERATION,
  HAS_PA,
  HAS_PC,
  HAS_SOURCE,
  HAS_TOTAL,
  HAS_VA,
  type TraceColumns,
} from './columns.ts';
import { type AddressForm, hex64 } from './records.ts';

/** Bytes of a cache line: every Arm implementation with SPE has 64. */
const LINE = 64;
const NOT_TAKEN = 1 << 6;
const MISPREDICTED = 1 << 7;
const SOURCES = 0x10000;

/** Numbers beside the count of a line. */
const STORES = 0;
/** CPU number + 1 of who was seen first, and of another; 0: none. */
const FIRST = 1;
const OTHER = 2;
/** Which of the line's eight doublewords the first CPU used, and which the others did: a bit each. */
const FIRST_WORDS = 3;
const OTHER_WORDS = 4;
/** CPU number + 1 of a CPU that stored. */
const WRITER = 5;
const LINE_COLUMNS = 6;

export interface Accesses {
  readonly data: AddressCounts;
  /** By virtual address; by physical address for sharing, where the records have it. */
  readonly lines: AddressCounts;
  readonly shared: AddressCounts;
  /** Beside the count: mispredicted, not taken. */
  readonly branches: AddressCounts;
  branchRecords: number;
  mispredicted: number;
  /** Sum and number of total latencies by data source code. */
  readonly sourceCycles: Float64Array;
  readonly sourceTimed: Float64Array;
}

export function newAccesses(): Accesses {
  return {
    data: newAddressCounts(),
    lines: newAddressCounts(),
    shared: newAddressCounts(4096, LINE_COLUMNS),
    branches: newAddressCounts(4096, 2),
    branchRecords: 0,
    mispredicted: 0,
    sourceCycles: new Float64Array(SOURCES),
    sourceTimed: new Float64Array(SOURCES),
  };
}

/** Adds every row; `cpu`: where they were recorded, -1 = not known, and then no line can be shared. */
export function addAccesses(a: Accesses, c: TraceColumns, form: AddressForm, cpu: number): void {
  const dataHigh = form === 'perf' ? dataAddressHigh : canonicalHigh;
  const codeHigh = form === 'perf' ? codeAddressHigh : canonicalHigh;
  for (let row = 0; row < c.rows; row++) {
    const present = c.present[row];
    const at = row * ADDRESSES;
    const operation = present & HAS_OPERATION ? c.operation[row] : -1;
    if (present & HAS_VA) {
      const high = dataHigh(c.addressHi[at + 2]);
      const low = c.addressLo[at + 2];
      countAddress(a.data, high, low);
      countAddress(a.lines, high, (low & -LINE) >>> 0);
      if (cpu >= 0 && operation >> 8 === LOAD_STORE) {
        const physical = (present & HAS_PA) !== 0;
        const lineHigh = physical ? physicalAddressHigh(c.addressHi[at + 3]) : high;
        addShared(a.shared, lineHigh, physical ? c.addressLo[at + 3] : low, cpu, (operation & 1) === 1);
      }
    }
    if (operation >> 8 === BRANCH && present & HAS_PC) addBranch(a, codeHigh(c.addressHi[at]), c.addressLo[at], eventsOf(c, row));
    if (present & HAS_SOURCE && present & HAS_TOTAL) {
      a.sourceCycles[c.source[row]] += c.counter[row * COUNTERS];
      a.sourceTimed[c.source[row]] += 1;
    }
  }
}

const eventsOf = (c: TraceColumns, row: number): number => (c.present[row] & HAS_EVENTS ? c.eventsLo[row] : 0);

function addBranch(a: Accesses, high: number, low: number, events: number): void {
  const slot = countAddress(a.branches, high, low);
  a.branchRecords += 1;
  if (events & MISPREDICTED) {
    a.branches.more[0][slot] += 1;
    a.mispredicted += 1;
  }
  if (events & NOT_TAKEN) a.branches.more[1][slot] += 1;
}

function addShared(t: AddressCounts, high: number, low: number, cpu: number, isStore: boolean): void {
  const slot = countAddress(t, high, (low & -LINE) >>> 0);
  const word = 1 << ((low & (LINE - 1)) >> 3);
  const more = t.more;
  if (more[FIRST][slot] === 0) more[FIRST][slot] = cpu + 1;
  if (more[FIRST][slot] === cpu + 1) more[FIRST_WORDS][slot] |= word;
  else {
    if (more[OTHER][slot] === 0) more[OTHER][slot] = cpu + 1;
    more[OTHER_WORDS][slot] |= word;
  }
  if (!isStore) return;
  more[STORES][slot] += 1;
  more[WRITER][slot] = cpu + 1;
}

export interface BranchSummary {
  readonly pc: string;
  readonly count: number;
  readonly mispredicted: number;
  readonly notTaken: number;
}

export interface SharedLine {
  readonly line: string;
  readonly count: number;
  readonly stores: number;
  /** Two of the CPUs that used it, and one that stored there. */
  readonly cpus: readonly number[];
  readonly writer: number;
  /** The CPUs used different doublewords of it: then the sharing is false. */
  readonly apart: boolean;
}

export interface AccessSummary {
  /** With one record of a hundred or more. */
  readonly hotData: readonly { readonly name: string; readonly count: number }[];
  readonly hotLines: readonly { readonly name: string; readonly count: number }[];
  readonly branchRecords: number;
  readonly mispredicted: number;
  /** Those that were mispredicted most often. */
  readonly mispredictions: readonly BranchSummary[];
  /** Lines that two CPUs used, one of them with a store. */
  readonly sharing: readonly SharedLine[];
}

/** The summary, with the `top` first of everything. */
export function summariseAccesses(a: Accesses, top: number): AccessSummary {
  /** Addresses that were seen more than once, and not just by chance. */
  const named = (t: AddressCounts) => {
    let all = t.dropped;
    for (const n of t.count) all += n;
    return mostFrequent(t, top)
      .filter(({ count }) => count > 1 && count * 100 >= all)
      .map(({ high, low, count }) => ({ name: hex64(high, low), count }));
  };
  const isShared = (slot: number): number => (a.shared.more[OTHER][slot] > 0 && a.shared.more[STORES][slot] > 0 ? a.shared.count[slot] : 0);
  return {
    hotData: named(a.data),
    hotLines: named(a.lines),
    branchRecords: a.branchRecords,
    mispredicted: a.mispredicted,
    mispredictions: mostFrequent(a.branches, top, (slot) => a.branches.more[0][slot]).map(({ high, low, count, more }) => ({
      pc: hex64(high, low),
      count,
      mispredicted: more[0],
      notTaken: more[1],
    })),
    sharing: mostFrequent(a.shared, top, isShared).map(({ high, low, count, more }) => ({
      line: hex64(high, low),
      count,
      stores: more[STORES],
      cpus: [more[FIRST] - 1, more[OTHER] - 1],
      writer: more[WRITER] - 1,
      apart: (more[FIRST_WORDS] & more[OTHER_WORDS]) === 0,
    })),
  };
}
