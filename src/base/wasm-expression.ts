// A WebAssembly function put together from its instructions as expressions: for a loop that has to be fast from its first turn on. Expressions
// are lists of bytes; an operand stands before its operator.
import * as w from './wasm.ts';

/** Instructions as the module holds them. */
export type Code = readonly number[];

/** The bytes that `put` appends. */
function bytes(put: (out: w.Code) => void): number[] {
  const out: w.Code = [];
  put(out);
  return out;
}

const unsigned = (value: number): number[] => bytes((out) => w.unsigned(out, value));
const signed = (value: number): number[] => bytes((out) => w.signed(out, value));

const operator =
  (opcode: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), opcode];

export const add = operator(w.I32_ADD);
export const sub = operator(w.I32_SUB);
export const mul = operator(w.I32_MUL);
export const and = operator(w.I32_AND);
export const or = operator(w.I32_OR);
export const xor = operator(w.I32_XOR);
export const shl = operator(w.I32_SHL);
export const shrU = operator(w.I32_SHR_U);
export const clz = operator(w.I32_CLZ);
export const eqz = operator(w.I32_EQZ);
export const eq = operator(w.I32_EQ);
export const ltU = operator(w.I32_LT_U);
export const gtU = operator(w.I32_GT_U);
export const geU = operator(w.I32_GE_U);
/** i64, and the ways to it from an i32 without its sign and back. */
export const add64 = operator(w.I64_ADD);
export const sub64 = operator(w.I64_SUB);
export const mul64 = operator(w.I64_MUL);
export const divU64 = operator(w.I64_DIV_U);
export const and64 = operator(w.I64_AND);
export const or64 = operator(w.I64_OR);
export const shl64 = operator(w.I64_SHL);
export const shrU64 = operator(w.I64_SHR_U);
export const ne64 = operator(w.I64_NE);
export const wide = operator(w.I64_EXTEND_I32_U);
export const narrow = operator(w.I32_WRAP_I64);
/** f64: a sum, and a u32 made one. */
export const addF64 = operator(w.F64_ADD);
export const f64OfU32 = operator(w.F64_CONVERT_I32_U);

export const constant = (value: number): Code => [w.I32_CONST, ...signed(value)];
export const constant64 = (value: bigint): Code => [w.I64_CONST, ...bytes((out) => w.signed64(out, value))];
/** Parameters are the first locals. */
export const get = (local: number): Code => [w.LOCAL_GET, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, w.LOCAL_SET, ...unsigned(local)];

/** Memory at `address` + the constant `offset`; bytes need not be aligned. */
const load =
  (opcode: number) =>
  (address: Code, offset = 0): Code => [...address, opcode, 0, ...unsigned(offset)];
const store =
  (opcode: number) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, opcode, 0, ...unsigned(offset)];
export const load8 = load(w.I32_LOAD8_U);
export const load16 = load(w.I32_LOAD16_U);
export const load32 = load(w.I32_LOAD);
export const load64 = load(w.I64_LOAD);
/** 16 bits without their sign, as an i64. */
export const load16wide = load(w.I64_LOAD16_U);
export const store8 = store(w.I32_STORE8);
export const store16 = store(w.I32_STORE16);
export const store32 = store(w.I32_STORE);
export const store64 = store(w.I64_STORE);
export const storeF64 = store(w.F64_STORE);

export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...condition,
  w.IF,
  w.VOID,
  ...then,
  ...(otherwise.length === 0 ? [] : [w.ELSE, ...otherwise]),
  w.END,
];
/** Ends where `leave(0)` says so, or at its end; `leave(1)` within it ends what is around it. */
export const block = (...code: readonly Code[]): Code => [w.BLOCK, w.VOID, ...code.flat(), w.END];
/** `leave(0)` begins it anew; at its end it is over. */
export const loop = (...code: readonly Code[]): Code => [w.LOOP, w.VOID, ...code.flat(), w.END];
export const leave = (depth: number): Code => [w.BR, ...unsigned(depth)];
export const leaveIf = (depth: number, condition: Code): Code => [...condition, w.BR_IF, ...unsigned(depth)];

/** Does the case whose place in the list is `index`; beyond the list, the last. A case cannot leave what is around the whole. */
export function select(index: Code, cases: readonly Code[]): Code {
  const places = cases.flatMap((_, i) => unsigned(i));
  let code: Code = [...index, w.BR_TABLE, ...unsigned(cases.length - 1), ...places];
  for (const [i, one] of cases.entries()) code = [...block(code), ...one, ...leave(cases.length - 1 - i)];
  return block(code);
}

/** Calls the function with that place in the module's list. */
export const call = (place: number, ...operands: readonly Code[]): Code => [...operands.flat(), w.CALL, ...unsigned(place)];
/** One of two values: the first where the condition is not 0. */
export const either = (condition: Code, first: Code, second: Code): Code => [...first, ...second, ...condition, w.SELECT];

export type ValueType = 'i32' | 'i64' | 'f64';
const TYPES: Readonly<Record<ValueType, number>> = { i32: w.I32, i64: w.I64, f64: w.F64 };

export interface WasmFunction {
  readonly parameters: readonly ValueType[];
  /** What the body leaves on the stack. */
  readonly result: ValueType;
  /** Further locals. */
  readonly locals: readonly ValueType[];
  readonly body: readonly Code[];
}

/** The module: it imports the memory `m.memory` of at least `pages` and exports its last function as `run`. */
export function wasmModule(functions: readonly WasmFunction[], pages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map((f) => ({ parameters: f.parameters.map((p) => TYPES[p]), results: [TYPES[f.result]] }));
  const bodies = functions.map((f, type) => ({ type, locals: f.locals.map((l) => TYPES[l]), code: f.body.flat() }));
  return w.moduleBytes(types, [{ name: 'memory', type: { pages } }], bodies, functions.length - 1);
}
