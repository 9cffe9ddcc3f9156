// Hexadecimal text of numbers and bytes.

/** `0x…` of an unsigned value, of any size; negative BigInts are taken as 64-bit two's complement. */
export function hex(value: number | bigint, digits = 0): string {
  const v = typeof value === 'bigint' ? (value < 0n ? BigInt.asUintN(64, value) : value) : value < 0 ? value >>> 0 : value;
  return `0x${v.toString(16).padStart(digits, '0')}`;
}

/** Bytes as `b0 d0 c2`. */
export function hexBytes(bytes: Uint8Array, separator = ' '): string {
  let out = '';
  for (let i = 0; i < bytes.length; i++) out += (i === 0 ? '' : separator) + bytes[i].toString(16).padStart(2, '0');
  return out;
}

/** The bytes of `b0 d0 c2` (blanks optional); null when it is not an even number of hex digits. */
export function parseHexBytes(text: string): Uint8Array | null {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) return null;
  const out = new Uint8Array(digits.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out;
}
