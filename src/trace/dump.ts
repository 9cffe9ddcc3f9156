// The packets of a trace as `perf report -D` prints them, byte for byte: offset, the packet's bytes in 16 columns, its words. Lines are built
// in a byte buffer from tables, without a string a line. The words themselves are arch/spe's; here they are cached as bytes.
import { eventNames } from '../arch/spe/events.ts';
import { operationWords } from '../arch/spe/operations.ts';
import {
  ADDRESS,
  CONTEXT,
  COUNTER,
  DATA_PHYSICAL,
  DATA_SOURCE,
  DATA_VIRTUAL,
  END,
  EVENTS,
  headerBytesOf,
  indexOf,
  kindOf,
  lengthOf,
  OPERATION,
  PADDING,
  TIMESTAMP,
} from '../arch/spe/packets.ts';
import type { PerfVersion } from '../arch/spe/perf.ts';
import { read16, read32, readPacket } from '../arch/spe/read.ts';
import { codeAddressName, counterName } from '../arch/spe/words.ts';
import { type DumpLoop, type DumpWords, newDumpLoop } from './dump-loop.ts';
import { FULL_TEXT, LAYOUT, LINE, type LoopMemory } from './loop-memory.ts';
import { asciiBytes, newText, putAscii, putByte, putDecimal, putHex, putHexColumns, putOffset, putSigned64, type Text } from './text.ts';

export interface DumpOptions {
  readonly perf: PerfVersion;
  /** MIDR_EL1 of the CPU, for perf 7.3's names of implementation defined events. */
  readonly midr?: number;
  /** Address of the first byte, for the old alignment header: perf takes its buffer's address, which follows the file offset. */
  readonly base?: number;
}

/** A dump under way: bytes come in chunks. */
export interface Dump {
  readonly options: DumpOptions;
  readonly text: Text;
  /** For the ordinary packets of bytes in its window, into its text; null: JavaScript alone, which takes less where there is little. */
  readonly loop: DumpLoop | null;
  /** Offset of the next packet. */
  position: number;
  /** It stops behind the first Timestamp or End packet that ends here or later. */
  until: number;
  /** Bytes of the packet behind which it stopped; 0: it has not. */
  stopped: number;
  carry: Uint8Array;
  /** Words of the last packet that had some: perf 7.3 shows them again for an operation it has no words for. In `text`, or kept. */
  lastFrom: number;
  lastTo: number;
  lastWords: Uint8Array;
  readonly shortKeys: Int32Array;
  readonly shortLines: Uint8Array[];
  readonly words: DumpWords;
}

/** `memory`: where the bytes will lie that the quick loop can take. */
export function newDump(options: DumpOptions, memory: LoopMemory | null = null): Dump {
  const words = newWords(options);
  const loop = memory === null ? null : newDumpLoop(memory, words);
  return {
    options,
    text: loop?.text ?? newText(),
    loop,
    words,
    position: 0,
    until: Number.POSITIVE_INFINITY,
    stopped: 0,
    carry: new Uint8Array(0),
    lastFrom: 0,
    lastTo: 0,
    lastWords: new Uint8Array(0),
    shortKeys: new Int32Array(SHORT_LINES),
    shortLines: new Array(SHORT_LINES).fill(new Uint8Array(0)),
  };
}

/** The words of one perf, kept as bytes. */
function newWords({ perf, midr }: DumpOptions): DumpWords {
  const indices = Array.from({ length: 32 }, (_, i) => i);
  const operations: (Uint8Array | undefined)[] = [];
  const events = new Map<number, Uint8Array>();
  return {
    codeNames: indices.map((i) => {
      const name = codeAddressName(i, perf);
      return name === null ? null : asciiBytes(`${name} 0x`);
    }),
    counterNames: indices.map((i) => asciiBytes(` ${counterName(i)}`)),
    operation(operation) {
      operations[operation] ??= asciiBytes(operationWords(operation >> 8, operation & 0xff, perf));
      return operations[operation];
    },
    events(high, low) {
      const known = high === 0 ? events.get(low) : undefined;
      if (known !== undefined) return known;
      const names = eventNames((BigInt(high) << 32n) | BigInt(low), perf, midr);
      const text = asciiBytes(names === '' ? 'EV' : `EV ${names}`);
      if (high === 0 && events.size < KEPT_EVENTS) events.set(low, text);
      return text;
    },
  };
}

