// Writing packets: each function puts one packet at `at` and returns the offset behind it. Payloads are little-endian.
import {
  ADDRESS,
  CONTEXT,
  COUNTER,
  DATA_SOURCE,
  END,
  EVENTS,
  EXTENDED,
  headerByte,
  OPERATION,
  type PacketKind,
  TIMESTAMP,
} from './packets.ts';

function payload(out: Uint8Array, at: number, value: bigint, bytes: number): number {
  let rest = BigInt.asUintN(64, value);
  for (let i = 0; i < bytes; i++) {
    out[at + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return at + bytes;
}

function indexed(out: Uint8Array, at: number, kind: PacketKind, index: number): number {
  if (index < 8) {
    out[at] = headerByte(kind, index);
    return at + 1;
  }
  out[at] = EXTENDED.value | (index >> 3);
  out[at + 1] = headerByte(kind, index & 7);
  return at + 2;
}

/** `value`: all 64 bits, byte 7 included (`addressByte7`). */
export function putAddress(out: Uint8Array, at: number, index: number, value: bigint): number {
  return payload(out, indexed(out, at, ADDRESS, index), value, 8);
}

export function putCounter(out: Uint8Array, at: number, index: number, cycles: number): number {
  return payload(out, indexed(out, at, COUNTER, index), BigInt(cycles), 2);
}

/** `index` 0: CONTEXTIDR_EL1, 1: CONTEXTIDR_EL2. */
export function putContext(out: Uint8Array, at: number, index: number, id: number): number {
  out[at] = headerByte(CONTEXT, index);
  return payload(out, at + 1, BigInt(id), 4);
}

export function putOperation(out: Uint8Array, at: number, operationClass: number, subclass: number): number {
  out[at] = headerByte(OPERATION, operationClass);
  out[at + 1] = subclass;
  return at + 2;
}

/** `bytes`: 1, 2, 4 or 8 of payload. */
export function putEvents(out: Uint8Array, at: number, events: bigint, bytes: number): number {
  out[at] = headerByte(EVENTS, Math.log2(bytes));
  return payload(out, at + 1, events, bytes);
}

/** `bytes`: 1 or 2 of payload; readers accept 4 and 8 too. */
export function putDataSource(out: Uint8Array, at: number, source: bigint, bytes: number): number {
  out[at] = headerByte(DATA_SOURCE, Math.log2(bytes));
  return payload(out, at + 1, source, bytes);
}

export function putTimestamp(out: Uint8Array, at: number, value: bigint): number {
  out[at] = headerByte(TIMESTAMP, 0);
  return payload(out, at + 1, value, 8);
}

export function putEnd(out: Uint8Array, at: number): number {
  out[at] = headerByte(END, 0);
  return at + 1;
}

/** Bits 63:56 of an address of code in the Non-secure state: NS, EL (Arm ARM D18.2.1). */
export function codeAddress(va: bigint, el: number): bigint {
  return BigInt.asUintN(56, va) | (BigInt(0x80 | (el << 5)) << 56n);
}

/** A Non-secure physical address; unchecked, so without CH and PAT. */
export function physicalAddress(pa: bigint): bigint {
  return BigInt.asUintN(56, pa) | (0x80n << 56n);
}

/** A data virtual address with its byte 7: the tag where TBI applies, else zero as Neoverse N1 writes it. */
export function dataAddress(va: bigint, tag: number): bigint {
  return BigInt.asUintN(56, va) | (BigInt(tag) << 56n);
}
