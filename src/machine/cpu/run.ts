// The loop that executes decoded operations: the fast path of the interpreter, and the meaning of what it holds.
// Source of the meanings: Arm ARM DDI 0487, C6.2. The numbers of the cases are those of operations.ts, written as literals because V8 makes a
// jump table of literals only. What is rare, and all that is more than arithmetic, a load, a store or a branch, stands elsewhere: this one
// function must stay well below what V8 optimises (61,440 bytes of bytecode).
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
import { accessMemory, stackPointerFault } from './access.ts';
import { conditionHolds } from './condition.ts';
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z, PC_HI, PC_LO } from './context.ts';
import type { Core } from './core.ts';
import { records as decodedRecords, fastTranslations, fetchEntries, highHalves, lowHalves } from './lanes.ts';
import { openFetch } from './mmu.ts';
import { EXIT_COUNT, EXIT_FAULT, EXIT_FETCH, EXIT_PAGE, EXIT_SYSTEM } from './operations.ts';
import { predecode } from './predecode.ts';
import { executeRare, highProduct, shiftOperand } from './rare.ts';
import { executeSpecial } from './special.ts';

/**
 * Executes up to `limit` operations from PC. Answers an EXIT_…; `core.executed` says how many were executed. PC and the flags are in the
 * context again when it returns. An operation that faults or is for the slow path is not counted and has changed nothing.
 */
