// Bytes put together: parts, strings and paddings as perf.data has them.
import { HEADER_STRING_ALIGN } from '../../abi/perf-data-features.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

export const joined = (...parts: readonly Uint8Array[]): Bytes => joinedAll(parts);

/** The same of a list that may be longer than a call's arguments. */
export function joinedAll(parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** u64s, modulo 2^64. */
export const words64 = (...values: readonly (bigint | number)[]): Bytes => wordsOf64(values);

/** The same of a list that may be longer than a call's arguments. */
export function wordsOf64(values: readonly (bigint | number)[]): Bytes {
  const out = new Uint8Array(values.length * 8);
  const view = new DataView(out.buffer);
  for (let i = 0; i < values.length; i++) view.setBigUint64(i * 8, BigInt.asUintN(64, BigInt(values[i])), true);
  return out;
}

/** u32s, modulo 2^32. */
export function words32(...values: readonly number[]): Bytes {
  const out = new Uint8Array(values.length * 4);
  const view = new DataView(out.buffer);
  for (let i = 0; i < values.length; i++) view.setUint32(i * 4, values[i], true);
  return out;
}

export const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/** The bytes with zeros behind them up to a multiple of `to`. */
export function filledUp(bytes: Uint8Array, to: number): Bytes {
  const out = new Uint8Array(roundUp(bytes.length, to));
  out.set(bytes);
  return out;
}

/** A name in a record: NUL terminated, filled up to 8 bytes. At most `limit` bytes of it, the NUL included. */
export function recordName(text: string, limit: number): Bytes {
  const bytes = cutUtf8(new TextEncoder().encode(text), limit - 1);
  return filledUp(joined(bytes, new Uint8Array(1)), 8);
}

/** Cut to at most `limit` bytes, not within a character. */
export function cutUtf8(bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.length <= limit) return bytes;
  let end = limit;
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** A string of a feature section: its length, then the bytes, NUL terminated and filled up (perf counts the filling). */
export function featureString(text: string): Bytes {
  const bytes = new TextEncoder().encode(text);
  const body = filledUp(joined(bytes, new Uint8Array(1)), HEADER_STRING_ALIGN);
  return joined(words32(body.length), body);
}
