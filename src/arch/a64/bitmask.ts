// Logical immediates: N:immr:imms <-> a repeated, rotated run of ones. DDI 0487 "DecodeBitMasks" (J1.3.3).

const ALL = (1n << 64n) - 1n;

/** The immediate as an unsigned value of 64 bits (32 when `width` is); null for a reserved encoding. */
export function decodeBitmask(n: number, imms: number, immr: number, width: number): bigint | null {
  const size = n === 1 ? 64 : [32, 16, 8, 4, 2].find((s) => (~imms & s & 63) !== 0);
  if (size === undefined || size > width) return null;
  const ones = (imms & (size - 1)) + 1;
  if (ones === size) return null;
  const rotate = BigInt(immr & (size - 1));
  const run = (1n << BigInt(ones)) - 1n;
  const element = ((run >> rotate) | (run << (BigInt(size) - rotate))) & ((1n << BigInt(size)) - 1n);
  let value = 0n;
  for (let at = 0; at < width; at += size) value |= element << BigInt(at);
  return value & ALL;
}

/** The encoding of an unsigned value; null when there is none. */
export function encodeBitmask(value: bigint, width: number): { n: number; imms: number; immr: number } | null {
  for (const size of [2, 4, 8, 16, 32, 64]) {
    if (size > width) break;
    const n = size === 64 ? 1 : 0;
    const high = size === 64 ? 0 : 64 - 2 * size; // the ones above the zero that tells the element's size
    for (let ones = 1; ones < size; ones++) {
      for (let immr = 0; immr < size; immr++) {
        const imms = (high & 63) | (ones - 1);
        if (decodeBitmask(n, imms, immr, width) === value) return { n, imms, immr };
      }
    }
  }
  return null;
}
