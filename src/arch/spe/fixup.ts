// Addresses of packets as perf gives them to its users (spe-architecture §1.12): byte 7 of the packet holds security state, Exception level
// or a tag, and is replaced by what the address itself has there. Only the high word of 64 bits changes, so these take and give that word.

/**
 * PC and branch targets: bits 63:56 are ones for Non-secure EL1 and EL2, else zeros. Unlike perf, only where bit 55 is one: perf takes every
 * such address for a kernel's upper half, but code at EL1 may run in the lower half, and its PC must stay the one it ran at.
 */
export function codeAddressHigh(high: number): number {
  const el = (high >>> 29) & 3;
  const upper = high >>> 31 === 1 && (el === 1 || el === 2) && (high & 0x0080_0000) !== 0;
  return (upper ? high | 0xff00_0000 : high & 0x00ff_ffff) >>> 0;
}

/** Data virtual addresses: bits 63:56 are ones where bits 55:52 are, else zeros. */
export function dataAddressHigh(high: number): number {
  return (((high >>> 20) & 15) === 15 ? high | 0xff00_0000 : high & 0x00ff_ffff) >>> 0;
}

/** Physical addresses: 56 bits. */
export function physicalAddressHigh(high: number): number {
  return high & 0x00ff_ffff;
}

/** Exception level and NS bit of a code address packet. */
export const exceptionLevelOf = (high: number): number => (high >>> 29) & 3;
export const nonSecureOf = (high: number): number => high >>> 31;
