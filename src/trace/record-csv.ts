// Records as lines of CSV, as fast as bytes can be put one behind the other: every cell is written where the one before it ended.
import { exceptionLevelOf, nonSecureOf, physicalAddressHigh } from '../arch/spe/fixup.ts';
import {
  ADDRESSES,
  COUNTERS,
  HAS_CONTEXT,
  HAS_EVENTS,
  HAS_ISSUE,
  HAS_OPERATION,
  HAS_PA,
  HAS_PC,
  HAS_SOURCE,
  HAS_TARGET,
  HAS_TIMESTAMP,
  HAS_TOTAL,
  HAS_TRANSLATION,
  HAS_VA,
  IS_COMPLETE,
  type TraceColumns,
} from './columns.ts';
import { putTime } from './perf-data/clock-text.ts';
import type { RecordLines } from './record-lines.ts';
import { type EventWords, eventBytes, operationBytes, type PackedWords, packWords } from './record-words.ts';
import { HIGH_DIGIT, LOW_DIGIT } from './text.ts';

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const ZERO = 0x30;

/** Two hexadecimal digits of a byte, the first in the low half. */
const PAIR = Uint16Array.from({ length: 256 }, (_, byte) => HIGH_DIGIT[byte] | (LOW_DIGIT[byte] << 8));
/** `0x`. */
const PREFIX = 0x7830;
/** `N,` behind each other: two bytes. */
const DIGIT_COMMA = 0x2c30;

/** `0x` and the digits of a high word that is not 0, as three stores: addresses of a column mostly have the same one. */
export interface HighDigits {
  high: number;
  length: number;
  first: number;
  second: number;
  third: number;
}

export const newHighDigits = (): HighDigits => ({ high: 0, length: 0, first: 0, second: 0, third: 0 });

const scratch = new DataView(new ArrayBuffer(16));

function learnHigh(h: HighDigits, high: number): void {
  scratch.setUint16(0, PREFIX, true);
  h.length = putDigits(scratch, 2, high);
  h.high = high;
  h.first = scratch.getUint32(0, true);
  h.second = scratch.getUint32(4, true);
  h.third = scratch.getUint16(8, true);
}

/** `0x…,` of 64 bits in two halves; where the next cell begins. */
function putAddress(out: DataView, from: number, h: HighDigits, high: number, low: number): number {
  let at: number;
  if (high === 0) {
    out.setUint16(from, PREFIX, true);
    at = putDigits(out, from + 2, low);
  } else {
    if (h.high !== high) learnHigh(h, high);
    out.setUint32(from, h.first, true);
    out.setUint32(from + 4, h.second, true);
    out.setUint16(from + 8, h.third, true);
    at = from + h.length;
    out.setUint32(at, PAIR[low >>> 24] | (PAIR[(low >>> 16) & 0xff] << 16), true);
    out.setUint32(at + 4, PAIR[(low >>> 8) & 0xff] | (PAIR[low & 0xff] << 16), true);
    at += 8;
  }
  out.setUint8(at, COMMA);
  return at + 1;
}

/** A word without leading zeros. */
function putDigits(out: DataView, from: number, word: number): number {
  let at = from;
  let shift = word === 0 ? 0 : 28 - (Math.clz32(word) & ~3);
  if ((shift & 4) === 0) {
    out.setUint8(at++, LOW_DIGIT[(word >>> shift) & 15]);
    shift -= 4;
  }
  for (shift -= 4; shift >= 0; shift -= 8) {
    out.setUint16(at, PAIR[(word >>> shift) & 0xff], true);
    at += 2;
  }
  return at;
}

/** `N,` of the numbers that most counters have, as one store, and its length. */
const SMALL = 1000;
const SMALL_CELLS = new Uint32Array(SMALL);
const SMALL_LENGTHS = new Uint8Array(SMALL);
for (let value = 0; value < SMALL; value++) {
  let cell = COMMA;
  let length = 1;
  let rest = value;
  do {
    cell = (cell << 8) | (ZERO + (rest % 10));
    length += 1;
    rest = (rest / 10) | 0;
  } while (rest > 0);
  SMALL_CELLS[value] = cell;
  SMALL_LENGTHS[value] = length;
}

