// The loop that executes decoded operations: the fast path of the interpreter, and the meaning of what it holds.
// Source of the meanings: Arm ARM DDI 0487, C6.2. The numbers of the cases are those of operations.ts, written as literals because V8 makes a
// jump table of literals only. What is rare, and all that is more than arithmetic, a load, a store or a branch, stands elsewhere: this one
// function must stay well below what V8 optimises (61,440 bytes of bytecode).
// Flags are kept apart: N is the sign of `n`, Z is `z === 0`, C is `c`, V is the sign of `v`.
import { touchBranch, touchData } from '../timing/model.ts';
import { BRANCH_CALL, BRANCH_CONDITIONAL, BRANCH_INDIRECT_CALL } from '../timing/predictor.ts';
import { accessMemory, stackPointerFault } from './access.ts';
import { WORTH } from './compiled/region.ts';
import { conditionHolds, putFlags } from './condition.ts';
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z, PC_HI, PC_LO } from './context.ts';
import { type Core, loadRegisters } from './core.ts';
import { records as decoded, fastTranslations, fetchEntries, highHalves, lowHalves } from './lanes.ts';
import { openFetch } from './mmu.ts';
import { EXIT_COUNT, EXIT_FAULT, EXIT_FETCH, EXIT_HOT, EXIT_PAGE, EXIT_SYSTEM } from './operations.ts';
import { predecode } from './predecode.ts';
import { executeRare, highProduct, shiftOperand } from './rare.ts';
import { executeSpecial } from './special.ts';

/**
 * Executes up to `limit` operations from PC. Answers an EXIT_…; `core.executed` says how many were executed. PC and the flags are in the
 * context again when it returns; the registers stay in the loop's arrays (`settleRegisters`). An operation that faults or is for the slow path
 * is not counted and has changed nothing. An operation that is hot (code.ts) ends the run, but not the one whose record is `refused`.
 */
