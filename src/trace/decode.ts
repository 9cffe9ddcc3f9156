// SPE bytes to columns in one pass: no object a packet, no object a record. Bytes come in chunks of any size; what a chunk ends in the
// middle of waits for the next. A byte where no packet begins is skipped alone, as perf does: it closes the record it stands in.
import { ADDRESS, CONTEXT, COUNTER, DATA_SOURCE, EVENTS, HEADERS, OPERATION, PADDING, TIMESTAMP } from '../arch/spe/packets.ts';
import { BAD, readPacket, SHORT } from '../arch/spe/read.ts';
import {
  ADDRESSES,
  COUNTERS,
  growColumns,
  HAS_CONTEXT,
  HAS_END,
  HAS_EVENTS,
  HAS_OPERATION,
  HAS_PC,
  HAS_SOURCE,
  HAS_TIMESTAMP,
  HAS_TOTAL,
  newColumns,
  type TraceColumns,
} from './columns.ts';
import { BAD_BYTES, PACKETS, PADDING_BYTES, PARTIAL, type PacketLoop, RECORDS, ROW, STOPPED } from './packet-loop.ts';

export interface TraceDecoder {
  columns: TraceColumns;
  /** The quick loop whose columns these are; null: JavaScript alone, which takes less where there is little to decode. */
  loop: PacketLoop | null;
  /** Bytes decoded so far: packetBytes + paddingBytes + badBytes. A decoder that begins inside a stream counts those before it too. */
  position: number;
  /** Decoding stops behind the first Timestamp or End packet that ends here or later. */
  until: number;
  /** Bytes of the packet behind which it stopped; 0: it has not. */
  stopped: number;
  packets: number;
  packetBytes: number;
  paddingBytes: number;
  /** Bytes where no packet begins, or whose packet the bytes end in. */
  badBytes: number;
  /** Records closed by a Timestamp or End packet, and those that damage or the end of the bytes closed. */
  records: number;
  partialRecords: number;
  /** The tail of the last chunk. */
  carry: Uint8Array;
}

/** `room`: rows to make room for at first, the columns grow as needed; or columns, with their loop where they have one. */
export function newTraceDecoder(room: number | TraceColumns = 4096, loop: PacketLoop | null = null): TraceDecoder {
  return {
    columns: typeof room === 'number' ? newColumns(room) : room,
    loop,
    position: 0,
    until: Number.POSITIVE_INFINITY,
    stopped: 0,
    packets: 0,
    packetBytes: 0,
    paddingBytes: 0,
    badBytes: 0,
    records: 0,
    partialRecords: 0,
    carry: new Uint8Array(0),
  };
}

/** No packet and no alignment is longer. */
const LONGEST = 16;

/** Takes the next bytes of the stream. */
export function decodeChunk(d: TraceDecoder, chunk: Uint8Array): void {
  let bytes = chunk;
  if (d.carry.length > 0) {
    bytes = new Uint8Array(d.carry.length + chunk.length);
    bytes.set(d.carry);
    bytes.set(chunk, d.carry.length);
  }
  const done = decode(d, bytes, Math.max(0, bytes.length - LONGEST + 1));
  d.carry = bytes.slice(done);
}

/**
 * The bytes of one buffer end here: a packet cut short is bad bytes. The record in hand goes on in the next buffer of the same stream
 * (perf-data §4) unless `closing`.
 */
export function endBuffer(d: TraceDecoder, closing = true): void {
  const rest = d.carry;
  d.carry = new Uint8Array(0);
  decode(d, rest, rest.length);
  if (closing) closePartial(d);
}

function closePartial(d: TraceDecoder): void {
  if (d.columns.present[d.columns.rows] === 0) return;
  d.partialRecords += 1;
  nextRow(d.columns);
}

function nextRow(c: TraceColumns): void {
  c.rows += 1;
  if (c.rows === c.present.length) growColumns(c);
  c.present[c.rows] = 0;
}

/** Forgets the rows that were read, keeping the record in hand: for consumers that drain the columns batch by batch. */
export function dropRows(d: TraceDecoder): void {
  const from = d.columns;
  const row = from.rows;
  from.rows = 0;
  if (row === 0) return;
  from.offset[0] = from.offset[row];
  from.present[0] = from.present[row];
  from.addressLo.copyWithin(0, row * ADDRESSES, (row + 1) * ADDRESSES);
  from.addressHi.copyWithin(0, row * ADDRESSES, (row + 1) * ADDRESSES);
  from.eventsLo[0] = from.eventsLo[row];
  from.eventsHi[0] = from.eventsHi[row];
  from.counter.copyWithin(0, row * COUNTERS, (row + 1) * COUNTERS);
  from.context[0] = from.context[row];
  from.operation[0] = from.operation[row];
  from.source[0] = from.source[row];
}

/** Decodes packets that begin before that byte; how many bytes that took. */
function decode(d: TraceDecoder, bytes: Uint8Array, beginBefore: number): number {
  return d.loop === null ? decodePackets(d, bytes, beginBefore) : decodeQuickly(d, d.loop, bytes, beginBefore);
}

