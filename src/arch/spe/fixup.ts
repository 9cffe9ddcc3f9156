// Addresses of packets as perf gives them to its users (spe-architecture §1.12): byte 7 of the packet holds security state, Exception level
// or a tag, and is replaced by what the address itself has there. Only the high word of 64 bits changes, so these take and give that word.

/** PC and branch targets: bits 63:56 are ones for Non-secure EL1 and EL2, else zeros. */
export function codeAddressHigh(high: number): number {
  const el = (high >>> 29) & 3;
  const kernel = high >>> 31 === 1 && (el === 1 || el === 2);
  return (kernel ? high | 0xff00_0000 : high & 0x00ff_ffff) >>> 0;
}

/** Virtual addresses as the program used them: bits 63:56 repeat bit 55, which is what the packet keeps of the range (ARM D18.2.1). */
export function canonicalHigh(high: number): number {
  return ((high & 0x0080_0000) === 0 ? high & 0x00ff_ffff : high | 0xff00_0000) >>> 0;
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
