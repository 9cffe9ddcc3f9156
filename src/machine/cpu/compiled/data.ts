// Data processing as WebAssembly: the operations of operations.ts, one by one as run.ts and rare.ts give their meaning.

import * as w from '../../../base/wasm.ts';
import { SP } from '../context.ts';
import { records } from '../lanes.ts';
import * as op from '../operations.ts';
import * as rare from '../rare.ts';
import type { Emitter } from './emit.ts';
import * as e from './emit.ts';
import { pushCondition } from './flags.ts';

/** A record's fields by the names of operations.ts. */
export interface Fields {
  readonly at: number;
  readonly operation: number;
  readonly d: number;
  readonly n: number;
  readonly m: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly w: number;
}

export function fieldsAt(at: number): Fields {
  const all = records();
  const head = all[at];
  return {
    at,
    operation: head & 127,
    d: (head >>> 8) & 63,
    n: (head >>> 14) & 63,
    m: (head >>> 20) & 63,
    x: all[at + 1],
    y: all[at + 2],
    z: all[at + 3],
    w: all[at + 4],
  };
}

const binary = (b: Emitter, f: Fields, operation: number): void => {
  e.get(b, f.n);
  e.operand(b, f.m, f.x, f.y);
  b.code.push(operation);
  e.masked(b, f.z);
  e.set(b, f.d);
};

/** ADDS and SUBS: the operands are kept as the flags. */
function withFlags(b: Emitter, f: Fields, kind: number, operation: number, mask: number): void {
  e.get(b, f.n);
  e.local(b, w.LOCAL_SET, e.FLAG_A);
  e.operand(b, f.m, f.x, 0);
  e.local(b, w.LOCAL_SET, e.FLAG_B);
  e.local(b, w.LOCAL_GET, e.FLAG_A);
  e.local(b, w.LOCAL_GET, e.FLAG_B);
  b.code.push(operation);
  e.masked(b, mask);
  e.set(b, f.d);
  e.flagsAre(b, kind);
}

/** Shift of a W register by a constant or a register: the result on the stack becomes 64 bits. */
const word = (b: Emitter, operation: number): void => {
  b.code.push(operation, w.I64_EXTEND_I32_U);
};

/** The shifted or extended operand of a record with SHIFTED (`shiftOperand` of rare.ts). */
function shiftedOperand(b: Emitter, form: number): void {
  const register = form & 63;
  const type = (form >> 8) & 15;
  const amount = form >> 12;
  e.get(b, register);
  if (type < 4) {
    e.i64(b, amount, 0);
    b.code.push([w.I64_SHL, w.I64_SHR_U, w.I64_SHR_S, w.I64_ROTR][type]);
  } else if (type < 8) {
    b.code.push(w.I32_WRAP_I64);
    e.i32(b, amount);
    word(b, [w.I32_SHL, w.I32_SHR_U, w.I32_SHR_S, w.I32_ROTR][type - 4]);
  } else {
    if (type === 8 || type === 9) {
      e.i64(b, type === 8 ? 0xff : 0xffff, 0);
      b.code.push(w.I64_AND);
    } else if (type === 10) b.code.push(w.I32_WRAP_I64, w.I64_EXTEND_I32_U);
    else if (type >= 12 && type <= 14) b.code.push([w.I64_EXTEND8_S, w.I64_EXTEND16_S, w.I64_EXTEND32_S][type - 12]);
    if (amount !== 0) {
      e.i64(b, amount, 0);
      b.code.push(w.I64_SHL);
    }
  }
  e.local(b, w.LOCAL_SET, e.OPERAND_LOCAL);
}

function select(b: Emitter, f: Fields): void {
  e.get(b, f.n);
  e.get(b, f.m);
  if ((f.y & 2) !== 0) {
    e.i64(b, -1, -1);
    b.code.push(w.I64_XOR);
  }
  if ((f.y & 1) !== 0) {
    e.i64(b, 1, 0);
    b.code.push(w.I64_ADD);
  }
  pushCondition(b, f.x);
  b.code.push(w.SELECT);
  e.masked(b, f.z);
  e.set(b, f.d);
}

