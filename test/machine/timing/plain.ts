// The timing model from its rules alone, for one CPU: caches and TLBs as lists, the predictor as maps, the clock as one number. Slow and
// separate from the model, so that the two can be held against each other.
import type { Geometry } from '../../../src/machine/timing/geometry.ts';

/** One set-associative level as a list of lists, oldest first. True: it was there. */
export function plainLevel(sets: number, ways: number): (tag: number) => boolean {
  const lists = new Map<number, number[]>();
  return (tag) => {
    const list = lists.get(tag % sets) ?? [];
    lists.set(tag % sets, list);
    const at = list.indexOf(tag);
    if (at >= 0) list.splice(at, 1);
    list.push(tag);
    if (list.length > ways) list.shift();
    return at >= 0;
  };
}

export type PlainBranch = 'conditional' | 'direct' | 'call' | 'return' | 'indirect' | 'indirect-call' | 'exception-return';

/** What one operation does: a data access, a branch, or nothing of either. */
export type PlainOperation =
  | { readonly kind: 'other' }
  | { readonly kind: 'access'; readonly pa: number; readonly size: number; readonly store: boolean }
  | { readonly kind: 'branch'; readonly branch: PlainBranch; readonly pc: number; readonly taken: boolean; readonly target: number };

export interface PlainMeasure {
  readonly events: number;
  readonly issue: number;
  readonly total: number;
  readonly translation: number; // -1 = none
  readonly source: number; // -1 = none
}

/** A cold machine; call it with every operation of the run, in order. */
export function plainTiming(G: Geometry): (op: PlainOperation) => PlainMeasure {
  const caches = [
    plainLevel(G.l1Bytes / 64 / G.l1Ways, G.l1Ways),
    plainLevel(G.l2Bytes / 64 / G.l2Ways, G.l2Ways),
    plainLevel(G.slcBytes / 64 / G.slcWays, G.slcWays),
  ];
  const tlbs = [plainLevel(G.tlb1Entries / G.tlb1Ways, G.tlb1Ways), plainLevel(G.tlb2Entries / G.tlb2Ways, G.tlb2Ways)];
  const counters = new Map<number, number>();
  const targets = new Map<number, readonly [number, number]>();
  const returns: number[] = [];
  let history = 0;
  let now = 0;
  let readyAt = 0;
  let drainedAt = 0;

  const direction = (pc: number, taken: boolean): boolean => {
    const index = ((pc >>> 2) ^ history) % 2 ** G.predictorBits;
    const counter = counters.get(index) ?? 1;
    counters.set(index, Math.max(0, Math.min(3, counter + (taken ? 1 : -1))));
    history = (history * 2 + Number(taken)) % 2 ** G.historyBits;
    return counter >= 2 !== taken;
  };
  const indirect = (pc: number, target: number): boolean => {
    const slot = (pc >>> 2) % G.btbEntries;
    const known = targets.get(slot);
    targets.set(slot, [pc, target]);
    return known?.[0] !== pc || known[1] !== target;
  };
  const mispredicts = (branch: PlainBranch, pc: number, taken: boolean, target: number): boolean => {
    if (branch === 'conditional') return direction(pc, taken);
    if (branch === 'call' || branch === 'indirect-call') {
      returns.push(pc + 4);
      if (returns.length > G.returnStackEntries) returns.shift();
    }
    if (branch === 'indirect' || branch === 'indirect-call') return indirect(pc, target);
    if (branch === 'return') return (returns.pop() ?? 0) !== target;
    return false;
  };

  return (op) => {
    const waiting = 1 + Math.max(0, readyAt - now);
    if (op.kind === 'other') return { events: 0, issue: waiting, total: waiting + 1, translation: -1, source: -1 };
    if (op.kind === 'branch') {
      if (op.branch !== 'exception-return') now += G.blockCycles;
      const wrong = mispredicts(op.branch, op.pc, op.taken, op.target);
      return { events: wrong ? 0x80 : 0, issue: waiting, total: waiting + 1, translation: -1, source: -1 };
    }
    const page = Math.floor(op.pa / 4096);
    const found = tlbs.findIndex((level) => level(page));
    const translation = found === 0 ? 1 : found === 1 ? G.tlb2Cycles : G.walkCycles;
    const lines = [...new Set([Math.floor(op.pa / 64), Math.floor((op.pa + op.size - 1) / 64)])];
    const depth = caches.findIndex((level) => lines.map(level).every((hit) => hit));
    const level = depth === -1 ? 3 : depth;
    const cycles = [G.l1Cycles, G.l2Cycles, G.slcCycles, G.dramCycles][level];
    const access = cycles + (lines.length === 2 ? G.splitCycles : 0);
    readyAt = now + translation - 1 + access;
    let wait = 0;
    if (op.store && level > 0) {
      drainedAt = Math.max(drainedAt, now) + Math.floor((cycles - G.l1Cycles) / 8);
      wait = Math.max(0, drainedAt - now - G.storeBufferCycles);
      now += wait;
    }
    let events = 0x14;
    if (level > 0) events |= 0x8 | (op.store ? 0 : 1 << 19);
    if (found === -1) events |= 0x20;
    if (level > 1) events |= 0x100 | (op.store ? 0 : 1 << 20);
    if (level > 2) events |= 0x200;
    if (lines.length === 2) events |= 0x800;
    const issue = waiting + wait;
    const total = issue + translation + (op.store ? 1 : access - 1);
    return { events, issue, total, translation, source: op.store ? -1 : [0x0, 0x8, 0xb, 0xe][level] };
  };
}
