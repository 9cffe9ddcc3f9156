// The timing model of one CPU: its caches, the system cache and memory behind them, two TLB levels, a branch predictor and a latency table. It
// is what makes the events, latencies and data sources of a record true of the program: the hooks see every access and every branch of the
// run, no chance.
//
// Caches: write-allocate, true LRU; a level is looked up when the one before it missed, evictions stay within their level (as in Cachegrind).
// TLBs hold 4 KiB pages and are keyed by the physical page, so two mappings of one page share an entry. Lines that other CPUs have: shared.ts.
// Latency: an operation waits to issue until the youngest access before it has its data, as in a chain of loads; each branch in between
// means that a block's time has passed since. The total latency adds the operation's own. A store leaves for the store buffer; stores that
// miss leave it eight at a time, and when too many are under way the next one waits. Stalls of the run add up in `stallCycles`.
import { type Geometry, geometryOf, sameGeometry } from './geometry.ts';
import { EMPTY, newTagArray, OWNED, reference, referenceLine, setOwned, type TagArray } from './lru.ts';
import { BRANCH_CONDITIONAL, BRANCH_EXCEPTION_RETURN, newPredictor, type Predictor, predict, predictDirection } from './predictor.ts';
import {
  type Depth,
  fetchedModified,
  fetchLine,
  L1,
  L2,
  MEMORY,
  PEER,
  PEER_CLUSTER,
  REMOTE_PEER,
  SYSTEM_CACHE,
  takeLine,
} from './shared.ts';

export interface TimingModel {
  readonly geometry: Geometry;
  readonly lineShift: number;
  l1: TagArray;
  l2: TagArray;
  tlb1: TagArray;
  tlb2: TagArray;
  branches: Predictor;
  /** NOW, READY_AT, TAKEN_TO. */
  clock: Int32Array;
  /** When the store buffer is empty, on the clock of NOW. */
  drainedAt: number;
  /** Cycles beyond one an operation, since the model was made. */
  stallCycles: number;
}

/** Cycles as far as latencies go, modulo 2^32: blocks passed and stores waited for. */
export const NOW = 0;
/** When the youngest access has its data, on the same clock. */
export const READY_AT = 1;
/** Low half of the target of the last taken branch since it was last asked for (`takenTarget`); NOT_TAKEN = none was taken. */
export const TAKEN_TO = 2;

/** No branch goes there: instructions are aligned. */
export const NOT_TAKEN = 1;
/** Stores that miss overlap: so many are under way at once. */
const STORE_OVERLAP_SHIFT = 3;

/** A cold model. `table`: keys of `Geometry` that differ from the Neoverse N1-like defaults (a host fixture's `timing`). */
export function newTimingModel(table: Readonly<Record<string, number | boolean | string>> = {}): TimingModel {
  const g = sameGeometry(geometryOf(table));
  return {
    geometry: g,
    lineShift: Math.log2(g.lineBytes),
    l1: newTagArray(g.l1Bytes / g.lineBytes / g.l1Ways, g.l1Ways),
    l2: newTagArray(g.l2Bytes / g.lineBytes / g.l2Ways, g.l2Ways),
    tlb1: newTagArray(g.tlb1Entries / g.tlb1Ways, g.tlb1Ways),
    tlb2: newTagArray(g.tlb2Entries / g.tlb2Ways, g.tlb2Ways),
    branches: newPredictor(g.predictorBits, g.historyBits, g.btbEntries, g.returnStackEntries),
    clock: Int32Array.of(0, 0, NOT_TAKEN),
    drainedAt: 0,
    stallCycles: 0,
  };
}

/** Forgets every translation: TLBI. */
export function forgetTranslations(t: TimingModel): void {
  t.tlb1.tags.fill(-1);
  t.tlb2.tags.fill(-1);
}

/** The low half of where the last taken branch went since the last call, or NOT_TAKEN. */
export function takenTarget(t: TimingModel): number {
  const target = t.clock[TAKEN_TO];
  t.clock[TAKEN_TO] = NOT_TAKEN;
  return target;
}

// How the access in hand was answered: scratch, not state.
let cacheDepth: Depth = L1;
let tlbDepth = 0; // 0 first level, 1 second level, 2 table walk
let split = false;
let modified = false;

