// Decoded records as lines of CSV, NDJSON or text: the fields of records.ts, built as bytes from the columns, without an object or a string a
// record.
import { canonicalHigh, codeAddressHigh, dataAddressHigh, exceptionLevelOf, nonSecureOf, physicalAddressHigh } from '../arch/spe/fixup.ts';
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
import type { TimeConversion } from './perf-data/clock.ts';
import { type ClockTicks, newClockTicks, putTime } from './perf-data/clock-text.ts';
import { type HighDigits, newHighDigits, putCsvRows } from './record-csv.ts';
import {
  type Dress,
  type EventWords,
  eventBytes,
  eventWordsOf,
  newRecordWords,
  operationBytes,
  type PackedWords,
  packWords,
  type RecordWords,
} from './record-words.ts';
import type { AddressForm } from './records.ts';
import { asciiBytes, newText, putAscii, putByte, putDecimal, putHex, type Text } from './text.ts';

/** `text`: `name=value` with blanks in between, values that hold a blank in quotes. */
export type LineForm = 'csv' | 'ndjson' | 'text';

/** One kind of lines under way, with the words that were met. */
export interface RecordLines {
  readonly form: LineForm;
  /** Of a perf.data: lines end in the CPU and the time. */
  readonly perfData: { readonly clock: TimeConversion | null } | null;
  readonly ticks: ClockTicks;
  readonly text: Text;
  readonly words: RecordWords;
  /** High words of code and of data addresses. */
  readonly codeHigh: (high: number) => number;
  readonly dataHigh: (high: number) => number;
  /** Of CSV's address columns. */
  readonly highs: Readonly<Record<'pc' | 'va' | 'pa' | 'target' | 'ts', HighDigits>>;
}

/** A field: its names as JSON and text have them in front, and whether JSON has its value in quotes. */
interface Field {
  readonly name: string;
  readonly json: Uint8Array;
  readonly text: Uint8Array;
  readonly quoted: boolean;
}

const field = (name: string, quoted: boolean): Field => ({
  name,
  json: asciiBytes(`"${name}":`),
  text: asciiBytes(`${name}=`),
  quoted,
});

const PC = field('pc', true);
const EL = field('el', false);
const NS = field('ns', false);
const OP = field('op', false);
const EVENTS = field('events', false);
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
const CPU = field('cpu', false);
const TIME = field('time', true);

const nameOf = (f: Field): string => f.name;

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
].map(nameOf);
/** Those that a perf.data adds: the CPU, and the time in seconds as `perf script --ns` prints it. */
export const PERF_DATA_FIELDS: readonly string[] = [CPU, TIME].map(nameOf);

/** A line is never longer: every field, and the longest list of events. */
const LINE = 1024;
const FLUSH = 256 * 1024;

/** Words in CSV stand in quotes where they hold a comma, and end in the comma behind the cell. */
const DRESSES: Readonly<Record<LineForm, Dress>> = {
  csv: (words) => (words.includes(',') ? `"${words}",` : `${words},`),
  ndjson: (words) => `"${words}"`,
  text: (words) => (words.includes(' ') ? `"${words}"` : words),
};

export function newRecordLines(
  form: LineForm,
  perfData: RecordLines['perfData'] = null,
  text = newText(FLUSH + LINE),
  addresses: AddressForm = 'perf',
): RecordLines {
  const codeHigh = addresses === 'perf' ? codeAddressHigh : canonicalHigh;
  const dataHigh = addresses === 'perf' ? dataAddressHigh : canonicalHigh;
  const highs = { pc: newHighDigits(), va: newHighDigits(), pa: newHighDigits(), target: newHighDigits(), ts: newHighDigits() };
  return { form, perfData, ticks: newClockTicks(), text, words: newRecordWords(DRESSES[form]), codeHigh, dataHigh, highs };
}

/** What stands in front of the lines: CSV's names. */
export function linesHeader(l: RecordLines): Uint8Array {
  const names = l.perfData === null ? RECORD_FIELDS : [...RECORD_FIELDS, ...PERF_DATA_FIELDS];
  return asciiBytes(l.form === 'csv' ? `${names.join(',')}\n` : '');
}

/**
 * The lines of every row, in pieces of some 256 KiB, each the caller's own. `midr`: of the CPU, which names some events; `cpu`: -1 = not
 * known.
 */
export function* linesOf(l: RecordLines, c: TraceColumns, midr: number | undefined, cpu = -1): Generator<Uint8Array> {
  for (const t of lineSteps(l, c, midr, cpu)) {
    yield t.bytes.slice(0, t.length);
    t.length = 0;
  }
}