/** Another dump with the words that this one met; of the same perf and MIDR. */
export function dumpAnew(d: Dump, options: DumpOptions): Dump {
  const fresh = { position: 0, until: Number.POSITIVE_INFINITY, stopped: 0, carry: new Uint8Array(0) };
  return { ...d, ...fresh, options, lastFrom: 0, lastTo: 0, lastWords: new Uint8Array(0) };
}

/** No packet, run of padding or alignment is longer. */
const LONGEST = 16;

/** The lines of the next bytes of a buffer, in pieces of some 256 KiB. */
export function* dumpChunk(d: Dump, chunk: Uint8Array): Generator<Uint8Array> {
  for (const t of dumpSteps(d, chunk)) yield takeText(t);
}

/** The same without a copy: the reader of `d.text` empties it before going on, and may put other bytes there. */
export function* dumpSteps(d: Dump, chunk: Uint8Array): Generator<Text> {
  let bytes = chunk;
  if (d.carry.length > 0) {
    bytes = new Uint8Array(d.carry.length + chunk.length);
    bytes.set(d.carry);
    bytes.set(chunk, d.carry.length);
  }
  const stop = Math.max(0, bytes.length - LONGEST + 1);
  let at = 0;
  while (at < stop && d.stopped === 0) {
    at = dumpSome(d, bytes, at, stop);
    keepWords(d);
    yield d.text;
  }
  d.carry = bytes.slice(at);
}

/**
 * The lines of what is left when a buffer ends; the next bytes are a new buffer, whose offsets begin at 0. A perf.data holds buffers of a
 * multiple of 8 bytes, filled up with zeros (perf-data §4); other lengths are shown as they would stand there.
 */
export function endDump(d: Dump): Uint8Array {
  return takeText(endDumpText(d));
}

/** The same without a copy. */
export function endDumpText(d: Dump): Text {
  const rest = new Uint8Array(d.carry.length + ((8 - ((d.position + d.carry.length) % 8)) % 8));
  rest.set(d.carry);
  dumpSome(d, rest, 0, rest.length);
  d.carry = new Uint8Array(0);
  d.position = 0;
  keepWords(d);
  return d.text;
}

/**
 * The lines of a window on the buffer whose first byte is at `d.position`. No byte is kept for later: the next window begins at the new
 * position; what is left when the buffer ends goes to `carry`, for `endDump`.
 */
export function* dumpWindow(d: Dump, bytes: Uint8Array): Generator<Text> {
  const stop = Math.max(0, bytes.length - LONGEST + 1);
  for (let at = 0; at < stop && d.stopped === 0; ) {
    at = dumpSome(d, bytes, at, stop);
    keepWords(d);
    yield d.text;
  }
}

/** The dump of a whole buffer, in pieces. */
export function* dumpPieces(bytes: Uint8Array, options: DumpOptions): Generator<Uint8Array> {
  const d = newDump(options);
  yield* dumpChunk(d, bytes);
  yield endDump(d);
}

/** The dump of a whole buffer as one string. */
export function dumpText(bytes: Uint8Array, options: DumpOptions): string {
  const decoder = new TextDecoder();
  let out = '';
  for (const piece of dumpPieces(bytes, options)) out += decoder.decode(piece);
  return out;
}

/** Begins at an offset inside a buffer; `before`: the packet that ends there. */
export function beginDumpAt(d: Dump, offset: number, before: Uint8Array): void {
  d.position = offset - before.length;
  dumpSome(d, before, 0, before.length);
  keepWords(d);
  d.text.length = 0;
}

function takeText(t: Text): Uint8Array {
  const piece = t.bytes.slice(0, t.length);
  t.length = 0;
  return piece;
}

/** Before the text goes. */
function keepWords(d: Dump): void {
  d.lastWords = lastWords(d);
  d.lastTo = 0;
}

