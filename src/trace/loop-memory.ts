// The memory that the quick loops over a trace share: bytes come into its window, packet-loop.ts makes them rows, csv-loop.ts makes rows text.
import { HEADERS } from '../arch/spe/packets.ts';
import { ADDRESSES, COUNTERS, type TraceColumns } from './columns.ts';

/** Bytes of a window: a piece, and what the one before it left over. */
export const LOOP_WINDOW = 256 * 1024 + 16;
/** A row for every byte and some more: they do not grow. */
const ROWS = LOOP_WINDOW + 64;
const PAGE = 65536;

/** A line of CSV is never longer: every field, and the longest list of events. */
export const LINE = 1024;
/** A text is handed over when it has so many bytes. */
export const FULL_TEXT = 256 * 1024;

/** Words by class and payload of the operation, and by sets of events in a table of so many places; how many bytes one has, with its length. */
export const OPERATIONS = 32 * 256;
export const OPERATION_BYTES = 64;
export const EVENT_SETS = 4096;
export const EVENT_BYTES = 512;
/** Numbers below it have their text in a table. */
export const SMALL = 1000;

/** Where everything lies. Only what is touched takes memory. */
export const LAYOUT = (() => {
  let next = 0;
  const place = (bytes: number): number => {
    const at = next;
    next += (bytes + 7) & ~7;
    return at;
  };
  const places = {
    counts: place(4 * 8),
    headers: place(2 * 256),
    window: place(LOOP_WINDOW + 16), // a payload is read before it is known to be there
    offset: place(8 * ROWS),
    present: place(2 * ROWS),
    addressLo: place(4 * ADDRESSES * ROWS),
    addressHi: place(4 * ADDRESSES * ROWS),
    eventsLo: place(4 * ROWS),
    eventsHi: place(4 * ROWS),
    timestampLo: place(4 * ROWS),
    timestampHi: place(4 * ROWS),
    counter: place(2 * COUNTERS * ROWS),
    context: place(4 * ROWS),
    operation: place(2 * ROWS),
    source: place(2 * ROWS),
    lines: place(8 * 8),
    names: place(8 * 2 * 32),
    pairs: place(2 * 256),
    small: place(4 * SMALL),
    smallLength: place(SMALL),
    operations: place(OPERATIONS * OPERATION_BYTES),
    eventSets: place(8 * EVENT_SETS),
    eventWords: place(EVENT_SETS * EVENT_BYTES),
    text: place(FULL_TEXT + LINE),
  };
  return { ...places, pages: Math.ceil(next / PAGE) };
})();

export interface LoopMemory {
  readonly memory: WebAssembly.Memory;
  readonly columns: TraceColumns;
  /** Where bytes are decoded. */
  readonly window: Uint8Array;
  /** Whose words the tables of operations and events hold (text-loop.ts). */
  words: object | null;
}

/** Throws a RangeError where the system gives none: a memory reserves gigabytes of addresses. */
export function newLoopMemory(): LoopMemory {
  const memory = new WebAssembly.Memory({ initial: LAYOUT.pages, maximum: LAYOUT.pages });
  const { buffer } = memory;
  const at = LAYOUT;
  new Uint16Array(buffer, at.headers, 256).set(HEADERS);
  return {
    memory,
    words: null,
    window: new Uint8Array(buffer, at.window, LOOP_WINDOW),
    columns: {
      rows: 0,
      offset: new Float64Array(buffer, at.offset, ROWS),
      present: new Uint16Array(buffer, at.present, ROWS),
      addressLo: new Uint32Array(buffer, at.addressLo, ROWS * ADDRESSES),
      addressHi: new Uint32Array(buffer, at.addressHi, ROWS * ADDRESSES),
      eventsLo: new Uint32Array(buffer, at.eventsLo, ROWS),
      eventsHi: new Uint32Array(buffer, at.eventsHi, ROWS),
      timestampLo: new Uint32Array(buffer, at.timestampLo, ROWS),
      timestampHi: new Uint32Array(buffer, at.timestampHi, ROWS),
      counter: new Uint16Array(buffer, at.counter, ROWS * COUNTERS),
      context: new Uint32Array(buffer, at.context, ROWS),
      operation: new Uint16Array(buffer, at.operation, ROWS),
      source: new Uint16Array(buffer, at.source, ROWS),
    },
  };
}
