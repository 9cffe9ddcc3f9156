// The loop that executes decoded operations: the fast path of the interpreter, and the meaning of what it holds.
// Source of the meanings: Arm ARM DDI 0487, C6.2. The numbers of the cases are those of operations.ts; they are written as literals because
// V8 makes a jump table of literals only. Everything rare, and everything that is more than arithmetic, a load, a store or a branch, is elsewhere,
// so that this one function stays well below V8's limit of what it optimises (61,440 bytes of bytecode).
// Flags are kept apart: N is the sign of `n`, Z is `z === 0`, C is `c`, V is the sign of `v`.

import { touchBranch, touchData } from '../timing/model.ts';
import {
  BRANCH_CALL,
  BRANCH_CONDITIONAL,
  BRANCH_DIRECT,
  BRANCH_INDIRECT,
  BRANCH_INDIRECT_CALL,
  BRANCH_RETURN,
} from '../timing/predictor.ts';
import { load, loadPair, read, store, storePair, write } from './access.ts';
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z, PC_HI, PC_LO } from './context.ts';
import { type Core, FAULT_SP_ALIGNMENT } from './core.ts';
import { openFetch, READ, setFault, WRITE } from './mmu.ts';
import { EXIT_COUNT, EXIT_FAULT, EXIT_FETCH, EXIT_PAGE, EXIT_SYSTEM } from './operations.ts';
import { predecode } from './predecode.ts';
import { executeRare, highProduct } from './rare.ts';
import { executeSpecial } from './special.ts';

/** ConditionHolds() of the pseudocode, over the flags as they are kept here. */
export function conditionHolds(condition: number, n: number, z: number, c: number, v: number): boolean {
  let holds: boolean;
  switch (condition >> 1) {
    case 0:
      holds = z === 0;
      break;
    case 1:
      holds = c !== 0;
      break;
    case 2:
      holds = n < 0;
      break;
    case 3:
      holds = v < 0;
      break;
    case 4:
      holds = c !== 0 && z !== 0;
      break;
    case 5:
      holds = (n ^ v) >= 0;
      break;
    case 6:
      holds = z !== 0 && (n ^ v) >= 0;
      break;
    default:
      return true;
  }
  return (condition & 1) === 0 ? holds : !holds;
}

function stackPointerFault(core: Core): number {
  setFault(core, FAULT_SP_ALIGNMENT, 0, core.lo[31], core.hi[31], false);
  return EXIT_FAULT;
}

/**
 * Executes up to `limit` operations from PC. Answers an EXIT_…; `core.executed` says how many were executed. PC and the flags are in the
 * context again when it returns. An operation that faults or is for the slow path is not counted and has changed nothing.
 */
