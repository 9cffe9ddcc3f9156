// Loads and stores of SIMD&FP registers: single, pairs, literals, structures. Source: Arm ARM DDI 0487, C7.2.
import type { A64Row } from '../../../arch/a64/rows-form.ts';
import { bits } from '../../../arch/a64/rows-form.ts';
import {
  beginAccess,
  endAccess,
  isStoreAllowed,
  loadBytes,
  OPERATION_LOAD,
  OPERATION_STORE,
  stackPointerFault,
  storeBytes,
} from '../access.ts';
import { PC_HI, PC_LO, ZERO } from '../context.ts';
import type { Core } from '../core.ts';

const signed = (value: number, width: number): number => (value << (32 - width)) >> (32 - width);

/** What is transferred: four registers at most. */
const buffer = new Uint8Array(64);

/** An address as halves, and where the base register goes: by how much it is added to afterwards. */
const at = { lo: 0, hi: 0 };

function setAddress(lo: number, hi: number, offset: number): void {
  at.lo = (lo + offset) | 0;
  at.hi = (hi + (offset >> 31) + (at.lo >>> 0 < offset >>> 0 ? 1 : 0)) | 0;
}

/** The offset register of `[Xn, Rm]`, extended and shifted. */
function addRegister(core: Core, word: number, sizeLog2: number): void {
  const m = bits(word, 20, 16) === 31 ? ZERO : bits(word, 20, 16);
  const option = bits(word, 15, 13);
  const shift = bits(word, 12, 12) === 1 ? sizeLog2 : 0;
  const lo = core.lo[m];
  const hi = option === 6 ? lo >> 31 : option === 2 ? 0 : core.hi[m]; // SXTW · UXTW · LSL, SXTX
  const moved = lo << shift;
  const top = shift === 0 ? hi : (hi << shift) | (lo >>> (32 - shift));
  const n = bits(word, 9, 5);
  at.lo = (core.lo[n] + moved) | 0;
  at.hi = (core.hi[n] + top + (at.lo >>> 0 < moved >>> 0 ? 1 : 0)) | 0;
}

/** Adds to the base register. */
function writeBack(core: Core, word: number, lo: number, hi: number): void {
  const n = bits(word, 9, 5);
  const sum = (core.lo[n] + lo) | 0;
  core.hi[n] = core.hi[n] + hi + (sum >>> 0 < lo >>> 0 ? 1 : 0);
  core.lo[n] = sum;
}

/** One run of bytes from the address on, in pieces that are accesses of their own: alignment and faults are each one's. */
function transfer(core: Core, store: boolean, bytes: number, piece: number): boolean {
  const first = { lo: at.lo, hi: at.hi };
  const address = (offset: number): void => setAddress(first.lo, first.hi, offset);
  // Nothing is stored when a part cannot be.
  if (store && (first.lo & 0xfff) + bytes > 4096) {
    for (let done = 0; done < bytes; done += piece) {
      address(done);
      if (!isStoreAllowed(core, at.lo, at.hi, piece)) return false;
    }
  }
  for (let done = 0; done < bytes; done += piece) {
    address(done);
    const ok = store ? storeBytes(core, at.lo, at.hi, piece, buffer, done) : loadBytes(core, at.lo, at.hi, piece, buffer, done);
    if (!ok) return false;
  }
  return true;
}

/** Copies `bytes` of a register into the buffer. */
function fromRegister(core: Core, r: number, bytes: number, to: number): void {
  const { u8 } = core.vector;
  for (let i = 0; i < bytes; i++) buffer[to + i] = u8[r * 16 + i];
}

/** Sets a register to `bytes` of the buffer, zeros above. */
function toRegister(core: Core, r: number, bytes: number, from: number): void {
  const { u8, u64 } = core.vector;
  u64[2 * r] = 0n;
  u64[2 * r + 1] = 0n;
  for (let i = 0; i < bytes; i++) u8[r * 16 + i] = buffer[from + i];
}

/** The address of a row's form, into `at`, and what is added to the base register. */
function addressOf(core: Core, row: A64Row, word: number, bytes: number): number {
  const n = bits(word, 9, 5);
  const imm9 = signed(bits(word, 20, 12), 9);
  const imm7 = signed(bits(word, 21, 15), 7) * bytes;
  const base = (offset: number, added = 0): number => {
    setAddress(core.lo[n], core.hi[n], offset);
    return added;
  };
  switch (row.operands[row.operands.length - 1]) {
    case '[imm12]':
      return base(bits(word, 21, 10) * bytes);
    case '[imm9]':
      return base(imm9);
    case '[imm9]!':
      return base(imm9, imm9);
    case '[],imm9':
      return base(0, imm9);
    case '[imm7]':
      return base(imm7);
    case '[imm7]!':
      return base(imm7, imm7);
    case '[],imm7':
      return base(0, imm7);
    case '[Rm]':
      addRegister(core, word, 31 - Math.clz32(bytes));
      return 0;
    default: // label19
      setAddress(core.k[PC_LO], core.k[PC_HI], signed(bits(word, 23, 5), 19) << 2);
      return 0;
  }
}

