// The columns of a record by name, as numbers, for filters: the names of language.md §6. Addresses as `records` prints them.
import { EVENTS_BY_BIT } from '../arch/spe/events.ts';
import { canonicalHigh, codeAddressHigh, dataAddressHigh, exceptionLevelOf, nonSecureOf, physicalAddressHigh } from '../arch/spe/fixup.ts';
import {
  ADDRESSES,
  appendRow,
  COUNTERS,
  HAS_CONTEXT,
  HAS_EVENTS,
  HAS_ISSUE,
  HAS_OPERATION,
  HAS_PA,
  HAS_PC,
  HAS_PREVIOUS,
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
import type { AddressForm } from './records.ts';

/** A row of the columns. */
export interface Row {
  readonly columns: TraceColumns;
  row: number;
  /** Of the CPU; undefined or below 0: not known. */
  cpu?: number;
  /** How its timestamps become time; undefined or null: not known. */
  readonly clock?: TimeConversion | null;
}

/** Where rows come from. */
export type RowOrigin = Pick<Row, 'cpu' | 'clock'>;

/** Is the row one that is asked for? */
export type RowTest = (r: Row) => boolean;

export type RowValue = (r: Row) => bigint | null;

const wide = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);

function addressValue(bit: number, index: number, high: (high: number) => number): RowValue {
  return ({ columns: c, row }) => {
    const at = row * ADDRESSES + index;
    return c.present[row] & bit ? wide(high(c.addressHi[at]), c.addressLo[at]) : null;
  };
}

const numberValue =
  (bit: number, value: (c: TraceColumns, row: number) => number): RowValue =>
  ({ columns: c, row }) =>
    c.present[row] & bit ? BigInt(value(c, row)) : null;

/**
 * The columns of records. `op` is the class in bits 9:8 and the payload byte below; `events` the bits of the packet; `tag` bits 63:56 of the VA
 * packet; `previous` the target of the branch before; `offset` the byte in its stream where the record begins; `partial` 1 or 0; `time` in
 * nanoseconds.
 */
export function rowValues(form: AddressForm): ReadonlyMap<string, RowValue> {
  const code = form === 'perf' ? codeAddressHigh : canonicalHigh;
  const data = form === 'perf' ? dataAddressHigh : canonicalHigh;
  return new Map<string, RowValue>([
    ['pc', addressValue(HAS_PC, 0, code)],
    ['el', numberValue(HAS_PC, (c, row) => exceptionLevelOf(c.addressHi[row * ADDRESSES]))],
    ['ns', numberValue(HAS_PC, (c, row) => nonSecureOf(c.addressHi[row * ADDRESSES]))],
    ['op', numberValue(HAS_OPERATION, (c, row) => c.operation[row])],
    ['events', ({ columns: c, row }) => (c.present[row] & HAS_EVENTS ? wide(c.eventsHi[row], c.eventsLo[row]) : null)],
    ['total', numberValue(HAS_TOTAL, (c, row) => c.counter[row * COUNTERS])],
    ['issue', numberValue(HAS_ISSUE, (c, row) => c.counter[row * COUNTERS + 1])],
    ['xlat', numberValue(HAS_TRANSLATION, (c, row) => c.counter[row * COUNTERS + 2])],
    ['va', addressValue(HAS_VA, 2, data)],
    ['pa', addressValue(HAS_PA, 3, physicalAddressHigh)],
    ['target', addressValue(HAS_TARGET, 1, code)],
    ['source', numberValue(HAS_SOURCE, (c, row) => c.source[row])],
    ['context', numberValue(HAS_CONTEXT, (c, row) => c.context[row])],
    ['ts', ({ columns: c, row }) => (c.present[row] & HAS_TIMESTAMP ? wide(c.timestampHi[row], c.timestampLo[row]) : null)],
    ['previous', addressValue(HAS_PREVIOUS, 4, code)],
    ['tag', numberValue(HAS_VA, (c, row) => c.addressHi[row * ADDRESSES + 2] >>> 24)],
    ['offset', ({ columns: c, row }) => BigInt(c.offset[row])],
    ['partial', ({ columns: c, row }) => ((c.present[row] & IS_COMPLETE) === 0 ? 1n : 0n)],
    ['cpu', ({ cpu = -1 }) => (cpu < 0 ? null : BigInt(cpu))],
    [
      'time',
      ({ columns: c, row, clock = null }) =>
        clock === null || (c.present[row] & HAS_TIMESTAMP) === 0
          ? null
          : timeOfCounter(clock, wide(c.timestampHi[row], c.timestampLo[row])),
    ],
    // Events by name, with `_` for `-`: 1 or 0.
    ...EVENTS_BY_BIT.map(({ bit, name }): [string, RowValue] => [
      name.replaceAll('-', '_'),
      ({ columns: c, row }) => {
        if ((c.present[row] & HAS_EVENTS) === 0) return null;
        return (wide(c.eventsHi[row], c.eventsLo[row]) >> BigInt(bit)) & 1n;
      },
    ]),
  ]);
}

/** Operations by their class, and for class 1 by load or store, beside `op`. */
export const OPERATION_WORDS: ReadonlyMap<string, { readonly mask: bigint; readonly value: bigint }> = new Map([
  ['OTHER', { mask: 0x300n, value: 0x000n }],
  ['LD', { mask: 0x301n, value: 0x100n }],
  ['ST', { mask: 0x301n, value: 0x101n }],
  ['B', { mask: 0x300n, value: 0x200n }],
]);

/** Takes the rows that are asked for into `to`, which loses what it had. */
export function chooseRows(to: TraceColumns, from: TraceColumns, test: RowTest, { cpu, clock }: RowOrigin): void {
  to.rows = 0;
  const at: Row = { columns: from, row: 0, cpu, clock };
  for (; at.row < from.rows; at.row++) if (test(at)) appendRow(to, from, at.row);
}
