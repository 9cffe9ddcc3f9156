// Reading DWARF's numbers and strings from bytes that may be damaged: a read beyond the end gives 0 and marks the cursor, once.
// Source: DWARF 5, 7.6 (LEB128), 7.5.4 (forms).

export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  /** First byte that must not be read. */
  readonly end: number;
  /** Where a read first went wrong; -1 while all is well. */
  failed: number;
}

export function cursor(bytes: Uint8Array, at = 0, end = bytes.length): Cursor {
  return { bytes, at, end: Math.min(end, bytes.length), failed: -1 };
}

function take(c: Cursor, size: number): number {
  if (c.failed === -1 && size <= c.end - c.at) {
    c.at += size;
    return c.at - size;
  }
  if (c.failed === -1) c.failed = c.at;
  c.at = c.end;
  return -1;
}

/** Passes over `size` bytes. */
export function skip(c: Cursor, size: number): void {
  take(c, size);
}

/** An unsigned little-endian number of 1, 2, 4 or 8 bytes. */
export function unsigned(c: Cursor, size: number): bigint {
  const at = take(c, size);
  let value = 0n;
  if (at !== -1) for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(c.bytes[at + i]);
  return value;
}

/** The same as a number; exact up to four bytes. */
export function small(c: Cursor, size: number): number {
  return Number(unsigned(c, size));
}

/** LEB128, cut to 64 bits. */
export function leb(c: Cursor, signed: boolean): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = small(c, 1);
    value |= BigInt(byte & 0x7f) << shift;
    if ((byte & 0x80) !== 0) continue;
    const negative = signed && (byte & 0x40) !== 0;
    return negative ? value - (1n << (shift + 7n)) : BigInt.asUintN(64, value);
  }
  if (c.failed === -1) c.failed = c.at;
  return 0n;
}

const utf8 = new TextDecoder();

/** A string that ends with a zero byte. */
export function string(c: Cursor): string {
  const end = c.bytes.indexOf(0, c.at);
  const start = take(c, (end === -1 ? c.end : end) - c.at + 1);
  return start === -1 ? '' : utf8.decode(c.bytes.subarray(start, end));
}