export function run(core: Core, limit: number): number {
  const lo = lowHalves();
  const hi = highHalves();
  const records = decodedRecords();
  const fast = fastTranslations();
  const fetch = fetchEntries();
  const { k, readAt, writeAt, fetchAt, spMask, timing } = core;
  const { lo: contextLo, hi: contextHi } = core.cpu.context;
  const { i32, u16, u8 } = core.m.memory;
  for (let r = 0; r < 32; r++) {
    lo[r] = contextLo[r];
    hi[r] = contextHi[r];
  }
  let n = k[FLAG_N] === 0 ? 0 : -1;
  let z = k[FLAG_Z] === 0 ? 1 : 0;
  let c = k[FLAG_C];
  let v = k[FLAG_V] === 0 ? 0 : -1;
  let pcLo = k[PC_LO];
  let pcHi = k[PC_HI];
  let left = limit | 0;
  let exit = EXIT_COUNT;
  const look = core.stopAtPages;

  pages: while (left !== 0) {
    // PC came to a page: find its records.
    const f = (fetchAt + ((pcLo >>> 10) & 0x3ffc)) | 0;
    if (fetch[f] !== (pcLo & -0xffd) || fetch[f | 1] !== pcHi) {
      if (!openFetch(core, pcLo, pcHi)) {
        exit = EXIT_FETCH;
        break;
      }
    }
    const base = fetch[f | 2];
    const delta = ((pcLo & ~0xfff) - (base >> 1)) | 0; // PC is (at >> 1) + delta
    let at = (base + ((pcLo & 0xffc) << 1)) | 0; // the record of the next operation

    while (left !== 0) {
      left = (left - 1) | 0;
      let operation = records[at];
      const d = records[at | 1];
      const s = records[at | 2];
      const t = records[at | 3];
      const x = records[at | 4];
      if (operation >= 128) {
        shiftOperand(records[at | 7]);
        operation &= 127;
      }

      if (operation < 40) {
        switch (operation) {
          case 0: // OP_UNDECODED
            predecode(at, i32[((fetch[f | 3] >>> 0) + ((at - base) >> 1)) >>> 2], (at - base) >> 1);
            left = (left + 1) | 0;
            continue;
          case 1: // OP_PAGE_END
            left = (left + 1) | 0;
            pcLo = ((at >> 1) + delta) | 0;
            if (pcLo === 0) pcHi = (pcHi + 1) | 0;
            if (look) {
              exit = EXIT_PAGE;
              break pages;
            }
            continue pages;
          case 2: // OP_SYSTEM
            left = (left + 1) | 0;
            exit = EXIT_SYSTEM;
            pcLo = ((at >> 1) + delta) | 0;
            break pages;
          case 3: // OP_NOP
            break;
          case 4: // OP_CONSTANT
            lo[d] = x;
            hi[d] = records[at | 5];
            break;
          case 5: // OP_KEEP
            lo[d] = (lo[d] & s) | x;
            hi[d] = (hi[d] & t) | records[at | 5];
            break;
          case 6: {
            // OP_ADR
            const pc = ((at >> 1) + delta) & records[at | 6];
            const r = (pc + x) | 0;
            lo[d] = r;
            hi[d] = pcHi + records[at | 5] + (r >>> 0 < pc >>> 0 ? 1 : 0);
            break;
          }
          case 7: {
            // OP_ADD
            const a = lo[s];
            const r = (a + (lo[t] ^ x)) | 0;
            hi[d] = (hi[s] + (hi[t] ^ records[at | 5]) + (r >>> 0 < a >>> 0 ? 1 : 0)) & records[at | 6];
            lo[d] = r;
            break;
          }
          case 8: {
            // OP_SUB
            const a = lo[s];
            const b = lo[t] ^ x;
            hi[d] = (hi[s] - hi[t] - (a >>> 0 < b >>> 0 ? 1 : 0)) & records[at | 6];
            lo[d] = a - b;
            break;
          }
          case 9: {
            // OP_ADDS_64
            const a = lo[s];
            const h = hi[s];
            const g = hi[t];
            const r = (a + (lo[t] ^ x)) | 0;
            n = (h + g + (r >>> 0 < a >>> 0 ? 1 : 0)) | 0;
            z = r | n;
            c = ((h & g) | ((h | g) & ~n)) >>> 31;
            v = (h ^ n) & (g ^ n);
            lo[d] = r;
            hi[d] = n;
            break;
          }
          case 10: {
            // OP_ADDS_32
            const a = lo[s];
            const b = lo[t] ^ x;
            n = (a + b) | 0;
            z = n;
            c = n >>> 0 < a >>> 0 ? 1 : 0;
            v = (a ^ n) & (b ^ n);
            lo[d] = n;
            hi[d] = 0;
            break;
          }
          case 11: {
            // OP_SUBS_64
            const a = lo[s];
            const b = lo[t] ^ x;
            const h = hi[s];
            const g = hi[t];
            const borrow = a >>> 0 < b >>> 0 ? 1 : 0;
            const r = (a - b) | 0;
            n = (h - g - borrow) | 0;
            z = r | n;
            c = h === g ? 1 - borrow : h >>> 0 > g >>> 0 ? 1 : 0;
            v = (h ^ g) & (h ^ n);
            lo[d] = r;
            hi[d] = n;
            break;
          }
          case 12: {
            // OP_SUBS_32
            const a = lo[s];
            const b = lo[t] ^ x;
            n = (a - b) | 0;
            z = n;
            c = a >>> 0 >= b >>> 0 ? 1 : 0;
            v = (a ^ b) & (a ^ n);
            lo[d] = n;
            hi[d] = 0;
            break;
          }
          case 13: // OP_AND
            lo[d] = lo[s] & (lo[t] ^ x);
            hi[d] = hi[s] & (hi[t] ^ records[at | 5]) & records[at | 6];
            break;
          case 14: // OP_ORR
            lo[d] = lo[s] | (lo[t] ^ x);
            hi[d] = (hi[s] | (hi[t] ^ records[at | 5])) & records[at | 6];
            break;
          case 15: // OP_EOR
            lo[d] = lo[s] ^ lo[t] ^ x;
            hi[d] = (hi[s] ^ hi[t] ^ records[at | 5]) & records[at | 6];
            break;
          case 16: {
            // OP_ANDS
            const mask = records[at | 6];
            const r = lo[s] & (lo[t] ^ x);
            const rh = hi[s] & (hi[t] ^ records[at | 5]) & mask;
            n = mask === 0 ? r : rh;
            z = r | rh;
            c = 0;
            v = 0;
            lo[d] = r;
            hi[d] = rh;
            break;
          }
          case 17: // OP_MOVE
            lo[d] = lo[t];
            hi[d] = hi[t] & records[at | 6];
            break;
          case 18: {
            // OP_BITFIELD_32
            const a = lo[s];
            lo[d] = ((a >>> x) | (a << (32 - x))) & records[at | 5];
            hi[d] = 0;
            break;
          }
          case 19: {
            // OP_BITFIELD_LOW
            const a = lo[s];
            const h = hi[s];
            lo[d] = ((a >>> x) | ((h << ~x) << 1)) & records[at | 5];
            hi[d] = ((h >>> x) | ((a << ~x) << 1)) & records[at | 6];
            break;
          }
          case 20: {
            // OP_BITFIELD_HIGH
            const a = lo[s];
            const h = hi[s];
            lo[d] = ((h >>> x) | ((a << ~x) << 1)) & records[at | 5];
            hi[d] = ((a >>> x) | ((h << ~x) << 1)) & records[at | 6];
            break;
          }
          case 21: {
            // OP_SIGN_EXTEND
            const r = (lo[s] << x) >> records[at | 5];
            lo[d] = r;
            hi[d] = (r >> 31) & records[at | 6];
            break;
          }
          case 22: {
            // OP_ASR_64
            const h = hi[s];
            lo[d] = (lo[s] >>> x) | (h << (32 - x));
            hi[d] = h >> x;
            break;
          }
          case 23: {
            // OP_INSERT_32
            const a = lo[s];
            const field = records[at | 5];
            lo[d] = (lo[d] & ~field) | (((a >>> x) | (a << (32 - x))) & field);
            hi[d] = 0;
            break;
          }
          case 24: // OP_SELECT
            if (conditionHolds(x, n, z, c, v)) {
              lo[d] = lo[s];
              hi[d] = hi[s] & records[at | 6];
            } else {
              const form = records[at | 5];
              const invert = (form << 30) >> 31;
              const r = ((lo[t] ^ invert) + (form & 1)) | 0;
              hi[d] = ((hi[t] ^ invert) + (r === 0 ? form & 1 : 0)) & records[at | 6];
              lo[d] = r;
            }
            break;
          case 25: {
            // OP_CONDITIONAL_COMPARE
            const form = records[at | 5];
            if (!conditionHolds(d, n, z, c, v)) {
              n = (form & 8) << 28;
              z = (form & 4) === 0 ? 1 : 0;
              c = (form >> 1) & 1;
              v = (form & 1) << 31;
              break;
            }
            // In 32 bits both operands go to the high halves, so that the carry and the signs come from there.
            const wide = records[at | 6];
            const a = lo[s] & wide;
            const b = (lo[t] ^ x) & wide;
            const h = wide === 0 ? lo[s] : hi[s];
            const g = wide === 0 ? lo[t] ^ x : hi[t];
            if ((form & 16) !== 0) {
              const borrow = a >>> 0 < b >>> 0 ? 1 : 0;
              n = (h - g - borrow) | 0;
              z = (a - b) | n;
              c = h === g ? 1 - borrow : h >>> 0 > g >>> 0 ? 1 : 0;
              v = (h ^ g) & (h ^ n);
            } else {
              const r = (a + b) | 0;
              n = (h + g + (r >>> 0 < a >>> 0 ? 1 : 0)) | 0;
              z = r | n;
              c = ((h & g) | ((h | g) & ~n)) >>> 31;
              v = (h ^ n) & (g ^ n);
            }
            break;
          }
          case 26: {
            // OP_MADD_32
            const p = Math.imul(lo[s], lo[t]);
            lo[d] = records[at | 5] === 0 ? lo[x] + p : lo[x] - p;
            hi[d] = 0;
            break;
          }
          case 27: // OP_MADD_64
          case 28: {
            // OP_MADD_LONG
            const form = records[at | 5];
            const y = lo[s];
            const w = lo[t];
            const p = Math.imul(y, w);
            let ph = highProduct(y, w);
            if (operation === 27) ph += Math.imul(y, hi[t]) + Math.imul(hi[s], w);
            else if ((form & 1) !== 0) ph -= ((y >> 31) & w) + ((w >> 31) & y);
            const a = lo[x];
            const subtract = operation === 27 ? form !== 0 : form > 1;
            hi[d] = subtract ? hi[x] - ph - (a >>> 0 < p >>> 0 ? 1 : 0) : hi[x] + ph + ((a + p) >>> 0 < a >>> 0 ? 1 : 0);
            lo[d] = subtract ? a - p : a + p;
            break;
          }
          case 29: {
            // OP_DIVIDE_32
            const y = lo[t];
            lo[d] = y === 0 ? 0 : records[at | 5] === 0 ? (lo[s] >>> 0) / (y >>> 0) : lo[s] / y;
            hi[d] = 0;
            break;
          }
          case 30: {
            // OP_SHIFT_LEFT_64
            const shift = lo[t];
            const a = lo[s];
            hi[d] = (shift & 32) === 0 ? (hi[s] << shift) | ((a >>> ~shift) >>> 1) : a << shift;
            lo[d] = (shift & 32) === 0 ? a << shift : 0;
            break;
          }
          case 31: {
            // OP_SHIFT_RIGHT_64
            const shift = lo[t];
            const h = hi[s];
            lo[d] = (shift & 32) === 0 ? (lo[s] >>> shift) | ((h << ~shift) << 1) : h >>> shift;
            hi[d] = (shift & 32) === 0 ? h >>> shift : 0;
            break;
          }
          case 32: // OP_SHIFT_32
            lo[d] = x === 0 ? lo[s] << lo[t] : x === 1 ? lo[s] >>> lo[t] : lo[s] >> lo[t];
            hi[d] = 0;
            break;
          case 33: {
            // OP_EXTRACT
            const h = hi[t];
            const a = lo[s];
            lo[d] = (lo[t] >>> x) | ((h << ~x) << 1);
            hi[d] = (h >>> x) | ((a << ~x) << 1);
            break;
          }
          case 34: // OP_RARE
            executeRare(core, at);
            break;
          default: // OP_RARE_FLAGS
            k[FLAG_N] = n >>> 31;
            k[FLAG_Z] = z === 0 ? 1 : 0;
            k[FLAG_C] = c;
            k[FLAG_V] = v >>> 31;
            executeRare(core, at);
            n = 0 - k[FLAG_N];
            z = 1 - k[FLAG_Z];
            c = k[FLAG_C];
            v = 0 - k[FLAG_V];
        }
        at = (at + 8) | 0;
        continue;
      }

      if (operation < 70) {
        const pc = ((at >> 1) + delta) | 0;
        let taken = true;
        let kind = BRANCH_CONDITIONAL;
        switch (operation) {
          case 40: // OP_B
            kind = BRANCH_DIRECT;
            if (records[at | 6] !== 0) {
              kind = BRANCH_CALL;
              lo[30] = pc + 4;
              hi[30] = pcHi + (pc === -4 ? 1 : 0);
            }
            break;
          case 41: {
            // OP_B_REGISTER
            const form = records[at | 6];
            const targetHi = hi[s];
            pcLo = lo[s];
            kind = form === 2 ? BRANCH_RETURN : form === 1 ? BRANCH_INDIRECT_CALL : BRANCH_INDIRECT;
            if (timing !== null) touchBranch(timing, pc, kind, true, pcLo);
            if (form === 1) {
              lo[30] = pc + 4;
              hi[30] = pcHi + (pc === -4 ? 1 : 0);
            }
            pcHi = targetHi;
            if (look) {
              exit = EXIT_PAGE;
              break pages;
            }
            continue pages;
          }
          case 57: // OP_CBZ_64
            taken = (lo[d] | hi[d]) === 0;
            break;
          case 58: // OP_CBNZ_64
            taken = (lo[d] | hi[d]) !== 0;
            break;
          case 59: // OP_CBZ_32
            taken = lo[d] === 0;
            break;
          case 60: // OP_CBNZ_32
            taken = lo[d] !== 0;
            break;
          case 61: // OP_TBZ_LOW
            taken = (lo[d] & t) === 0;
            break;
          case 62: // OP_TBNZ_LOW
            taken = (lo[d] & t) !== 0;
            break;
          case 63: // OP_TBZ_HIGH
            taken = (hi[d] & t) === 0;
            break;
          case 64: // OP_TBNZ_HIGH
            taken = (hi[d] & t) !== 0;
            break;
          default: // OP_B_EQ and the other conditions
            taken = conditionHolds(operation - 42, n, z, c, v);
        }
        if (timing !== null) touchBranch(timing, pc, kind, taken, (pc + records[at | 5]) | 0);
        if (!taken) {
          at = (at + 8) | 0;
          continue;
        }
        if (x !== 0) {
          at = (at + x) | 0;
          continue;
        }
        const offset = records[at | 5];
        pcLo = (pc + offset) | 0;
        pcHi = (pcHi + (offset >> 31) + (pcLo >>> 0 < pc >>> 0 ? 1 : 0)) | 0;
        if (look) {
          exit = EXIT_PAGE;
          break pages;
        }
        continue pages;
      }

      // Loads and stores: the address, then the access when the page is known, else the slow way.
      let vaLo = (lo[s] + x) | 0;
      let vaHi = (hi[s] + (x >> 31) + (vaLo >>> 0 < x >>> 0 ? 1 : 0)) | 0;
      let done = true;
      if (operation === 74) done = executeSpecial(core, records[at | 7]);
      else {
        if (operation === 72) {
          // OP_MEMORY_REGISTER
          const shift = records[at | 5];
          const a = lo[t];
          const h = x === 6 ? a >> 31 : x === 2 ? 0 : hi[t]; // SXTW · UXTW · LSL, SXTX
          const b = a << shift;
          vaLo = (lo[s] + b) | 0;
          vaHi = (hi[s] + ((h << shift) | ((a >>> ~shift) >>> 1)) + (vaLo >>> 0 < b >>> 0 ? 1 : 0)) | 0;
        } else if (operation === 73) {
          // OP_MEMORY_LITERAL
          vaLo = ((at >> 1) + delta + x) | 0;
          vaHi = (pcHi + (x >> 31) + (vaLo >>> 0 < x >>> 0 ? 1 : 0)) | 0;
        }
        const access = records[at | 6];
        const bytes = access >> 8;
        const e = (((access & 31) < 8 ? writeAt : readAt) + ((vaLo >>> 10) & 0x3ffc)) | 0;
        if (s === 31 && (lo[31] & spMask) !== 0) done = stackPointerFault(core);
        else if (fast[e] === (vaLo & records[at | 7]) && fast[e | 1] === vaHi && (vaLo & 0xfff) + bytes <= 4096) {
          const pa = (vaLo + fast[e | 2]) >>> 0;
          const p = pa >>> 2;
          if (timing !== null) touchData(timing, pa, bytes, (access & 31) < 8);
          switch (access & 31) {
            case 0: // ACCESS_STRB
              u8[pa] = lo[d];
              break;
            case 1: // ACCESS_STRH
              u16[pa >>> 1] = lo[d];
              break;
            case 2: // ACCESS_STR_32
              i32[p] = lo[d];
              break;
            case 3: // ACCESS_STR_64
              i32[p] = lo[d];
              i32[p + 1] = hi[d];
              break;
            case 4: // ACCESS_STP_32
              i32[p] = lo[d];
              i32[p + 1] = lo[t];
              break;
            case 5: // ACCESS_STP_64
              i32[p] = lo[d];
              i32[p + 1] = hi[d];
              i32[p + 2] = lo[t];
              i32[p + 3] = hi[t];
              break;
            case 8: // ACCESS_LDRB
              lo[d] = u8[pa];
              hi[d] = 0;
              break;
            case 9: // ACCESS_LDRH
              lo[d] = u16[pa >>> 1];
              hi[d] = 0;
              break;
            case 10: // ACCESS_LDR_32
              lo[d] = i32[p];
              hi[d] = 0;
              break;
            case 11: // ACCESS_LDR_64
              lo[d] = i32[p];
              hi[d] = i32[p + 1];
              break;
            case 12: // ACCESS_LDRSB_64
              lo[d] = (u8[pa] << 24) >> 24;
              hi[d] = (u8[pa] << 24) >> 31;
              break;
            case 13: // ACCESS_LDRSH_64
              lo[d] = (u16[pa >>> 1] << 16) >> 16;
              hi[d] = (u16[pa >>> 1] << 16) >> 31;
              break;
            case 14: // ACCESS_LDRSW
              lo[d] = i32[p];
              hi[d] = i32[p] >> 31;
              break;
            case 18: // ACCESS_LDP_64
              lo[d] = i32[p];
              hi[d] = i32[p + 1];
              lo[t] = i32[p + 2];
              hi[t] = i32[p + 3];
              break;
            default:
              done = accessMemory(core, access, d, t, vaLo, vaHi);
          }
        } else done = accessMemory(core, access, d, t, vaLo, vaHi);
        if (operation === 71 && done) {
          // OP_MEMORY_WRITEBACK
          const step = records[at | 5];
          const r = (lo[s] + step) | 0;
          hi[s] = hi[s] + (step >> 31) + (r >>> 0 < step >>> 0 ? 1 : 0);
          lo[s] = r;
        }
      }
      if (!done) {
        left = (left + 1) | 0;
        exit = EXIT_FAULT;
        pcLo = ((at >> 1) + delta) | 0;
        break pages;
      }
      at = (at + 8) | 0;
    }
    pcLo = ((at >> 1) + delta) | 0;
    if (pcLo === 0 && at !== base) pcHi = (pcHi + 1) | 0; // at the end record of the last page below 4 GiB
  }
  for (let r = 0; r < 32; r++) {
    contextLo[r] = lo[r];
    contextHi[r] = hi[r];
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
