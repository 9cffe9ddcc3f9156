// Exclusive, atomic and unprivileged loads and stores: everything of memory that is more than one plain access. SIMD&FP instructions pass here
// on their way from the loop to vector/.
// Source: Arm ARM DDI 0487, C6.2 (LDXR, STXR, CAS, LD<op>, SWP, LDTR …), B2.12 (exclusives).
import { decodeWord } from '../../arch/a64/decode.ts';
import { type A64Row, bits } from '../../arch/a64/rows-form.ts';
import {
  alignmentFault,
  beginAccess,
  endAccess,
  load,
  OPERATION_LOAD,
  OPERATION_STORE,
  OPERATION_UPDATE,
  stackPointerFault,
  store,
} from './access.ts';
import { MONITOR, MONITOR_HI, MONITOR_LO, MONITOR_SIZE, SINK, ZERO } from './context.ts';
import type { Core } from './core.ts';
import { READ, translate, UNPRIVILEGED_READ, UNPRIVILEGED_WRITE, WRITE } from './mmu.ts';
import { isWide } from './predecode-data.ts';
import { accessSizeLog2 } from './predecode-memory.ts';
import { executeVector } from './vector/execute.ts';

const source = (r: number): number => (r === 31 ? ZERO : r);
const destination = (r: number): number => (r === 31 ? SINK : r);

/** A 64-bit value as halves: what the second register of a pair, or memory before an atomic operation, holds. */
let oldLo = 0;
let oldHi = 0;

function setRegister(core: Core, r: number, lo: number, hi: number): void {
  core.lo[destination(r)] = lo;
  core.hi[destination(r)] = hi;
}

function openMonitor(core: Core, pa: number, size: number): void {
  const k = core.k;
  k[MONITOR] = 1;
  k[MONITOR_LO] = pa >>> 6;
  k[MONITOR_HI] = 0;
  k[MONITOR_SIZE] = size;
}

function loadExclusive(core: Core, word: number, size: number, pair: boolean, vaLo: number, vaHi: number): boolean {
  // A pair is one access of twice the size, aligned as such.
  const total = pair ? size * 2 : size;
  if (pair && (vaLo & (total - 1)) !== 0) return alignmentFault(core, vaLo, vaHi, READ);
  if (!load(core, vaLo, vaHi, size, READ, true)) return false;
  const lo = core.valueLo;
  const hi = core.valueHi;
  if (pair) {
    if (!load(core, (vaLo + size) | 0, vaHi, size, READ, true)) return false;
    setRegister(core, bits(word, 14, 10), core.valueLo, size === 8 ? core.valueHi : 0);
  }
  setRegister(core, bits(word, 4, 0), lo, size === 8 ? hi : 0);
  const pa = translate(core, vaLo, vaHi, READ);
  openMonitor(core, pa, total);
  return true;
}

function storeExclusive(core: Core, word: number, size: number, pair: boolean, vaLo: number, vaHi: number): boolean {
  const { lo, hi, k } = core;
  const total = pair ? size * 2 : size;
  if ((vaLo & (total - 1)) !== 0) return alignmentFault(core, vaLo, vaHi, WRITE);
  const t = source(bits(word, 4, 0));
  const status = bits(word, 20, 16);
  const pa = translate(core, vaLo, vaHi, WRITE);
  if (pa < 0) return false;
  const passes = k[MONITOR] === 1 && k[MONITOR_LO] === pa >>> 6 && k[MONITOR_SIZE] === total;
  if (passes) {
    if (!store(core, vaLo, vaHi, size, WRITE, true, lo[t], hi[t])) return false;
    if (pair) {
      const t2 = source(bits(word, 14, 10));
      if (!store(core, (vaLo + size) | 0, vaHi, size, WRITE, true, lo[t2], hi[t2])) return false;
    }
  }
  k[MONITOR] = 0;
  setRegister(core, status, passes ? 0 : 1, 0);
  return true;
}

/** Signed or unsigned order of two values of `size` bytes: is a below b? */
function isBelow(size: number, isSigned: boolean, aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  if (size === 8) {
    if (aHi !== bHi) return isSigned ? aHi < bHi : aHi >>> 0 < bHi >>> 0;
    return aLo >>> 0 < bLo >>> 0;
  }
  const shift = 32 - 8 * size;
  return isSigned ? aLo << shift < bLo << shift : (aLo << shift) >>> 0 < (bLo << shift) >>> 0;
}

/** MemAtomicOp: what LD<op> and SWP store, from memory's old value and the operand; `o3opc` is bits 15:12. */
function atomicResult(o3opc: number, size: number, bLo: number, bHi: number): { lo: number; hi: number } {
  switch (o3opc) {
    case 0: {
      const lo = (oldLo + bLo) | 0;
      return { lo, hi: (oldHi + bHi + (lo >>> 0 < oldLo >>> 0 ? 1 : 0)) | 0 };
    }
    case 1:
      return { lo: oldLo & ~bLo, hi: oldHi & ~bHi };
    case 2:
      return { lo: oldLo ^ bLo, hi: oldHi ^ bHi };
    case 3:
      return { lo: oldLo | bLo, hi: oldHi | bHi };
    case 8:
      return { lo: bLo, hi: bHi };
    default: {
      // 4 SMAX, 5 SMIN, 6 UMAX, 7 UMIN
      const oldBelow = isBelow(size, o3opc < 6, oldLo, oldHi, bLo, bHi);
      const takeOld = (o3opc & 1) === 1 ? oldBelow : !oldBelow;
      return takeOld ? { lo: oldLo, hi: oldHi } : { lo: bLo, hi: bHi };
    }
  }
}

/**
 * Atomic operations need the page writable before they read. A fault that a read would have met too is a read's: WnR of ESR_ELx' ISS for
 * data aborts.
 */
