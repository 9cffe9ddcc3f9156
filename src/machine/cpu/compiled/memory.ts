// Loads and stores as WebAssembly: the fast path of run.ts. Whatever that path does not answer (a page that is not known yet, a misaligned
// address, a line that another CPU watches) leaves the region, and the interpreter executes the operation.

import * as w from '../../../base/wasm.ts';
import { SP } from '../context.ts';
import * as op from '../operations.ts';
import { type Fields, fieldsAt } from './data.ts';
import type { Emitter } from './emit.ts';
import * as e from './emit.ts';
import { touchData } from './timed.ts';

/** Bytes behind `watchFrom` that are looked at: core.ts. */
const WATCHED = 78;

/** How each ACCESS_… of one register reads or writes its 64-bit local; the last column is log2 of the bytes. */
const ACCESSES: Readonly<Record<number, readonly [operation: number, size: number, narrow?: true]>> = {
  [op.ACCESS_STRB]: [w.I64_STORE8, 0],
  [op.ACCESS_STRH]: [w.I64_STORE16, 1],
  [op.ACCESS_STR_32]: [w.I64_STORE32, 2],
  [op.ACCESS_STR_64]: [w.I64_STORE, 3],
  [op.ACCESS_STP_32]: [w.I64_STORE32, 2],
  [op.ACCESS_STP_64]: [w.I64_STORE, 3],
  [op.ACCESS_LDRB]: [w.I64_LOAD8_U, 0],
  [op.ACCESS_LDRH]: [w.I64_LOAD16_U, 1],
  [op.ACCESS_LDR_32]: [w.I64_LOAD32_U, 2],
  [op.ACCESS_LDR_64]: [w.I64_LOAD, 3],
  [op.ACCESS_LDRSB_64]: [w.I64_LOAD8_S, 0],
  [op.ACCESS_LDRSH_64]: [w.I64_LOAD16_S, 1],
  [op.ACCESS_LDRSW]: [w.I64_LOAD32_S, 2],
  [op.ACCESS_LDRSB_32]: [w.I64_LOAD8_S, 0, true],
  [op.ACCESS_LDRSH_32]: [w.I64_LOAD16_S, 1, true],
  [op.ACCESS_LDP_32]: [w.I64_LOAD32_U, 2],
  [op.ACCESS_LDP_64]: [w.I64_LOAD, 3],
  [op.ACCESS_LDPSW]: [w.I64_LOAD32_S, 2],
};

const isPair = (kind: number): boolean => kind === op.ACCESS_STP_32 || kind === op.ACCESS_STP_64 || kind >= op.ACCESS_LDP_32;

/** Pushes the address of an access. */
function address(b: Emitter, f: Fields): void {
  if (f.operation === op.OP_MEMORY_LITERAL) {
    e.local(b, w.LOCAL_GET, e.PAGE);
    const from = b.word * 4 + f.x;
    e.i64(b, from, from >> 31);
  } else {
    e.get(b, f.n);
    if (f.operation === op.OP_MEMORY_REGISTER) {
      e.get(b, f.m);
      // Option 6 SXTW, 2 UXTW; 3 LSL and 7 SXTX take all of it.
      if (f.x === 6) b.code.push(w.I64_EXTEND32_S);
      else if (f.x === 2) b.code.push(w.I32_WRAP_I64, w.I64_EXTEND_I32_U);
      if (f.y !== 0) {
        e.i64(b, f.y, 0);
        b.code.push(w.I64_SHL);
      }
    } else {
      if (f.x === 0) return;
      e.i64(b, f.x, f.x >> 31);
    }
  }
  b.code.push(w.I64_ADD);
}

/** The load or store of a record. */
export function loadOrStore(b: Emitter, at: number): void {
  const f = fieldsAt(at);
  const kind = f.z & 31;
  const bytes = f.z >> op.ACCESS_BYTES;
  const store = kind < op.ACCESS_LDRB;
  address(b, f);
  e.local(b, w.LOCAL_TEE, e.VA);
  // The entry of fast translations, in PA for now.
  b.code.push(w.I32_WRAP_I64);
  e.i32(b, 8);
  b.code.push(w.I32_SHR_U);
  e.i32(b, 0xfff0);
  b.code.push(w.I32_AND);
  e.local(b, w.LOCAL_GET, store ? e.WRITE_AT : e.READ_AT);
  b.code.push(w.I32_ADD);
  e.local(b, w.LOCAL_TEE, e.PA);
  w.access(b.code, w.I64_LOAD, e.LANES, 0, 3);
  e.local(b, w.LOCAL_GET, e.VA);
  e.i64(b, f.w, -1);
  b.code.push(w.I64_AND, w.I64_NE);
  e.local(b, w.LOCAL_GET, e.PA);
  w.access(b.code, w.I32_LOAD, e.LANES, 8, 2);
  e.local(b, w.LOCAL_GET, e.VA);
  b.code.push(w.I32_WRAP_I64, w.I32_ADD);
  e.local(b, w.LOCAL_TEE, e.PA);
  e.local(b, w.LOCAL_GET, e.WATCH_FROM);
  b.code.push(w.I32_SUB);
  e.i32(b, WATCHED);
  b.code.push(w.I32_LE_U, w.I32_OR);
  if (isPair(kind)) {
    e.local(b, w.LOCAL_GET, e.VA);
    b.code.push(w.I32_WRAP_I64);
    e.i32(b, 0xfff);
    b.code.push(w.I32_AND);
    e.i32(b, 4096 - bytes);
    b.code.push(w.I32_GT_U, w.I32_OR);
  }
  if (f.n === SP && f.operation !== op.OP_MEMORY_LITERAL) {
    e.get32(b, SP);
    e.local(b, w.LOCAL_GET, e.SP_MASK);
    b.code.push(w.I32_AND, w.I32_OR);
  }
  e.open(b, w.IF);
  e.exitAt(b, b.word * 4, b.rest);
  e.close(b);
  touchData(b, bytes, store, isPair(kind));
  const [operation, size, narrow] = ACCESSES[kind];
  const transfer = (register: number, at: number): void => {
    e.local(b, w.LOCAL_GET, e.PA);
    if (store) e.get(b, register);
    w.access(b.code, operation, e.RAM, at, size);
    if (store) return;
    if (narrow) e.masked(b, 0);
    e.set(b, register);
  };
  transfer(f.d, 0);
  if (isPair(kind)) transfer(f.m, 1 << size);
  if (f.operation !== op.OP_MEMORY_WRITEBACK) return;
  e.get(b, f.n);
  e.i64(b, f.y, f.y >> 31);
  b.code.push(w.I64_ADD);
  e.set(b, f.n);
}
