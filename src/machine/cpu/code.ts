// Decoded operations, cached by host physical page. All of it is derived from the world and lies outside it: dropping it at any moment changes
// nothing but speed. A page is a slot of 1024 records of eight words (operations.ts) and a record that leads to the next page. A store to a
// decoded word empties its record, so decoded code is always coherent with memory, and IC IVAU has nothing left to do.
import type { Mounted } from '../machine.ts';
import type { MountedMemory } from '../memory.ts';
import type { CompiledRegion } from './compiled/region.ts';
import type { Core } from './core.ts';
import { RECORD_WORDS, records, SLOT_WORDS, SLOTS } from './lanes.ts';
import { OP_PAGE_END, OP_UNDECODED } from './operations.ts';

export interface MountedCode {
  /** Slot of a host frame; -1 = none. */
  slots: Int32Array;
  used: number;
  /** Counts full drops: fetch entries made before one are void. */
  generation: number;
  /** By CPU number. */
  readonly cores: (Core | undefined)[];
  /** Compiled regions (compiled/), by the numbers that records name them with. */
  regions: CompiledRegion[];
  /** By slot: 0 nothing was compiled from it; else 1 + how often a store has undone that. */
  compiled: Uint8Array;
  /** How often an operation is come to before it is compiled; NEVER_HOT = nothing is. */
  hot: number;
}

/** Enough that what runs once or twice costs no compilation. */
const HOT = 1000;
export const NEVER_HOT = 0x7fff_ffff;

export function mountCode(): MountedCode {
  return { slots: new Int32Array(0), used: 0, generation: 0, cores: [], regions: [], compiled: new Uint8Array(SLOTS), hot: HOT };
}

/** Whose code the records hold. */
let holder: Mounted | null = null;

function dropEverything(m: Mounted): void {
  m.code.slots.fill(-1);
  m.code.used = 0;
  m.code.generation += 1;
  m.code.regions = [];
  m.code.compiled.fill(0);
  m.memory.code.fill(0);
}

/** Makes the records those of this mounted world: another one's are dropped. */
export function holdRecords(m: Mounted): void {
  if (holder === m) return;
  if (holder !== null) dropEverything(holder);
  dropEverything(m);
  holder = m;
}

function emptySlot(slot: number): void {
  const all = records();
  const first = slot * SLOT_WORDS;
  all.fill(OP_UNDECODED, first, first + 1025 * RECORD_WORDS); // every word: the loop reads registers by them before it knows the operation
  all[first + 1024 * RECORD_WORDS] = OP_PAGE_END;
}

/** The first word of the records of a host frame; makes an empty slot when there is none, and flags the frame so that stores tell. */
export function slotOfFrame(m: Mounted, frame: number): number {
  const { code, memory } = m;
  if (code.slots.length < memory.code.length) {
    const grown = new Int32Array(memory.code.length).fill(-1);
    grown.set(code.slots);
    code.slots = grown;
  }
  if (code.slots[frame] >= 0) return code.slots[frame] * SLOT_WORDS;
  if (code.used === SLOTS) dropEverything(m);
  const slot = code.used++;
  code.slots[frame] = slot;
  memory.code[frame] = 1;
  memory.codeGeneration += 1;
  emptySlot(slot);
  return slot * SLOT_WORDS;
}

/** Word of a record that counts how often a branch back or from another page came to it; below -1: the number of its region (regions.ts). */
export const HEAT = 5;
/** So many times at the most is a page's code compiled again after a store to its page. */
export const MOST_UNDONE = 8;

/** The regions of a slot go: its words changed. */
function forgetRegions(code: MountedCode, slot: number): void {
  if (code.compiled[slot] === 0) return;
  const all = records();
  for (let at = slot * SLOT_WORDS + HEAT; at < (slot + 1) * SLOT_WORDS; at += RECORD_WORDS) all[at] = 0;
  if (code.compiled[slot] <= MOST_UNDONE) code.compiled[slot] += 1;
}

/** Stored bytes [pa, pa + size) lie in one flagged frame: the records of their words are decoded afresh. */
export function forgetWords(code: MountedCode, pa: number, size: number): void {
  const slot = code.slots[pa >>> 12];
  if (slot === undefined || slot < 0) return;
  const all = records();
  const base = slot * SLOT_WORDS;
  forgetRegions(code, slot);
  const last = ((pa & 0xfff) + size - 1) >>> 2;
  for (let word = (pa & 0xfff) >>> 2; word <= last; word++)
    all.fill(OP_UNDECODED, base + word * RECORD_WORDS, base + (word + 1) * RECORD_WORDS);
}

/** Frames that were written from outside the CPUs (SPU, VMM, image load) since the last call are decoded afresh. */
export function forgetWrittenFrames(code: MountedCode, memory: MountedMemory): void {
  for (const frame of memory.rewritten) {
    const slot = code.slots[frame];
    if (slot === undefined || slot < 0) continue;
    forgetRegions(code, slot);
    emptySlot(slot);
  }
  memory.rewritten.length = 0;
}
