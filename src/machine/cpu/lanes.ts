// The arrays that the loop of run.ts works on: one set in the process. They hold nothing between two calls of the loop but caches: registers are
// copied in and out, decoded records and fast translations belong to whoever ran last and are made again for the next.
// One set, because V8 compiles accesses to a typed array that it knows to be the only one into single instructions. It knows that of what the
// functions below answer (they are inlined, and their constants with them); arrays handed in as arguments cost half of the speed.
import { SINK } from './context.ts';

/** Where a shifted or extended operand stands on its way: an index beside those of context.ts. */
export const OPERAND = SINK + 1;

/** Records of decoded operations, eight words each: see code.ts. */
export const RECORD_WORDS = 8;
/** Words of a page's records: 1024 of them, the end record, and room that keeps pages aligned. */
export const SLOT_WORDS = 1032 * RECORD_WORDS;
/** Pages of decoded code that are kept: 34 MB, of which only what is used is ever touched. */
export const SLOTS = 1024;

/** Entries of fast translations and fetch pages: see core.ts. CPUs share them in banks. */
export const BANKS = 4;
export const REGION_WORDS = 4096 * 4;
export const FAST_BANK_WORDS = 7 * REGION_WORDS;
export const FETCH_BANK_WORDS = 2 * REGION_WORDS;

/** A function that answers one array for ever. The array is a constant of an inner scope: bundlers make `var` of a module's own constants. */
function only(array: Int32Array): () => Int32Array {
  return () => array;
}

// What compiled regions read and write too lies in one WebAssembly memory (compiled/). Words from its beginning: the registers' halves, what a
// region and the loop hand each other, and from FAST_BYTES on the fast translations.
const REGISTER_WORDS = 64;
/** NZCV in bits 3:0, as a region takes and leaves it. */
export const NZCV_WORD = 2 * REGISTER_WORDS;
/** The halves of PC where a region was left. */
export const PC_WORDS = NZCV_WORD + 2;
const WASM_PAGE = 65536;
export const FAST_BYTES = WASM_PAGE;
/** Banks of timing models (compiled/resident.ts), by CPU. */
export const TIMING_BYTES = FAST_BYTES + BANKS * FAST_BANK_WORDS * 4;
export const TIMING_BANKS = 64;
export const TIMING_BANK_BYTES = WASM_PAGE / 2;
const bytes = TIMING_BYTES + TIMING_BANKS * TIMING_BANK_BYTES;
const pages = bytes / WASM_PAGE;
export const LANES_MEMORY = new WebAssembly.Memory({ initial: pages, maximum: pages });
const lanes = (at: number, words: number): Int32Array => new Int32Array(LANES_MEMORY.buffer, at, words);

/** Low halves of the registers, by the indices of context.ts. */
export const lowHalves = only(lanes(0, REGISTER_WORDS));
export const highHalves = only(lanes(REGISTER_WORDS * 4, REGISTER_WORDS));
/** Every word of it: NZCV_WORD, PC_WORDS. */
export const regionState = only(lanes(0, bytes / 4));
export const fastTranslations = only(lanes(FAST_BYTES, BANKS * FAST_BANK_WORDS));
export const records = only(new Int32Array(SLOTS * SLOT_WORDS));
export const fetchEntries = only(new Int32Array(BANKS * FETCH_BANK_WORDS));

/** Copies X0-X30 and SP. */
export function copyRegisters(toLo: Int32Array, toHi: Int32Array, fromLo: Int32Array, fromHi: Int32Array): void {
  for (let r = 0; r < 32; r++) {
    toLo[r] = fromLo[r];
    toHi[r] = fromHi[r];
  }
}
