// A decoded trace: one row a record, one typed array a field (64-bit fields as two 32-bit halves, as the packets hold them).
// Fields keep the last packet of their kind, as perf's do. A row is complete when a Timestamp or End packet closed it; it is partial when
// damage or the end of the bytes did.

/** Bits of `present`: which packets the record had. */
export const HAS_PC = 1;
export const HAS_TARGET = 2;
export const HAS_VA = 4;
export const HAS_PA = 8;
export const HAS_PREVIOUS = 16;
export const HAS_EVENTS = 32;
export const HAS_OPERATION = 64;
export const HAS_TOTAL = 128;
export const HAS_ISSUE = 256;
export const HAS_TRANSLATION = 512;
export const HAS_CONTEXT = 1024;
export const HAS_SOURCE = 2048;
export const HAS_TIMESTAMP = 4096;
export const HAS_END = 8192;
export const IS_COMPLETE = HAS_TIMESTAMP | HAS_END;

export interface TraceColumns {
  /** Rows in use; the arrays may be longer. */
  rows: number;
  /** Byte offset of the record's first packet in its stream. */
  offset: Float64Array;
  present: Uint16Array;
  /** Address packets by index 0-4 (PC, target, VA, PA, previous target): 64 bits of payload, halves at [5 * row + index]. */
  addressLo: Uint32Array;
  addressHi: Uint32Array;
  eventsLo: Uint32Array;
  eventsHi: Uint32Array;
  timestampLo: Uint32Array;
  timestampHi: Uint32Array;
  /** Counters 0-2 (total, issue, translation), cycles, at [3 * row + index]. */
  counter: Uint16Array;
  context: Uint32Array;
  /** Class << 8 | payload byte. */
  operation: Uint16Array;
  source: Uint16Array;
}

/** Address packets a row keeps, and counters. */
export const ADDRESSES = 5;
export const COUNTERS = 3;

/** Room for `capacity` rows, at least one. */
export function newColumns(capacity: number): TraceColumns {
  const n = Math.max(1, capacity);
  return {
    rows: 0,
    offset: new Float64Array(n),
    present: new Uint16Array(n),
    addressLo: new Uint32Array(n * ADDRESSES),
    addressHi: new Uint32Array(n * ADDRESSES),
    eventsLo: new Uint32Array(n),
    eventsHi: new Uint32Array(n),
    timestampLo: new Uint32Array(n),
    timestampHi: new Uint32Array(n),
    counter: new Uint16Array(n * COUNTERS),
    context: new Uint32Array(n),
    operation: new Uint16Array(n),
    source: new Uint16Array(n),
  };
}

/** Doubles the room of every column, in place. */
export function growColumns(c: TraceColumns): void {
  const bigger = newColumns(c.present.length * 2);
  bigger.offset.set(c.offset);
  bigger.present.set(c.present);
  bigger.addressLo.set(c.addressLo);
  bigger.addressHi.set(c.addressHi);
  bigger.eventsLo.set(c.eventsLo);
  bigger.eventsHi.set(c.eventsHi);
  bigger.timestampLo.set(c.timestampLo);
  bigger.timestampHi.set(c.timestampHi);
  bigger.counter.set(c.counter);
  bigger.context.set(c.context);
  bigger.operation.set(c.operation);
  bigger.source.set(c.source);
  Object.assign(c, bigger, { rows: c.rows });
}

/** Columns by name, with how many cells of each a row has. */
const CELLS = {
  offset: 1,
  present: 1,
  addressLo: ADDRESSES,
  addressHi: ADDRESSES,
  eventsLo: 1,
  eventsHi: 1,
  timestampLo: 1,
  timestampHi: 1,
  counter: COUNTERS,
  context: 1,
  operation: 1,
  source: 1,
} as const;
const COLUMN_CELLS = Object.entries(CELLS) as [keyof typeof CELLS, number][];

/** Appends a row of other columns. */
export function appendRow(to: TraceColumns, from: TraceColumns, row: number): void {
  if (to.rows >= to.present.length) growColumns(to);
  for (const [name, cells] of COLUMN_CELLS) to[name].set(from[name].subarray(row * cells, (row + 1) * cells), to.rows * cells);
  to.rows += 1;
}

/** Keeps the last `count` rows. */
export function keepLastRows(c: TraceColumns, count: number): void {
  const first = c.rows - count;
  if (first <= 0) return;
  for (const [name, cells] of COLUMN_CELLS) c[name].copyWithin(0, first * cells, c.rows * cells);
  c.rows = count;
}
