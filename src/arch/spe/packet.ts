// A packet as an object, for display and tests; the decoders of traces use read.ts and make none.
import { putAddress, putContext, putCounter, putDataSource, putEnd, putEvents, putOperation, putTimestamp } from './encode.ts';
import {
  ADDRESS,
  CONTEXT,
  COUNTER,
  DATA_SOURCE,
  END,
  EVENTS,
  EXTENDED,
  headerBytesOf,
  indexOf,
  kindOf,
  lengthOf,
  OPERATION,
  PADDING,
  TIMESTAMP,
} from './packets.ts';
import { BAD, readPacket, readPayload } from './read.ts';

export type Packet =
  | { readonly kind: 'padding'; readonly bytes: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'timestamp'; readonly value: bigint }
  | { readonly kind: 'events'; readonly value: bigint; readonly bytes: number }
  | { readonly kind: 'data-source'; readonly value: bigint; readonly bytes: number }
  | { readonly kind: 'context'; readonly index: number; readonly value: number }
  | { readonly kind: 'operation'; readonly class: number; readonly subclass: number }
  /** `extended`: the two-byte header, which an index below 8 does not need. */
  | { readonly kind: 'counter'; readonly index: number; readonly value: number; readonly extended: boolean }
  /** `value`: all 64 bits, byte 7 with NS, EL, tags included. */
  | { readonly kind: 'address'; readonly index: number; readonly value: bigint; readonly extended: boolean };

/** What stands at one place of a stream, and how many bytes a reader moves on; a bad place is one byte. */
export interface Found {
  readonly packet: Packet | 'short' | 'bad';
  readonly length: number;
}

/** The packet at `at`. Padding is taken together up to 16 bytes, as perf shows it. */
export function packetAt(bytes: Uint8Array, at: number, end = bytes.length, base = 0): Found {
  const packed = readPacket(bytes, at, end, base);
  if (packed <= 0) return { packet: packed === BAD ? 'bad' : 'short', length: 1 };
  const length = lengthOf(packed);
  const payload = at + headerBytesOf(packed);
  const index = indexOf(packed);
  const size = length - headerBytesOf(packed);
  switch (kindOf(packed)) {
    case PADDING: {
      let run = length;
      while (run < 16 && at + run < end && bytes[at + run] === 0) run++;
      return { packet: { kind: 'padding', bytes: run }, length: run };
    }
    case END:
      return { packet: { kind: 'end' }, length };
    case TIMESTAMP:
      return { packet: { kind: 'timestamp', value: readPayload(bytes, payload, 8) }, length };
    case EVENTS:
      return { packet: { kind: 'events', value: readPayload(bytes, payload, size), bytes: size }, length };
    case DATA_SOURCE:
      return { packet: { kind: 'data-source', value: readPayload(bytes, payload, size), bytes: size }, length };
    case CONTEXT:
      return { packet: { kind: 'context', index, value: Number(readPayload(bytes, payload, 4)) }, length };
    case OPERATION:
      return { packet: { kind: 'operation', class: index, subclass: bytes[payload] }, length };
    case COUNTER:
      return { packet: { kind: 'counter', index, value: Number(readPayload(bytes, payload, 2)), extended: payload - at === 2 }, length };
    case ADDRESS:
      return { packet: { kind: 'address', index, value: readPayload(bytes, payload, 8), extended: payload - at === 2 }, length };
    default:
      throw new Error(`packet kind ${kindOf(packed)}`);
  }
}

/** Every packet of `bytes` in order; a place where none stands is one byte. */
export function packetsOf(bytes: Uint8Array, base = 0): Found[] {
  const out: Found[] = [];
  for (let at = 0; at < bytes.length; ) {
    const found = packetAt(bytes, at, bytes.length, base);
    out.push(found);
    at += found.length;
  }
  return out;
}

/** The bytes of a packet. */
export function writePacket(p: Packet): Uint8Array {
  const out = new Uint8Array(p.kind === 'padding' ? p.bytes : 10);
  return out.slice(0, put(out, p));
}

function put(out: Uint8Array, p: Packet): number {
  switch (p.kind) {
    case 'padding':
      return p.bytes;
    case 'end':
      return putEnd(out, 0);
    case 'timestamp':
      return putTimestamp(out, 0, p.value);
    case 'events':
      return putEvents(out, 0, p.value, p.bytes);
    case 'data-source':
      return putDataSource(out, 0, p.value, p.bytes);
    case 'context':
      return putContext(out, 0, p.index, p.value);
    case 'operation':
      return putOperation(out, 0, p.class, p.subclass);
    case 'counter':
      return putExtended(out, p.index, p.extended, (at) => putCounter(out, at, p.index & 7, p.value));
    case 'address':
      return putExtended(out, p.index, p.extended, (at) =>
        putAddress(out, at, p.index & 7, p.value, Number(BigInt.asUintN(64, p.value) >> 56n)),
      );
  }
}

function putExtended(out: Uint8Array, index: number, extended: boolean, rest: (at: number) => number): number {
  if (!extended) return rest(0);
  out[0] = EXTENDED.value | (index >> 3);
  return rest(1);
}