/** `N,` of a number below 2^32; up to two bytes behind it are written over. */
function putNumber(out: DataView, from: number, value: number): number {
  if (value < SMALL) {
    out.setUint32(from, SMALL_CELLS[value], true);
    return from + SMALL_LENGTHS[value];
  }
  let digits = 4;
  for (let limit = 10_000; value >= limit; limit *= 10) digits++;
  const at = from + digits;
  let rest = value;
  for (let i = at - 1; i >= from; i--) {
    const next = Math.floor(rest / 10);
    out.setUint8(i, ZERO + rest - next * 10);
    rest = next;
  }
  out.setUint8(at, COMMA);
  return at + 1;
}

function putWords(out: DataView, from: number, { quads, length }: PackedWords): number {
  for (let i = 0; i < quads.length; i++) out.setUint32(from + 4 * i, quads[i], true);
  return from + length;
}

const TRUE = packWords('true,');

/** Appends lines until the text is `full` bytes long; the row behind the last. Words end in their comma. */
export function putCsvRows(l: RecordLines, c: TraceColumns, from: number, full: number, words: EventWords, cpu: number): number {
  const t = l.text;
  const out = new DataView(t.bytes.buffer, t.bytes.byteOffset, t.bytes.byteLength);
  let row = from;
  for (; row < c.rows && t.length < full; row++) t.length = putRow(l, out, c, row, words, cpu);
  return row;
}

/** One line; where the next begins. */
function putRow(l: RecordLines, out: DataView, c: TraceColumns, row: number, words: EventWords, cpu: number): number {
  let at = l.text.length;
  const present = c.present[row];
  const address = row * ADDRESSES;
  const counter = row * COUNTERS;
  const { highs } = l;
  if (present & HAS_PC) {
    const high = c.addressHi[address];
    at = putAddress(out, at, highs.pc, l.codeHigh(high), c.addressLo[address]);
    out.setUint32(at, (DIGIT_COMMA + exceptionLevelOf(high)) | ((DIGIT_COMMA + nonSecureOf(high)) << 16), true);
    at += 4;
  } else {
    at = putNothing(out, at);
    at = putNothing(out, at);
    at = putNothing(out, at);
  }
  if (present & HAS_OPERATION) at = putWords(out, at, operationBytes(l.words, c.operation[row]));
  else at = putNothing(out, at);
  if (present & HAS_EVENTS) at = putWords(out, at, eventBytes(words, c.eventsHi[row], c.eventsLo[row]));
  else at = putNothing(out, at);
  if (present & HAS_ISSUE) at = putNumber(out, at, c.counter[counter + 1]);
  else at = putNothing(out, at);
  if (present & HAS_TOTAL) at = putNumber(out, at, c.counter[counter]);
  else at = putNothing(out, at);
  if (present & HAS_TRANSLATION) at = putNumber(out, at, c.counter[counter + 2]);
  else at = putNothing(out, at);
  if (present & HAS_VA) at = putAddress(out, at, highs.va, l.dataHigh(c.addressHi[address + 2]), c.addressLo[address + 2]);
  else at = putNothing(out, at);
  if (present & HAS_PA) at = putAddress(out, at, highs.pa, physicalAddressHigh(c.addressHi[address + 3]), c.addressLo[address + 3]);
  else at = putNothing(out, at);
  if (present & HAS_TARGET) at = putAddress(out, at, highs.target, l.codeHigh(c.addressHi[address + 1]), c.addressLo[address + 1]);
  else at = putNothing(out, at);
  if (present & HAS_SOURCE) at = putNumber(out, at, c.source[row]);
  else at = putNothing(out, at);
  if (present & HAS_CONTEXT) at = putNumber(out, at, c.context[row]);
  else at = putNothing(out, at);
  if (present & HAS_TIMESTAMP) at = putAddress(out, at, highs.ts, c.timestampHi[row], c.timestampLo[row]);
  else at = putNothing(out, at);
  if ((present & IS_COMPLETE) === 0) at = putWords(out, at, TRUE);
  else at = putNothing(out, at);
  if (l.perfData !== null) {
    if (cpu >= 0) at = putNumber(out, at, cpu);
    else at = putNothing(out, at);
    const { clock } = l.perfData;
    if (clock !== null && present & HAS_TIMESTAMP) {
      l.text.length = at;
      putTime(l.text, l.ticks, clock, c.timestampHi[row], c.timestampLo[row]);
      at = l.text.length;
    }
    at = putNothing(out, at);
  }
  out.setUint8(at - 1, NEWLINE); // instead of the comma behind the last cell
  return at;
}

function putNothing(out: DataView, at: number): number {
  out.setUint8(at, COMMA);
  return at + 1;
}