/** The same without a copy: the reader of `l.text` empties it before going on, and may put other bytes there. */
export function* lineSteps(l: RecordLines, c: TraceColumns, midr: number | undefined, cpu = -1): Generator<Text> {
  const words = eventWordsOf(l.words, midr);
  for (let row = 0; row < c.rows; ) {
    row = putRows(l, c, row, words, cpu);
    yield l.text;
  }
}

/** Lines until the text is full enough; the row behind the last one. */
function putRows(l: RecordLines, c: TraceColumns, from: number, words: EventWords, cpu: number): number {
  if (l.form === 'csv') return putCsvRows(l, c, from, FLUSH, words, cpu);
  let row = from;
  for (; row < c.rows && l.text.length < FLUSH; row++) putNamed(l, l.text, c, row, words, cpu);
  return row;
}

const BRACE = 0x7b;
const BRACE_END = 0x7d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BLANK = 0x20;
const NEWLINE = 0x0a;
const TRUE = packWords('true');
const HEX = asciiBytes('0x');

/** A line of JSON or of text: the fields that the record has. */
function putNamed(l: RecordLines, t: Text, c: TraceColumns, row: number, words: EventWords, cpu: number): void {
  const present = c.present[row];
  const address = row * ADDRESSES;
  const counter = row * COUNTERS;
  const json = l.form === 'ndjson';
  if (json) putByte(t, BRACE);
  const p = { t, json, start: t.length };

  if (present & HAS_PC) {
    const high = c.addressHi[address];
    putAddress(p, PC, l.codeHigh(high), c.addressLo[address]);
    putNumber(p, EL, exceptionLevelOf(high));
    putNumber(p, NS, nonSecureOf(high));
  }
  if (present & HAS_OPERATION) putWords(p, OP, operationBytes(l.words, c.operation[row]));
  if (present & HAS_EVENTS) putWords(p, EVENTS, eventBytes(words, c.eventsHi[row], c.eventsLo[row]));
  if (present & HAS_ISSUE) putNumber(p, ISSUE, c.counter[counter + 1]);
  if (present & HAS_TOTAL) putNumber(p, TOTAL, c.counter[counter]);
  if (present & HAS_TRANSLATION) putNumber(p, XLAT, c.counter[counter + 2]);
  if (present & HAS_VA) putAddress(p, VA, l.dataHigh(c.addressHi[address + 2]), c.addressLo[address + 2]);
  if (present & HAS_PA) putAddress(p, PA, physicalAddressHigh(c.addressHi[address + 3]), c.addressLo[address + 3]);
  if (present & HAS_TARGET) putAddress(p, TARGET, l.codeHigh(c.addressHi[address + 1]), c.addressLo[address + 1]);
  if (present & HAS_SOURCE) putNumber(p, SOURCE, c.source[row]);
  if (present & HAS_CONTEXT) putNumber(p, CONTEXT, c.context[row]);
  if (present & HAS_TIMESTAMP) putAddress(p, TS, c.timestampHi[row], c.timestampLo[row]);
  if ((present & IS_COMPLETE) === 0) putWords(p, PARTIAL, TRUE);
  if (l.perfData !== null) {
    if (cpu >= 0) putNumber(p, CPU, cpu);
    const { clock } = l.perfData;
    if (clock !== null && present & HAS_TIMESTAMP) {
      begin(p, TIME);
      putTime(t, l.ticks, clock, c.timestampHi[row], c.timestampLo[row]);
      end(p, TIME);
    }
  }
  if (json) putByte(t, BRACE_END);
  putByte(t, NEWLINE);
}

interface Line {
  readonly t: Text;
  readonly json: boolean;
  /** Where its first field stands. */
  readonly start: number;
}

function begin(p: Line, f: Field): void {
  if (p.t.length > p.start) putByte(p.t, p.json ? COMMA : BLANK);
  putAscii(p.t, p.json ? f.json : f.text);
  if (p.json && f.quoted) putByte(p.t, QUOTE);
}

function end(p: Line, f: Field): void {
  if (p.json && f.quoted) putByte(p.t, QUOTE);
}

function putNumber(p: Line, f: Field, value: number): void {
  begin(p, f);
  putDecimal(p.t, value);
  end(p, f);
}

function putAddress(p: Line, f: Field, high: number, low: number): void {
  begin(p, f);
  putAscii(p.t, HEX);
  putHex(p.t, high, low);
  end(p, f);
}

/** Words are dressed already. */
function putWords(p: Line, f: Field, words: PackedWords): void {
  begin(p, f);
  const { t } = p;
  for (let i = 0; i < words.length; i++) t.bytes[t.length + i] = words.quads[i >> 2] >>> (8 * (i & 3));
  t.length += words.length;
}
