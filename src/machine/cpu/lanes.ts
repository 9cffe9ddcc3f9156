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
function only(words: number): () => Int32Array {
  const array = new Int32Array(words);
  return () => array;
}

/** Low halves of the registers, by the indices of context.ts. */
export const lowHalves = only(64);
export const highHalves = only(64);
export const records = only(SLOTS * SLOT_WORDS);
export const fastTranslations = only(BANKS * FAST_BANK_WORDS);
export const fetchEntries = only(BANKS * FETCH_BANK_WORDS);

/** Copies X0-X30 and SP. */
export function copyRegisters(toLo: Int32Array, toHi: Int32Array, fromLo: Int32Array, fromHi: Int32Array): void {
  for (let r = 0; r < 32; r++) {
    toLo[r] = fromLo[r];
    toHi[r] = fromHi[r];
  }
}