/** The same through the quick loop; what it leaves to JavaScript is decoded packet by packet. */
function decodeQuickly(d: TraceDecoder, loop: PacketLoop, bytes: Uint8Array, beginBefore: number): number {
  const { window, counts, columns } = loop;
  // A row for every byte, so that neither the loop nor JavaScript runs out of them: its columns cannot grow.
  if (bytes.length > window.length || columns.rows + bytes.length >= columns.present.length)
    throw new Error('the quick loop is given more than a window, or rows that nobody dropped');
  if (bytes.buffer !== window.buffer || bytes.byteOffset !== window.byteOffset) window.set(bytes);
  const base = d.position;
  const until = Math.min(0x7fff_ffff, Math.max(0, d.until - base));
  let at = 0;
  while (at < beginBefore && d.stopped === 0) {
    counts[ROW] = columns.rows;
    const begin = at;
    at = loop.run(begin, beginBefore, bytes.length, until, base);
    columns.rows = counts[ROW];
    d.packets += counts[PACKETS];
    d.paddingBytes += counts[PADDING_BYTES];
    d.badBytes += counts[BAD_BYTES];
    d.packetBytes += at - begin - counts[PADDING_BYTES] - counts[BAD_BYTES];
    d.partialRecords += counts[PARTIAL];
    d.records += counts[RECORDS];
    d.stopped = counts[STOPPED];
    d.position = base + at;
    if (at < beginBefore && d.stopped === 0) at += decodePackets(d, bytes.subarray(at), 1);
  }
  return at;
}

/**
 * Decodes packets that begin before that byte; how many bytes that took. The columns and what the record in hand has stand in local variables:
 * this loop is where the time goes.
 */
function decodePackets(d: TraceDecoder, bytes: Uint8Array, beginBefore: number): number {
  let stop = d.stopped === 0 ? beginBefore : 0;
  const c = d.columns;
  const end = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  const base = d.position;
  let { present, offset, addressLo, addressHi, counter } = c;
  let row = c.rows;
  let has = present[row];
  let at = 0;
  let packets = 0;
  let padding = 0;
  let bad = 0;
  while (at < stop) {
    const first = bytes[at];
    if (first === 0) {
      const from = at;
      do at++;
      while (at < stop && bytes[at] === 0);
      padding += at - from;
      continue;
    }
    let packed = HEADERS[first];
    if (packed === 0 || at + (packed & 31) > end) packed = readPacket(bytes, at, end, base);
    if (packed === BAD || packed === SHORT) {
      if (has !== 0) {
        present[row] = has;
        closePartial(d);
        row = c.rows;
        has = 0;
        ({ present, offset, addressLo, addressHi, counter } = c);
      }
      bad += 1;
      at += 1;
      continue;
    }
    const length = packed & 31;
    const payload = at + (packed >> 14);
    const kind = (packed >> 5) & 15;
    if (kind === PADDING) {
      padding += length;
      at += length;
      continue;
    }
    if (has === 0) offset[row] = base + at;
    packets += 1;
    at += length;
    switch (kind) {
      case ADDRESS: {
        const index = (packed >> 9) & 31;
        if (index >= ADDRESSES) break;
        const cell = row * ADDRESSES + index;
        addressLo[cell] = view.getUint32(payload, true);
        addressHi[cell] = view.getUint32(payload + 4, true);
        has |= HAS_PC << index;
        break;
      }
      case COUNTER: {
        const index = (packed >> 9) & 31;
        if (index >= COUNTERS) break;
        counter[row * COUNTERS + index] = view.getUint16(payload, true);
        has |= HAS_TOTAL << index;
        break;
      }
      case OPERATION:
        c.operation[row] = (((packed >> 9) & 31) << 8) | bytes[payload];
        has |= HAS_OPERATION;
        break;
      case EVENTS: {
        const size = at - payload;
        c.eventsLo[row] = size === 2 ? view.getUint16(payload, true) : size === 1 ? bytes[payload] : view.getUint32(payload, true);
        c.eventsHi[row] = size === 8 ? view.getUint32(payload + 4, true) : 0;
        has |= HAS_EVENTS;
        break;
      }
      case CONTEXT:
        c.context[row] = view.getUint32(payload, true);
        has |= HAS_CONTEXT;
        break;
      case DATA_SOURCE:
        c.source[row] = at - payload === 1 ? bytes[payload] : view.getUint16(payload, true);
        has |= HAS_SOURCE;
        break;
      default: {
        // A Timestamp or End packet ends the record.
        if (kind === TIMESTAMP) {
          c.timestampLo[row] = view.getUint32(payload, true);
          c.timestampHi[row] = view.getUint32(payload + 4, true);
          present[row] = has | HAS_TIMESTAMP;
        } else present[row] = has | HAS_END;
        d.records += 1;
        nextRow(c);
        row += 1;
        has = 0;
        if (present !== c.present) ({ present, offset, addressLo, addressHi, counter } = c);
        if (base + at < d.until) break;
        d.stopped = length;
        stop = 0;
      }
    }
  }
  present[row] = has;
  d.position += at;
  d.packets += packets;
  d.paddingBytes += padding;
  d.badBytes += bad;
  d.packetBytes += at - padding - bad;
  return at;
}

/**
 * Decodes what begins in a window on the stream whose first byte is at `d.position`. No byte is kept for later: the next window begins at
 * the new position; what is left when the stream ends goes to `carry`, for `endBuffer`.
 */
export function decodeWindow(d: TraceDecoder, bytes: Uint8Array): void {
  decode(d, bytes, Math.max(0, bytes.length - LONGEST + 1));
}

/** Decodes a whole trace at once. */
export function decodeTrace(bytes: Uint8Array): TraceDecoder {
  const d = newTraceDecoder(Math.ceil(bytes.length / 32));
  decode(d, bytes, bytes.length);
  closePartial(d);
  return d;
}

/** The records of a trace as columns. */
export function decodeColumns(bytes: Uint8Array): TraceColumns {
  return decodeTrace(bytes).columns;
}
