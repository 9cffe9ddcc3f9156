// Instruction word to row.
import { a64Rows } from './rows.ts';
import type { A64Row } from './rows-form.ts';

/** Rows by bits 28:24 of the word, the row with most fixed bits first (`NOP` before `HINT`). Built when first asked. */
let buckets: readonly (readonly A64Row[])[] | null = null;

const fixedBits = (mask: number): number => {
  let count = 0;
  for (let m = mask; m !== 0; m &= m - 1) count += 1;
  return count;
};

function buildBuckets(): readonly (readonly A64Row[])[] {
  const out: A64Row[][] = [];
  for (let bucket = 0; bucket < 32; bucket++) {
    const rows = a64Rows().filter((r) => (((bucket << 24) ^ r.pattern.value) & r.pattern.mask & 0x1f000000) === 0);
    out.push(rows.sort((a, b) => fixedBits(b.pattern.mask) - fixedBits(a.pattern.mask)));
  }
  return out;
}

// The last words that were decoded, by some of their bits: programs ask for the same ones again.
const MEMORY = 4096;
const knownWords = new Int32Array(MEMORY);
const knownRows: (A64Row | null)[] = new Array<A64Row | null>(MEMORY).fill(null);
let isEmpty = true; // word 0 is UDF, not "none"

/** The row of an instruction word; null when the word is unallocated or not known. */
export function decodeWord(word: number): A64Row | null {
  const at = (word ^ (word >>> 12) ^ (word >>> 21)) & (MEMORY - 1);
  if (!isEmpty && knownWords[at] === (word | 0)) return knownRows[at];
  if (isEmpty) {
    knownRows.fill(findRow(0));
    isEmpty = false;
  }
  const row = findRow(word);
  knownWords[at] = word;
  knownRows[at] = row;
  return row;
}

function findRow(word: number): A64Row | null {
  buckets ??= buildBuckets();
  for (const r of buckets[(word >>> 24) & 31]) {
    if ((word & r.pattern.mask) >>> 0 !== r.pattern.value) continue;
    return r.unallocated?.(word) ? null : r;
  }
  return null;
}

const byId = new Map<string, A64Row>();

/** The row with that id. Throws (our bug) when there is none. */
export function rowById(id: string): A64Row {
  if (byId.size === 0) for (const r of a64Rows()) byId.set(r.id, r);
  const found = byId.get(id);
  if (found === undefined) throw new Error(`no A64 row ${id}`);
  return found;
}
