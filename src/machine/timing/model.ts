// The timing model of one CPU: three cache levels and memory, two TLB levels, a branch predictor and a latency table. It is what makes the
// events, latencies and data sources of a record true of the program: the hooks see every access and every branch of the run, no chance.
//
// Caches: line 64 bytes, write-allocate, true LRU; a level is looked up when the one before it missed, evictions stay within their level
// (as in Cachegrind). TLBs hold 4 KiB pages and are keyed by the physical page, so two mappings of one page share an entry.
// Latency: an operation waits to issue until the youngest access before it has its data, as in a chain of loads; each branch in between
// means that a block's time has passed since. The total latency adds the operation's own. Stalls of the run add up in `stallCycles`.
import { type Geometry, geometryOf } from './geometry.ts';
import { newTagArray, reference, type TagArray } from './lru.ts';
import { BRANCH_CONDITIONAL, newPredictor, type Predictor, predict } from './predictor.ts';

export interface TimingModel {
  readonly geometry: Geometry;
  l1: TagArray;
  l2: TagArray;
  slc: TagArray;
  tlb1: TagArray;
  tlb2: TagArray;
  branches: Predictor;
  /** Cycles until the youngest access has its data. */
  pendingCycles: number;
  /** Cycles beyond one an operation, since the model was made. */
  stallCycles: number;
}

/** A cold model. `table`: keys of `Geometry` that differ from the Neoverse N1-like defaults (a host fixture's `timing`). */
export function newTimingModel(table: Readonly<Record<string, number | boolean | string>> = {}): TimingModel {
  const g = Object.freeze(geometryOf(table));
  return {
    geometry: g,
    l1: newTagArray(g.l1Bytes / 64 / g.l1Ways, g.l1Ways),
    l2: newTagArray(g.l2Bytes / 64 / g.l2Ways, g.l2Ways),
    slc: newTagArray(g.slcBytes / 64 / g.slcWays, g.slcWays),
    tlb1: newTagArray(g.tlb1Entries / g.tlb1Ways, g.tlb1Ways),
    tlb2: newTagArray(g.tlb2Entries / g.tlb2Ways, g.tlb2Ways),
    branches: newPredictor(g.predictorBits, g.historyBits, g.btbEntries, g.returnStackEntries),
    pendingCycles: 0,
    stallCycles: 0,
  };
}

/** Forgets every translation: TLBI. */
export function forgetTranslations(t: TimingModel): void {
  t.tlb1.tags.fill(-1);
  t.tlb2.tags.fill(-1);
}

/** Where an access was answered: how deep the caches and TLBs were asked. */
const L1 = 0;
const L2 = 1;
const SLC = 2;
const MEMORY = 3;
let cacheDepth = L1; // scratch of the access in hand; not state
let tlbDepth = 0; // 0 first level, 1 second level, 2 table walk

function lookUp(t: TimingModel, pa: number, size: number): void {
  const page = pa >>> 12;
  tlbDepth = reference(t.tlb1, page) ? 0 : reference(t.tlb2, page) ? 1 : 2;
  const first = pa >>> 6;
  const last = (pa + size - 1) >>> 6;
  if (lookUpLines(t.l1, first, last)) cacheDepth = L1;
  else if (lookUpLines(t.l2, first, last)) cacheDepth = L2;
  else cacheDepth = lookUpLines(t.slc, first, last) ? SLC : MEMORY;
}

/** True when the level has both lines of an access (which are one, mostly). */
function lookUpLines(level: TagArray, first: number, last: number): boolean {
  const hit = reference(level, first);
  return first === last ? hit : reference(level, last) && hit;
}

function translationCycles(g: Geometry): number {
  return tlbDepth === 0 ? 1 : tlbDepth === 1 ? g.tlb2Cycles : g.walkCycles;
}

function isRemote(g: Geometry, pa: number): boolean {
  return g.remoteFrom !== 0 && pa >= g.remoteFrom;
}

function accessCycles(g: Geometry, pa: number): number {
  if (cacheDepth === L1) return g.l1Cycles;
  if (cacheDepth === L2) return g.l2Cycles;
  if (cacheDepth === SLC) return g.slcCycles;
  return isRemote(g, pa) ? g.remoteCycles : g.dramCycles;
}

function touchDataSlowly(t: TimingModel, pa: number, size: number): void {
  lookUp(t, pa, size);
  const g = t.geometry;
  const cycles = translationCycles(g) - 1 + accessCycles(g, pa);
  t.pendingCycles = cycles;
  t.stallCycles += cycles - g.l1Cycles;
}

