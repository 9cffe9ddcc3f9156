// Writing packets: each function puts one packet at `at` and returns the offset behind it. Payloads are little-endian.
import { ADDRESS, CONTEXT, COUNTER, DATA_SOURCE, END, EVENTS, EXTENDED, headerByte, OPERATION, TIMESTAMP } from './packets.ts';

/** Headers with index, class or size 0: an index and a class stand in the low bits, a size (log2 bytes) in bits 5:4. */
const ADDRESS_HEADER = headerByte(ADDRESS, 0);
const COUNTER_HEADER = headerByte(COUNTER, 0);
const CONTEXT_HEADER = headerByte(CONTEXT, 0);
const OPERATION_HEADER = headerByte(OPERATION, 0);
const EVENTS_HEADER = headerByte(EVENTS, 0);
const SOURCE_HEADER = headerByte(DATA_SOURCE, 0);
const TIMESTAMP_HEADER = headerByte(TIMESTAMP, 0);
const END_HEADER = headerByte(END, 0);
const SIZE_SHIFT = 4;

// One 64-bit word and its bytes: the way from a BigInt to bytes without further BigInts.
const word = new BigUint64Array(1);
const wordBytes = new Uint8Array(word.buffer);

function payload64(out: Uint8Array, at: number, value: bigint, bytes: number): number {
  word[0] = value;
  for (let i = 0; i < bytes; i++) out[at + i] = wordBytes[i];
  return at + bytes;
}

function payload32(out: Uint8Array, at: number, value: number, bytes: number): number {
  for (let i = 0; i < bytes; i++) out[at + i] = value >>> (8 * i);
  return at + bytes;
}

function indexed(out: Uint8Array, at: number, header: number, index: number): number {
  if (index < 8) {
    out[at] = header | index;
    return at + 1;
  }
  out[at] = EXTENDED.value | (index >> 3);
  out[at + 1] = header | (index & 7);
  return at + 2;
}

/** `address`: its bits 55:0; `top`: byte 7 of the payload (`codeTop` and its like). */
export function putAddress(out: Uint8Array, at: number, index: number, address: bigint, top: number): number {
  const end = payload64(out, indexed(out, at, ADDRESS_HEADER, index), address, 8);
  out[end - 1] = top;
  return end;
}

export function putCounter(out: Uint8Array, at: number, index: number, cycles: number): number {
  return payload32(out, indexed(out, at, COUNTER_HEADER, index), cycles, 2);
}

/** `index` 0: CONTEXTIDR_EL1, 1: CONTEXTIDR_EL2. */
export function putContext(out: Uint8Array, at: number, index: number, id: number): number {
  out[at] = CONTEXT_HEADER | index;
  return payload32(out, at + 1, id, 4);
}

export function putOperation(out: Uint8Array, at: number, operationClass: number, subclass: number): number {
  out[at] = OPERATION_HEADER | operationClass;
  out[at + 1] = subclass;
  return at + 2;
}

/** `bytes`: 1, 2, 4 or 8 of payload. */
export function putEvents(out: Uint8Array, at: number, events: bigint, bytes: number): number {
  out[at] = EVENTS_HEADER | (Math.log2(bytes) << SIZE_SHIFT);
  return payload64(out, at + 1, events, bytes);
}

/** The same of event bits 31:0; `bytes`: 1, 2 or 4 of payload. */
export function putLowEvents(out: Uint8Array, at: number, events: number, bytes: number): number {
  out[at] = EVENTS_HEADER | ((bytes >> 1) << SIZE_SHIFT);
  return payload32(out, at + 1, events, bytes);
}

/** `bytes`: 1 or 2 of payload; readers accept 4 and 8 too. */
export function putDataSource(out: Uint8Array, at: number, source: bigint | number, bytes: number): number {
  out[at] = SOURCE_HEADER | (Math.log2(bytes) << SIZE_SHIFT);
  return typeof source === 'number' ? payload32(out, at + 1, source, bytes) : payload64(out, at + 1, source, bytes);
}

export function putTimestamp(out: Uint8Array, at: number, value: bigint): number {
  out[at] = TIMESTAMP_HEADER;
  return payload64(out, at + 1, value, 8);
}

export function putEnd(out: Uint8Array, at: number): number {
  out[at] = END_HEADER;
  return at + 1;
}

/** Byte 7 of an address of code in the Non-secure state: NS, EL (Arm ARM D18.2.1). */
export function codeTop(el: number): number {
  return 0x80 | (el << 5);
}

/** Byte 7 of a Non-secure physical address; unchecked, so without CH and PAT. */
export const PHYSICAL_TOP = 0x80;
