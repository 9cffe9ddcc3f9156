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
import { type CsvLoop, NO_CPU, newCsvLoop } from './csv-loop.ts';
import { FULL_TEXT, LINE, type LoopMemory } from './loop-memory.ts';
import type { TimeConversion } from './perf-data/clock.ts';
import { type ClockTicks, newClockTicks, putTime } from './perf-data/clock-text.ts';
import { type Dress, type EventWords, eventBytes, eventWordsOf, newRecordWords, operationBytes, type RecordWords } from './record-words.ts';
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
  readonly addresses: AddressForm;
  /** CSV of a quick loop's columns. */
  loop: CsvLoop | null;
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

/** Words in CSV stand in quotes where they hold a comma, and end in the comma behind the cell. */
const DRESSES: Readonly<Record<LineForm, Dress>> = {
  csv: (words) => (words.includes(',') ? `"${words}",` : `${words},`),
  ndjson: (words) => `"${words}"`,
  text: (words) => (words.includes(' ') ? `"${words}"` : words),
};

export function newRecordLines(
  form: LineForm,
  perfData: RecordLines['perfData'] = null,
  text = newText(FULL_TEXT + LINE),
  addresses: AddressForm = 'perf',
): RecordLines {
  const codeHigh = addresses === 'perf' ? codeAddressHigh : canonicalHigh;
  const dataHigh = addresses === 'perf' ? dataAddressHigh : canonicalHigh;
  return {
    form,
    perfData,
    ticks: newClockTicks(),
    text,
    words: newRecordWords(DRESSES[form]),
    codeHigh,
    dataHigh,
    addresses,
    loop: null,
  };
}

/** What stands in front of the lines: CSV's names. */
export function linesHeader(l: RecordLines): Uint8Array {
  const names = l.perfData === null ? RECORD_FIELDS : [...RECORD_FIELDS, ...PERF_DATA_FIELDS];
  return asciiBytes(l.form === 'csv' ? `${names.join(',')}\n` : '');
}

/**
 * The lines of every row, in pieces of some 256 KiB, each the caller's own. `midr`: of the CPU, which names some events; `cpu`: -1 = not
 * known; `memory`: of the quick loop whose columns these are.
 */
export function* linesOf(
  l: RecordLines,
  c: TraceColumns,
  midr: number | undefined,
  cpu = -1,
  memory: LoopMemory | null = null,
): Generator<Uint8Array> {
  for (const t of lineSteps(l, c, midr, cpu, memory)) {
    yield t.bytes.slice(0, t.length);
    t.length = 0;
  }
}

/** The same without a copy: the reader of a text empties it before going on, and may put other bytes there. */
export function* lineSteps(
  l: RecordLines,
  c: TraceColumns,
  midr: number | undefined,
  cpu = -1,
  memory: LoopMemory | null = null,
): Generator<Text> {
  const words = eventWordsOf(l.words, midr);
  const quick = memory?.columns === c ? csvLoopOf(l, memory) : null;
  for (let row = 0; row < c.rows; ) {
    if (quick !== null) {
      row = quick.put(row, l.words, words, l.perfData === null ? NO_CPU : cpu);
      yield quick.text;
      continue;
    }
    for (; row < c.rows && l.text.length < FULL_TEXT; row++) putLine(l, l.text, c, row, words, cpu);
    yield l.text;
  }
}

/** The loop for these columns, where there is one for such lines. */
function csvLoopOf(l: RecordLines, memory: LoopMemory): CsvLoop | null {
  if (l.form !== 'csv' || l.addresses !== 'perf') return null;
  if (l.loop?.memory !== memory) l.loop = newCsvLoop(memory, l.perfData?.clock ?? null);
  return l.loop;
}

const BRACE = 0x7b;
const BRACE_END = 0x7d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BLANK = 0x20;
const NEWLINE = 0x0a;
const HEX = asciiBytes('0x');
const TRUE = asciiBytes('true');

