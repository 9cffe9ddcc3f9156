// A region's code under construction: its locals, registers, flags and exits.
//
// Registers are 64-bit locals, loaded from the loop's arrays at the entry and written back at the exit. Flags are kept as what made them: a
// kind and two operands, so that they are computed only where someone looks at them other than by a condition of the same block.

import * as w from '../../../base/wasm.ts';
import type { Geometry } from '../../timing/geometry.ts';
import { SINK, SP, ZERO } from '../context.ts';
import { OPERAND } from '../lanes.ts';
import type { BankLayout } from './resident.ts';

/** Memories: the guest's RAM by host physical address, and the interpreter's arrays (lanes.ts). */
export const RAM = 0;
export const LANES = 1;

/** Parameters of a region's function, then its locals. */
export const NEXT = 0; // the block to go to at the next dispatch; negative: the first one
export const LEFT = 1; // operations left
export const PAGE_LO = 2;
export const PAGE_HI = 3;
export const READ_AT = 4; // byte offsets of the regions of fast translations in use
export const WRITE_AT = 5;
export const WATCH_FROM = 6;
export const SP_MASK = 7;
export const BANK = 8; // byte offset of the timing model's bank (resident.ts)
export const PARAMETERS = 9;
export const PAGE = 9; // virtual address of the page
export const VA = 10;
export const PA = 11;
export const OFFSET = 12; // where PC is, from PAGE
export const KIND = 13; // FLAGS_…
export const FLAG_A = 14;
export const FLAG_B = 15;
export const OPERAND_LOCAL = 16;
export const SCRATCH = 17;
export const LINE = 18;
const REGISTERS = 19;
export const LOCALS: readonly number[] = [
  w.I64, // PAGE
  w.I64, // VA
  w.I32, // PA
  w.I32, // OFFSET
  w.I32, // KIND
  w.I64, // FLAG_A
  w.I64, // FLAG_B
  w.I64, // OPERAND_LOCAL
  w.I64, // SCRATCH
  w.I32, // LINE
  ...new Array<number>(32).fill(w.I64),
];

/** What made the flags: FLAG_A and FLAG_B are the operands, of the logical ones the result (sign-extended); of RAW, NZCV in bits 3:0. */
export const FLAGS_RAW = 0;
export const FLAGS_SUB_64 = 1;
export const FLAGS_SUB_32 = 2;
export const FLAGS_ADD_64 = 3;
export const FLAGS_ADD_32 = 4;
export const FLAGS_LOGICAL = 5;
/** Not known while compiling. */
export const FLAGS_UNKNOWN = -1;

/** Numbers of the functions. */
export const TOUCH_DATA = 0;
export const TOUCH_BRANCH = 1;
export const RARE = 2;
export const NZCV = 3;
export const RUN = 4;

export interface Label {
  /** Blocks `from` to `to` are reached by it; a loop's label is its beginning, another's its end. */
  readonly from: number;
  readonly to: number;
}

/** The timing model's shape, and where its first level lies; null: nowhere that compiled code reaches. */
export interface Timed {
  readonly geometry: Geometry;
  readonly layout: BankLayout | null;
}

export interface Emitter {
  code: w.Code;
  readonly used: Set<number>;
  readonly written: Set<number>;
  /** Open labels, the outermost first; null: one that no branch means. */
  readonly labels: (Label | null)[];
  /** What made the flags, as far as it is known here. */
  flags: number;
  /** Accesses and branches are told to the timing model. */
  readonly timed: Timed | null;
  /** First word of the page's records. */
  readonly base: number;
  /** Operations of the block in hand that are behind the current one, that one included. */
  rest: number;
  /** Word of the current operation. */
  word: number;
}

export function local(e: Emitter, operation: number, index: number): void {
  e.code.push(operation, index);
}

export function i32(e: Emitter, value: number): void {
  e.code.push(w.I32_CONST);
  w.signed(e.code, value);
}

export function i64(e: Emitter, lo: number, hi: number): void {
  e.code.push(w.I64_CONST);
  if (hi === lo >> 31) w.signed(e.code, lo);
  else w.signed64(e.code, (BigInt(hi) << 32n) | BigInt(lo >>> 0));
}