function loadForUpdate(core: Core, vaLo: number, vaHi: number, size: number): boolean {
  if ((vaLo & (size - 1)) === 0 && translate(core, vaLo, vaHi, WRITE) < 0) {
    if (translate(core, vaLo, vaHi, READ) >= 0) translate(core, vaLo, vaHi, WRITE);
    return false;
  }
  return load(core, vaLo, vaHi, size, READ, true);
}

/** The store half: the same bytes again, so the access is counted once. */
function storeUpdate(core: Core, vaLo: number, vaHi: number, size: number, lo: number, hi: number): boolean {
  const { capturedSize } = core;
  const done = store(core, vaLo, vaHi, size, WRITE, true, lo, hi);
  core.capturedSize = capturedSize;
  return done;
}

/** An atomic operation that returns nothing: LD<op> to register 31 (ST<op>); CAS and SWP always read. */
export function isStoreOnly(row: A64Row, word: number): boolean {
  return row.spe === 'atomic' && row.id.startsWith('LD') && bits(word, 4, 0) === 31;
}

function atomic(core: Core, row: A64Row, word: number, size: number, vaLo: number, vaHi: number): boolean {
  const { lo, hi } = core;
  const s = bits(word, 20, 16);
  const t = bits(word, 4, 0);
  if (row.id.startsWith('CASP')) return compareAndSwapPair(core, s, t, size, vaLo, vaHi);
  if (!loadForUpdate(core, vaLo, vaHi, size)) return false;
  oldLo = core.valueLo;
  oldHi = size === 8 ? core.valueHi : 0;
  if (row.id.startsWith('CAS')) {
    const mask = size < 4 ? (1 << (8 * size)) - 1 : -1;
    const same = (lo[source(s)] & mask) === oldLo && (size !== 8 || hi[source(s)] === oldHi);
    if (same && !storeUpdate(core, vaLo, vaHi, size, lo[source(t)], hi[source(t)])) return false;
    setRegister(core, s, oldLo, oldHi);
    return true;
  }
  const value = atomicResult(bits(word, 15, 12), size, lo[source(s)], hi[source(s)]);
  if (!storeUpdate(core, vaLo, vaHi, size, value.lo, value.hi)) return false;
  setRegister(core, t, oldLo, oldHi);
  return true;
}

function compareAndSwapPair(core: Core, s: number, t: number, size: number, vaLo: number, vaHi: number): boolean {
  const { lo, hi } = core;
  const nextLo = (vaLo + size) | 0;
  if ((vaLo & (2 * size - 1)) !== 0) return alignmentFault(core, vaLo, vaHi, READ);
  if (!loadForUpdate(core, vaLo, vaHi, size)) return false;
  const firstLo = core.valueLo;
  const firstHi = size === 8 ? core.valueHi : 0;
  if (!load(core, nextLo, vaHi, size, READ, true)) return false;
  const secondLo = core.valueLo;
  const secondHi = size === 8 ? core.valueHi : 0;
  const s2 = source(s + 1);
  const same = lo[s] === firstLo && lo[s2] === secondLo && (size !== 8 || (hi[s] === firstHi && hi[s2] === secondHi));
  if (same) {
    const t2 = source(t + 1);
    if (!storeUpdate(core, vaLo, vaHi, size, lo[t], hi[t])) return false;
    if (!storeUpdate(core, nextLo, vaHi, size, lo[t2], hi[t2])) return false;
  }
  setRegister(core, s, firstLo, firstHi);
  setRegister(core, s + 1, secondLo, secondHi);
  return true;
}

function unprivileged(core: Core, row: A64Row, word: number, size: number, vaLo: number, vaHi: number): boolean {
  const t = bits(word, 4, 0);
  if (row.spe === 'store') return store(core, vaLo, vaHi, size, UNPRIVILEGED_WRITE, false, core.lo[source(t)], core.hi[source(t)]);
  if (!load(core, vaLo, vaHi, size, UNPRIVILEGED_READ, false)) return false;
  if (!row.access?.signed) setRegister(core, t, core.valueLo, core.valueHi);
  else {
    const shift = 32 - 8 * size;
    const value = (core.valueLo << shift) >> shift;
    setRegister(core, t, value, isWide(row, word) ? value >> 31 : 0);
  }
  return true;
}

/** Executes the instruction word of an OP_MEMORY_SPECIAL. False: `core.fault`, and nothing changed. */
export function executeSpecial(core: Core, word: number): boolean {
  const row = decodeWord(word)!;
  if (row.vector !== undefined) return executeVector(core, row, word);
  beginAccess(core);
  if (!accessSpecial(core, row, word)) return false;
  const store = row.spe === 'store' || isStoreOnly(row, word);
  endAccess(core, store ? OPERATION_STORE : row.spe === 'atomic' ? OPERATION_UPDATE : OPERATION_LOAD);
  return true;
}

function accessSpecial(core: Core, row: A64Row, word: number): boolean {
  const access = row.access!;
  const size = 1 << accessSizeLog2(access, isWide(row, word));
  const n = bits(word, 9, 5);
  if (n === 31 && (core.lo[31] & core.spMask) !== 0) {
    return stackPointerFault(core);
  }
  const offset = access.unprivileged ? (word << 11) >> 23 : 0;
  const vaLo = (core.lo[n] + offset) | 0;
  const vaHi = (core.hi[n] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
  if (access.unprivileged) return unprivileged(core, row, word, size, vaLo, vaHi);
  if (access.exclusive) {
    const pair = access.pair === true;
    return row.spe === 'store' ? storeExclusive(core, word, size, pair, vaLo, vaHi) : loadExclusive(core, word, size, pair, vaLo, vaHi);
  }
  return atomic(core, row, word, size, vaLo, vaHi);
}