/** A line: the fields that the record has; in CSV each has its place. */
function putLine(l: RecordLines, t: Text, c: TraceColumns, row: number, words: EventWords, cpu: number): void {
  const present = c.present[row];
  const address = row * ADDRESSES;
  const counter = row * COUNTERS;
  const { form } = l;
  if (form === 'ndjson') putByte(t, BRACE);
  const p = { t, form, start: t.length };

  if (present & HAS_PC) {
    const high = c.addressHi[address];
    putAddress(p, PC, l.codeHigh(high), c.addressLo[address]);
    putNumber(p, EL, exceptionLevelOf(high));
    putNumber(p, NS, nonSecureOf(high));
  } else {
    putNothing(p);
    putNothing(p);
    putNothing(p);
  }
  if (present & HAS_OPERATION) putWords(p, OP, operationBytes(l.words, c.operation[row]));
  else putNothing(p);
  if (present & HAS_EVENTS) putWords(p, EVENTS, eventBytes(words, c.eventsHi[row], c.eventsLo[row]));
  else putNothing(p);
  if (present & HAS_ISSUE) putNumber(p, ISSUE, c.counter[counter + 1]);
  else putNothing(p);
  if (present & HAS_TOTAL) putNumber(p, TOTAL, c.counter[counter]);
  else putNothing(p);
  if (present & HAS_TRANSLATION) putNumber(p, XLAT, c.counter[counter + 2]);
  else putNothing(p);
  if (present & HAS_VA) putAddress(p, VA, l.dataHigh(c.addressHi[address + 2]), c.addressLo[address + 2]);
  else putNothing(p);
  if (present & HAS_PA) putAddress(p, PA, physicalAddressHigh(c.addressHi[address + 3]), c.addressLo[address + 3]);
  else putNothing(p);
  if (present & HAS_TARGET) putAddress(p, TARGET, l.codeHigh(c.addressHi[address + 1]), c.addressLo[address + 1]);
  else putNothing(p);
  if (present & HAS_SOURCE) putNumber(p, SOURCE, c.source[row]);
  else putNothing(p);
  if (present & HAS_CONTEXT) putNumber(p, CONTEXT, c.context[row]);
  else putNothing(p);
  if (present & HAS_TIMESTAMP) putAddress(p, TS, c.timestampHi[row], c.timestampLo[row]);
  else putNothing(p);
  if ((present & IS_COMPLETE) === 0) {
    begin(p, PARTIAL);
    putAscii(t, TRUE);
    end(p, PARTIAL);
  } else putNothing(p);
  if (l.perfData !== null) {
    if (cpu >= 0) putNumber(p, CPU, cpu);
    else putNothing(p);
    const { clock } = l.perfData;
    if (clock !== null && present & HAS_TIMESTAMP) {
      begin(p, TIME);
      putTime(t, l.ticks, clock, c.timestampHi[row], c.timestampLo[row]);
      end(p, TIME);
    } else putNothing(p);
  }
  if (form === 'ndjson') putByte(t, BRACE_END);
  if (form === 'csv')
    t.bytes[t.length - 1] = NEWLINE; // instead of the comma behind the last cell
  else putByte(t, NEWLINE);
}

interface Line {
  readonly t: Text;
  readonly form: LineForm;
  /** Where its first field stands. */
  readonly start: number;
}

/** An empty cell. */
function putNothing(p: Line): void {
  if (p.form === 'csv') putByte(p.t, COMMA);
}

function begin({ t, form, start }: Line, f: Field): void {
  if (form === 'csv') return;
  if (t.length > start) putByte(t, form === 'ndjson' ? COMMA : BLANK);
  putAscii(t, form === 'ndjson' ? f.json : f.text);
  if (form === 'ndjson' && f.quoted) putByte(t, QUOTE);
}

function end({ t, form }: Line, f: Field): void {
  if (form === 'csv') putByte(t, COMMA);
  if (form === 'ndjson' && f.quoted) putByte(t, QUOTE);
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

/** Words are dressed already, in CSV with the comma behind them. */
function putWords(p: Line, f: Field, words: Uint8Array): void {
  begin(p, f);
  putAscii(p.t, words);
}
