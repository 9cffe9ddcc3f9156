// The data processing instructions a second time, over BigInt and in the words of the manual's pseudocode (DDI 0487, C6.2 and appendix J1):
// the oracle for the interpreter's 32-bit halves. Independent of src/machine/cpu on purpose.
import { type A64Row, bits } from '../../../src/arch/a64/rows-form.ts';

/** X0-X30 and SP at 31; flags are 0n or 1n. */
export interface Registers {
  x: bigint[];
  n: bigint;
  z: bigint;
  c: bigint;
  v: bigint;
  pc: bigint;
}

const ones = (width: bigint): bigint => (1n << width) - 1n;
const signedOf = (value: bigint, width: bigint): bigint => BigInt.asIntN(Number(width), value);

function addWithCarry(width: bigint, a: bigint, b: bigint, carry: bigint): { result: bigint; n: bigint; z: bigint; c: bigint; v: bigint } {
  const unsigned = a + b + carry;
  const signed = signedOf(a, width) + signedOf(b, width) + carry;
  const result = unsigned & ones(width);
  return {
    result,
    n: result >> (width - 1n),
    z: result === 0n ? 1n : 0n,
    c: result === unsigned ? 0n : 1n,
    v: signedOf(result, width) === signed ? 0n : 1n,
  };
}

function holds(condition: number, r: Registers): boolean {
  const base =
    [r.z, r.c, r.n, r.v, r.c & (1n - r.z), r.n === r.v ? 1n : 0n, (r.n === r.v ? 1n : 0n) & (1n - r.z), 1n][condition >> 1] === 1n;
  return (condition & 1) === 1 && condition !== 15 ? !base : base;
}

const rotate = (value: bigint, by: bigint, width: bigint): bigint => ((value >> by) | (value << (width - by))) & ones(width);

function decodeBitMasks(n: number, imms: number, immr: number, immediate: boolean): { w: bigint; t: bigint } {
  const combined = (n << 6) | (~imms & 63);
  const length = 31 - Math.clz32(combined);
  if (length < 1) throw new Error('reserved');
  const levels = (1 << length) - 1;
  if (immediate && (imms & levels) === levels) throw new Error('reserved');
  const s = BigInt(imms & levels);
  const r = BigInt(immr & levels);
  const size = 1n << BigInt(length);
  const d = (s - r) & BigInt(levels);
  const replicate = (element: bigint): bigint => {
    let out = 0n;
    for (let at = 0n; at < 64n; at += size) out |= element << at;
    return out;
  };
  return { w: replicate(rotate(ones(s + 1n), r, size)), t: replicate(ones(d + 1n)) };
}

function shiftReg(value: bigint, type: number, amount: bigint, width: bigint): bigint {
  switch (type) {
    case 0:
      return (value << amount) & ones(width);
    case 1:
      return value >> amount;
    case 2:
      return (signedOf(value, width) >> amount) & ones(width);
    default:
      return rotate(value, amount, width);
  }
}

function extendReg(value: bigint, option: number, amount: bigint, width: bigint): bigint {
  const length = [8n, 16n, 32n, 64n][option & 3];
  const taken = value & ones(length);
  return ((option & 4) === 0 ? taken << amount : signedOf(taken, length) << amount) & ones(width);
}

const reverse = (value: bigint, unit: bigint, container: bigint, width: bigint): bigint => {
  let out = 0n;
  for (let base = 0n; base < width; base += container) {
    for (let at = 0n; at < container; at += unit) out |= ((value >> (base + at)) & ones(unit)) << (base + container - unit - at);
  }
  return out;
};

function crc32(accumulator: bigint, value: bigint, size: bigint, polynomial: bigint): bigint {
  // BitReverse(Poly32Mod2(BitReverse(acc) << size ^ BitReverse(value) << 32))
  let dividend = (reverse(accumulator, 1n, 32n, 32n) << size) ^ (reverse(value & ones(size), 1n, size, size) << 32n);
  for (let i = size + 31n; i >= 32n; i--) if (((dividend >> i) & 1n) === 1n) dividend ^= ((1n << 32n) | polynomial) << (i - 32n);
  return reverse(dividend & ones(32n), 1n, 32n, 32n);
}

