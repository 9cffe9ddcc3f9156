// A WebAssembly module of one function, put together from its instructions: for a loop that has to be fast from its first turn on. Opcodes and
// sections: WebAssembly Core Specification 1.0, chapter 5. Expressions are lists of bytes; an operand stands before its operator.

/** Instructions as the module holds them. */
export type Code = readonly number[];

/** An unsigned number in groups of seven bits, the lowest first. */
function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  return [...out, rest];
}

/** The same for a signed one. */
function signed(value: number): number[] {
  const out: number[] = [];
  let rest = value | 0;
  for (; rest < -64 || rest > 63; rest >>= 7) out.push((rest & 0x7f) | 0x80);
  return [...out, rest & 0x7f];
}

const operator =
  (opcode: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), opcode];

export const add = operator(0x6a);
export const sub = operator(0x6b);
export const mul = operator(0x6c);
export const and = operator(0x71);
export const or = operator(0x72);
export const shl = operator(0x74);
export const shrU = operator(0x76);
export const eqz = operator(0x45);
export const eq = operator(0x46);
export const ltU = operator(0x49);
export const gtU = operator(0x4b);
export const geU = operator(0x4f);
/** f64: a sum, and a u32 made one. */
export const addF64 = operator(0xa0);
export const f64OfU32 = operator(0xb8);

export const constant = (value: number): Code => [0x41, ...signed(value)];
/** Parameters are the first locals. */
export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

/** Memory at `address` + the constant `offset`; bytes need not be aligned. */
const load =
  (opcode: number) =>
  (address: Code, offset = 0): Code => [...address, opcode, 0, ...unsigned(offset)];
const store =
  (opcode: number) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, opcode, 0, ...unsigned(offset)];
export const load8 = load(0x2d);
export const load16 = load(0x2f);
export const load32 = load(0x28);
export const store16 = store(0x3b);
export const store32 = store(0x36);
export const storeF64 = store(0x39);

const END = 0x0b;
const NO_RESULT = 0x40;

export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...condition,
  0x04,
  NO_RESULT,
  ...then,
  ...(otherwise.length === 0 ? [] : [0x05, ...otherwise]),
  END,
];
/** Ends where `leave(0)` says so, or at its end; `leave(1)` within it ends what is around it. */
export const block = (...code: readonly Code[]): Code => [0x02, NO_RESULT, ...code.flat(), END];
/** `leave(0)` begins it anew; at its end it is over. */
export const loop = (...code: readonly Code[]): Code => [0x03, NO_RESULT, ...code.flat(), END];
export const leave = (depth: number): Code => [0x0c, ...unsigned(depth)];
export const leaveIf = (depth: number, condition: Code): Code => [...condition, 0x0d, ...unsigned(depth)];

/** Does the case whose place in the list is `index`; beyond the list, the last. A case cannot leave what is around the whole. */
export function select(index: Code, cases: readonly Code[]): Code {
  const places = cases.flatMap((_, i) => unsigned(i));
  let code: Code = [...index, 0x0e, ...unsigned(cases.length - 1), ...places];
  for (const [i, one] of cases.entries()) code = [...block(code), ...one, ...leave(cases.length - 1 - i)];
  return block(code);
}

export type ValueType = 'i32' | 'f64';
const TYPES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f64: 0x7c };

export interface WasmFunction {
  readonly parameters: readonly ValueType[];
  /** Further locals, all i32. */
  readonly locals: number;
  /** Leaves one i32: the result. */
  readonly body: readonly Code[];
}

const vector = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, items: readonly Code[]): number[] => {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
};
const name = (text: string): number[] => [...unsigned(text.length), ...Array.from(text, (c) => c.charCodeAt(0))];

/** The module: it imports the memory `env.memory` of at least `pages` and exports the function as `run`. */
export function wasmModule(f: WasmFunction, pages: number): Uint8Array<ArrayBuffer> {
  const code = [...vector([[...unsigned(f.locals), TYPES.i32]]), ...f.body.flat(), END];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, ...vector(f.parameters.map((p) => [TYPES[p]])), ...vector([[TYPES.i32]])]]),
    ...section(2, [[...name('env'), ...name('memory'), 2, 0, ...unsigned(pages)]]),
    ...section(3, [[0]]),
    ...section(7, [[...name('run'), 0, 0]]),
    ...section(10, [[...unsigned(code.length), ...code]]),
  ]);
}
