// Decoded records as lines of CSV or NDJSON: the fields of records.ts, built as bytes from the columns, without an object or a string a record.
import { eventNames } from '../arch/spe/events.ts';
import { codeAddressHigh, dataAddressHigh, exceptionLevelOf, nonSecureOf, physicalAddressHigh } from '../arch/spe/fixup.ts';
import { operationWords } from '../arch/spe/operations.ts';
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
import { newText, putAscii, putByte, putDecimal, putHex, type Text } from './text.ts';

export type LineForm = 'csv' | 'ndjson';

/** One kind of lines under way, with the words that were met. */
export interface RecordLines {
  readonly form: LineForm;
  readonly text: Text;
  readonly operations: (Uint8Array | undefined)[];
  /** By the MIDR that names events, then by the events' low half; sets with a high half are not kept. */
  readonly events: Map<number | undefined, Map<number, Uint8Array>>;
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** A field: how it reads in front, and whether JSON has it in quotes. */
interface Field {
  readonly name: string;
  readonly key: Uint8Array;
  readonly quoted: boolean;
}

const field = (name: string, quoted: boolean): Field => ({ name, key: ascii(`"${name}":`), quoted });

const PC = field('pc', true);
const EL = field('el', false);
const NS = field('ns', false);
const OP = field('op', true);
const EVENTS = field('events', true);
const ISSUE = field('issue', false);
const TOTAL = field('total', false);
const XLAT = field('xlat', false);
const VA = field('va', true);
const PA = field('pa', true);
const TARGET = field('target', true);
const SOURCE = field('source', false);
const CONTEXT = field('context', false);
const TS = field('ts', true);
const PARTIAL = field('partial', false);

/** The columns of CSV, in their order. */
export const RECORD_FIELDS: readonly string[] = [
  PC,
  EL,
  NS,
  OP,
  EVENTS,
  ISSUE,
  TOTAL,
  XLAT,
  VA,
  PA,
  TARGET,
  SOURCE,
  CONTEXT,
  TS,
  PARTIAL,
].map((f) => f.name);

/** A line is never longer: every field, and the longest list of events. */
const LINE = 1024;
const FLUSH = 256 * 1024;
const KEPT_EVENTS = 4096;

export function newRecordLines(form: LineForm): RecordLines {
  return { form, text: newText(FLUSH + LINE), operations: [], events: new Map() };
}

/** What stands in front of the lines: CSV's names. */
export function linesHeader(form: LineForm): Uint8Array {
  return ascii(form === 'csv' ? `${RECORD_FIELDS.join(',')}\n` : '');
}

/** The lines of every row, in pieces of some 256 KiB, each the caller's own. `midr`: of the CPU, which names some events. */
export function* linesOf(l: RecordLines, c: TraceColumns, midr: number | undefined): Generator<Uint8Array> {
  const t = l.text;
  for (let row = 0; row < c.rows; row++) {
    putRecord(l, c, row, midr);
    if (t.length < FLUSH) continue;
    yield t.bytes.slice(0, t.length);
    t.length = 0;
  }
  if (t.length === 0) return;
  yield t.bytes.slice(0, t.length);
  t.length = 0;
}

function putRecord(l: RecordLines, c: TraceColumns, row: number, midr: number | undefined): void {
  const t = l.text;
  const present = c.present[row];
  const address = row * ADDRESSES;
  const counter = row * COUNTERS;
  const json = l.form === 'ndjson';
  if (json) putByte(t, BRACE);
  const start = t.length;

  const pcHigh = c.addressHi[address];
  if (present & HAS_PC) {
    putAddress(t, json, start, PC, codeAddressHigh(pcHigh), c.addressLo[address]);
    putNumber(t, json, start, EL, exceptionLevelOf(pcHigh));
    putNumber(t, json, start, NS, nonSecureOf(pcHigh));
  } else skip(t, json, 3);
  if (present & HAS_OPERATION) putWords(t, json, start, OP, operationText(l, c.operation[row]));
  else skip(t, json, 1);
  if (present & HAS_EVENTS) putWords(t, json, start, EVENTS, eventText(l, c.eventsHi[row], c.eventsLo[row], midr));
  else skip(t, json, 1);
  if (present & HAS_ISSUE) putNumber(t, json, start, ISSUE, c.counter[counter + 1]);
  else skip(t, json, 1);
  if (present & HAS_TOTAL) putNumber(t, json, start, TOTAL, c.counter[counter]);
  else skip(t, json, 1);
  if (present & HAS_TRANSLATION) putNumber(t, json, start, XLAT, c.counter[counter + 2]);
  else skip(t, json, 1);
  if (present & HAS_VA) putAddress(t, json, start, VA, dataAddressHigh(c.addressHi[address + 2]), c.addressLo[address + 2]);
  else skip(t, json, 1);
  if (present & HAS_PA) putAddress(t, json, start, PA, physicalAddressHigh(c.addressHi[address + 3]), c.addressLo[address + 3]);
  else skip(t, json, 1);
  if (present & HAS_TARGET) putAddress(t, json, start, TARGET, codeAddressHigh(c.addressHi[address + 1]), c.addressLo[address + 1]);
  else skip(t, json, 1);
  if (present & HAS_SOURCE) putNumber(t, json, start, SOURCE, c.source[row]);
  else skip(t, json, 1);
  if (present & HAS_CONTEXT) putNumber(t, json, start, CONTEXT, c.context[row]);
  else skip(t, json, 1);
  if (present & HAS_TIMESTAMP) putAddress(t, json, start, TS, c.timestampHi[row], c.timestampLo[row]);
  else skip(t, json, 1);
  if ((present & IS_COMPLETE) === 0) putWords(t, json, start, PARTIAL, TRUE);
  else skip(t, json, 1);

  if (json) putByte(t, BRACE_END);
  else t.length--; // the comma behind the last cell
  putByte(t, NEWLINE);
}

const BRACE = 0x7b;
const BRACE_END = 0x7d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const TRUE = ascii('true');
const HEX = ascii('0x');

/** In CSV empty cells; in JSON nothing. */
function skip(t: Text, json: boolean, fields: number): void {
  if (json) return;
  for (let i = 0; i < fields; i++) putByte(t, COMMA);
}

function begin(t: Text, json: boolean, start: number, f: Field): void {
  if (!json) return;
  if (t.length > start) putByte(t, COMMA);
  putAscii(t, f.key);
  if (f.quoted) putByte(t, QUOTE);
}

function end(t: Text, json: boolean, f: Field): void {
  if (!json) putByte(t, COMMA);
  else if (f.quoted) putByte(t, QUOTE);
}

function putNumber(t: Text, json: boolean, start: number, f: Field, value: number): void {
  begin(t, json, start, f);
  putDecimal(t, value);
  end(t, json, f);
}

function putAddress(t: Text, json: boolean, start: number, f: Field, high: number, low: number): void {
  begin(t, json, start, f);
  putAscii(t, HEX);
  putHex(t, high, low);
  end(t, json, f);
}

/** In CSV, words with a comma stand in quotes. */
function putWords(t: Text, json: boolean, start: number, f: Field, words: Uint8Array): void {
  begin(t, json, start, f);
  const quoted = !json && words.includes(COMMA);
  if (quoted) putByte(t, QUOTE);
  putAscii(t, words);
  if (quoted) putByte(t, QUOTE);
  end(t, json, f);
}

function operationText(l: RecordLines, operation: number): Uint8Array {
  let text = l.operations[operation];
  if (text === undefined) {
    text = ascii(operationWords(operation >> 8, operation & 0xff, '7.3'));
    l.operations[operation] = text;
  }
  return text;
}

function eventText(l: RecordLines, high: number, low: number, midr: number | undefined): Uint8Array {
  let byLow = l.events.get(midr);
  if (byLow === undefined) {
    if (l.events.size === KEPT_EVENTS) l.events.clear();
    byLow = new Map();
    l.events.set(midr, byLow);
  }
  const known = high === 0 ? byLow.get(low) : undefined;
  if (known !== undefined) return known;
  const text = ascii(eventNames((BigInt(high) << 32n) | BigInt(low), '7.3', midr));
  if (high === 0 && byLow.size < KEPT_EVENTS) byLow.set(low, text);
  return text;
}