/** Pushes the value of a register as a record names it. */
export function get(e: Emitter, register: number): void {
  if (register === ZERO || register === SINK) i64(e, 0, 0);
  else if (register === OPERAND) local(e, w.LOCAL_GET, OPERAND_LOCAL);
  else {
    e.used.add(register);
    local(e, w.LOCAL_GET, REGISTERS + register);
  }
}

/** Takes the value on the stack into a register. */
export function set(e: Emitter, register: number): void {
  if (register > SP) local(e, w.LOCAL_SET, SCRATCH);
  else {
    e.used.add(register);
    e.written.add(register);
    local(e, w.LOCAL_SET, REGISTERS + register);
  }
}

/** Pushes the low half of the current operation's address. */
export function pushPc(e: Emitter): void {
  local(e, w.LOCAL_GET, PAGE_LO);
  i32(e, e.word * 4);
  e.code.push(w.I32_ADD);
}

/** Pushes the low half of a register. */
export function get32(e: Emitter, register: number): void {
  get(e, register);
  e.code.push(w.I32_WRAP_I64);
}

/** Pushes an operand of a record: a register, inverted or not, or a constant. */
export function operand(e: Emitter, register: number, x: number, y: number): void {
  if (register === ZERO) i64(e, x, y);
  else {
    get(e, register);
    if ((x | y) === 0) return;
    i64(e, x, y);
    e.code.push(w.I64_XOR);
  }
}

/** Clears the high half of the value on the stack where the record's mask says so. */
export function masked(e: Emitter, mask: number): void {
  if (mask === 0) e.code.push(w.I32_WRAP_I64, w.I64_EXTEND_I32_U);
}

/** FLAG_A and FLAG_B were set: what they mean. */
export function flagsAre(e: Emitter, kind: number): void {
  i32(e, kind);
  local(e, w.LOCAL_SET, KIND);
  e.flags = kind;
}

/** Pushes NZCV in bits 3:0. */
export function pushNzcv(e: Emitter): void {
  local(e, w.LOCAL_GET, KIND);
  local(e, w.LOCAL_GET, FLAG_A);
  local(e, w.LOCAL_GET, FLAG_B);
  e.code.push(w.CALL, NZCV);
}

/** Opens a label that only its own code branches to. */
export function open(e: Emitter, operation: number): void {
  e.code.push(operation, w.VOID);
  e.labels.push(null);
}

export function close(e: Emitter): void {
  e.code.push(w.END);
  e.labels.pop();
}

/** Leaves the region with PC at `offset` bytes from the page; `unused`: operations of the block that were counted and not executed. */
export function exitAt(e: Emitter, offset: number, unused: number): void {
  i32(e, offset);
  local(e, w.LOCAL_SET, OFFSET);
  leave(e, unused);
}

/** The same where OFFSET and PAGE are set. The outermost label is the way out. */
export function leave(e: Emitter, unused: number): void {
  if (unused !== 0) {
    local(e, w.LOCAL_GET, LEFT);
    i32(e, unused);
    e.code.push(w.I32_ADD);
    local(e, w.LOCAL_SET, LEFT);
  }
  e.code.push(w.BR);
  w.unsigned(e.code, e.labels.length - 1);
}

/** Byte offsets of a register's halves in the loop's arrays, which stand at the beginning of their memory. */
const HIGH = 256;

/** Loads a register from the loop's arrays. */
export function load(e: Emitter, register: number): void {
  i32(e, 0);
  w.access(e.code, w.I64_LOAD32_U, LANES, register * 4, 2);
  i32(e, 0);
  w.access(e.code, w.I64_LOAD32_U, LANES, HIGH + register * 4, 2);
  i64(e, 32, 0);
  e.code.push(w.I64_SHL, w.I64_OR);
  local(e, w.LOCAL_SET, REGISTERS + register);
}

/** Writes a register back to the loop's arrays. */
export function spill(e: Emitter, register: number): void {
  i32(e, 0);
  local(e, w.LOCAL_GET, REGISTERS + register);
  w.access(e.code, w.I64_STORE32, LANES, register * 4, 2);
  i32(e, 0);
  local(e, w.LOCAL_GET, REGISTERS + register);
  i64(e, 32, 0);
  e.code.push(w.I64_SHR_U);
  w.access(e.code, w.I64_STORE32, LANES, HIGH + register * 4, 2);
}