/** Executes one data processing word on a copy of the registers. Throws for a row this oracle does not know. */
export function reference(row: A64Row, word: number, before: Registers): Registers {
  const r: Registers = { ...before, x: [...before.x] };
  const hasSf = row.pattern.fields.some((f) => f.name === 'sf');
  const width = (hasSf ? bits(word, 31, 31) === 1 : row.operands[0].startsWith('X')) ? 64n : 32n;
  const has = (operand: string): boolean => (row.operands as readonly string[]).includes(operand);
  const d = bits(word, 4, 0);
  const get = (n: number, sp: boolean, w = width): bigint => (n === 31 && !sp ? 0n : r.x[n] & ones(w));
  const n = get(bits(word, 9, 5), has('Rn|SP'));
  const m = get(bits(word, 20, 16), false);
  const a = get(bits(word, 14, 10), false);
  const put = (value: bigint): void => {
    if (d !== 31 || has('Rd|SP')) r.x[d] = value & ones(width);
  };
  const flags = (f: { n: bigint; z: bigint; c: bigint; v: bigint }): void => {
    Object.assign(r, { n: f.n, z: f.z, c: f.c, v: f.v });
  };
  const add = (b: bigint, carry: bigint, setsFlags: boolean): void => {
    const sum = addWithCarry(width, n, b & ones(width), carry);
    put(sum.result);
    if (setsFlags) flags(sum);
  };
  const logical = (name: string, operand: bigint): void => {
    const b = operand & ones(width);
    const inverted = ones(width) ^ b;
    const result = {
      AND: n & b,
      BIC: n & inverted,
      ORR: n | b,
      ORN: n | inverted,
      EOR: n ^ b,
      EON: n ^ inverted,
      ANDS: n & b,
      BICS: n & inverted,
    }[name];
    if (result === undefined) throw new Error(name);
    put(result);
    if (name === 'ANDS' || name === 'BICS') flags({ n: result >> (width - 1n), z: result === 0n ? 1n : 0n, c: 0n, v: 0n });
  };
  const name = row.id.replace(/_.*$/, '');
  const not = (value: bigint): bigint => ones(width) ^ (value & ones(width));
  const arithmetic = (operand: bigint): void => {
    if (name.startsWith('ADD')) add(operand, 0n, name === 'ADDS');
    else add(not(operand), 1n, name === 'SUBS');
  };
  r.pc += 4n;

  if (row.id === 'ADR' || row.id === 'ADRP') {
    const imm = signedOf((BigInt(bits(word, 23, 5)) << 2n) | BigInt(bits(word, 30, 29)), 21n);
    put(row.id === 'ADR' ? before.pc + imm : (before.pc & ~0xfffn) + (imm << 12n));
    return r;
  }
  if (row.id.endsWith('_extended')) {
    arithmetic(extendReg(get(bits(word, 20, 16), false, 64n), bits(word, 15, 13), BigInt(bits(word, 12, 10)), width));
    return r;
  }
  if (/^(ADD|SUB)S?_immediate/.test(row.id)) {
    arithmetic(BigInt(bits(word, 21, 10)) << (bits(word, 22, 22) === 1 ? 12n : 0n));
    return r;
  }
  if (/^(AND|ORR|EOR|ANDS)_immediate/.test(row.id)) {
    logical(name, decodeBitMasks(bits(word, 22, 22), bits(word, 15, 10), bits(word, 21, 16), true).w);
    return r;
  }
  if (has('Rm.shift')) {
    const operand = shiftReg(m, bits(word, 23, 22), BigInt(bits(word, 15, 10)), width);
    if (/^(ADD|SUB)/.test(name)) arithmetic(operand);
    else logical(name, operand);
    return r;
  }
  const hw = BigInt(bits(word, 22, 21)) * 16n;
  const imm16 = BigInt(bits(word, 20, 5)) << hw;
  const immr = bits(word, 21, 16);
  const imms = bits(word, 15, 10);
  const amount = m % width;
  switch (name) {
    case 'MOVZ':
      put(imm16);
      return r;
    case 'MOVN':
      put(not(imm16));
      return r;
    case 'MOVK':
      put((get(d, false) & ~(0xffffn << hw)) | imm16);
      return r;
    case 'SBFM':
    case 'BFM':
    case 'UBFM': {
      const { w, t } = decodeBitMasks(bits(word, 22, 22), imms, immr, false);
      const destination = name === 'BFM' ? get(d, false) : 0n;
      const bottom = (destination & ~w) | (rotate(n, BigInt(immr), width) & w);
      const top = name === 'SBFM' ? -((n >> BigInt(imms)) & 1n) : destination;
      put((top & ~t) | (bottom & t));
      return r;
    }
    case 'EXTR':
      put(((n << width) | m) >> BigInt(imms));
      return r;
    case 'ADC':
    case 'ADCS':
      add(m, r.c, name === 'ADCS');
      return r;
    case 'SBC':
    case 'SBCS':
      add(not(m), r.c, name === 'SBCS');
      return r;
    case 'CCMN':
    case 'CCMP': {
      const b = row.id.endsWith('immediate') ? BigInt(bits(word, 20, 16)) : m;
      const nzcv = BigInt(bits(word, 3, 0));
      if (!holds(bits(word, 15, 12), r)) flags({ n: nzcv >> 3n, z: (nzcv >> 2n) & 1n, c: (nzcv >> 1n) & 1n, v: nzcv & 1n });
      else flags(name === 'CCMN' ? addWithCarry(width, n, b, 0n) : addWithCarry(width, n, not(b), 1n));
      return r;
    }
    case 'CSEL':
      put(holds(bits(word, 15, 12), r) ? n : m);
      return r;
    case 'CSINC':
      put(holds(bits(word, 15, 12), r) ? n : m + 1n);
      return r;
    case 'CSINV':
      put(holds(bits(word, 15, 12), r) ? n : not(m));
      return r;
    case 'CSNEG':
      put(holds(bits(word, 15, 12), r) ? n : not(m) + 1n);
      return r;
    case 'RBIT':
      put(reverse(n, 1n, width, width));
      return r;
    case 'REV16':
      put(reverse(n, 8n, 16n, width));
      return r;
    case 'REV32':
      put(reverse(n, 8n, 32n, width));
      return r;
    case 'REV':
      put(reverse(n, 8n, width, width));
      return r;
    case 'CLZ':
      put(width - BigInt(n === 0n ? 0 : n.toString(2).length));
      return r;
    case 'CLS': {
      let count = 0n;
      const top = n >> (width - 1n);
      while (count < width - 1n && ((n >> (width - 2n - count)) & 1n) === top) count += 1n;
      put(count);
      return r;
    }
    case 'UDIV':
      put(m === 0n ? 0n : n / m);
      return r;
    case 'SDIV':
      put(m === 0n ? 0n : signedOf(n, width) / signedOf(m, width));
      return r;
    case 'LSLV':
      put(shiftReg(n, 0, amount, width));
      return r;
    case 'LSRV':
      put(shiftReg(n, 1, amount, width));
      return r;
    case 'ASRV':
      put(shiftReg(n, 2, amount, width));
      return r;
    case 'RORV':
      put(shiftReg(n, 3, amount, width));
      return r;
    case 'MADD':
      put(a + n * m);
      return r;
    case 'MSUB':
      put(a - n * m);
      return r;
    case 'SMADDL':
      put(a + signedOf(n, 32n) * signedOf(m, 32n));
      return r;
    case 'SMSUBL':
      put(a - signedOf(n, 32n) * signedOf(m, 32n));
      return r;
    case 'UMADDL':
      put(a + (n & ones(32n)) * (m & ones(32n)));
      return r;
    case 'UMSUBL':
      put(a - (n & ones(32n)) * (m & ones(32n)));
      return r;
    case 'SMULH':
      put((signedOf(n, 64n) * signedOf(m, 64n)) >> 64n);
      return r;
    case 'UMULH':
      put((n * m) >> 64n);
      return r;
    default: {
      const crc = /^CRC32(C?)([BHWX])$/.exec(name);
      if (crc === null) throw new Error(`no reference for ${row.id}`);
      const size = { B: 8n, H: 16n, W: 32n, X: 64n }[crc[2]] ?? 0n;
      put(crc32(n, get(bits(word, 20, 16), false, 64n), size, crc[1] === '' ? 0x04c11db7n : 0x1edc6f41n));
      return r;
    }
  }
}