/** LDR, STR, LDP, STP and their kin. */
function accessRegisters(core: Core, row: A64Row, word: number): boolean {
  const bytes = row.access!.bytes as number;
  const store = row.spe === 'store';
  const added = addressOf(core, row, word, bytes);
  const first = bits(word, 4, 0);
  const second = row.access!.pair ? bits(word, 14, 10) : -1;
  if (store) {
    fromRegister(core, first, bytes, 0);
    if (second >= 0) fromRegister(core, second, bytes, bytes);
  }
  if (!transfer(core, store, second >= 0 ? 2 * bytes : bytes, bytes)) return false;
  if (!store) {
    toRegister(core, first, bytes, 0);
    if (second >= 0) toRegister(core, second, bytes, bytes);
  }
  if (added !== 0) writeBack(core, word, added, added >> 31);
  return true;
}

/** LD1 … LD4, ST1 … ST4 of whole registers: element e of register r stands at (e * elements + r) elements; one-element structures in a row. */
function accessMultiple(core: Core, row: A64Row, word: number): number {
  const { registers, elements } = row.access!.structure!;
  const store = row.spe === 'store';
  const size = 1 << bits(word, 11, 10);
  const width = bits(word, 30, 30) === 1 ? 16 : 8;
  const total = registers * width;
  const t = bits(word, 4, 0);
  const { u8 } = core.vector;
  const place = (r: number, byte: number): number => {
    if (elements === 1) return r * width + byte;
    return (Math.floor(byte / size) * elements + r) * size + (byte % size);
  };
  if (store) {
    for (let r = 0; r < registers; r++) for (let b = 0; b < width; b++) buffer[place(r, b)] = u8[((t + r) & 31) * 16 + b];
  }
  // Each element is an access; those that are aligned beyond that can go together.
  const piece = (at.lo & (width - 1)) === 0 ? width : size;
  if (!transfer(core, store, total, piece)) return -1;
  if (!store) {
    for (let r = 0; r < registers; r++) {
      const register = (t + r) & 31;
      core.vector.u64[2 * register + 1] = 0n;
      for (let b = 0; b < width; b++) u8[register * 16 + b] = buffer[place(r, b)];
    }
  }
  return total;
}

/** One element of each register, or to every element of each (LD1R). */
function accessLanes(core: Core, row: A64Row, word: number): number {
  const { registers, replicate } = row.access!.structure!;
  const store = row.spe === 'store';
  const size = replicate ? 1 << bits(word, 11, 10) : (row.access!.bytes as number);
  const t = bits(word, 4, 0);
  const { u8, u64 } = core.vector;
  // q:S:size as an index of bytes: its low bits are zero or say the size.
  const index = ((bits(word, 30, 30) << 3) | (bits(word, 12, 10) & 7)) & (16 - size);
  const lane = (r: number): number => ((t + r) & 31) * 16 + index;
  if (store) for (let r = 0; r < registers; r++) for (let b = 0; b < size; b++) buffer[r * size + b] = u8[lane(r) + b];
  if (!transfer(core, store, registers * size, size)) return -1;
  if (store) return registers * size;
  const width = bits(word, 30, 30) === 1 ? 16 : 8;
  for (let r = 0; r < registers; r++) {
    const register = (t + r) & 31;
    if (!replicate) {
      for (let b = 0; b < size; b++) u8[lane(r) + b] = buffer[r * size + b];
      continue;
    }
    u64[2 * register + 1] = 0n;
    for (let b = 0; b < width; b++) u8[register * 16 + b] = buffer[r * size + (b % size)];
  }
  return registers * size;
}

function accessStructure(core: Core, row: A64Row, word: number): boolean {
  const { lane, replicate } = row.access!.structure!;
  const n = bits(word, 9, 5);
  setAddress(core.lo[n], core.hi[n], 0);
  const total = lane || replicate ? accessLanes(core, row, word) : accessMultiple(core, row, word);
  if (total < 0) return false;
  const form = row.operands[row.operands.length - 1];
  const m = bits(word, 20, 16);
  if (form === '[],total') writeBack(core, word, total, 0);
  else if (form === '[],Xm') writeBack(core, word, core.lo[m], core.hi[m]);
  return true;
}

/** Executes a load or store. False: `core.fault`, and nothing changed. */
export function accessVector(core: Core, row: A64Row, word: number): boolean {
  const literal = row.operands.includes('label19');
  if (!literal && bits(word, 9, 5) === 31 && (core.lo[31] & core.spMask) !== 0) return stackPointerFault(core);
  beginAccess(core);
  const done = row.access!.structure === undefined ? accessRegisters(core, row, word) : accessStructure(core, row, word);
  if (done) endAccess(core, row.spe === 'store' ? OPERATION_STORE : OPERATION_LOAD);
  return done;
}