/** Neither L1 nor L2 can answer. */
function fetchBelow(t: TimingModel, line: number): void {
  const { remoteFrom, lineBytes } = t.geometry;
  const depth = fetchLine(t, line, remoteFrom !== 0 && line * lineBytes >= remoteFrom);
  if (fetchedModified) modified = true;
  if (depth > cacheDepth) cacheDepth = depth;
}

/** L1, which took the line as the most recent of its set, keeps what L2 knows of it. */
function markOwned(t: TimingModel, line: number): void {
  t.l1.tags[(line & t.l1.mask) * t.l1.ways] = line | OWNED;
}

function lookUpLine(t: TimingModel, line: number, writes: boolean): void {
  const inL1 = referenceLine(t.l1, line);
  let owned = inL1 === 2;
  if (inL1 === 0) {
    const inL2 = referenceLine(t.l2, line);
    if (inL2 === 0) fetchBelow(t, line);
    else {
      cacheDepth = L2;
      owned = inL2 === 2;
      if (owned) markOwned(t, line);
    }
  }
  if (writes && !owned) takeLine(t, line);
}

/** Two lines: a level answers when it has both; else the access goes on to the next level with both, as in Cachegrind. */
function lookUpTwo(t: TimingModel, first: number, last: number, writes: boolean): void {
  const a = referenceLine(t.l1, first);
  const b = referenceLine(t.l1, last);
  if (a === 0 || b === 0) {
    const c = referenceLine(t.l2, first);
    const d = referenceLine(t.l2, last);
    if (c !== 0 && d !== 0) cacheDepth = L2;
    else {
      fetchBelow(t, first);
      fetchBelow(t, last);
    }
    if (a === 0 && c === 2) setOwned(t.l1, first, true);
    if (b === 0 && d === 2) setOwned(t.l1, last, true);
  }
  if (!writes) return;
  takeLine(t, first);
  takeLine(t, last);
}

function lookUp(t: TimingModel, pa: number, size: number, writes: boolean): void {
  const page = pa >>> 12;
  tlbDepth = reference(t.tlb1, page) ? 0 : reference(t.tlb2, page) ? 1 : 2;
  cacheDepth = L1;
  modified = false;
  const first = pa >>> t.lineShift;
  const last = (pa + size - 1) >>> t.lineShift;
  split = first !== last;
  if (split) lookUpTwo(t, first, last, writes);
  else lookUpLine(t, first, writes);
}

function translationCycles(g: Geometry): number {
  return tlbDepth === 0 ? 1 : tlbDepth === 1 ? g.tlb2Cycles : g.walkCycles;
}

function cyclesOf(g: Geometry, depth: Depth): number {
  switch (depth) {
    case L1:
      return g.l1Cycles;
    case L2:
      return g.l2Cycles;
    case SYSTEM_CACHE:
      return g.slcCycles;
    case PEER:
      return g.peerCycles;
    case PEER_CLUSTER:
      return g.peerClusterCycles;
    case MEMORY:
      return g.dramCycles;
    default:
      return g.remoteCycles;
  }
}

/** From issue to data: the caches' answer and, for two lines, the second one. */
const accessCycles = (g: Geometry): number => cyclesOf(g, cacheDepth) + (split ? g.splitCycles : 0);

/** A store that missed goes through the store buffer, `missed` cycles more than a hit: how long it waits for room there. */
function queueStore(t: TimingModel, missed: number): number {
  const ahead = (t.drainedAt - t.clock[NOW]) | 0;
  const busy = (ahead > 0 ? ahead : 0) + (missed >> STORE_OVERLAP_SHIFT);
  t.drainedAt = (t.clock[NOW] + busy) | 0;
  const wait = busy - t.geometry.storeBufferCycles;
  if (wait <= 0) return 0;
  t.clock[NOW] = (t.clock[NOW] + wait) | 0;
  t.stallCycles += wait;
  return wait;
}

/** What the access does to the clock: its data come, or it goes through the store buffer. Answers how long a store waits for room there. */
function settle(t: TimingModel, cycles: number, store: boolean): number {
  const g = t.geometry;
  t.stallCycles += cycles - g.l1Cycles;
  t.clock[READY_AT] = (t.clock[NOW] + cycles) | 0;
  return store && cacheDepth !== L1 ? queueStore(t, cyclesOf(g, cacheDepth) - g.l1Cycles) : 0;
}

