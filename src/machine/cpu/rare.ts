// Data processing that is too rare for the loop of run.ts. Source: Arm ARM DDI 0487, C6.2 and the shared pseudocode (AddWithCarry, ShiftReg,
// ExtendReg, the CRC32 functions).
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z } from './context.ts';
import type { Core } from './core.ts';

/** What a rare operation does: word 6 of its record. 0-11 are `ALU_…` of a shifted register. */
export const ALU_AND = 0;
export const ALU_ORR = 1;
export const ALU_EOR = 2;
export const ALU_ANDS = 3;
export const ALU_BIC = 4;
export const ALU_ORN = 5;
export const ALU_EON = 6;
export const ALU_BICS = 7;
export const ALU_ADD = 8;
export const ALU_ADDS = 9;
export const ALU_SUB = 10;
export const ALU_SUBS = 11;
export const RARE_EXTENDED = 16; // + ALU_ADD … ALU_SUBS - 8
export const RARE_ADC = 20;
export const RARE_ADCS = 21;
export const RARE_SBC = 22;
export const RARE_SBCS = 23;
export const RARE_SBFM_64 = 24;
export const RARE_BFM_64 = 25;
export const RARE_EXTR_32 = 26;
export const RARE_EXTR_HIGH = 27;
export const RARE_ASRV_64 = 28;
export const RARE_RORV_32 = 29;
export const RARE_RORV_64 = 30;
export const RARE_SDIV_32 = 31;
export const RARE_SDIV_64 = 32;
export const RARE_UDIV_64 = 33;
export const RARE_SMULH = 34;
export const RARE_UMULH = 35;
export const RARE_RBIT = 36;
export const RARE_REV16 = 37;
export const RARE_REV32 = 38;
export const RARE_REV_64 = 39;
export const RARE_CLZ = 40;
export const RARE_CLS = 41;
export const RARE_CRC32 = 42;

/** The high 32 bits of the unsigned product of two 32-bit values. */
export function highProduct(x: number, y: number): number {
  const xl = x & 0xffff;
  const xh = x >>> 16;
  const yl = y & 0xffff;
  const yh = y >>> 16;
  const middle = Math.imul(xh, yl) + (Math.imul(xl, yl) >>> 16);
  const other = (Math.imul(xl, yh) >>> 0) + (middle & 0xffff);
  return (Math.imul(xh, yh) + (middle >>> 16) + (other >>> 16)) | 0;
}

/** The operand that shifting and extending leave. */
let operandLo = 0;
let operandHi = 0;

/** ShiftReg(): type 0 LSL, 1 LSR, 2 ASR, 3 ROR. */
function shift(lo: number, hi: number, type: number, amount: number, wide: boolean): void {
  if (!wide) {
    operandHi = 0;
    if (type === 0) operandLo = lo << amount;
    else if (type === 1) operandLo = lo >>> amount;
    else if (type === 2) operandLo = lo >> amount;
    else operandLo = (lo >>> amount) | (lo << (32 - amount));
    return;
  }
  const s = amount & 31;
  if (type === 0) {
    operandLo = amount < 32 ? lo << s : 0;
    operandHi = amount < 32 ? (hi << s) | ((lo >>> ~s) >>> 1) : lo << s;
  } else if (type === 3) {
    const a = amount < 32 ? lo : hi;
    const b = amount < 32 ? hi : lo;
    operandLo = (a >>> s) | ((b << ~s) << 1);
    operandHi = (b >>> s) | ((a << ~s) << 1);
  } else {
    operandLo = amount < 32 ? (lo >>> s) | ((hi << ~s) << 1) : type === 1 ? hi >>> s : hi >> s;
    operandHi = type === 1 ? (amount < 32 ? hi >>> s : 0) : amount < 32 ? hi >> s : hi >> 31;
  }
}

/** ExtendReg(): option 0 UXTB … 7 SXTX, then a left shift of 0-4. */
function extend(lo: number, hi: number, option: number, amount: number, wide: boolean): void {
  let a = lo;
  let h = 0;
  switch (option) {
    case 0:
      a = lo & 0xff;
      break;
    case 1:
      a = lo & 0xffff;
      break;
    case 3:
    case 7:
      h = hi;
      break;
    case 4:
      a = (lo << 24) >> 24;
      h = a >> 31;
      break;
    case 5:
      a = (lo << 16) >> 16;
      h = a >> 31;
      break;
    case 6:
      h = a >> 31;
      break;
    default:
  }
  shift(a, h, 0, amount, wide);
}

