// Little-endian members of records and sections, read at their row's offset. Every function looks only at bytes that the caller has checked.
import { type Struct, structField } from '../../abi/struct.ts';

/** What is wrong with a file, and the byte offset where it is. */
export interface PerfDataError {
  readonly message: string;
  readonly offset: number;
}

export const u16 = (b: Uint8Array, at: number): number => b[at] | (b[at + 1] << 8);
export const u32 = (b: Uint8Array, at: number): number => (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0;
export const s32 = (b: Uint8Array, at: number): number => u32(b, at) | 0;
export const u64 = (b: Uint8Array, at: number): bigint => (BigInt(u32(b, at + 4)) << 32n) | BigInt(u32(b, at));

/** A size or offset; from 2^53 on only about right, which no file reaches. */
export const size64 = (b: Uint8Array, at: number): number => u32(b, at + 4) * 0x1_0000_0000 + u32(b, at);

/** The offset of a member, looked up once when the module loads. */
export const offsetOf = (s: Struct, name: string): number => structField(s, name).offset;

/** Text up to the first NUL, or to `end`. Bytes that are no UTF-8 become U+FFFD. */
export function textAt(b: Uint8Array, at: number, end: number): string {
  const stop = b.indexOf(0, at);
  return new TextDecoder().decode(b.subarray(at, stop < 0 || stop > end ? end : stop));
}
