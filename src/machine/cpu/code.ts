// Decoded operations, cached by host physical page, and what each CPU keeps at hand to run. All of it is derived from the world and lies
// outside it: dropping it at any moment changes nothing but speed.
// A page is a slot of 1024 records of eight words (predecode.ts) and a record that leads to the next page. A store to a decoded word
// empties its record, so decoded code is always coherent with memory, and IC IVAU has nothing left to do.
import type { MountedMemory } from '../memory.ts';
import type { Core } from './core.ts';
import { OP_PAGE_END, OP_UNDECODED } from './operations.ts';

export const RECORD_WORDS = 8;
/** Words of a slot: 1024 records, the end record, and room that keeps slots 32-byte aligned. */
export const SLOT_WORDS = 1032 * RECORD_WORDS;
const MAX_SLOTS = 2048; // 66 MB of records; then all are dropped
const FIRST_SLOTS = 16;

export interface MountedCode {
  records: Int32Array;
  /** Slot of a host frame; -1 = none. */
  slots: Int32Array;
  used: number;
  /** Counts full drops: fetch tags made before one are void. */
  generation: number;
  /** By CPU number. */
  readonly cores: (Core | undefined)[];
}

export function mountCode(): MountedCode {
  return { records: new Int32Array(FIRST_SLOTS * SLOT_WORDS), slots: new Int32Array(0), used: 0, generation: 0, cores: [] };
}

function dropEverything(code: MountedCode, memory: MountedMemory): void {
  code.slots.fill(-1);
  code.used = 0;
  code.generation += 1;
  memory.code.fill(0);
}

function emptySlot(code: MountedCode, slot: number): void {
  const first = slot * SLOT_WORDS;
  for (let at = first; at < first + 1024 * RECORD_WORDS; at += RECORD_WORDS) code.records[at] = OP_UNDECODED;
  code.records[first + 1024 * RECORD_WORDS] = OP_PAGE_END;
}

/** The first word of the records of a host frame; makes an empty slot when there is none, and flags the frame so that stores tell. */
export function slotOfFrame(code: MountedCode, memory: MountedMemory, frame: number): number {
  if (code.slots.length < memory.code.length) {
    const grown = new Int32Array(memory.code.length).fill(-1);
    grown.set(code.slots);
    code.slots = grown;
  }
  if (code.slots[frame] >= 0) return code.slots[frame] * SLOT_WORDS;
  if (code.used === MAX_SLOTS) dropEverything(code, memory);
  if ((code.used + 1) * SLOT_WORDS > code.records.length) {
    const grown = new Int32Array(code.records.length * 2);
    grown.set(code.records);
    code.records = grown;
  }
  const slot = code.used++;
  code.slots[frame] = slot;
  memory.code[frame] = 1;
  memory.codeGeneration += 1;
  emptySlot(code, slot);
  return slot * SLOT_WORDS;
}

/** Stored bytes [pa, pa + size) lie in one flagged frame: the records of their words are decoded afresh. */
export function forgetWords(code: MountedCode, pa: number, size: number): void {
  const slot = code.slots[pa >>> 12];
  if (slot === undefined || slot < 0) return;
  const base = slot * SLOT_WORDS;
  const last = ((pa & 0xfff) + size - 1) >>> 2;
  for (let word = (pa & 0xfff) >>> 2; word <= last; word++) code.records[base + word * RECORD_WORDS] = OP_UNDECODED;
}

/** Frames that were written from outside the CPUs (SPU, VMM, image load) since the last call are decoded afresh. */
export function forgetWrittenFrames(code: MountedCode, memory: MountedMemory): void {
  for (const frame of memory.rewritten) {
    const slot = code.slots[frame];
    if (slot !== undefined && slot >= 0) emptySlot(code, slot);
  }
  memory.rewritten.length = 0;
}
