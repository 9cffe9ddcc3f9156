// PMBIDR_EL1.MaxBuffSize: the encoding of a buffer size in 16 bits (kvm-spe-abi.md §2.5). 0 = no limit.
// E = 0: M * 4096 bytes; else (512 + M) * 2^(E + 11), M 9 bits, E 5 bits.

const PAGE = 4096n;
const M_BITS = 9n;
const M_LIMIT = 1n << M_BITS;
const E_MAX = 31n;
/** Where the field stands in PMBIDR_EL1. */
export const MAX_BUFF_SIZE_SHIFT = 32n;
export const MAX_BUFF_SIZE_MASK = 0xffffn << MAX_BUFF_SIZE_SHIFT;

/** Bytes of a field value; 0 = no limit. */
export function decodeBufferSize(field: bigint): bigint {
  const mantissa = field & (M_LIMIT - 1n);
  const exponent = (field >> M_BITS) & E_MAX;
  return exponent === 0n ? mantissa * PAGE : (M_LIMIT + mantissa) << (exponent + 11n);
}

/** The field of a size in bytes; null when no field value means exactly that size. */
export function encodeBufferSize(bytes: bigint): bigint | null {
  if (bytes < 0n || bytes % PAGE !== 0n) return null;
  if (bytes < M_LIMIT * PAGE) return bytes / PAGE;
  for (let exponent = 1n; exponent <= E_MAX; exponent++) {
    const unit = 1n << (exponent + 11n);
    const mantissa = bytes / unit - M_LIMIT;
    if (mantissa >= M_LIMIT) continue;
    return bytes % unit === 0n && mantissa >= 0n ? (exponent << M_BITS) | mantissa : null;
  }
  return null;
}

/** The size that a PMBIDR_EL1 value shows, bytes; 0 = no limit. */
export const maxBufferSizeOf = (pmbidr: bigint): bigint => decodeBufferSize((pmbidr & MAX_BUFF_SIZE_MASK) >> MAX_BUFF_SIZE_SHIFT);
