// Which regions there are, and when one is entered. The interpreter counts, at the operation it comes to by a branch back or to another page,
// how often it comes there (its heat, code.ts); an operation that gets hot is compiled with what is reached from it. A region is derived
// like the records it was made of: it goes when they go, and nothing but speed depends on it.
import { type TimingModel, touchBranch, touchData } from '../../timing/model.ts';
import { HEAT, MOST_UNDONE, NEVER_HOT } from '../code.ts';
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z, PC_HI, PC_LO } from '../context.ts';
import type { Core } from '../core.ts';
import { FAST_BYTES, NZCV_WORD, PC_WORDS, RECORD_WORDS, records, regionState, SLOT_WORDS } from '../lanes.ts';
import { EXIT_COUNT, EXIT_HOT, EXIT_PAGE } from '../operations.ts';
import { executeRare } from '../rare.ts';
import { interpret } from '../run.ts';
import { type CompiledRegion, compileRegion, type Hooks, takesRegions } from './region.ts';
import { bankOf } from './resident.ts';

/** The CPU that is in a region. */
let running: Core | null = null;

const hooks: Hooks = {
  touchData: (pa, bytes, store) => touchData(running!.timing!, pa, bytes, store !== 0),
  touchBranch: (pc, kind, taken, target) => touchBranch(running!.timing!, pc, kind, taken !== 0, target),
  rare: (at) => executeRare(running!, at),
};

/** A heat names region r as -2 - r. */
const nameOf = (region: number): number => -2 - region;

/** The region of the hot operation whose record is at `at`; it is compiled when it was not yet. Null: regions do not hold what stands there. */
function regionAt(core: Core, at: number, frame: number): CompiledRegion | null {
  const all = records();
  const { code, memory } = core.m;
  const known = code.regions[nameOf(all[at + HEAT])];
  if (known !== undefined && known.timed?.geometry === core.timing?.geometry && known.ram === memory.wasm) return known;
  all[at + HEAT] = 0;
  if (!takesRegions()) {
    code.hot = NEVER_HOT;
    return null;
  }
  const slot = Math.floor(at / SLOT_WORDS);
  if (code.compiled[slot] > MOST_UNDONE) return null;
  const base = slot * SLOT_WORDS;
  const first = frame >>> 2;
  const region = compileRegion(core, base, (at - base) / RECORD_WORDS, memory.i32.subarray(first, first + 1024), hooks);
  if (region === null) return null;
  if (code.compiled[slot] === 0) code.compiled[slot] = 1;
  all[at + HEAT] = nameOf(code.regions.length);
  code.regions.push(region);
  return region;
}

/** Adds the stalls that a region counted to the model's. */
function tellStalls(t: TimingModel, at: number): void {
  const state = regionState();
  t.stallCycles += state[at >> 2];
  state[at >> 2] = 0;
}

/** Executes operations of the region at PC, which `interpret` came to; answers how many of `left` are left: as many, when it can execute none. */
function enterRegion(core: Core, left: number): number {
  const region = regionAt(core, core.hotAt, core.hotFrame);
  if (region === null) return left;
  const { k, timing } = core;
  const layout = region.timed?.layout ?? null;
  const bank = timing === null || layout === null ? 0 : bankOf(timing, core.cpu.number, layout);
  const state = regionState();
  state[NZCV_WORD] = (k[FLAG_N] << 3) | (k[FLAG_Z] << 2) | (k[FLAG_C] << 1) | k[FLAG_V];
  running = core;
  const { watchFrom, spMask } = core;
  const readAt = FAST_BYTES + core.readAt * 4;
  const writeAt = FAST_BYTES + core.writeAt * 4;
  const after = region.run(region.entry, left, k[PC_LO] & ~0xfff, k[PC_HI], readAt, writeAt, watchFrom, spMask, bank);
  if (timing !== null && layout !== null) tellStalls(timing, bank + layout.stalls);
  if (after === left) return left;
  const nzcv = state[NZCV_WORD];
  k[FLAG_N] = (nzcv >> 3) & 1;
  k[FLAG_Z] = (nzcv >> 2) & 1;
  k[FLAG_C] = (nzcv >> 1) & 1;
  k[FLAG_V] = nzcv & 1;
  k[PC_LO] = state[PC_WORDS];
  k[PC_HI] = state[PC_WORDS + 1];
  return after;
}

/** So many operations are interpreted where a region could execute none, before one is looked for again. */
const AFTER_REFUSAL = 512;

/**
 * Executes up to `limit` operations from PC, in regions where there are, else interpreted: `interpret` says how it answers and ends. Which
 * tier executes an operation changes nothing but speed.
 */
export function run(core: Core, limit: number): number {
  let left = limit;
  let refused = -1;
  for (;;) {
    const exit = interpret(core, refused < 0 ? left : Math.min(left, AFTER_REFUSAL), refused);
    left -= core.executed;
    refused = -1;
    if (exit === EXIT_HOT) {
      const before = left;
      left = enterRegion(core, left);
      if (left === before) refused = core.hotAt;
      else if (core.stopAtPages) {
        core.executed = limit - left;
        return EXIT_PAGE;
      }
    } else if (exit !== EXIT_COUNT || left === 0) {
      core.executed = limit - left;
      return exit;
    }
  }
}