/** Division by zero gives zero; the smallest number by -1 itself, as its negative. */
function divide(b: Emitter, f: Fields, wide: boolean, signed: boolean): void {
  const get = wide ? e.get : e.get32;
  get(b, f.m);
  b.code.push(wide ? w.I64_EQZ : w.I32_EQZ, w.IF, w.I64);
  e.i64(b, 0, 0);
  b.code.push(w.ELSE);
  if (signed) {
    get(b, f.m);
    if (wide) e.i64(b, -1, -1);
    else e.i32(b, -1);
    b.code.push(wide ? w.I64_EQ : w.I32_EQ, w.IF, w.I64);
    if (wide) e.i64(b, 0, 0);
    else e.i32(b, 0);
    get(b, f.n);
    if (wide) b.code.push(w.I64_SUB);
    else word(b, w.I32_SUB);
    b.code.push(w.ELSE);
  }
  get(b, f.n);
  get(b, f.m);
  if (wide) b.code.push(signed ? w.I64_DIV_S : w.I64_DIV_U);
  else word(b, signed ? w.I32_DIV_S : w.I32_DIV_U);
  if (signed) b.code.push(w.END);
  b.code.push(w.END);
  e.set(b, f.d);
}

/** X +- N * M, of the low halves extended when `extend` is given. */
function multiplyAdd(b: Emitter, f: Fields, subtract: boolean, extend?: number): void {
  const factor = (register: number): void => {
    e.get(b, register);
    if (extend !== undefined) b.code.push(w.I32_WRAP_I64, extend);
  };
  e.get(b, f.x);
  factor(f.n);
  factor(f.m);
  b.code.push(w.I64_MUL, subtract ? w.I64_SUB : w.I64_ADD);
  e.set(b, f.d);
}

function shiftWord(b: Emitter, f: Fields, operation: number): void {
  e.get32(b, f.n);
  e.get32(b, f.m);
  word(b, operation);
  e.set(b, f.d);
}

function shiftLong(b: Emitter, f: Fields, operation: number): void {
  e.get(b, f.n);
  e.get(b, f.m);
  b.code.push(operation);
  e.set(b, f.d);
}

/** SBFM of 64 bits: the field goes to the top, then down with its sign. */
function signedField(b: Emitter, f: Fields): void {
  const immr = f.x & 63;
  const imms = f.x >> 6;
  e.get(b, f.n);
  e.i64(b, 63 - imms, 0);
  b.code.push(w.I64_SHL);
  e.i64(b, imms >= immr ? 63 - imms + immr : immr - imms - 1, 0);
  b.code.push(w.I64_SHR_S);
  e.set(b, f.d);
}

/** An operation that rare.ts executes on the loop's arrays. */
function callRare(b: Emitter, f: Fields): void {
  for (const register of new Set([f.n, f.m, f.x & 63, f.d])) {
    if (register > SP) continue;
    b.used.add(register);
    e.spill(b, register);
  }
  e.i32(b, f.at);
  b.code.push(w.CALL, e.RARE);
  if (f.d > SP) return;
  b.written.add(f.d);
  e.load(b, f.d);
}

type Emit = (b: Emitter, f: Fields) => void;