/** Always-on hook: a load or store of `size` bytes (1-64) at a host physical address below 4 GiB. */
export function touchData(t: TimingModel, pa: number, size: number, _store: boolean): void {
  const line = pa >>> 6;
  const l1 = t.l1;
  const tlb = t.tlb1;
  const page = pa >>> 12;
  // The most recent way of both: nothing moves, nothing waits.
  if (l1.tags[(line & l1.mask) * l1.ways] === line && tlb.tags[(page & tlb.mask) * tlb.ways] === page && (pa & 63) + size <= 64) {
    t.pendingCycles = t.geometry.l1Cycles;
    return;
  }
  touchDataSlowly(t, pa, size);
}

/** Always-on hook: an executed branch; `kind` as in predictor.ts, addresses are the low 32 bits (as Int32). */
export function touchBranch(t: TimingModel, pcLo: number, kind: number, taken: boolean, targetLo: number): void {
  if (predict(t.branches, pcLo, kind, taken, targetLo)) t.stallCycles += t.geometry.mispredictCycles;
  t.pendingCycles = Math.max(0, t.pendingCycles - t.geometry.blockCycles);
}

/** What the model says of one sampled operation. Event bits: spe-architecture §2.1; bit 1 (retired) is the CPU's to set. */
export interface Measured {
  events: number;
  issueLatency: number;
  totalLatency: number;
  /** -1 = not a memory operation. */
  translationLatency: number;
  /** Common data source code (0x0 L1, 0x8 L2, 0xb system cache, 0xd remote, 0xe DRAM); -1 = none (stores, other operations). */
  source: number;
}

/** The one result object: valid until the next measure. */
const measured: Measured = { events: 0, issueLatency: 0, totalLatency: 0, translationLatency: -1, source: -1 };

function begin(t: TimingModel): number {
  measured.events = 0;
  measured.translationLatency = -1;
  measured.source = -1;
  measured.issueLatency = 1 + t.pendingCycles;
  return measured.issueLatency;
}

/** The sampled operation is a load or store: touches as `touchData` does and tells what happened. */
export function measureData(t: TimingModel, _vaLo: number, _vaHi: number, pa: number, size: number, store: boolean): Measured {
  const issue = begin(t);
  const g = t.geometry;
  lookUp(t, pa, size);
  const translation = translationCycles(g);
  const access = accessCycles(g, pa);
  let events = (1 << 2) | (1 << 4);
  if (cacheDepth > L1) events |= 1 << 3;
  if (tlbDepth === 2) events |= 1 << 5;
  if (cacheDepth >= SLC) events |= 1 << 8;
  if (cacheDepth === MEMORY) events |= 1 << 9;
  const remote = cacheDepth === MEMORY && isRemote(g, pa);
  if (remote) events |= 1 << 10;
  measured.events = events;
  measured.translationLatency = translation;
  measured.source = store ? -1 : remote ? 0xd : cacheDepth === L1 ? 0x0 : cacheDepth === L2 ? 0x8 : cacheDepth === SLC ? 0xb : 0xe;
  // A store is complete when it can no longer stall a consumer: it leaves for the store buffer, whatever the caches answer.
  measured.totalLatency = issue + translation + (store ? 1 : access - 1);
  t.pendingCycles = translation - 1 + access;
  t.stallCycles += t.pendingCycles - g.l1Cycles;
  return measured;
}

/** The sampled operation is a branch: event bit 6 when a conditional one was not taken, bit 7 when it was mispredicted. */
export function measureBranch(t: TimingModel, pcLo: number, kind: number, taken: boolean, targetLo: number): Measured {
  const issue = begin(t);
  const mispredicted = predict(t.branches, pcLo, kind, taken, targetLo);
  if (mispredicted) t.stallCycles += t.geometry.mispredictCycles;
  t.pendingCycles = Math.max(0, t.pendingCycles - t.geometry.blockCycles);
  measured.events = (kind === BRANCH_CONDITIONAL && !taken ? 1 << 6 : 0) | (mispredicted ? 1 << 7 : 0);
  measured.totalLatency = issue + 1;
  return measured;
}

/** The sampled operation is neither: its issue latency and one cycle of execution. */
export function measureOther(t: TimingModel): Measured {
  measured.totalLatency = begin(t) + 1;
  return measured;
}