export function interpret(core: Core, limit: number, refused = -1): number {
  const lo = lowHalves();
  const hi = highHalves();
  const records = decoded();
  const fast = fastTranslations();
  const fetch = fetchEntries();
  const { k, readAt, writeAt, fetchAt, spMask, watchFrom, timing } = core;
  const { i32, u16, u8 } = core.m.memory;
  const hot = core.m.code.hot;
  loadRegisters(core);
  let n = k[FLAG_N] === 0 ? 0 : -1;
  let z = k[FLAG_Z] === 0 ? 1 : 0;
  let c = k[FLAG_C];
  let v = k[FLAG_V] === 0 ? 0 : -1;
  let pcLo = k[PC_LO];
  let pcHi = k[PC_HI];
  let left = limit | 0;
  let exit = EXIT_COUNT;
  let pagesLeft = core.stopAtPages ? 1 : limit;

  pages: while (left !== 0 && exit === EXIT_COUNT) {
    // PC came to a page: find its records.
    if (pagesLeft === 0) {
      exit = EXIT_PAGE;
      break;
    }
    pagesLeft = (pagesLeft - 1) | 0;
    const f = (fetchAt + ((pcLo >>> 10) & 0x3ffc)) | 0;
    if ((fetch[f] !== (pcLo & -0xffd) || fetch[f | 1] !== pcHi) && !openFetch(core, pcLo, pcHi)) {
      exit = EXIT_FETCH;
      break;
    }
    const base = fetch[f | 2];
    const delta = ((pcLo & ~0xfff) - (base >> 1)) | 0; // PC is (at >> 1) + delta
    let at = (base + ((pcLo & 0xffc) << 1)) | 0; // the record of the next operation

    if (left > WORTH && at !== refused) {
      const heat = records[at | 5];
      if (heat >= 0 && heat < hot) records[at | 5] = heat + 1;
      else {
        core.hotAt = at;
        core.hotFrame = fetch[f | 3];
        exit = EXIT_HOT;
        break;
      }
    }

    operations: while (left !== 0) {
      left = (left - 1) | 0;
      const head = records[at];
      const operation = head & 127;
      const d = (head >>> 8) & 63;
      const s = (head >>> 14) & 63;
      const t = (head >>> 20) & 63;
      const x = records[at | 1];
      if ((head & 128) !== 0) shiftOperand(records[at | 4]);

      if (operation < 40) {
        const a = lo[s];
        const h = hi[s];
        const b = lo[t] ^ x;
        let g = hi[t];
        let r = 0;
        switch (operation) {
          case 0: // OP_UNDECODED
            predecode(at, i32[((fetch[f | 3] >>> 0) + ((at - base) >> 1)) >>> 2], (at - base) >> 1);
            left = (left + 1) | 0;
            continue;
          case 1: // OP_PAGE_END
            left = (left + 1) | 0;
            pcLo = ((at >> 1) + delta) | 0;
            if (pcLo === 0) pcHi = (pcHi + 1) | 0;
            continue pages;
          case 2: // OP_SYSTEM
            left = (left + 1) | 0;
            exit = EXIT_SYSTEM;
            break operations;
          case 3: // OP_NOP
            break;
          case 4: // OP_CONSTANT
            lo[d] = x;
            hi[d] = records[at | 2];
            break;
          case 5: // OP_KEEP
            lo[d] = (lo[d] & records[at | 3]) | x;
            hi[d] = (hi[d] & records[at | 4]) | records[at | 2];
            break;
          case 6: // OP_ADR
            g = ((at >> 1) + delta) & records[at | 3];
            r = (g + x) | 0;
            lo[d] = r;
            hi[d] = pcHi + records[at | 2] + (r >>> 0 < g >>> 0 ? 1 : 0);
            break;
          case 7: // OP_ADD
            r = (a + b) | 0;
            lo[d] = r;
            hi[d] = (h + (g ^ records[at | 2]) + (r >>> 0 < a >>> 0 ? 1 : 0)) & records[at | 3];
            break;
          case 8: // OP_SUB
            lo[d] = a - b;
            hi[d] = (h - g - (a >>> 0 < b >>> 0 ? 1 : 0)) & records[at | 3];
            break;
          case 9: // OP_ADDS_64
            r = (a + b) | 0;
            n = (h + g + (r >>> 0 < a >>> 0 ? 1 : 0)) | 0;
            z = r | n;
            c = ((h & g) | ((h | g) & ~n)) >>> 31;
            v = (h ^ n) & (g ^ n);
            lo[d] = r;
            hi[d] = n;
            break;
          case 10: // OP_ADDS_32
            n = (a + b) | 0;
            z = n;
            c = n >>> 0 < a >>> 0 ? 1 : 0;
            v = (a ^ n) & (b ^ n);
            lo[d] = n;
            hi[d] = 0;
            break;
          case 11: // OP_SUBS_64
            r = (a - b) | 0;
            c = a >>> 0 < b >>> 0 ? 1 : 0;
            n = (h - g - c) | 0;
            z = r | n;
            c = h === g ? 1 - c : h >>> 0 > g >>> 0 ? 1 : 0;
            v = (h ^ g) & (h ^ n);
            lo[d] = r;
            hi[d] = n;
            break;
          case 12: // OP_SUBS_32
            n = (a - b) | 0;
            z = n;
            c = a >>> 0 >= b >>> 0 ? 1 : 0;
            v = (a ^ b) & (a ^ n);
            lo[d] = n;
            hi[d] = 0;
            break;
          case 13: // OP_AND
            lo[d] = a & b;
            hi[d] = h & (g ^ records[at | 2]) & records[at | 3];
            break;
          case 14: // OP_ORR
            lo[d] = a | b;
            hi[d] = (h | (g ^ records[at | 2])) & records[at | 3];
            break;
          case 15: // OP_EOR
            lo[d] = a ^ b;
            hi[d] = (h ^ g ^ records[at | 2]) & records[at | 3];
            break;
          case 16: // OP_ANDS
            r = a & b;
            g = h & (g ^ records[at | 2]) & records[at | 3];
            n = records[at | 3] === 0 ? r : g;
            z = r | g;
            c = 0;
            v = 0;
            lo[d] = r;
            hi[d] = g;
            break;
          case 17: // OP_MOVE
            lo[d] = b;
            hi[d] = g & records[at | 3];
            break;
          case 18: // OP_BITFIELD_32
            lo[d] = ((a >>> x) | (a << (32 - x))) & records[at | 2];
            hi[d] = 0;
            break;
          case 19: // OP_BITFIELD_LOW
            lo[d] = ((a >>> x) | ((h << ~x) << 1)) & records[at | 2];
            hi[d] = ((h >>> x) | ((a << ~x) << 1)) & records[at | 3];
            break;
          case 20: // OP_BITFIELD_HIGH
            lo[d] = ((h >>> x) | ((a << ~x) << 1)) & records[at | 2];
            hi[d] = ((a >>> x) | ((h << ~x) << 1)) & records[at | 3];
            break;
          case 21: // OP_SIGN_EXTEND
            r = (a << x) >> records[at | 2];
            lo[d] = r;
            hi[d] = (r >> 31) & records[at | 3];
            break;
          case 22: // OP_ASR_64
            lo[d] = (a >>> x) | (h << (32 - x));
            hi[d] = h >> x;
            break;
          case 23: // OP_EXTRACT
            r = x < 32 ? lo[t] : g;
            g = x < 32 ? g : a;
            lo[d] = (r >>> x) | ((g << ~x) << 1);
            hi[d] = (g >>> x) | (((x < 32 ? a : h) << ~x) << 1);
            break;
          case 24: // OP_SELECT
            if (conditionHolds(x, n, z, c, v)) {
              lo[d] = a;
              hi[d] = h & records[at | 3];
            } else {
              const form = records[at | 2];
              const invert = (form << 30) >> 31;
              r = ((lo[t] ^ invert) + (form & 1)) | 0;
              lo[d] = r;
              hi[d] = ((g ^ invert) + (r === 0 ? form & 1 : 0)) & records[at | 3];
            }
            break;
          case 25: // OP_MADD_32
            r = Math.imul(a, lo[t]);
            lo[d] = records[at | 2] === 0 ? lo[x] + r : lo[x] - r;
            hi[d] = 0;
            break;
          case 26: // OP_MADD_64
            r = lo[t];
            g = highProduct(a, r) + Math.imul(a, g) + Math.imul(h, r);
            r = (lo[x] + Math.imul(a, r)) | 0;
            hi[d] = hi[x] + g + (r >>> 0 < lo[x] >>> 0 ? 1 : 0);
            lo[d] = r;
            break;
          case 27: // OP_SHIFT_LEFT_64
            r = lo[t];
            hi[d] = (r & 32) === 0 ? (h << r) | ((a >>> ~r) >>> 1) : a << r;
            lo[d] = (r & 32) === 0 ? a << r : 0;
            break;
          case 28: // OP_SHIFT_RIGHT_64
            r = lo[t];
            lo[d] = (r & 32) === 0 ? (a >>> r) | ((h << ~r) << 1) : h >>> r;
            hi[d] = (r & 32) === 0 ? h >>> r : 0;
            break;
          case 30: // OP_RARE
            executeRare(core, at);
            break;
          default: // OP_RARE_FLAGS
            putFlags(k, n, z, c, v);
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
        const offset = records[at | 2];
        let taken = true;
        if (operation > 41) {
          if (operation < 57) taken = conditionHolds(operation - 42, n, z, c, v);
          // OP_B_ZERO, OP_B_NOT_ZERO
          else taken = (((lo[d] & records[at | 3]) | (hi[d] & records[at | 4])) === 0) === (operation === 57);
          if (timing !== null) touchBranch(timing, pc, BRANCH_CONDITIONAL, taken, (pc + offset) | 0);
        } else {
          // OP_B, OP_B_REGISTER
          pcLo = operation === 40 ? (pc + offset) | 0 : lo[s];
          const toHi = hi[s];
          if (t === BRANCH_CALL || t === BRANCH_INDIRECT_CALL) {
            lo[30] = pc + 4;
            hi[30] = pcHi + (pc === -4 ? 1 : 0);
          }
          if (timing !== null) touchBranch(timing, pc, t, true, pcLo);
          if (operation === 41) {
            pcHi = toHi;
            continue pages;
          }
        }
        if (!taken || x !== 0) {
          at = (at + (taken ? x : 8)) | 0;
          if (x < 0 && taken && left > WORTH && at !== refused) {
            const heat = records[at | 5];
            if (heat >= 0 && heat < hot) records[at | 5] = heat + 1;
            else {
              pcLo = ((at >> 1) + delta) | 0;
              continue pages;
            }
          }
          continue;
        }
        pcLo = (pc + offset) | 0;
        pcHi = (pcHi + (offset >> 31) + (pcLo >>> 0 < pc >>> 0 ? 1 : 0)) | 0;
        continue pages;
      }

      // Loads and stores: the address, then the access when the page is known, else the slow way.
      let vaLo = (lo[s] + x) | 0;
      let vaHi = (hi[s] + (x >> 31) + (vaLo >>> 0 < x >>> 0 ? 1 : 0)) | 0;
      let done = true;
      if (operation === 74) done = executeSpecial(core, records[at | 4]);
      else {
        if (operation === 72) {
          // OP_MEMORY_REGISTER
          const shift = records[at | 2];
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
        const access = records[at | 3];
        const bytes = access >> 8;
        const e = (((access & 31) < 8 ? writeAt : readAt) + ((vaLo >>> 10) & 0x3ffc)) | 0;
        const pa = (vaLo + fast[e | 2]) >>> 0;
        const known = fast[e] === (vaLo & records[at | 4]) && fast[e | 1] === vaHi;
        if (s === 31 && (lo[31] & spMask) !== 0) done = stackPointerFault(core);
        else if (known && (vaLo & 0xfff) + bytes <= 4096 && (pa - watchFrom) >>> 0 > 78) {
          const p = pa >>> 2;
          if (timing !== null) touchData(timing, pa, bytes, (access & 31) < 8);
          switch (access & 31) {
            case 0: // ACCESS_STRB
              u8[pa] = lo[d];
              break;
            case 2: // ACCESS_STR_32
              i32[p] = lo[d];
              break;
            case 3: // ACCESS_STR_64
              i32[p] = lo[d];
              i32[p + 1] = hi[d];
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
            case 18: // ACCESS_LDP_64
              lo[d] = i32[p];
              hi[d] = i32[p + 1];
              lo[t] = i32[p + 2];
              hi[t] = i32[p + 3];
              break;
            default:
              core.timing = null; // it was touched
              done = accessMemory(core, access, d, t, vaLo, vaHi);
              core.timing = timing;
          }
        } else done = accessMemory(core, access, d, t, vaLo, vaHi);
        if (operation === 71 && done) {
          // OP_MEMORY_WRITEBACK
          const step = records[at | 2];
          const r = (lo[s] + step) | 0;
          hi[s] = hi[s] + (step >> 31) + (r >>> 0 < step >>> 0 ? 1 : 0);
          lo[s] = r;
        }
      }
      if (!done) {
        left = (left + 1) | 0;
        exit = EXIT_FAULT;
        break;
      }
      at = (at + 8) | 0;
    }
    pcLo = ((at >> 1) + delta) | 0;
    if (pcLo === 0 && at !== base) pcHi = (pcHi + 1) | 0; // at the end record of the last page below 4 GiB
  }
  putFlags(k, n, z, c, v);
  k[PC_LO] = pcLo;
  k[PC_HI] = pcHi;
  core.executed = limit - left;
  return exit;
}