/**
 * An access that the most recent ways do not answer. What `lookUp` and `settle` do, for one line, in one piece: calls and scratch in the module
 * would cost as much as the look-ups themselves.
 */
function touchDataSlowly(t: TimingModel, pa: number, size: number, store: boolean, writes: boolean): void {
  const g = t.geometry;
  const line = pa >>> t.lineShift;
  if ((pa + size - 1) >>> t.lineShift !== line) {
    lookUp(t, pa, size, writes);
    settle(t, translationCycles(g) - 1 + accessCycles(g), store);
    return;
  }
  let cycles = g.l1Cycles;
  const page = pa >>> 12;
  const { tlb1 } = t;
  if (tlb1.tags[(page & tlb1.mask) * tlb1.ways] !== page && !reference(tlb1, page)) {
    cycles += reference(t.tlb2, page) ? g.tlb2Cycles - 1 : g.walkCycles - 1;
  }
  const { l1 } = t;
  const { tags, ways } = l1;
  const first = (line & l1.mask) * ways;
  let found = tags[first];
  let missed = 0;
  if ((found & ~OWNED) !== line) {
    const end = first + ways;
    let carried = found;
    found = EMPTY;
    for (let at = first + 1; at < end; at++) {
      const next = tags[at];
      tags[at] = carried;
      carried = next;
      if ((next & ~OWNED) === line) {
        found = next;
        break;
      }
    }
    if (found === EMPTY) {
      const inL2 = referenceLine(t.l2, line);
      if (inL2 === 0) {
        cacheDepth = L1;
        fetchBelow(t, line);
        missed = cyclesOf(g, cacheDepth) - g.l1Cycles;
      } else missed = g.l2Cycles - g.l1Cycles;
      found = inL2 === 2 ? line | OWNED : line;
    }
    tags[first] = found;
  }
  if (writes && found === line) takeLine(t, line);
  cycles += missed;
  t.stallCycles += cycles - g.l1Cycles;
  t.clock[READY_AT] = (t.clock[NOW] + cycles) | 0;
  if (store && missed !== 0) queueStore(t, missed);
}

/** Always-on hook: a load or store of `size` bytes (1-64) at a host physical address below 4 GiB. */
export function touchData(t: TimingModel, pa: number, size: number, store: boolean): void {
  const line = pa >>> t.lineShift;
  const page = pa >>> 12;
  const l1 = t.l1;
  const tlb = t.tlb1;
  const tag = l1.tags[(line & l1.mask) * l1.ways];
  // The most recent way of both, and for a store nobody else's: nothing moves, nothing waits.
  if (
    (store ? tag === (line | OWNED) : (tag & ~OWNED) === line) &&
    tlb.tags[(page & tlb.mask) * tlb.ways] === page &&
    (pa + size - 1) >>> t.lineShift === line
  ) {
    t.clock[READY_AT] = (t.clock[NOW] + t.geometry.l1Cycles) | 0;
    return;
  }
  touchDataSlowly(t, pa, size, store, store);
}

/** Always-on hook: an atomic that returns a value: a load that writes. */
export function touchUpdate(t: TimingModel, pa: number, size: number): void {
  touchDataSlowly(t, pa, size, false, true);
}

/** Always-on hook: an executed branch, but for exception returns; `kind` as in predictor.ts, addresses are the low 32 bits (as Int32). */
export function touchBranch(t: TimingModel, pcLo: number, kind: number, taken: boolean, targetLo: number): void {
  t.clock[NOW] = (t.clock[NOW] + t.geometry.blockCycles) | 0;
  if (taken) t.clock[TAKEN_TO] = targetLo;
  const mispredicted =
    kind === BRANCH_CONDITIONAL ? predictDirection(t.branches, pcLo, taken) : predict(t.branches, pcLo, kind, taken, targetLo);
  if (mispredicted) t.stallCycles += t.geometry.mispredictCycles;
}

/** What the model says of one sampled operation. Event bits: spe-architecture §2.1; bit 1 (retired) is the CPU's to set. */
export interface Measured {
  events: number;
  issueLatency: number;
  totalLatency: number;
  /** -1 = not a memory operation. */
  translationLatency: number;
  /** Common data source code (spe-architecture §2.3); -1 = none (stores, other operations). */
  source: number;
}

/** The one result object: valid until the next measure. */
const measured: Measured = { events: 0, issueLatency: 0, totalLatency: 0, translationLatency: -1, source: -1 };

