// Data processing that is too rare for the loop of run.ts. Source: Arm ARM DDI 0487, C6.2 and the shared pseudocode (AddWithCarry, ShiftReg,
// ExtendReg, the CRC32 functions).
import { conditionHolds } from './condition.ts';
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z, SINK } from './context.ts';
import type { Core } from './core.ts';
import { highHalves, lowHalves, OPERAND, records } from './lanes.ts';

/** What a rare operation does: Z of its record. Y is 1 for 64-bit operations, X what each says. */
export const RARE_ADC = 0;
export const RARE_ADCS = 1;
export const RARE_SBC = 2;
export const RARE_SBCS = 3;
export const RARE_CCMN = 4; // X = nzcv | condition << 4 | immediate << 8
export const RARE_CCMP = 5;
export const RARE_SBFM_64 = 6; // X = immr | imms << 6
export const RARE_BFM = 7;
export const RARE_EXTR_32 = 8; // X = lsb
export const RARE_ASRV_32 = 10;
export const RARE_ASRV_64 = 11;
export const RARE_RORV_32 = 12;
export const RARE_RORV_64 = 13;
export const RARE_UDIV_32 = 14;
export const RARE_SDIV_32 = 15;
export const RARE_UDIV_64 = 16;
export const RARE_SDIV_64 = 17;
export const RARE_MSUB_64 = 18; // X is a register
export const RARE_SMADDL = 19;
export const RARE_SMSUBL = 20;
export const RARE_UMADDL = 21;
export const RARE_UMSUBL = 22;
export const RARE_SMULH = 23;
export const RARE_UMULH = 24;
export const RARE_RBIT = 25;
export const RARE_REV16 = 26;
export const RARE_REV32 = 27;
export const RARE_REV_64 = 28;
export const RARE_CLZ = 29;
export const RARE_CLS = 30;
export const RARE_LSLV_32 = 31;
export const RARE_LSRV_32 = 32;
export const RARE_CRC32 = 33; // X = log2 of the bytes | 4 for CRC32C

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

/** What `shift` leaves. */
let shiftedLo = 0;
let shiftedHi = 0;

/** ShiftReg() of 64 bits: type 0 LSL, 1 LSR, 2 ASR, 3 ROR; amount 0-63. */
function shift(lo: number, hi: number, type: number, amount: number): void {
  const low = amount < 32;
  switch (type) {
    case 0:
      shiftedLo = low ? lo << amount : 0;
      shiftedHi = low ? (hi << amount) | ((lo >>> ~amount) >>> 1) : lo << amount;
      break;
    case 1:
      shiftedLo = low ? (lo >>> amount) | ((hi << ~amount) << 1) : hi >>> amount;
      shiftedHi = low ? hi >>> amount : 0;
      break;
    case 2:
      shiftedLo = low ? (lo >>> amount) | ((hi << ~amount) << 1) : hi >> amount;
      shiftedHi = low ? hi >> amount : hi >> 31;
      break;
    default: {
      const a = low ? lo : hi;
      const b = low ? hi : lo;
      shiftedLo = (a >>> amount) | ((b << ~amount) << 1);
      shiftedHi = (b >>> amount) | ((a << ~amount) << 1);
    }
  }
}

