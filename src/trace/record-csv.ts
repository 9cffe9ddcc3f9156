// Records as lines of CSV, as fast as bytes can be put one behind the other: every cell is written where the one before it ended.
import { codeAddressHigh, dataAddressHigh, exceptionLevelOf, nonSecureOf, physicalAddressHigh } from '../arch/spe/fixup.ts';
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
import { type EventWords, eventBytes, operationBytes } from './record-words.ts';
import { HIGH_DIGIT, LOW_DIGIT, type Text } from './text.ts';

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const ZERO = 0x30;
const X = 0x78;

/** `0x…,` of 64 bits in two halves; where the next cell begins. */
function putAddress(out: Uint8Array, from: number, high: number, low: number): number {
  out[from] = ZERO;
  out[from + 1] = X;
  let at = from + 2;
  if (high === 0) at = putDigits(out, at, low);
  else {
    at = putDigits(out, at, high);
    const a = low >>> 24;
    const b = (low >>> 16) & 0xff;
    const c = (low >>> 8) & 0xff;
    const d = low & 0xff;
    out[at] = HIGH_DIGIT[a];
    out[at + 1] = LOW_DIGIT[a];
    out[at + 2] = HIGH_DIGIT[b];
    out[at + 3] = LOW_DIGIT[b];
    out[at + 4] = HIGH_DIGIT[c];
    out[at + 5] = LOW_DIGIT[c];
    out[at + 6] = HIGH_DIGIT[d];
    out[at + 7] = LOW_DIGIT[d];
    at += 8;
  }
  out[at] = COMMA;
  return at + 1;
}

/** A word without leading zeros. */
function putDigits(out: Uint8Array, from: number, word: number): number {
  let at = from;
  let shift = word === 0 ? 0 : 28 - (Math.clz32(word) & ~3);
  if ((shift & 4) === 0) {
    out[at++] = LOW_DIGIT[(word >>> shift) & 15];
    shift -= 4;
  }
  for (shift -= 4; shift >= 0; shift -= 8) {
    const byte = (word >>> shift) & 0xff;
    out[at] = HIGH_DIGIT[byte];
    out[at + 1] = LOW_DIGIT[byte];
    at += 2;
  }
  return at;
}

/** `N,` of a number below 2^32. */
function putNumber(out: Uint8Array, from: number, value: number): number {
  let at = from;
  if (value < 10) out[at++] = ZERO + value;
  else if (value < 100) {
    const tens = (value / 10) | 0;
    out[at] = ZERO + tens;
    out[at + 1] = ZERO + value - tens * 10;
    at += 2;
  } else {
    let digits = 3;
    for (let limit = 1000; value >= limit; limit *= 10) digits++;
    at += digits;
    let rest = value;
    for (let i = at - 1; i >= from; i--) {
      const next = Math.floor(rest / 10);
      out[i] = ZERO + rest - next * 10;
      rest = next;
    }
  }
  out[at] = COMMA;
  return at + 1;
}

function putWords(out: Uint8Array, from: number, words: Uint8Array): number {
  const length = words.length;
  for (let i = 0; i < length; i++) out[from + i] = words[i];
  return from + length;
}

const TRUE = Uint8Array.from('true,', (c) => c.charCodeAt(0));

/** Appends the line of a row. Words end in their comma. */
export function putCsvRecord(l: RecordLines, t: Text, c: TraceColumns, row: number, words: EventWords, cpu: number): void {
  const out = t.bytes;
  let at = t.length;
  const present = c.present[row];
  const address = row * ADDRESSES;
  const counter = row * COUNTERS;
  if (present & HAS_PC) {
    const high = c.addressHi[address];
    at = putAddress(out, at, codeAddressHigh(high), c.addressLo[address]);
    out[at] = ZERO + exceptionLevelOf(high);
    out[at + 1] = COMMA;
    out[at + 2] = ZERO + nonSecureOf(high);
    out[at + 3] = COMMA;
    at += 4;
  } else {
    out[at] = COMMA;
    out[at + 1] = COMMA;
    out[at + 2] = COMMA;
    at += 3;
  }
  if (present & HAS_OPERATION) at = putWords(out, at, operationBytes(l.words, c.operation[row]));
  else out[at++] = COMMA;
  if (present & HAS_EVENTS) at = putWords(out, at, eventBytes(words, c.eventsHi[row], c.eventsLo[row]));
  else out[at++] = COMMA;
  if (present & HAS_ISSUE) at = putNumber(out, at, c.counter[counter + 1]);
  else out[at++] = COMMA;
  if (present & HAS_TOTAL) at = putNumber(out, at, c.counter[counter]);
  else out[at++] = COMMA;
  if (present & HAS_TRANSLATION) at = putNumber(out, at, c.counter[counter + 2]);
  else out[at++] = COMMA;
  if (present & HAS_VA) at = putAddress(out, at, dataAddressHigh(c.addressHi[address + 2]), c.addressLo[address + 2]);
  else out[at++] = COMMA;
  if (present & HAS_PA) at = putAddress(out, at, physicalAddressHigh(c.addressHi[address + 3]), c.addressLo[address + 3]);
  else out[at++] = COMMA;
  if (present & HAS_TARGET) at = putAddress(out, at, codeAddressHigh(c.addressHi[address + 1]), c.addressLo[address + 1]);
  else out[at++] = COMMA;
  if (present & HAS_SOURCE) at = putNumber(out, at, c.source[row]);
  else out[at++] = COMMA;
  if (present & HAS_CONTEXT) at = putNumber(out, at, c.context[row]);
  else out[at++] = COMMA;
  if (present & HAS_TIMESTAMP) at = putAddress(out, at, c.timestampHi[row], c.timestampLo[row]);
  else out[at++] = COMMA;
  if ((present & IS_COMPLETE) === 0) at = putWords(out, at, TRUE);
  else out[at++] = COMMA;
  if (l.perfData !== null) {
    if (cpu >= 0) at = putNumber(out, at, cpu);
    else out[at++] = COMMA;
    const { clock } = l.perfData;
    if (clock !== null && present & HAS_TIMESTAMP) {
      t.length = at;
      putTime(t, l.ticks, clock, c.timestampHi[row], c.timestampLo[row]);
      at = t.length;
    }
    out[at++] = COMMA;
  }
  out[at - 1] = NEWLINE; // instead of the comma behind the last cell
  t.length = at;
}
