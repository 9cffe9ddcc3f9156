// Records as the columns of a Parquet table: typed values, null where a record has none. Addresses, event bits and timestamps are unsigned
// 64-bit numbers, so that a query can mask and subtract them; `op` and `events` also in perf's words.
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
import { type TimeConversion, timeOfCounter } from './perf-data/clock.ts';
import { newTextWords, type TextWords, wordsOfEvents, wordsOfOperation } from './text-words.ts';

export type CellType = 'uint64' | 'uint32' | 'text' | 'boolean';

export interface ParquetColumn {
  readonly name: string;
  readonly type: CellType;
  readonly data: (bigint | number | string | boolean | null)[];
}

/** Rows of a row group: what is in memory at a time. */
export const ROW_GROUP = 65_536;

const COLUMNS: readonly (readonly [name: string, type: CellType])[] = [
  ['pc', 'uint64'],
  ['el', 'uint32'],
  ['ns', 'uint32'],
  ['op', 'text'],
  ['events', 'text'],
  ['event_bits', 'uint64'],
  ['issue', 'uint32'],
  ['total', 'uint32'],
  ['xlat', 'uint32'],
  ['va', 'uint64'],
  ['pa', 'uint64'],
  ['target', 'uint64'],
  ['source', 'uint32'],
  ['context', 'uint32'],
  ['ts', 'uint64'],
  ['partial', 'boolean'],
  ['cpu', 'uint32'],
  ['time_ns', 'uint64'],
];

export interface RowGroup {
  rows: number;
  readonly columns: readonly ParquetColumn[];
  readonly words: TextWords;
}

export function newRowGroup(): RowGroup {
  return { rows: 0, columns: COLUMNS.map(([name, type]) => ({ name, type, data: [] })), words: newTextWords() };
}

/** Empties a group, to be filled again. */
export function clearRowGroup(g: RowGroup): void {
  g.rows = 0;
  for (const c of g.columns) c.data.length = 0;
}

/** Where rows come from: the CPU (-1 = not known), its MIDR_EL1, and the clock of a perf.data. */
export interface RowSource {
  readonly cpu: number;
  readonly midr: number | undefined;
  readonly clock: TimeConversion | null;
}

/** Appends rows from `from` on until the group is full; the row behind the last. */
export function fillRowGroup(g: RowGroup, c: TraceColumns, from: number, origin: RowSource): number {
  const end = Math.min(c.rows, from + ROW_GROUP - g.rows);
  for (let row = from; row < end; row++) {
    const cells = cellsOf(g.words, c, row, origin);
    for (let i = 0; i < cells.length; i++) g.columns[i].data.push(cells[i]);
  }
  g.rows += end - from;
  return end;
}

const wide = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);

function cellsOf(words: TextWords, c: TraceColumns, row: number, origin: RowSource): (bigint | number | string | boolean | null)[] {
  const present = c.present[row];
  const at = row * ADDRESSES;
  const count = row * COUNTERS;
  const { addressHi: high, addressLo: low } = c;
  const ts = present & HAS_TIMESTAMP ? wide(c.timestampHi[row], c.timestampLo[row]) : null;
  const bits = present & HAS_EVENTS ? wide(c.eventsHi[row], c.eventsLo[row]) : null;
  return [
    present & HAS_PC ? wide(codeAddressHigh(high[at]), low[at]) : null,
    present & HAS_PC ? exceptionLevelOf(high[at]) : null,
    present & HAS_PC ? nonSecureOf(high[at]) : null,
    present & HAS_OPERATION ? wordsOfOperation(words, c.operation[row]) : null,
    bits === null ? null : wordsOfEvents(words, bits, origin.midr),
    bits,
    present & HAS_ISSUE ? c.counter[count + 1] : null,
    present & HAS_TOTAL ? c.counter[count] : null,
    present & HAS_TRANSLATION ? c.counter[count + 2] : null,
    present & HAS_VA ? wide(dataAddressHigh(high[at + 2]), low[at + 2]) : null,
    present & HAS_PA ? wide(physicalAddressHigh(high[at + 3]), low[at + 3]) : null,
    present & HAS_TARGET ? wide(codeAddressHigh(high[at + 1]), low[at + 1]) : null,
    present & HAS_SOURCE ? c.source[row] : null,
    present & HAS_CONTEXT ? c.context[row] : null,
    ts,
    (present & IS_COMPLETE) === 0,
    origin.cpu < 0 ? null : origin.cpu,
    ts === null || origin.clock === null ? null : timeOfCounter(origin.clock, ts),
  ];
}