export function run(core: Core, limit: number): number {
  const lo = core.lo;
  const hi = core.hi;
  const k = core.k;
  const fast = core.fast;
  const fetch = core.fetch;
  const readAt = core.readAt;
  const writeAt = core.writeAt;
  const fetchAt = core.fetchAt;
  const spMask = core.spMask;
  const timing = core.timing;
  const i32 = core.m.memory.i32;
  const u16 = core.m.memory.u16;
  const u8 = core.m.memory.u8;
  let records = core.m.code.records;
  let n = k[FLAG_N] === 0 ? 0 : -1;
  let z = k[FLAG_Z] === 0 ? 1 : 0;
  let c = k[FLAG_C];
  let v = k[FLAG_V] === 0 ? 0 : -1;
  let pcLo = k[PC_LO];
  let pcHi = k[PC_HI];
  let left = limit;
  let exit = EXIT_COUNT;
  let at = 0; // the record of the next operation
  let base = 0; // the first record of its page
  let pages = core.stopAtPages ? 1 : 0;

  leave: for (;;) {
    if (left === 0) break;
    // To another page: find its records.
    if (pages !== 0) {
      if (pages === 2) {
        exit = EXIT_PAGE;
        break;
      }
      pages = 2;
    }
    const f = fetchAt + ((pcLo >>> 10) & 0x3ffc);
    if (fetch[f] !== (pcLo & -0xffd) || fetch[f + 1] !== pcHi) {
      if (!openFetch(core, pcLo, pcHi)) {
        exit = EXIT_FETCH;
        break;
      }
      records = core.m.code.records;
    }
    base = fetch[f + 2];
    at = base + ((pcLo & 0xffc) << 1);
    const delta = ((pcLo & ~0xfff) - (base >> 1)) | 0; // PC is (at >> 1) + delta

    for (;;) {
      if (left === 0) break;
      left--;
      let taken = false;
      let vaLo = 0;
      let vaHi = 0;
      switch (records[at]) {
        case 0: // OP_UNDECODED
          left++;
          predecode(records, at, i32[((fetch[f + 3] >>> 0) + ((at - base) >> 1)) >>> 2], (at - base) >> 1);
          continue;
        case 1: // OP_PAGE_END
          left++;
          pcLo = ((at >> 1) + delta) | 0;
          if (pcLo === 0) pcHi = (pcHi + 1) | 0;
          continue leave;
        case 2: // OP_NOP
          at += 8;
          continue;
        case 3: // OP_SYSTEM
          left++;
          exit = EXIT_SYSTEM;
          break;
        case 4: {
          // OP_CONSTANT
          const d = records[at + 1];
          lo[d] = records[at + 4];
          hi[d] = records[at + 5];
          at += 8;
          continue;
        }
        case 5: {
          // OP_KEEP
          const d = records[at + 1];
          lo[d] = (lo[d] & records[at + 2]) | records[at + 4];
          hi[d] = (hi[d] & records[at + 3]) | records[at + 5];
          at += 8;
          continue;
        }
        case 6: {
          // OP_ADR
          const d = records[at + 1];
          const a = (at >> 1) + delta;
          const r = (a + records[at + 4]) | 0;
          lo[d] = r;
          hi[d] = pcHi + records[at + 5] + (r >>> 0 < a >>> 0 ? 1 : 0);
          at += 8;
          continue;
        }
        case 7: {
          // OP_ADRP
          const d = records[at + 1];
          const a = ((at >> 1) + delta) & ~0xfff;
          const r = (a + records[at + 4]) | 0;
          lo[d] = r;
          hi[d] = pcHi + records[at + 5] + (r >>> 0 < a >>> 0 ? 1 : 0);
          at += 8;
          continue;
        }
        case 8: {
          // OP_ADD_IMMEDIATE
          const d = records[at + 1];
          const s = records[at + 2];
          const a = lo[s];
          const r = (a + records[at + 4]) | 0;
          lo[d] = r;
          hi[d] = (hi[s] + records[at + 5] + (r >>> 0 < a >>> 0 ? 1 : 0)) & records[at + 6];
          at += 8;
          continue;
        }
        case 9: {
          // OP_SUBS_IMMEDIATE_64
          const d = records[at + 1];
          const s = records[at + 2];
          const a = lo[s];
          const b = records[at + 4];
          const h = hi[s];
          const borrow = a >>> 0 < b >>> 0 ? 1 : 0;
          const r = (a - b) | 0;
          const rh = (h - borrow) | 0;
          n = rh;
          z = r | rh;
          c = h !== 0 || borrow === 0 ? 1 : 0;
          v = h & ~rh;
          lo[d] = r;
          hi[d] = rh;
          at += 8;
          continue;
        }
        case 10: {
          // OP_SUBS_IMMEDIATE_32
          const d = records[at + 1];
          const a = lo[records[at + 2]];
          const b = records[at + 4];
          const r = (a - b) | 0;
          n = r;
          z = r;
          c = a >>> 0 >= b >>> 0 ? 1 : 0;
          v = (a ^ b) & (a ^ r);
          lo[d] = r;
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 11: {
          // OP_ADDS_IMMEDIATE_64
          const d = records[at + 1];
          const s = records[at + 2];
          const a = lo[s];
          const h = hi[s];
          const r = (a + records[at + 4]) | 0;
          const carry = r >>> 0 < a >>> 0 ? 1 : 0;
          const rh = (h + carry) | 0;
          n = rh;
          z = r | rh;
          c = carry === 1 && h === -1 ? 1 : 0;
          v = ~h & rh;
          lo[d] = r;
          hi[d] = rh;
          at += 8;
          continue;
        }
        case 12: {
          // OP_ADDS_IMMEDIATE_32
          const d = records[at + 1];
          const a = lo[records[at + 2]];
          const b = records[at + 4];
          const r = (a + b) | 0;
          n = r;
          z = r;
          c = r >>> 0 < a >>> 0 ? 1 : 0;
          v = (a ^ r) & (b ^ r);
          lo[d] = r;
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 13: {
          // OP_AND_IMMEDIATE
          const d = records[at + 1];
          const s = records[at + 2];
          lo[d] = lo[s] & records[at + 4];
          hi[d] = hi[s] & records[at + 5];
          at += 8;
          continue;
        }
        case 14: {
          // OP_ORR_IMMEDIATE
          const d = records[at + 1];
          const s = records[at + 2];
          lo[d] = lo[s] | records[at + 4];
          hi[d] = (hi[s] | records[at + 5]) & records[at + 6];
          at += 8;
          continue;
        }
        case 15: {
          // OP_EOR_IMMEDIATE
          const d = records[at + 1];
          const s = records[at + 2];
          lo[d] = lo[s] ^ records[at + 4];
          hi[d] = (hi[s] ^ records[at + 5]) & records[at + 6];
          at += 8;
          continue;
        }
        case 16: {
          // OP_ANDS_IMMEDIATE
          const d = records[at + 1];
          const s = records[at + 2];
          const r = lo[s] & records[at + 4];
          const rh = hi[s] & records[at + 5];
          n = records[at + 6] === 0 ? r : rh;
          z = r | rh;
          c = 0;
          v = 0;
          lo[d] = r;
          hi[d] = rh;
          at += 8;
          continue;
        }
        case 17: {
          // OP_MOVE
          const d = records[at + 1];
          const s = records[at + 3];
          lo[d] = lo[s];
          hi[d] = hi[s] & records[at + 6];
          at += 8;
          continue;
        }
        case 18: {
          // OP_ADD_REGISTER
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const a = lo[s];
          const r = (a + lo[t]) | 0;
          hi[d] = (hi[s] + hi[t] + (r >>> 0 < a >>> 0 ? 1 : 0)) & records[at + 6];
          lo[d] = r;
          at += 8;
          continue;
        }
        case 19: {
          // OP_SUB_REGISTER
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const a = lo[s];
          const b = lo[t];
          hi[d] = (hi[s] - hi[t] - (a >>> 0 < b >>> 0 ? 1 : 0)) & records[at + 6];
          lo[d] = a - b;
          at += 8;
          continue;
        }
        case 20: {
          // OP_SUBS_REGISTER_64
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const a = lo[s];
          const b = lo[t];
          const h = hi[s];
          const g = hi[t];
          const borrow = a >>> 0 < b >>> 0 ? 1 : 0;
          const r = (a - b) | 0;
          const rh = (h - g - borrow) | 0;
          n = rh;
          z = r | rh;
          c = h === g ? 1 - borrow : h >>> 0 > g >>> 0 ? 1 : 0;
          v = (h ^ g) & (h ^ rh);
          lo[d] = r;
          hi[d] = rh;
          at += 8;
          continue;
        }
        case 21: {
          // OP_SUBS_REGISTER_32
          const d = records[at + 1];
          const a = lo[records[at + 2]];
          const b = lo[records[at + 3]];
          const r = (a - b) | 0;
          n = r;
          z = r;
          c = a >>> 0 >= b >>> 0 ? 1 : 0;
          v = (a ^ b) & (a ^ r);
          lo[d] = r;
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 22: {
          // OP_ADDS_REGISTER_64
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const a = lo[s];
          const h = hi[s];
          const g = hi[t];
          const r = (a + lo[t]) | 0;
          const carry = r >>> 0 < a >>> 0 ? 1 : 0;
          const rh = (h + g + carry) | 0;
          n = rh;
          z = r | rh;
          v = (h ^ rh) & (g ^ rh);
          c = ((h & g) | ((h | g) & ~rh)) >>> 31;
          lo[d] = r;
          hi[d] = rh;
          at += 8;
          continue;
        }
        case 23: {
          // OP_ADDS_REGISTER_32
          const d = records[at + 1];
          const a = lo[records[at + 2]];
          const b = lo[records[at + 3]];
          const r = (a + b) | 0;
          n = r;
          z = r;
          c = r >>> 0 < a >>> 0 ? 1 : 0;
          v = (a ^ r) & (b ^ r);
          lo[d] = r;
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 24: {
          // OP_AND_REGISTER
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const invert = records[at + 5];
          lo[d] = lo[s] & (lo[t] ^ invert);
          hi[d] = hi[s] & (hi[t] ^ invert) & records[at + 6];
          at += 8;
          continue;
        }
        case 25: {
          // OP_ORR_REGISTER
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const invert = records[at + 5];
          lo[d] = lo[s] | (lo[t] ^ invert);
          hi[d] = (hi[s] | (hi[t] ^ invert)) & records[at + 6];
          at += 8;
          continue;
        }
        case 26: {
          // OP_EOR_REGISTER
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const invert = records[at + 5];
          lo[d] = lo[s] ^ lo[t] ^ invert;
          hi[d] = (hi[s] ^ hi[t] ^ invert) & records[at + 6];
          at += 8;
          continue;
        }
        case 27: {
          // OP_ANDS_REGISTER
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const invert = records[at + 5];
          const mask = records[at + 6];
          const r = lo[s] & (lo[t] ^ invert);
          const rh = hi[s] & (hi[t] ^ invert) & mask;
          n = mask === 0 ? r : rh;
          z = r | rh;
          c = 0;
          v = 0;
          lo[d] = r;
          hi[d] = rh;
          at += 8;
          continue;
        }
        case 28: {
          // OP_ADD_SHIFTED_64
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const shift = records[at + 4];
          const a = lo[s];
          const b = lo[t];
          const r = (a + (b << shift)) | 0;
          hi[d] = hi[s] + ((hi[t] << shift) | (b >>> (32 - shift))) + (r >>> 0 < a >>> 0 ? 1 : 0);
          lo[d] = r;
          at += 8;
          continue;
        }
        case 30: {
          // OP_BITFIELD_32
          const d = records[at + 1];
          const a = lo[records[at + 2]];
          const shift = records[at + 4];
          lo[d] = ((a >>> shift) | (a << (32 - shift))) & records[at + 5];
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 31: {
          // OP_BITFIELD_LOW
          const d = records[at + 1];
          const s = records[at + 2];
          const a = lo[s];
          const h = hi[s];
          const shift = records[at + 4];
          lo[d] = ((a >>> shift) | ((h << ~shift) << 1)) & records[at + 5];
          hi[d] = ((h >>> shift) | ((a << ~shift) << 1)) & records[at + 6];
          at += 8;
          continue;
        }
        case 32: {
          // OP_BITFIELD_HIGH
          const d = records[at + 1];
          const s = records[at + 2];
          const a = hi[s];
          const h = lo[s];
          const shift = records[at + 4];
          lo[d] = ((a >>> shift) | ((h << ~shift) << 1)) & records[at + 5];
          hi[d] = ((h >>> shift) | ((a << ~shift) << 1)) & records[at + 6];
          at += 8;
          continue;
        }
        case 33: {
          // OP_SIGN_EXTEND
          const d = records[at + 1];
          const r = (lo[records[at + 2]] << records[at + 4]) >> records[at + 5];
          lo[d] = r;
          hi[d] = (r >> 31) & records[at + 6];
          at += 8;
          continue;
        }
        case 34: {
          // OP_ASR_64
          const d = records[at + 1];
          const s = records[at + 2];
          const h = hi[s];
          const shift = records[at + 4];
          lo[d] = (lo[s] >>> shift) | (h << (32 - shift));
          hi[d] = h >> shift;
          at += 8;
          continue;
        }
        case 35: {
          // OP_INSERT_32
          const d = records[at + 1];
          const a = lo[records[at + 2]];
          const shift = records[at + 4];
          const field = records[at + 5];
          lo[d] = (lo[d] & ~field) | (((a >>> shift) | (a << (32 - shift))) & field);
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 36: {
          // OP_SELECT
          const d = records[at + 1];
          if (conditionHolds(records[at + 4], n, z, c, v)) {
            const s = records[at + 2];
            lo[d] = lo[s];
            hi[d] = hi[s] & records[at + 6];
          } else {
            const s = records[at + 3];
            const form = records[at + 5];
            const invert = (form << 30) >> 31;
            const r = ((lo[s] ^ invert) + (form & 1)) | 0;
            hi[d] = ((hi[s] ^ invert) + (r === 0 ? form & 1 : 0)) & records[at + 6];
            lo[d] = r;
          }
          at += 8;
          continue;
        }
        case 37: {
          // OP_CONDITIONAL_COMPARE
          const form = records[at + 5];
          if (!conditionHolds(records[at + 1], n, z, c, v)) {
            n = (form & 8) << 28;
            z = (form & 4) === 0 ? 1 : 0;
            c = (form >> 1) & 1;
            v = (form & 1) << 31;
          } else {
            const s = records[at + 2];
            const t = records[at + 3];
            const a = lo[s];
            const b = lo[t] | records[at + 4];
            const wide = (form << 26) >> 31;
            const h = hi[s] & wide;
            const g = hi[t] & wide;
            if ((form & 16) !== 0) {
              const borrow = a >>> 0 < b >>> 0 ? 1 : 0;
              const r = (a - b) | 0;
              const rh = (h - g - borrow) | 0;
              c = h === g ? 1 - borrow : h >>> 0 > g >>> 0 ? 1 : 0;
              n = wide === 0 ? r : rh;
              z = wide === 0 ? r : r | rh;
              v = wide === 0 ? (a ^ b) & (a ^ r) : (h ^ g) & (h ^ rh);
            } else {
              const r = (a + b) | 0;
              const carry = r >>> 0 < a >>> 0 ? 1 : 0;
              const rh = (h + g + carry) | 0;
              c = wide === 0 ? carry : ((h & g) | ((h | g) & ~rh)) >>> 31;
              n = wide === 0 ? r : rh;
              z = wide === 0 ? r : r | rh;
              v = wide === 0 ? (a ^ r) & (b ^ r) : (h ^ rh) & (g ^ rh);
            }
          }
          at += 8;
          continue;
        }
        case 38: {
          // OP_MADD_32
          const d = records[at + 1];
          const p = Math.imul(lo[records[at + 2]], lo[records[at + 3]]);
          const a = lo[records[at + 4]];
          lo[d] = records[at + 5] === 0 ? a + p : a - p;
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 39: {
          // OP_MADD_64
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const u = records[at + 4];
          const p = Math.imul(lo[s], lo[t]);
          const ph = highProduct(lo[s], lo[t]) + Math.imul(lo[s], hi[t]) + Math.imul(hi[s], lo[t]);
          const a = lo[u];
          if (records[at + 5] === 0) {
            const r = (a + p) | 0;
            hi[d] = hi[u] + ph + (r >>> 0 < a >>> 0 ? 1 : 0);
            lo[d] = r;
          } else {
            hi[d] = hi[u] - ph - (a >>> 0 < p >>> 0 ? 1 : 0);
            lo[d] = a - p;
          }
          at += 8;
          continue;
        }
        case 40: {
          // OP_MADD_LONG
          const d = records[at + 1];
          const x = lo[records[at + 2]];
          const y = lo[records[at + 3]];
          const u = records[at + 4];
          const form = records[at + 5];
          const p = Math.imul(x, y);
          let ph = highProduct(x, y);
          if ((form & 1) !== 0) ph = (ph - ((x >> 31) & y) - ((y >> 31) & x)) | 0;
          const a = lo[u];
          if ((form & 2) === 0) {
            const r = (a + p) | 0;
            hi[d] = hi[u] + ph + (r >>> 0 < a >>> 0 ? 1 : 0);
            lo[d] = r;
          } else {
            hi[d] = hi[u] - ph - (a >>> 0 < p >>> 0 ? 1 : 0);
            lo[d] = a - p;
          }
          at += 8;
          continue;
        }
        case 41: {
          // OP_UDIV_32
          const d = records[at + 1];
          const y = lo[records[at + 3]] >>> 0;
          lo[d] = y === 0 ? 0 : (lo[records[at + 2]] >>> 0) / y;
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 42: {
          // OP_LSLV_64
          const d = records[at + 1];
          const s = records[at + 2];
          const shift = lo[records[at + 3]];
          const a = lo[s];
          if ((shift & 32) === 0) {
            hi[d] = (hi[s] << shift) | ((a >>> ~shift) >>> 1);
            lo[d] = a << shift;
          } else {
            hi[d] = a << shift;
            lo[d] = 0;
          }
          at += 8;
          continue;
        }
        case 43: {
          // OP_LSRV_64
          const d = records[at + 1];
          const s = records[at + 2];
          const shift = lo[records[at + 3]];
          const h = hi[s];
          if ((shift & 32) === 0) {
            lo[d] = (lo[s] >>> shift) | ((h << ~shift) << 1);
            hi[d] = h >>> shift;
          } else {
            lo[d] = h >>> shift;
            hi[d] = 0;
          }
          at += 8;
          continue;
        }
        case 44: {
          // OP_LSLV_32
          const d = records[at + 1];
          lo[d] = lo[records[at + 2]] << lo[records[at + 3]];
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 45: {
          // OP_LSRV_32
          const d = records[at + 1];
          lo[d] = lo[records[at + 2]] >>> lo[records[at + 3]];
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 46: {
          // OP_ASRV_32
          const d = records[at + 1];
          lo[d] = lo[records[at + 2]] >> lo[records[at + 3]];
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 47: {
          // OP_EXTR_LOW
          const d = records[at + 1];
          const s = records[at + 2];
          const t = records[at + 3];
          const shift = records[at + 4];
          const h = hi[t];
          const a = lo[s];
          lo[d] = (lo[t] >>> shift) | ((h << ~shift) << 1);
          hi[d] = (h >>> shift) | ((a << ~shift) << 1);
          at += 8;
          continue;
        }
        case 48: // OP_RARE
          executeRare(core, records, at);
          at += 8;
          continue;
        case 49: // OP_RARE_FLAGS
          k[FLAG_N] = n >>> 31;
          k[FLAG_Z] = z === 0 ? 1 : 0;
          k[FLAG_C] = c;
          k[FLAG_V] = v >>> 31;
          executeRare(core, records, at);
          n = 0 - k[FLAG_N];
          z = 1 - k[FLAG_Z];
          c = k[FLAG_C];
          v = 0 - k[FLAG_V];
          at += 8;
          continue;

        case 50: // OP_B
        case 51: {
          // OP_BL
          const pc = ((at >> 1) + delta) | 0;
          const target = (pc + records[at + 5]) | 0;
          if (records[at] === 51) {
            lo[30] = pc + 4;
            hi[30] = pcHi + (pc === -4 ? 1 : 0);
            if (timing !== null) touchBranch(timing, pc, BRANCH_CALL, true, target);
          } else if (timing !== null) touchBranch(timing, pc, BRANCH_DIRECT, true, target);
          const distance = records[at + 4];
          if (distance !== 0) {
            at += distance;
            continue;
          }
          pcHi = (pcHi + records[at + 6] + (target >>> 0 < pc >>> 0 ? 1 : 0)) | 0;
          pcLo = target;
          continue leave;
        }
        case 52: // OP_BR
        case 53: // OP_BLR
        case 54: {
          // OP_RET
          const s = records[at + 2];
          const pc = ((at >> 1) + delta) | 0;
          const targetHi = hi[s];
          pcLo = lo[s];
          if (timing !== null) {
            const kind = records[at] === 54 ? BRANCH_RETURN : records[at] === 53 ? BRANCH_INDIRECT_CALL : BRANCH_INDIRECT;
            touchBranch(timing, pc, kind, true, pcLo);
          }
          if (records[at] === 53) {
            lo[30] = pc + 4;
            hi[30] = pcHi + (pc === -4 ? 1 : 0);
          }
          pcHi = targetHi;
          continue leave;
        }
        case 55: // OP_B_EQ and the other conditions
          taken = z === 0;
          break;
        case 56:
          taken = z !== 0;
          break;
        case 57:
          taken = c !== 0;
          break;
        case 58:
          taken = c === 0;
          break;
        case 59:
          taken = n < 0;
          break;
        case 60:
          taken = n >= 0;
          break;
        case 61:
          taken = v < 0;
          break;
        case 62:
          taken = v >= 0;
          break;
        case 63:
          taken = c !== 0 && z !== 0;
          break;
        case 64:
          taken = c === 0 || z === 0;
          break;
        case 65:
          taken = (n ^ v) >= 0;
          break;
        case 66:
          taken = (n ^ v) < 0;
          break;
        case 67:
          taken = z !== 0 && (n ^ v) >= 0;
          break;
        case 68:
          taken = z === 0 || (n ^ v) < 0;
          break;
        case 69:
          taken = true;
          break;
        case 70: // OP_CBZ_64
          taken = (lo[records[at + 1]] | hi[records[at + 1]]) === 0;
          break;
        case 71: // OP_CBNZ_64
          taken = (lo[records[at + 1]] | hi[records[at + 1]]) !== 0;
          break;
        case 72: // OP_CBZ_32
          taken = lo[records[at + 1]] === 0;
          break;
        case 73: // OP_CBNZ_32
          taken = lo[records[at + 1]] !== 0;
          break;
        case 74: // OP_TBZ_LOW
          taken = (lo[records[at + 1]] & records[at + 3]) === 0;
          break;
        case 75: // OP_TBNZ_LOW
          taken = (lo[records[at + 1]] & records[at + 3]) !== 0;
          break;
        case 76: // OP_TBZ_HIGH
          taken = (hi[records[at + 1]] & records[at + 3]) === 0;
          break;
        case 77: // OP_TBNZ_HIGH
          taken = (hi[records[at + 1]] & records[at + 3]) !== 0;
          break;

        case 80: {
          // OP_LDR_64
          const s = records[at + 2];
          const offset = records[at + 4];
          vaLo = (lo[s] + offset) | 0;
          vaHi = (hi[s] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          const d = records[at + 1];
          const e = readAt + ((vaLo >>> 10) & 0x3ffc);
          if (s === 31 && (lo[31] & spMask) !== 0) {
            exit = stackPointerFault(core);
            break;
          }
          if (fast[e] === (vaLo & -0xff9) && fast[e + 1] === vaHi) {
            const p = (vaLo + fast[e + 2]) >>> 2;
            if (timing !== null) touchData(timing, (vaLo + fast[e + 2]) >>> 0, 8, false);
            lo[d] = i32[p];
            hi[d] = i32[p + 1];
            at += 8;
            continue;
          }
          if (!load(core, vaLo, vaHi, 8, READ, false)) {
            exit = EXIT_FAULT;
            break;
          }
          lo[d] = core.valueLo;
          hi[d] = core.valueHi;
          at += 8;
          continue;
        }
        case 81: {
          // OP_LDR_32
          const s = records[at + 2];
          const offset = records[at + 4];
          vaLo = (lo[s] + offset) | 0;
          vaHi = (hi[s] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          const d = records[at + 1];
          const e = readAt + ((vaLo >>> 10) & 0x3ffc);
          if (s === 31 && (lo[31] & spMask) !== 0) {
            exit = stackPointerFault(core);
            break;
          }
          if (fast[e] === (vaLo & -0xffd) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 4, false);
            lo[d] = i32[pa >>> 2];
            hi[d] = 0;
            at += 8;
            continue;
          }
          if (!load(core, vaLo, vaHi, 4, READ, false)) {
            exit = EXIT_FAULT;
            break;
          }
          lo[d] = core.valueLo;
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 82: {
          // OP_LDRB
          const s = records[at + 2];
          const offset = records[at + 4];
          vaLo = (lo[s] + offset) | 0;
          vaHi = (hi[s] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          const d = records[at + 1];
          const e = readAt + ((vaLo >>> 10) & 0x3ffc);
          if (s === 31 && (lo[31] & spMask) !== 0) {
            exit = stackPointerFault(core);
            break;
          }
          if (fast[e] === (vaLo & -0x1000) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 1, false);
            lo[d] = u8[pa];
            hi[d] = 0;
            at += 8;
            continue;
          }
          if (!load(core, vaLo, vaHi, 1, READ, false)) {
            exit = EXIT_FAULT;
            break;
          }
          lo[d] = core.valueLo;
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 83: {
          // OP_LDRH
          const s = records[at + 2];
          const offset = records[at + 4];
          vaLo = (lo[s] + offset) | 0;
          vaHi = (hi[s] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          const d = records[at + 1];
          const e = readAt + ((vaLo >>> 10) & 0x3ffc);
          if (s === 31 && (lo[31] & spMask) !== 0) {
            exit = stackPointerFault(core);
            break;
          }
          if (fast[e] === (vaLo & -0xfff) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 2, false);
            lo[d] = u16[pa >>> 1];
            hi[d] = 0;
            at += 8;
            continue;
          }
          if (!load(core, vaLo, vaHi, 2, READ, false)) {
            exit = EXIT_FAULT;
            break;
          }
          lo[d] = core.valueLo;
          hi[d] = 0;
          at += 8;
          continue;
        }
        case 84: {
          // OP_STR_64
          const s = records[at + 2];
          const offset = records[at + 4];
          vaLo = (lo[s] + offset) | 0;
          vaHi = (hi[s] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          const d = records[at + 1];
          const e = writeAt + ((vaLo >>> 10) & 0x3ffc);
          if (s === 31 && (lo[31] & spMask) !== 0) {
            exit = stackPointerFault(core);
            break;
          }
          if (fast[e] === (vaLo & -0xff9) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 8, true);
            i32[pa >>> 2] = lo[d];
            i32[(pa >>> 2) + 1] = hi[d];
            at += 8;
            continue;
          }
          if (!store(core, vaLo, vaHi, 8, WRITE, false, lo[d], hi[d])) {
            exit = EXIT_FAULT;
            break;
          }
          at += 8;
          continue;
        }
        case 85: {
          // OP_STR_32
          const s = records[at + 2];
          const offset = records[at + 4];
          vaLo = (lo[s] + offset) | 0;
          vaHi = (hi[s] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          const d = records[at + 1];
          const e = writeAt + ((vaLo >>> 10) & 0x3ffc);
          if (s === 31 && (lo[31] & spMask) !== 0) {
            exit = stackPointerFault(core);
            break;
          }
          if (fast[e] === (vaLo & -0xffd) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 4, true);
            i32[pa >>> 2] = lo[d];
            at += 8;
            continue;
          }
          if (!store(core, vaLo, vaHi, 4, WRITE, false, lo[d], 0)) {
            exit = EXIT_FAULT;
            break;
          }
          at += 8;
          continue;
        }
        case 86: {
          // OP_STRB
          const s = records[at + 2];
          const offset = records[at + 4];
          vaLo = (lo[s] + offset) | 0;
          vaHi = (hi[s] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          const d = records[at + 1];
          const e = writeAt + ((vaLo >>> 10) & 0x3ffc);
          if (s === 31 && (lo[31] & spMask) !== 0) {
            exit = stackPointerFault(core);
            break;
          }
          if (fast[e] === (vaLo & -0x1000) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 1, true);
            u8[pa] = lo[d];
            at += 8;
            continue;
          }
          if (!store(core, vaLo, vaHi, 1, WRITE, false, lo[d], 0)) {
            exit = EXIT_FAULT;
            break;
          }
          at += 8;
          continue;
        }
        case 87: {
          // OP_STRH
          const s = records[at + 2];
          const offset = records[at + 4];
          vaLo = (lo[s] + offset) | 0;
          vaHi = (hi[s] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          const d = records[at + 1];
          const e = writeAt + ((vaLo >>> 10) & 0x3ffc);
          if (s === 31 && (lo[31] & spMask) !== 0) {
            exit = stackPointerFault(core);
            break;
          }
          if (fast[e] === (vaLo & -0xfff) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 2, true);
            u16[pa >>> 1] = lo[d];
            at += 8;
            continue;
          }
          if (!store(core, vaLo, vaHi, 2, WRITE, false, lo[d], 0)) {
            exit = EXIT_FAULT;
            break;
          }
          at += 8;
          continue;
        }
        case 88: // OP_LDP_64
        case 89: // OP_STP_64
        case 90: // OP_MEMORY_OFFSET
        case 91: {
          // OP_MEMORY_WRITEBACK
          const s = records[at + 2];
          const offset = records[at + 4];
          vaLo = (lo[s] + offset) | 0;
          vaHi = (hi[s] + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          if (s === 31 && (lo[31] & spMask) !== 0) exit = stackPointerFault(core);
          break;
        }
        case 92: {
          // OP_MEMORY_REGISTER
          const s = records[at + 2];
          const t = records[at + 3];
          const shift = records[at + 5];
          const a = lo[t];
          const option = records[at + 4];
          const h = option === 3 || option === 7 ? hi[t] : option === 6 ? a >> 31 : 0; // LSL, SXTX · SXTW · UXTW
          const b = a << shift;
          vaLo = (lo[s] + b) | 0;
          vaHi = (hi[s] + ((h << shift) | ((a >>> ~shift) >>> 1)) + (vaLo >>> 0 < b >>> 0 ? 1 : 0)) | 0;
          if (s === 31 && (lo[31] & spMask) !== 0) exit = stackPointerFault(core);
          break;
        }
        case 93: {
          // OP_MEMORY_LITERAL
          const pc = ((at >> 1) + delta) | 0;
          const offset = records[at + 4];
          vaLo = (pc + offset) | 0;
          vaHi = (pcHi + (offset >> 31) + (vaLo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
          break;
        }
        default: // OP_MEMORY_SPECIAL
          if (executeSpecial(core, records[at + 7])) {
            at += 8;
            continue;
          }
          exit = EXIT_FAULT;
          break;
      }
      if (exit !== EXIT_COUNT) {
        if (exit === EXIT_FAULT) left++;
        break;
      }
      const operation = records[at];
      if (operation < 80) {
        // A conditional branch.
        const distance = records[at + 4];
        if (timing !== null) {
          const pc = ((at >> 1) + delta) | 0;
          touchBranch(timing, pc, BRANCH_CONDITIONAL, taken, (pc + records[at + 5]) | 0);
        }
        if (!taken) {
          at += 8;
          continue;
        }
        if (distance !== 0) {
          at += distance;
          continue;
        }
        const pc = ((at >> 1) + delta) | 0;
        pcLo = (pc + records[at + 5]) | 0;
        pcHi = (pcHi + records[at + 6] + (pcLo >>> 0 < pc >>> 0 ? 1 : 0)) | 0;
        continue leave;
      }
      // The other loads and stores: the address is known.
      const d = records[at + 1];
      const access = operation === 88 ? 16 : operation === 89 ? 14 : records[at + 6];
      let done = true;
      switch (access & 31) {
        case 0: // ACCESS_STRB
          done = write(core, vaLo, vaHi, 1, access, lo[d], 0);
          break;
        case 1: // ACCESS_STRH
          done = write(core, vaLo, vaHi, 2, access, lo[d], 0);
          break;
        case 2: // ACCESS_STR_32
          done = write(core, vaLo, vaHi, 4, access, lo[d], 0);
          break;
        case 3: // ACCESS_STR_64
          done = write(core, vaLo, vaHi, 8, access, lo[d], hi[d]);
          break;
        case 4: {
          // ACCESS_LDRB
          const e = readAt + ((vaLo >>> 10) & 0x3ffc);
          if (fast[e] === (vaLo & -0x1000) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 1, false);
            lo[d] = u8[pa];
            hi[d] = 0;
          } else if (load(core, vaLo, vaHi, 1, READ, false)) {
            lo[d] = core.valueLo;
            hi[d] = 0;
          } else done = false;
          break;
        }
        case 5: // ACCESS_LDRH
          done = read(core, vaLo, vaHi, 2, access);
          if (done) {
            lo[d] = core.valueLo;
            hi[d] = 0;
          }
          break;
        case 6: {
          // ACCESS_LDR_32
          const e = readAt + ((vaLo >>> 10) & 0x3ffc);
          if (fast[e] === (vaLo & -0xffd) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 4, false);
            lo[d] = i32[pa >>> 2];
            hi[d] = 0;
          } else if (load(core, vaLo, vaHi, 4, READ, access >= 32)) {
            lo[d] = core.valueLo;
            hi[d] = 0;
          } else done = false;
          break;
        }
        case 7: {
          // ACCESS_LDR_64
          const e = readAt + ((vaLo >>> 10) & 0x3ffc);
          if (fast[e] === (vaLo & -0xff9) && fast[e + 1] === vaHi) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 8, false);
            lo[d] = i32[pa >>> 2];
            hi[d] = i32[(pa >>> 2) + 1];
          } else if (load(core, vaLo, vaHi, 8, READ, access >= 32)) {
            lo[d] = core.valueLo;
            hi[d] = core.valueHi;
          } else done = false;
          break;
        }
        case 8: // ACCESS_LDRSB_64
          done = read(core, vaLo, vaHi, 1, access);
          if (done) {
            lo[d] = (core.valueLo << 24) >> 24;
            hi[d] = (core.valueLo << 24) >> 31;
          }
          break;
        case 9: // ACCESS_LDRSH_64
          done = read(core, vaLo, vaHi, 2, access);
          if (done) {
            lo[d] = (core.valueLo << 16) >> 16;
            hi[d] = (core.valueLo << 16) >> 31;
          }
          break;
        case 10: // ACCESS_LDRSW
          done = read(core, vaLo, vaHi, 4, access);
          if (done) {
            lo[d] = core.valueLo;
            hi[d] = core.valueLo >> 31;
          }
          break;
        case 11: // ACCESS_LDRSB_32
          done = read(core, vaLo, vaHi, 1, access);
          if (done) {
            lo[d] = (core.valueLo << 24) >> 24;
            hi[d] = 0;
          }
          break;
        case 12: // ACCESS_LDRSH_32
          done = read(core, vaLo, vaHi, 2, access);
          if (done) {
            lo[d] = (core.valueLo << 16) >> 16;
            hi[d] = 0;
          }
          break;
        case 14: {
          // ACCESS_STP_64
          const e = writeAt + ((vaLo >>> 10) & 0x3ffc);
          const t = records[at + 3];
          if (fast[e] === (vaLo & -0xff9) && fast[e + 1] === vaHi && (vaLo & 0xff8) !== 0xff8) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 16, true);
            i32[pa >>> 2] = lo[d];
            i32[(pa >>> 2) + 1] = hi[d];
            i32[(pa >>> 2) + 2] = lo[t];
            i32[(pa >>> 2) + 3] = hi[t];
          } else done = storePair(core, vaLo, vaHi, 8, d, t);
          break;
        }
        case 16: {
          // ACCESS_LDP_64
          const e = readAt + ((vaLo >>> 10) & 0x3ffc);
          const t = records[at + 3];
          if (fast[e] === (vaLo & -0xff9) && fast[e + 1] === vaHi && (vaLo & 0xff8) !== 0xff8) {
            const pa = (vaLo + fast[e + 2]) >>> 0;
            if (timing !== null) touchData(timing, pa, 16, false);
            lo[d] = i32[pa >>> 2];
            hi[d] = i32[(pa >>> 2) + 1];
            lo[t] = i32[(pa >>> 2) + 2];
            hi[t] = i32[(pa >>> 2) + 3];
          } else done = loadPair(core, vaLo, vaHi, 8, d, t, false);
          break;
        }
        case 13: // ACCESS_STP_32
          done = storePair(core, vaLo, vaHi, 4, d, records[at + 3]);
          break;
        default: // ACCESS_LDP_32, ACCESS_LDPSW
          done = loadPair(core, vaLo, vaHi, 4, d, records[at + 3], access === 17);
          break;
      }
      if (!done) {
        exit = EXIT_FAULT;
        left++;
        break;
      }
      if (operation === 91) {
        const s = records[at + 2];
        const step = records[at + 5];
        const r = (lo[s] + step) | 0;
        hi[s] = hi[s] + (step >> 31) + (r >>> 0 < step >>> 0 ? 1 : 0);
        lo[s] = r;
      }
      at += 8;
    }
    pcLo = ((at >> 1) + delta) | 0;
    if (pcLo === 0 && at !== base) pcHi = (pcHi + 1) | 0; // at the end record of the last page below 4 GiB
    break;
  }
  k[FLAG_N] = n >>> 31;
  k[FLAG_Z] = z === 0 ? 1 : 0;
  k[FLAG_C] = c;
  k[FLAG_V] = v >>> 31;
  k[PC_LO] = pcLo;
  k[PC_HI] = pcHi;
  core.executed = limit - left;
  return exit;
}
