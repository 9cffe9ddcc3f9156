// A WebAssembly module as bytes: what loops and compiled guest code need of it. Numbers are those of the WebAssembly core specification, chapter
// 5 (binary format), with several memories (chapter 5.4.6: bit 6 of an alignment says that the memory's index follows).

export const BLOCK = 0x02;
export const LOOP = 0x03;
export const IF = 0x04;
export const ELSE = 0x05;
export const END = 0x0b;
export const BR = 0x0c;
export const BR_IF = 0x0d;
export const BR_TABLE = 0x0e;
export const CALL = 0x10;
export const SELECT = 0x1b;
export const LOCAL_GET = 0x20;
export const LOCAL_SET = 0x21;
export const LOCAL_TEE = 0x22;
export const I32_LOAD = 0x28;
export const I64_LOAD = 0x29;
export const I32_LOAD8_U = 0x2d;
export const I32_LOAD16_U = 0x2f;
export const I64_LOAD8_S = 0x30;
export const I64_LOAD8_U = 0x31;
export const I64_LOAD16_S = 0x32;
export const I64_LOAD16_U = 0x33;
export const I64_LOAD32_S = 0x34;
export const I64_LOAD32_U = 0x35;
export const I32_STORE = 0x36;
export const I64_STORE = 0x37;
export const F64_STORE = 0x39;
export const I32_STORE8 = 0x3a;
export const I32_STORE16 = 0x3b;
export const I64_STORE8 = 0x3c;
export const I64_STORE16 = 0x3d;
export const I64_STORE32 = 0x3e;
export const I32_CONST = 0x41;
export const I64_CONST = 0x42;
export const I32_EQZ = 0x45;
export const I32_EQ = 0x46;
export const I32_NE = 0x47;
export const I32_LT_S = 0x48;
export const I32_LT_U = 0x49;
export const I32_GT_U = 0x4b;
export const I32_LE_U = 0x4d;
export const I32_GE_U = 0x4f;
export const I64_EQZ = 0x50;
export const I64_EQ = 0x51;
export const I64_NE = 0x52;
export const I64_LT_S = 0x53;
export const I64_LT_U = 0x54;
export const I64_GT_S = 0x55;
export const I64_GT_U = 0x56;
export const I64_LE_S = 0x57;
export const I64_LE_U = 0x58;
export const I64_GE_S = 0x59;
export const I64_GE_U = 0x5a;
export const I32_CLZ = 0x67;
export const I32_ADD = 0x6a;
export const I32_SUB = 0x6b;
export const I32_MUL = 0x6c;
export const I32_DIV_S = 0x6d;
export const I32_DIV_U = 0x6e;
export const I32_AND = 0x71;
export const I32_OR = 0x72;
export const I32_XOR = 0x73;
export const I32_SHL = 0x74;
export const I32_SHR_S = 0x75;
export const I32_SHR_U = 0x76;
export const I32_ROTR = 0x78;
export const I64_ADD = 0x7c;
export const I64_SUB = 0x7d;
export const I64_MUL = 0x7e;
export const I64_DIV_S = 0x7f;
export const I64_DIV_U = 0x80;
export const I64_AND = 0x83;
export const I64_OR = 0x84;
export const I64_XOR = 0x85;
export const I64_SHL = 0x86;
export const I64_SHR_S = 0x87;
export const I64_SHR_U = 0x88;
export const I64_ROTR = 0x8a;
export const F64_ADD = 0xa0;
export const I32_WRAP_I64 = 0xa7;
export const I64_EXTEND_I32_S = 0xac;
export const I64_EXTEND_I32_U = 0xad;
export const F64_CONVERT_I32_U = 0xb8;
export const I64_EXTEND8_S = 0xc2;
export const I64_EXTEND16_S = 0xc3;
export const I64_EXTEND32_S = 0xc4;

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F64 = 0x7c;
/** A block, loop or if that leaves nothing on the stack. */
export const VOID = 0x40;

/** Bytes of code under construction. */
export type Code = number[];

/** Appends an unsigned LEB128 number. */
export function unsigned(out: Code, value: number): void {
  let rest = value >>> 0;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest >>>= 7;
  }
  out.push(rest);
}

/** Appends a signed LEB128 number of 32 bits. */
export function signed(out: Code, value: number): void {
  let rest = value | 0;
  while (rest < -64 || rest > 63) {
    out.push((rest & 127) | 128);
    rest >>= 7;
  }
  out.push(rest & 127);
}

/** Appends a signed LEB128 number of 64 bits. */
export function signed64(out: Code, value: bigint): void {
  let rest = BigInt.asIntN(64, value);
  while (rest < -64n || rest > 63n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest & 127n));
}

const MEMORY_NAMED = 64;

/** A load or store of memory `memory` at a constant offset in bytes; `align` is log2 of what the address is a multiple of (a hint). */
export function access(out: Code, operation: number, memory: number, offset: number, align = 0): void {
  out.push(operation, align | MEMORY_NAMED);
  unsigned(out, memory);
  unsigned(out, offset);
}

export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

/** What the module asks of its module "m". */
export interface Import {
  readonly name: string;
  /** A memory of at least so many pages of 64 KiB, or a function of the type with this number. */
  readonly type: { readonly pages: number } | number;
}

export interface Body {
  readonly type: number;
  /** Types of the locals behind the parameters. */
  readonly locals: readonly number[];
  /** Without the last END. */
  readonly code: Code;
}

function section(out: Code, id: number, content: Code): void {
  out.push(id);
  unsigned(out, content.length);
  for (const byte of content) out.push(byte);
}

function name(out: Code, text: string): void {
  unsigned(out, text.length);
  for (let i = 0; i < text.length; i++) out.push(text.charCodeAt(i));
}

function vector<T>(items: readonly T[], put: (out: Code, item: T) => void): Code {
  const out: Code = [];
  unsigned(out, items.length);
  for (const item of items) put(out, item);
  return out;
}

/** The module's bytes. Imported functions have the first numbers, then those of `bodies`; function `exported` is exported as "run". */
export function moduleBytes(
  types: readonly FunctionType[],
  imports: readonly Import[],
  bodies: readonly Body[],
  exported: number,
): Uint8Array<ArrayBuffer> {
  const out: Code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const put = (list: readonly number[]): Code => vector(list, (o, t) => o.push(t));
  section(
    out,
    1,
    vector(types, (o, t) => o.push(0x60, ...put(t.parameters), ...put(t.results))),
  );
  section(
    out,
    2,
    vector(imports, (o, i) => {
      name(o, 'm');
      name(o, i.name);
      if (typeof i.type === 'number') o.push(0, i.type);
      else {
        o.push(2, 0);
        unsigned(o, i.type.pages);
      }
    }),
  );
  section(
    out,
    3,
    vector(bodies, (o, b) => unsigned(o, b.type)),
  );
  const exports: Code = [1];
  name(exports, 'run');
  exports.push(0);
  unsigned(exports, exported);
  section(out, 7, exports);
  section(
    out,
    10,
    vector(bodies, (o, b) => {
      const body = vector(b.locals, (l, t) => l.push(1, t));
      unsigned(o, body.length + b.code.length + 1);
      for (const byte of body) o.push(byte);
      for (const byte of b.code) o.push(byte);
      o.push(END);
    }),
  );
  return Uint8Array.from(out);
}