/** Shifts or extends a register as W of a record with SHIFTED says; the result stands in OPERAND. 32-bit results have no high half. */
export function shiftOperand(form: number): void {
  const lo = lowHalves();
  const hi = highHalves();
  const r = form & 63;
  const amount = form >> 12;
  const a = lo[r];
  let x = a;
  let h = 0;
  switch ((form >> 8) & 15) {
    case 0: // LSL
      lo[OPERAND] = amount < 32 ? a << amount : 0;
      hi[OPERAND] = amount < 32 ? (hi[r] << amount) | ((a >>> ~amount) >>> 1) : a << amount;
      return;
    case 1: // LSR
    case 2: // ASR
    case 3: // ROR
      shift(a, hi[r], (form >> 8) & 3, amount);
      lo[OPERAND] = shiftedLo;
      hi[OPERAND] = shiftedHi;
      return;
    case 4: // the same of W registers
      lo[OPERAND] = a << amount;
      hi[OPERAND] = 0;
      return;
    case 5:
      lo[OPERAND] = a >>> amount;
      hi[OPERAND] = 0;
      return;
    case 6:
      lo[OPERAND] = a >> amount;
      hi[OPERAND] = 0;
      return;
    case 7:
      lo[OPERAND] = (a >>> amount) | (a << (32 - amount));
      hi[OPERAND] = 0;
      return;
    case 8: // UXTB
      x = a & 0xff;
      break;
    case 9: // UXTH
      x = a & 0xffff;
      break;
    case 10: // UXTW
      break;
    case 12: // SXTB
      x = (a << 24) >> 24;
      h = x >> 31;
      break;
    case 13: // SXTH
      x = (a << 16) >> 16;
      h = x >> 31;
      break;
    case 14: // SXTW
      h = a >> 31;
      break;
    default: // UXTX, SXTX
      h = hi[r];
  }
  lo[OPERAND] = x << amount;
  hi[OPERAND] = (h << amount) | ((x >>> ~amount) >>> 1);
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

/** As many ones, as halves in shiftedLo, shiftedHi. */
function ones64(count: number): void {
  shiftedLo = count >= 32 ? -1 : (1 << count) - 1;
  shiftedHi = count <= 32 ? 0 : count >= 64 ? -1 : (1 << (count - 32)) - 1;
}

/** SBFM of X registers, C6.2: the field of N, sign-extended, then placed in D with zeros below. */
function signedBitfield64(core: Core, d: number, n: number, immr: number, imms: number): void {
  const { lo, hi } = core;
  const extracts = imms >= immr;
  const width = extracts ? imms - immr + 1 : imms + 1;
  shift(lo[n], hi[n], 1, extracts ? immr : 0);
  shift(shiftedLo, shiftedHi, 0, 64 - width);
  shift(shiftedLo, shiftedHi, 2, 64 - width);
  shift(shiftedLo, shiftedHi, 0, extracts ? 0 : 64 - immr);
  setWord(core, d, shiftedLo, shiftedHi);
}

/** BFM, C6.2: the field of N takes its place in D, whose other bits stay. */
function bitfieldInsert(core: Core, d: number, n: number, immr: number, imms: number, wide: boolean): void {
  const { lo, hi } = core;
  const extracts = imms >= immr;
  const place = extracts ? 0 : (wide ? 64 : 32) - immr;
  shift(lo[n], wide ? hi[n] : 0, 1, extracts ? immr : 0);
  shift(shiftedLo, shiftedHi, 0, place);
  const fieldLo = shiftedLo;
  const fieldHi = shiftedHi;
  ones64(extracts ? imms - immr + 1 : imms + 1);
  shift(shiftedLo, shiftedHi, 0, place);
  setWord(core, d, (lo[d] & ~shiftedLo) | (fieldLo & shiftedLo), wide ? (hi[d] & ~shiftedHi) | (fieldHi & shiftedHi) : 0);
}

/** CCMN and CCMP: `form` is X of the record. */
function conditionalCompare(core: Core, n: number, m: number, form: number, wide: boolean, subtract: boolean): void {
  const { lo, hi, k } = core;
  if (conditionHolds((form >> 4) & 15, 0 - k[FLAG_N], 1 - k[FLAG_Z], k[FLAG_C], 0 - k[FLAG_V])) {
    const b = lo[m] | (form >> 8);
    addWithCarry(core, SINK, n, subtract ? ~b : b, subtract ? ~hi[m] : hi[m], subtract ? 1 : 0, wide, true);
    return;
  }
  k[FLAG_N] = (form >> 3) & 1;
  k[FLAG_Z] = (form >> 2) & 1;
  k[FLAG_C] = (form >> 1) & 1;
  k[FLAG_V] = form & 1;
}

/** D = A + product, or - product. */
function accumulate(core: Core, d: number, a: number, productLo: number, productHi: number, subtract: boolean): void {
  const { lo, hi } = core;
  const r = subtract ? (lo[a] - productLo) | 0 : (lo[a] + productLo) | 0;
  const carry = subtract ? (lo[a] >>> 0 < productLo >>> 0 ? -1 : 0) : r >>> 0 < lo[a] >>> 0 ? 1 : 0;
  setWord(core, d, r, (subtract ? hi[a] - productHi : hi[a] + productHi) + carry);
}

/** The product of two low halves, as halves in shiftedLo, shiftedHi. */
function longProduct(x: number, y: number, isSigned: boolean): void {
  shiftedLo = Math.imul(x, y);
  shiftedHi = highProduct(x, y) - (isSigned ? ((x >> 31) & y) + ((y >> 31) & x) : 0);
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
export function executeRare(core: Core, at: number): void {
  const { lo, hi, k } = core;
  const words = records();
  const operation = words[at + 3];
  const d = (words[at] >>> 8) & 63;
  const n = (words[at] >>> 14) & 63;
  const m = (words[at] >>> 20) & 63;
  const x = words[at + 1];
  const wide = words[at + 2] !== 0;
  switch (operation) {
    case RARE_ADC:
    case RARE_ADCS:
      addWithCarry(core, d, n, lo[m], hi[m], k[FLAG_C], wide, operation === RARE_ADCS);
      return;
    case RARE_SBC:
    case RARE_SBCS:
      addWithCarry(core, d, n, ~lo[m], ~hi[m], k[FLAG_C], wide, operation === RARE_SBCS);
      return;
    case RARE_CCMN:
    case RARE_CCMP:
      conditionalCompare(core, n, m, x, wide, operation === RARE_CCMP);
      return;
    case RARE_SBFM_64:
      signedBitfield64(core, d, n, x & 63, x >> 6);
      return;
    case RARE_BFM:
      bitfieldInsert(core, d, n, x & 63, x >> 6, wide);
      return;
    case RARE_EXTR_32:
      setWord(core, d, x === 0 ? lo[m] : (lo[m] >>> x) | (lo[n] << (32 - x)), 0);
      return;
    case RARE_LSLV_32:
      setWord(core, d, lo[n] << lo[m], 0);
      return;
    case RARE_LSRV_32:
      setWord(core, d, lo[n] >>> lo[m], 0);
      return;
    case RARE_ASRV_32:
      setWord(core, d, lo[n] >> lo[m], 0);
      return;
    case RARE_ASRV_64:
      shift(lo[n], hi[n], 2, lo[m] & 63);
      setWord(core, d, shiftedLo, shiftedHi);
      return;
    case RARE_RORV_32:
      setWord(core, d, (lo[n] >>> lo[m]) | (lo[n] << -lo[m]), 0);
      return;
    case RARE_RORV_64:
      shift(lo[n], hi[n], 3, lo[m] & 63);
      setWord(core, d, shiftedLo, shiftedHi);
      return;
    case RARE_UDIV_32:
      setWord(core, d, lo[m] === 0 ? 0 : (lo[n] >>> 0) / (lo[m] >>> 0), 0);
      return;
    case RARE_SDIV_32:
      setWord(core, d, lo[m] === 0 ? 0 : lo[n] / lo[m], 0);
      return;
    case RARE_MSUB_64:
      longProduct(lo[n], lo[m], false);
      accumulate(core, d, x, shiftedLo, (shiftedHi + Math.imul(lo[n], hi[m]) + Math.imul(hi[n], lo[m])) | 0, true);
      return;
    case RARE_SMADDL:
    case RARE_SMSUBL:
    case RARE_UMADDL:
    case RARE_UMSUBL:
      longProduct(lo[n], lo[m], operation <= RARE_SMSUBL);
      accumulate(core, d, x, shiftedLo, shiftedHi | 0, operation === RARE_SMSUBL || operation === RARE_UMSUBL);
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
    default: // RARE_CRC32
      setWord(core, d, crc(lo[n], lo[m], hi[m], 1 << (x & 3), (x & 4) === 0 ? 0xedb88320 : 0x82f63b78), 0);
  }
}