/** AddWithCarry() with PSTATE.{N,Z,C,V} when `flags`. */
function addWithCarry(core: Core, d: number, n: number, bLo: number, bHi: number, carryIn: number, wide: boolean, flags: boolean): void {
  const { lo, hi, k } = core;
  const sum = (lo[n] >>> 0) + (bLo >>> 0) + carryIn;
  const r = sum | 0;
  if (!wide) {
    if (flags) {
      k[FLAG_N] = r >>> 31;
      k[FLAG_Z] = r === 0 ? 1 : 0;
      k[FLAG_C] = sum > 0xffffffff ? 1 : 0;
      k[FLAG_V] = ((lo[n] ^ r) & (bLo ^ r)) >>> 31;
    }
    lo[d] = r;
    hi[d] = 0;
    return;
  }
  const sumHi = (hi[n] >>> 0) + (bHi >>> 0) + (sum > 0xffffffff ? 1 : 0);
  const rh = sumHi | 0;
  if (flags) {
    k[FLAG_N] = rh >>> 31;
    k[FLAG_Z] = (r | rh) === 0 ? 1 : 0;
    k[FLAG_C] = sumHi > 0xffffffff ? 1 : 0;
    k[FLAG_V] = ((hi[n] ^ rh) & (bHi ^ rh)) >>> 31;
  }
  lo[d] = r;
  hi[d] = rh;
}

/** D = N op operand. */
function arithmeticLogic(core: Core, operation: number, d: number, n: number, wide: boolean): void {
  const { lo, hi, k } = core;
  const mask = wide ? -1 : 0;
  if (operation >= ALU_SUB) {
    addWithCarry(core, d, n, ~operandLo, ~operandHi, 1, wide, operation === ALU_SUBS);
    return;
  }
  if (operation >= ALU_ADD) {
    addWithCarry(core, d, n, operandLo, operandHi, 0, wide, operation === ALU_ADDS);
    return;
  }
  const invert = operation >= ALU_BIC ? -1 : 0;
  const a = operandLo ^ invert;
  const h = operandHi ^ invert;
  switch (operation & 3) {
    case ALU_ORR:
      lo[d] = lo[n] | a;
      hi[d] = (hi[n] | h) & mask;
      break;
    case ALU_EOR:
      lo[d] = lo[n] ^ a;
      hi[d] = (hi[n] ^ h) & mask;
      break;
    default: {
      const r = lo[n] & a;
      const rh = hi[n] & h & mask;
      if ((operation & 3) === ALU_ANDS) {
        k[FLAG_N] = (wide ? rh : r) >>> 31;
        k[FLAG_Z] = (r | rh) === 0 ? 1 : 0;
        k[FLAG_C] = 0;
        k[FLAG_V] = 0;
      }
      lo[d] = r;
      hi[d] = rh;
    }
  }
}

const big = (core: Core, r: number): bigint => (BigInt(core.hi[r] >>> 0) << 32n) | BigInt(core.lo[r] >>> 0);
const signed = (core: Core, r: number): bigint => (BigInt(core.hi[r]) << 32n) | BigInt(core.lo[r] >>> 0);

function setBig(core: Core, d: number, value: bigint): void {
  core.lo[d] = Number(BigInt.asIntN(32, value));
  core.hi[d] = Number(BigInt.asIntN(32, value >> 32n));
}

function setWord(core: Core, d: number, lo: number, hi: number): void {
  core.lo[d] = lo;
  core.hi[d] = hi;
}

const reverseBits = (w: number): number => {
  let x = w;
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  return reverseBytes(x);
};
const reverseBytes = (w: number): number => (w << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24);
const reverseHalves = (w: number): number => ((w >>> 8) & 0x00ff00ff) | ((w & 0x00ff00ff) << 8);

/** CRC32 over `size` bytes of lo:hi, with the reflected polynomial. */
function crc(accumulator: number, lo: number, hi: number, size: number, polynomial: number): number {
  let c = accumulator;
  for (let i = 0; i < size; i++) {
    c ^= ((i < 4 ? lo >>> (8 * i) : hi >>> (8 * (i - 4))) & 0xff) | 0;
    for (let b = 0; b < 8; b++) c = (c >>> 1) ^ (polynomial & -(c & 1));
  }
  return c;
}

/** Ones in bits high:low of 64, as halves in operandLo, operandHi (high < low wraps, as BFM's masks do). */
function ones64(count: number): void {
  operandLo = count >= 32 ? -1 : (1 << count) - 1;
  operandHi = count <= 32 ? 0 : count >= 64 ? -1 : (1 << (count - 32)) - 1;
}

/** SBFM and BFM of X registers: C6.2 with DecodeBitMasks written out as "field of N, placed in D". */
function bitfield64(core: Core, d: number, n: number, immr: number, imms: number, insert: boolean): void {
  const { lo, hi } = core;
  const extract = imms >= immr;
  const width = extract ? imms - immr + 1 : imms + 1;
  const place = extract ? 0 : 64 - immr;
  if (extract) shift(lo[n], hi[n], 1, immr, true);
  else {
    operandLo = lo[n];
    operandHi = hi[n];
  }
  if (!insert) {
    // Sign-extend the field, then place it: zeros below.
    shift(operandLo, operandHi, 0, 64 - width, true);
    shift(operandLo, operandHi, 2, 64 - width, true);
    shift(operandLo, operandHi, 0, place, true);
    setWord(core, d, operandLo, operandHi);
    return;
  }
  shift(operandLo, operandHi, 0, place, true);
  const fieldLo = operandLo;
  const fieldHi = operandHi;
  ones64(width);
  shift(operandLo, operandHi, 0, place, true);
  setWord(core, d, (lo[d] & ~operandLo) | (fieldLo & operandLo), (hi[d] & ~operandHi) | (fieldHi & operandHi));
}