const BAD_PACKET = asciiBytes('Bad packet!');
const PAD = asciiBytes('PAD');
const END_WORD = asciiBytes('END');
const TS = asciiBytes('TS ');
const EL = asciiBytes(' el');
const NS = asciiBytes(' ns=');
const CH = asciiBytes(' ch=');
const PAT = asciiBytes(' pat=');
const VA = asciiBytes('VA 0x');
const PA = asciiBytes('PA 0x');
const ADDR = asciiBytes('ADDR 0x');
const LAT = asciiBytes('LAT ');
const CONTEXT_WORD = asciiBytes('CONTEXT 0x');
const DATA_SOURCE_WORD = asciiBytes('DATA-SOURCE ');

/** Prints packets that begin before `stop` until the text buffer is full enough; where it stopped. */
function dumpSome(d: Dump, bytes: Uint8Array, from: number, stop: number): number {
  const { loop } = d;
  const isInWindow = loop !== null && bytes.buffer === loop.memory.memory.buffer && bytes.byteOffset === LAYOUT.window;
  if (!isInWindow || d.position + bytes.length > 0xffff_ffff) return dumpPackets(d, bytes, from, stop);
  let at = from;
  while (at < stop && d.stopped === 0 && d.text.length < FULL_TEXT) {
    const start = d.position - at;
    const until = Math.max(0, Math.min(d.until - start, 0xffff_ffff));
    at = loop.run(at, stop, bytes.length, until, start);
    d.position = start + at;
    d.stopped = loop.stopped;
    if (loop.lastTo > 0) {
      d.lastFrom = loop.lastFrom;
      d.lastTo = loop.lastTo;
    }
    // What it left to JavaScript: one packet.
    if (at < stop && d.stopped === 0 && d.text.length < FULL_TEXT) at = dumpPackets(d, bytes, at, at + 1);
  }
  return at;
}

/** The same in JavaScript alone. */
function dumpPackets(d: Dump, bytes: Uint8Array, from: number, stop: number): number {
  const t = d.text;
  const end = bytes.length;
  const start = d.position - from;
  const base = (d.options.base ?? 0) + start;
  let at = from;
  while (at < stop && t.length < FULL_TEXT) {
    if (t.bytes.length - t.length < LINE) t.bytes = grown(t.bytes);
    const packed = readPacket(bytes, at, end, base);
    let length = packed > 0 ? lengthOf(packed) : 1;
    const isPadding = packed > 0 && kindOf(packed) === PADDING;
    if (isPadding) while (length < 16 && at + length < end && bytes[at + length] === 0) length++;
    putOffset(t, start + at);
    if (packed > 0 && (length <= 3 || bytes[at] === 0)) putShort(d, bytes, at, length, packed);
    else putLine(d, bytes, at, length, packed);
    at += length;
    if (start + at < d.until || packed <= 0) continue;
    const kind = kindOf(packed);
    if (kind !== TIMESTAMP && kind !== END) continue;
    d.stopped = length;
    break;
  }
  d.position = start + at;
  return at;
}

/** What follows the offset in a line. */
function putLine(d: Dump, bytes: Uint8Array, at: number, length: number, packed: number): void {
  const t = d.text;
  putHexColumns(t, bytes, at, length);
  if (packed <= 0) putAscii(t, BAD_PACKET);
  else {
    const words = t.length;
    if (kindOf(packed) === PADDING) putAscii(t, PAD);
    else putWords(d, bytes, at, packed);
    if (t.length === words) putAscii(t, lastWords(d));
    d.lastFrom = words;
    d.lastTo = t.length;
  }
  putByte(t, 10);
}

/** Lines of packets of at most three bytes, and of padding, come again and again: a direct-mapped cache of them, by the bytes. */
const SHORT_LINES = 4096;

