// Text built as bytes: hexadecimal and decimal numbers into a growing buffer, from tables, with no string in between. The caller sees to room.

export interface Text {
  bytes: Uint8Array;
  length: number;
}

export function newText(capacity = 320 * 1024): Text {
  return { bytes: new Uint8Array(capacity), length: 0 };
}

const NIBBLE = Uint8Array.from('0123456789abcdef', (c) => c.charCodeAt(0));
/** Hexadecimal digits of a byte. */
export const HIGH_DIGIT = Uint8Array.from({ length: 256 }, (_, b) => NIBBLE[b >> 4]);
export const LOW_DIGIT = Uint8Array.from({ length: 256 }, (_, b) => NIBBLE[b & 15]);

export const asciiBytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

export function putByte(t: Text, byte: number): void {
  t.bytes[t.length++] = byte;
}

export function putAscii(t: Text, text: Uint8Array): void {
  const out = t.bytes;
  let at = t.length;
  for (let i = 0; i < text.length; i++) out[at++] = text[i];
  t.length = at;
}

/** `.  OFFSET: `, at least 8 digits. */
export function putOffset(t: Text, offset: number): void {
  const out = t.bytes;
  let at = t.length;
  out[at] = 0x2e;
  out[at + 1] = 0x20;
  out[at + 2] = 0x20;
  at += 3;
  if (offset > 0xffff_ffff) {
    t.length = at;
    putHex(t, Math.floor(offset / 0x1_0000_0000), offset >>> 0);
    at = t.length;
  } else {
    for (let shift = 24; shift >= 0; shift -= 8) {
      const byte = (offset >>> shift) & 0xff;
      out[at] = HIGH_DIGIT[byte];
      out[at + 1] = LOW_DIGIT[byte];
      at += 2;
    }
  }
  out[at] = 0x3a;
  out[at + 1] = 0x20;
  t.length = at + 2;
}

/** A packet's bytes in 16 columns of ` xx`, and the blank behind them: 49 columns. */
export function putHexColumns(t: Text, bytes: Uint8Array, from: number, count: number): void {
  const out = t.bytes;
  let at = t.length;
  out.fill(0x20, at, at + 49);
  t.length = at + 49;
  for (let i = from; i < from + count; i++) {
    const byte = bytes[i];
    out[at + 1] = HIGH_DIGIT[byte];
    out[at + 2] = LOW_DIGIT[byte];
    at += 3;
  }
}

/** 64 bits in two halves, without leading zeros. */
export function putHex(t: Text, high: number, low: number): void {
  const out = t.bytes;
  let at = t.length;
  let shift = high !== 0 ? 28 - (Math.clz32(high) & ~3) : -4;
  for (; shift >= 0; shift -= 4) out[at++] = NIBBLE[(high >>> shift) & 15];
  shift = high !== 0 || low === 0 ? (high !== 0 ? 28 : 0) : 28 - (Math.clz32(low) & ~3);
  for (; shift >= 0; shift -= 4) out[at++] = NIBBLE[(low >>> shift) & 15];
  t.length = at;
}

/** A number from 0 to 2^53. */
export function putDecimal(t: Text, value: number): void {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  let rest = value;
  let at = t.length + digits;
  t.length = at;
  while (rest > 0x7fff_ffff) {
    const next = Math.floor(rest / 10);
    t.bytes[--at] = 0x30 + (rest - next * 10);
    rest = next;
    digits--;
  }
  for (let n = rest | 0; digits > 0; digits--) {
    const next = (n / 10) | 0;
    t.bytes[--at] = 0x30 + (n - next * 10);
    n = next;
  }
}

/** 64 bits in two halves as a signed number, as `%lld` prints it. */
export function putSigned64(t: Text, high: number, low: number): void {
  if (high < 0x20_0000) {
    putDecimal(t, high * 0x1_0000_0000 + low);
    return;
  }
  const value = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)).toString();
  for (let i = 0; i < value.length; i++) t.bytes[t.length++] = value.charCodeAt(i);
}