function countLeading(lo: number, hi: number, wide: boolean): number {
  if (!wide) return Math.clz32(lo);
  return hi !== 0 ? Math.clz32(hi) : 32 + Math.clz32(lo);
}

function divide(core: Core, d: number, n: number, m: number, isSigned: boolean): void {
  if ((core.lo[m] | core.hi[m]) === 0) setWord(core, d, 0, 0);
  else if ((core.hi[n] | core.hi[m]) === 0) setWord(core, d, (core.lo[n] >>> 0) / (core.lo[m] >>> 0), 0);
  else setBig(core, d, isSigned ? signed(core, n) / signed(core, m) : big(core, n) / big(core, m));
}

/** Executes the rare operation of the record at `at`; flags are read from and left in the context. */
export function executeRare(core: Core, records: Int32Array, at: number): void {
  const { lo, hi, k } = core;
  const operation = records[at + 6];
  const d = records[at + 1];
  const n = records[at + 2];
  const m = records[at + 3];
  const x = records[at + 4];
  const wide = records[at + 5] !== 0;
  if (operation < RARE_EXTENDED) {
    // Word 4: amount | type << 6.
    shift(lo[m], hi[m], x >> 6, x & 63, wide);
    arithmeticLogic(core, operation, d, n, wide);
    return;
  }
  switch (operation) {
    case RARE_EXTENDED:
    case RARE_EXTENDED + 1:
    case RARE_EXTENDED + 2:
    case RARE_EXTENDED + 3: // word 4: amount | option << 6
      extend(lo[m], hi[m], x >> 6, x & 63, wide);
      arithmeticLogic(core, ALU_ADD + operation - RARE_EXTENDED, d, n, wide);
      return;
    case RARE_ADC:
    case RARE_ADCS:
      addWithCarry(core, d, n, lo[m], hi[m], k[FLAG_C], wide, operation === RARE_ADCS);
      return;
    case RARE_SBC:
    case RARE_SBCS:
      addWithCarry(core, d, n, ~lo[m], ~hi[m], k[FLAG_C], wide, operation === RARE_SBCS);
      return;
    case RARE_SBFM_64: // word 4: immr | imms << 6
    case RARE_BFM_64:
      bitfield64(core, d, n, x & 63, x >> 6, operation === RARE_BFM_64);
      return;
    case RARE_EXTR_32:
      setWord(core, d, x === 0 ? lo[m] : (lo[m] >>> x) | (lo[n] << (32 - x)), 0);
      return;
    case RARE_EXTR_HIGH: // word 4: amount - 32
      setWord(core, d, (hi[m] >>> x) | ((lo[n] << ~x) << 1), (lo[n] >>> x) | ((hi[n] << ~x) << 1));
      return;
    case RARE_ASRV_64:
      shift(lo[n], hi[n], 2, lo[m] & 63, true);
      setWord(core, d, operandLo, operandHi);
      return;
    case RARE_RORV_32:
      shift(lo[n], 0, 3, lo[m] & 31, false);
      setWord(core, d, operandLo, 0);
      return;
    case RARE_RORV_64:
      shift(lo[n], hi[n], 3, lo[m] & 63, true);
      setWord(core, d, operandLo, operandHi);
      return;
    case RARE_SDIV_32:
      setWord(core, d, lo[m] === 0 ? 0 : lo[n] / lo[m], 0);
      return;
    case RARE_SDIV_64:
    case RARE_UDIV_64:
      divide(core, d, n, m, operation === RARE_SDIV_64);
      return;
    case RARE_SMULH:
      setBig(core, d, (signed(core, n) * signed(core, m)) >> 64n);
      return;
    case RARE_UMULH:
      setBig(core, d, (big(core, n) * big(core, m)) >> 64n);
      return;
    case RARE_RBIT:
      setWord(core, d, reverseBits(wide ? hi[n] : lo[n]), wide ? reverseBits(lo[n]) : 0);
      return;
    case RARE_REV16:
      setWord(core, d, reverseHalves(lo[n]), wide ? reverseHalves(hi[n]) : 0);
      return;
    case RARE_REV32:
      setWord(core, d, reverseBytes(lo[n]), wide ? reverseBytes(hi[n]) : 0);
      return;
    case RARE_REV_64:
      setWord(core, d, reverseBytes(hi[n]), reverseBytes(lo[n]));
      return;
    case RARE_CLZ:
      setWord(core, d, countLeading(lo[n], hi[n], wide), 0);
      return;
    case RARE_CLS: {
      const sign = (wide ? hi[n] : lo[n]) >> 31;
      setWord(core, d, countLeading(lo[n] ^ sign, hi[n] ^ sign, wide) - 1, 0);
      return;
    }
    default: // RARE_CRC32; word 4: log2 of the bytes | 4 for CRC32C
      setWord(core, d, crc(lo[n], lo[m], hi[m], 1 << (x & 3), (x & 4) === 0 ? 0xedb88320 : 0x82f63b78), 0);
  }
}
