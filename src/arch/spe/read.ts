// Reading packets: one header look-up, no object. Accepts what perf's decoder accepts (spe-architecture §1.12), which is more than the
// architecture defines (4- and 8-byte data sources, the old alignment header), so that both see the same packets in the same bytes.
import { EXTENDED, EXTENDED_HEADERS, HEADERS, packedPadding } from './packets.ts';

/** The bytes end inside the packet. */
export const SHORT = 0;
/** No packet begins so: step over one byte. */
export const BAD = -1;

/**
 * The packet at `at`, packed as `lengthOf`, `kindOf`, `indexOf`, `headerBytesOf` (packets.ts) take it; or SHORT, or BAD. Bytes from `end` on
 * are not looked at. `base`: address of bytes[0], which only the alignment header asks for (perf takes its own buffer's address).
 */
export function readPacket(bytes: Uint8Array, at: number, end: number, base = 0): number {
  if (at >= end) return SHORT;
  const first = bytes[at];
  const packed = HEADERS[first];
  if (packed !== 0) return at + (packed & 31) <= end ? packed : SHORT;
  if ((first & EXTENDED.mask) !== EXTENDED.value || at + 1 >= end) return BAD;
  const second = bytes[at + 1];
  if (second === 0) {
    const alignment = 2 << (first & 15);
    return end - at < alignment ? SHORT : packedPadding(alignment - ((base + at) & (alignment - 1)));
  }
  const long = EXTENDED_HEADERS[((first & 3) << 8) | second];
  if (long === 0) return BAD;
  return at + (long & 31) <= end ? long : SHORT;
}

/** Little-endian payload words at `at`, unsigned. */
export const read16 = (bytes: Uint8Array, at: number): number => bytes[at] | (bytes[at + 1] << 8);
export const read32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;

/** A payload of 1, 2, 4 or 8 bytes as an unsigned BigInt. */
export function readPayload(bytes: Uint8Array, at: number, size: number): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]);
  return value;
}