/** RARE_… that are compiled; rare.ts executes the others. */
const RARE: Readonly<Record<number, Emit>> = {
  [rare.RARE_SBFM_64]: signedField,
  [rare.RARE_ASRV_32]: (b, f) => shiftWord(b, f, w.I32_SHR_S),
  [rare.RARE_RORV_32]: (b, f) => shiftWord(b, f, w.I32_ROTR),
  [rare.RARE_LSLV_32]: (b, f) => shiftWord(b, f, w.I32_SHL),
  [rare.RARE_LSRV_32]: (b, f) => shiftWord(b, f, w.I32_SHR_U),
  [rare.RARE_ASRV_64]: (b, f) => shiftLong(b, f, w.I64_SHR_S),
  [rare.RARE_RORV_64]: (b, f) => shiftLong(b, f, w.I64_ROTR),
  [rare.RARE_UDIV_32]: (b, f) => divide(b, f, false, false),
  [rare.RARE_SDIV_32]: (b, f) => divide(b, f, false, true),
  [rare.RARE_UDIV_64]: (b, f) => divide(b, f, true, false),
  [rare.RARE_SDIV_64]: (b, f) => divide(b, f, true, true),
  [rare.RARE_MSUB_64]: (b, f) => multiplyAdd(b, f, true),
  [rare.RARE_SMADDL]: (b, f) => multiplyAdd(b, f, false, w.I64_EXTEND_I32_S),
  [rare.RARE_SMSUBL]: (b, f) => multiplyAdd(b, f, true, w.I64_EXTEND_I32_S),
  [rare.RARE_UMADDL]: (b, f) => multiplyAdd(b, f, false, w.I64_EXTEND_I32_U),
  [rare.RARE_UMSUBL]: (b, f) => multiplyAdd(b, f, true, w.I64_EXTEND_I32_U),
};

/** CCMP and CCMN: the flags of a comparison, or the four that the instruction names. */
function conditionalCompare(b: Emitter, f: Fields): void {
  const wide = f.y === 1;
  const kind = f.z === rare.RARE_CCMP ? (wide ? e.FLAGS_SUB_64 : e.FLAGS_SUB_32) : wide ? e.FLAGS_ADD_64 : e.FLAGS_ADD_32;
  pushCondition(b, (f.x >> 4) & 15);
  b.code.push(w.IF, w.VOID);
  e.get(b, f.n);
  e.local(b, w.LOCAL_SET, e.FLAG_A);
  e.operand(b, f.m, f.x >> 8, 0);
  e.local(b, w.LOCAL_SET, e.FLAG_B);
  e.flagsAre(b, kind);
  b.code.push(w.ELSE);
  e.i64(b, f.x & 15, 0);
  e.local(b, w.LOCAL_SET, e.FLAG_A);
  e.flagsAre(b, e.FLAGS_RAW);
  b.code.push(w.END);
  b.flags = e.FLAGS_UNKNOWN;
}

function logicalWithFlags(b: Emitter, f: Fields): void {
  e.get(b, f.n);
  e.operand(b, f.m, f.x, f.y);
  b.code.push(w.I64_AND);
  if (f.z === 0) b.code.push(w.I64_EXTEND32_S);
  e.local(b, w.LOCAL_TEE, e.FLAG_A);
  e.masked(b, f.z);
  e.set(b, f.d);
  e.flagsAre(b, e.FLAGS_LOGICAL);
}

/** D = what `push` pushes. */
const into =
  (push: Emit): Emit =>
  (b, f) => {
    push(b, f);
    e.set(b, f.d);
  };

const bitfield =
  (rotate: number): Emit =>
  (b, f) => {
    e.get(b, f.n);
    e.i64(b, f.x + rotate, 0);
    b.code.push(w.I64_ROTR);
    e.i64(b, f.y, f.z);
    b.code.push(w.I64_AND);
  };

function extract(b: Emitter, f: Fields): void {
  e.get(b, f.m);
  if (f.x === 0) return;
  e.i64(b, f.x, 0);
  b.code.push(w.I64_SHR_U);
  e.get(b, f.n);
  e.i64(b, 64 - f.x, 0);
  b.code.push(w.I64_SHL, w.I64_OR);
}

function multiplyAddWord(b: Emitter, f: Fields): void {
  multiplyAdd(b, f, f.y !== 0);
  if (f.d > SP) return;
  e.get(b, f.d);
  e.masked(b, 0);
  e.set(b, f.d);
}

