// The translation lookaside buffer of a CPU. It is in the world, because a guest can see an entry that it forgot to invalidate.
// One half for data, one for instructions, so that what is executed in a page never depends on where an access of it sent its translation.
// Direct-mapped by the low bits of the page number; an entry is one 4 KiB piece of a stage 1 page or block together with stage 2.
// Entries of other VMIDs and ASIDs are not kept: they go when VTTBR_EL2 or the current ASID changes, as a TLB is free to do.

/** Entries of one half; instructions stand behind data. */
export const HALF = 4096;
export const TLB_ENTRIES = 2 * HALF;
/** A page number's low half that no address has: pages have bits 11:0 clear. */
const EMPTY = 1;

/** Attributes of an entry. Permissions are stage 1's; `STAGE2_WRITE` is stage 2's. */
export const USER_READ = 1;
export const USER_WRITE = 2;
export const USER_EXECUTE = 4;
export const PRIVILEGED_READ = 8;
export const PRIVILEGED_WRITE = 16;
export const PRIVILEGED_EXECUTE = 32;
export const NOT_GLOBAL = 64;
export const DEVICE = 128;
export const STAGE2_WRITE = 256;
export const STAGE1_OFF = 512; // SCTLR_EL1.M was 0: PAN means nothing
/** Level of the leaf descriptor: bits 11:10. Size of the block, log2 bytes: bits 17:12. Attribute of MAIR: bits 31:24. */
export const LEVEL_SHIFT = 10;
export const BLOCK_SHIFT = 12;
export const MEMORY_ATTRIBUTE_SHIFT = 24;

export interface TranslationCache {
  /** Virtual page address, low 32 bits; `EMPTY` in an empty entry. */
  vaLo: Int32Array;
  vaHi: Int32Array;
  /** Host physical address of the page. */
  pa: Int32Array;
  attributes: Int32Array;
  /** How many entries are pieces of blocks up to 2 MiB, and of larger ones: with none, invalidation by address is one comparison. */
  blocks: number;
  largeBlocks: number;
  /** VTTBR_EL2, ASID, and the bits of SCTLR_EL1 that the entries were made for. */
  vttbr: bigint;
  asid: number;
  control: number;
  /** Counts the removals of many entries: whoever keeps copies compares it. */
  generation: number;
}

export function newTranslationCache(): TranslationCache {
  return {
    vaLo: new Int32Array(TLB_ENTRIES).fill(EMPTY),
    vaHi: new Int32Array(TLB_ENTRIES),
    pa: new Int32Array(TLB_ENTRIES),
    attributes: new Int32Array(TLB_ENTRIES),
    blocks: 0,
    largeBlocks: 0,
    vttbr: 0n,
    asid: 0,
    control: 0,
    generation: 0,
  };
}

function entryOf(vaLo: number, execute: boolean): number {
  return ((vaLo >>> 12) & (HALF - 1)) + (execute ? HALF : 0);
}

/** The entry that translates an address; -1 when there is none. */
export function lookUpEntry(t: TranslationCache, vaLo: number, vaHi: number, execute: boolean): number {
  const e = entryOf(vaLo, execute);
  return t.vaLo[e] === (vaLo & ~0xfff) && t.vaHi[e] === vaHi ? e : -1;
}

const blockShift = (attributes: number): number => (attributes >>> BLOCK_SHIFT) & 63;

function countBlock(t: TranslationCache, attributes: number, by: number): void {
  const shift = blockShift(attributes);
  if (shift > 21) t.largeBlocks += by;
  else if (shift > 12) t.blocks += by;
}

/** Puts a translation in, in place of what stood there. */
export function putEntry(t: TranslationCache, vaLo: number, vaHi: number, pa: number, attributes: number, execute: boolean): number {
  const e = entryOf(vaLo, execute);
  if (t.vaLo[e] !== EMPTY) dropEntry(t, e);
  t.vaLo[e] = vaLo & ~0xfff;
  t.vaHi[e] = vaHi;
  t.pa[e] = pa & ~0xfff;
  t.attributes[e] = attributes;
  countBlock(t, attributes, 1);
  return e;
}

function dropEntry(t: TranslationCache, e: number): void {
  countBlock(t, t.attributes[e], -1);
  t.vaLo[e] = EMPTY;
  t.vaHi[e] = 0;
  t.pa[e] = 0;
  t.attributes[e] = 0;
}

/** Forgets everything (TLBI VMALLE1, a new VTTBR_EL2, a changed SCTLR_EL1.M). */
export function dropAll(t: TranslationCache): void {
  t.vaLo.fill(EMPTY);
  t.vaHi.fill(0);
  t.pa.fill(0);
  t.attributes.fill(0);
  t.blocks = 0;
  t.largeBlocks = 0;
  t.generation = (t.generation + 1) | 0;
}

/** Forgets the entries of the current ASID (TLBI ASIDE1, a changed ASID). */
export function dropNotGlobal(t: TranslationCache): void {
  for (let e = 0; e < TLB_ENTRIES; e++) {
    if ((t.attributes[e] & NOT_GLOBAL) !== 0 && t.vaLo[e] !== EMPTY) dropEntry(t, e);
  }
  t.generation = (t.generation + 1) | 0;
}

/**
 * Forgets what translates one page (TLBI VAE1, VAAE1), and tells `dropped` each entry that went. A piece of a larger block takes every
 * other piece of the block along; these are looked for only while there are such pieces. `keepNotGlobal`: the operation named another ASID.
 */
export function dropPage(t: TranslationCache, vaLo: number, vaHi: number, keepNotGlobal: boolean, dropped: (entry: number) => void): void {
  const dropIf = (e: number): void => {
    if (t.vaLo[e] === EMPTY) return;
    if (keepNotGlobal && (t.attributes[e] & NOT_GLOBAL) !== 0) return;
    const shift = blockShift(t.attributes[e]);
    const high = ((t.vaHi[e] ^ vaHi) << 8) >>> 8; // the operation names bits 55:12; an ignored top byte is in the entry
    const low = (t.vaLo[e] ^ vaLo) >>> 0;
    const same = shift >= 32 ? high >>> (shift - 32) === 0 : high === 0 && low >>> shift === 0;
    if (!same) return;
    dropEntry(t, e);
    dropped(e);
  };
  if (t.largeBlocks !== 0) {
    for (let e = 0; e < TLB_ENTRIES; e++) dropIf(e);
    return;
  }
  for (const execute of [false, true]) {
    const own = entryOf(vaLo, execute);
    if (t.blocks === 0) dropIf(own);
    // The pieces of the 2 MiB around the address.
    else for (let e = own & ~511; e <= (own | 511); e++) dropIf(e);
  }
}