function putShort(d: Dump, bytes: Uint8Array, at: number, length: number, packed: number): void {
  const t = d.text;
  const key =
    length > 3 ? length : bytes[at] | ((length > 1 ? bytes[at + 1] : 0) << 8) | ((length > 2 ? bytes[at + 2] : 0) << 16) | (length << 24);
  const slot = (key ^ (key >>> 12)) & (SHORT_LINES - 1);
  const from = t.length;
  if (d.shortKeys[slot] === key) {
    const line = d.shortLines[slot];
    t.bytes.set(line, from);
    t.length = from + line.length;
    d.lastFrom = from + 49;
    d.lastTo = t.length - 1;
    return;
  }
  const said = kindOf(packed) !== OPERATION || operationText(d, packed, bytes[at + headerBytesOf(packed)]).length > 0;
  putLine(d, bytes, at, length, packed);
  if (!said) return; // its words depend on the packet before
  d.shortKeys[slot] = key;
  d.shortLines[slot] = t.bytes.slice(from, t.length);
}

function lastWords(d: Dump): Uint8Array {
  return d.lastTo > 0 ? d.text.bytes.slice(d.lastFrom, d.lastTo) : d.lastWords;
}

function grown(bytes: Uint8Array): Uint8Array {
  const bigger = new Uint8Array(bytes.length * 2);
  bigger.set(bytes);
  return bigger;
}

function putWords(d: Dump, bytes: Uint8Array, at: number, packed: number): void {
  const t = d.text;
  const payload = at + headerBytesOf(packed);
  const size = lengthOf(packed) - headerBytesOf(packed);
  const index = indexOf(packed);
  switch (kindOf(packed)) {
    case END:
      putAscii(t, END_WORD);
      break;
    case TIMESTAMP:
      putAscii(t, TS);
      putSigned64(t, read32(bytes, payload + 4), read32(bytes, payload));
      break;
    case EVENTS:
      putAscii(t, eventText(d, bytes, payload, size));
      break;
    case DATA_SOURCE:
      putAscii(t, DATA_SOURCE_WORD);
      if (size <= 2) putDecimal(t, size === 1 ? bytes[payload] : read16(bytes, payload));
      else putSigned64(t, size === 8 ? read32(bytes, payload + 4) : 0, read32(bytes, payload));
      break;
    case CONTEXT:
      putAscii(t, CONTEXT_WORD);
      putHex(t, 0, read32(bytes, payload));
      putAscii(t, EL);
      putDecimal(t, index + 1);
      break;
    case OPERATION:
      putAscii(t, operationText(d, packed, bytes[payload]));
      break;
    case COUNTER:
      putAscii(t, LAT);
      putDecimal(t, read16(bytes, payload));
      putAscii(t, d.words.counterNames[index]);
      break;
    case ADDRESS:
      putAddress(d, index, read32(bytes, payload + 4), read32(bytes, payload));
      break;
  }
}

function putAddress(d: Dump, index: number, high: number, low: number): void {
  const t = d.text;
  const code = d.words.codeNames[index];
  if (code !== null) {
    putAscii(t, code);
    putHex(t, high & 0x00ff_ffff, low);
    putAscii(t, EL);
    putDecimal(t, (high >>> 29) & 3);
    putAscii(t, NS);
    putDecimal(t, high >>> 31);
  } else if (index === DATA_VIRTUAL) {
    putAscii(t, VA);
    putHex(t, high, low);
  } else if (index === DATA_PHYSICAL) {
    putAscii(t, PA);
    putHex(t, high & 0x00ff_ffff, low);
    putAscii(t, NS);
    putDecimal(t, high >>> 31);
    putAscii(t, CH);
    putDecimal(t, (high >>> 30) & 1);
    putAscii(t, PAT);
    putHex(t, 0, (high >>> 24) & 15);
  } else {
    putAscii(t, ADDR);
    putHex(t, high, low);
    putByte(t, 0x20);
    putByte(t, 0x28);
    putDecimal(t, index);
    putByte(t, 0x29);
  }
}

/** Traces hold a few hundred different sets of events; damaged ones may hold any number, which are not all kept. */
const KEPT_EVENTS = 4096;

const operationText = (d: Dump, packed: number, payload: number): Uint8Array => d.words.operation((indexOf(packed) << 8) | payload);

function eventText(d: Dump, bytes: Uint8Array, at: number, size: number): Uint8Array {
  const low = size === 2 ? read16(bytes, at) : size === 1 ? bytes[at] : read32(bytes, at);
  return d.words.events(size === 8 ? read32(bytes, at + 4) : 0, low);
}