function begin(t: TimingModel): number {
  measured.events = 0;
  measured.translationLatency = -1;
  measured.source = -1;
  measured.issueLatency = 1 + Math.max(0, (t.clock[READY_AT] - t.clock[NOW]) | 0);
  return measured.issueLatency;
}

/** Data source codes by depth: L1, L2, system cache, peer core, peer cluster, DRAM, remote, remote. */
const SOURCES = [0x0, 0x8, 0xb, 0x9, 0xc, 0xe, 0xd, 0xd];

const EVENT_L1D_ACCESS = 1 << 2;
const EVENT_L1D_REFILL = 1 << 3;
const EVENT_TLB_ACCESS = 1 << 4;
const EVENT_TLB_WALK = 1 << 5;
const EVENT_LLC_ACCESS = 1 << 8;
const EVENT_LLC_MISS = 1 << 9;
const EVENT_REMOTE = 1 << 10;
const EVENT_ALIGNMENT = 1 << 11;
const EVENT_L2D_ACCESS = 1 << 19;
const EVENT_L2D_MISS = 1 << 20;
const EVENT_HITM = 1 << 21;
const EVENT_SNOOPED = 1 << 23;

/** The events of the access in hand; those of SPEv1p4 (19 to 23) are of loads only. */
function eventsOf(load: boolean): number {
  let events = EVENT_L1D_ACCESS | EVENT_TLB_ACCESS;
  if (tlbDepth === 2) events |= EVENT_TLB_WALK;
  if (split) events |= EVENT_ALIGNMENT;
  if (cacheDepth === L1) return events;
  events |= EVENT_L1D_REFILL;
  if (load) events |= EVENT_L2D_ACCESS;
  if (cacheDepth === L2) return events;
  events |= EVENT_LLC_ACCESS;
  if (load) events |= EVENT_L2D_MISS;
  if (cacheDepth === SYSTEM_CACHE) return events;
  events |= EVENT_LLC_MISS;
  if (cacheDepth >= REMOTE_PEER) events |= EVENT_REMOTE;
  const peer = cacheDepth === PEER || cacheDepth === PEER_CLUSTER || cacheDepth === REMOTE_PEER;
  if (load && peer) events |= EVENT_SNOOPED | (modified ? EVENT_HITM : 0);
  return events;
}

/**
 * The sampled operation is a load or store: touches as `touchData` does and tells what happened. `store`: it returns nothing; `writes`: it
 * writes memory, as a store and as an atomic that returns a value.
 */
export function measureData(
  t: TimingModel,
  _vaLo: number,
  _vaHi: number,
  pa: number,
  size: number,
  store: boolean,
  writes = store,
): Measured {
  const issue = begin(t);
  const g = t.geometry;
  lookUp(t, pa, size, writes);
  const translation = translationCycles(g);
  const access = accessCycles(g);
  measured.events = eventsOf(!store);
  measured.translationLatency = translation;
  measured.source = store ? -1 : SOURCES[cacheDepth];
  const wait = settle(t, translation - 1 + access, store);
  measured.issueLatency += wait;
  // A store is complete when it can no longer stall a consumer: it leaves for the store buffer, whatever the caches answer.
  measured.totalLatency = issue + wait + translation + (store ? 1 : access - 1);
  return measured;
}

/** The sampled operation is a branch: event bit 6 when a conditional one was not taken, bit 7 when it was mispredicted. */
export function measureBranch(t: TimingModel, pcLo: number, kind: number, taken: boolean, targetLo: number): Measured {
  const issue = begin(t);
  if (kind !== BRANCH_EXCEPTION_RETURN) t.clock[NOW] = (t.clock[NOW] + t.geometry.blockCycles) | 0;
  if (taken) t.clock[TAKEN_TO] = targetLo;
  const mispredicted = predict(t.branches, pcLo, kind, taken, targetLo);
  if (mispredicted) t.stallCycles += t.geometry.mispredictCycles;
  measured.events = (kind === BRANCH_CONDITIONAL && !taken ? 1 << 6 : 0) | (mispredicted ? 1 << 7 : 0);
  measured.totalLatency = issue + 1;
  return measured;
}

/** The sampled operation is neither: its issue latency and one cycle of execution. */
export function measureOther(t: TimingModel): Measured {
  measured.totalLatency = begin(t) + 1;
  return measured;
}