/** OP_… of data processing. */
const OPERATIONS: Readonly<Record<number, Emit>> = {
  [op.OP_NOP]: () => undefined,
  [op.OP_CONSTANT]: into((b, f) => e.i64(b, f.x, f.y)),
  [op.OP_KEEP]: into((b, f) => {
    e.get(b, f.d);
    e.i64(b, f.z, f.w);
    b.code.push(w.I64_AND);
    e.i64(b, f.x, f.y);
    b.code.push(w.I64_OR);
  }),
  [op.OP_ADR]: into((b, f) => {
    e.local(b, w.LOCAL_GET, e.PAGE);
    e.i64(b, (b.word * 4) & f.z, 0);
    b.code.push(w.I64_ADD);
    e.i64(b, f.x, f.y);
    b.code.push(w.I64_ADD);
  }),
  [op.OP_ADD]: (b, f) => binary(b, f, w.I64_ADD),
  [op.OP_SUB]: (b, f) => binary(b, f, w.I64_SUB),
  [op.OP_ADDS_64]: (b, f) => withFlags(b, f, e.FLAGS_ADD_64, w.I64_ADD, -1),
  [op.OP_ADDS_32]: (b, f) => withFlags(b, f, e.FLAGS_ADD_32, w.I64_ADD, 0),
  [op.OP_SUBS_64]: (b, f) => withFlags(b, f, e.FLAGS_SUB_64, w.I64_SUB, -1),
  [op.OP_SUBS_32]: (b, f) => withFlags(b, f, e.FLAGS_SUB_32, w.I64_SUB, 0),
  [op.OP_AND]: (b, f) => binary(b, f, w.I64_AND),
  [op.OP_ORR]: (b, f) => binary(b, f, w.I64_OR),
  [op.OP_EOR]: (b, f) => binary(b, f, w.I64_XOR),
  [op.OP_ANDS]: logicalWithFlags,
  [op.OP_MOVE]: into((b, f) => {
    e.operand(b, f.m, f.x, 0);
    e.masked(b, f.z);
  }),
  [op.OP_BITFIELD_32]: into((b, f) => {
    e.get32(b, f.n);
    e.i32(b, f.x);
    b.code.push(w.I32_ROTR);
    e.i32(b, f.y);
    word(b, w.I32_AND);
  }),
  [op.OP_BITFIELD_LOW]: into(bitfield(0)),
  [op.OP_BITFIELD_HIGH]: into(bitfield(32)),
  [op.OP_SIGN_EXTEND]: into((b, f) => {
    e.get32(b, f.n);
    e.i32(b, f.x);
    b.code.push(w.I32_SHL);
    e.i32(b, f.y);
    b.code.push(w.I32_SHR_S, f.z === 0 ? w.I64_EXTEND_I32_U : w.I64_EXTEND_I32_S);
  }),
  [op.OP_ASR_64]: into((b, f) => {
    e.get(b, f.n);
    e.i64(b, f.x, 0);
    b.code.push(w.I64_SHR_S);
  }),
  [op.OP_EXTRACT]: into(extract),
  [op.OP_SELECT]: select,
  [op.OP_MADD_32]: multiplyAddWord,
  [op.OP_MADD_64]: (b, f) => multiplyAdd(b, f, false),
  [op.OP_SHIFT_LEFT_64]: (b, f) => shiftLong(b, f, w.I64_SHL),
  [op.OP_SHIFT_RIGHT_64]: (b, f) => shiftLong(b, f, w.I64_SHR_U),
  [op.OP_RARE]: (b, f) => (RARE[f.z] ?? callRare)(b, f),
  [op.OP_RARE_FLAGS]: conditionalCompare,
};

/** Is the operation of a record one that regions hold, branches aside? Flags from carries (ADC and its like) are not. */
export function isCompiled(at: number): boolean {
  const f = fieldsAt(at);
  if (f.operation === op.OP_RARE_FLAGS) return f.z === rare.RARE_CCMN || f.z === rare.RARE_CCMP;
  return OPERATIONS[f.operation] !== undefined || (f.operation >= op.OP_MEMORY && f.operation <= op.OP_MEMORY_LITERAL);
}

/** The operation of a record, for which `isCompiled` holds and which is no access to memory. */
export function dataProcessing(b: Emitter, at: number): void {
  const f = fieldsAt(at);
  if ((records()[at] & op.SHIFTED) !== 0) shiftedOperand(b, f.w);
  OPERATIONS[f.operation](b, f);
}
