// Rows of the quick loop's columns as lines of CSV, in WebAssembly: what record-lines.ts writes cell by cell, some times as fast, and fast at
// once. It stops where JavaScript has to say words that were not met before.
import {
  add,
  add64,
  and,
  and64,
  block,
  type Code,
  call,
  clz,
  constant,
  constant64,
  divU64,
  either,
  eq,
  eqz,
  get,
  geU,
  gtU,
  leave,
  leaveIf,
  load8,
  load16,
  load16wide,
  load32,
  load64,
  loop,
  ltU,
  mul,
  mul64,
  narrow,
  ne64,
  or,
  or64,
  set,
  shl,
  shl64,
  shrU,
  shrU64,
  store8,
  store16,
  store32,
  store64,
  sub,
  sub64,
  type WasmFunction,
  wasmModule,
  when,
  wide,
  xor,
} from '../base/wasm-expression.ts';
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
} from './columns.ts';
import { EVENT_BYTES, EVENT_SETS, FULL_TEXT, LAYOUT, LINE, type LoopMemory, OPERATION_BYTES, SMALL } from './loop-memory.ts';
import type { TimeConversion } from './perf-data/clock.ts';
import { type EventWords, eventBytes, operationBytes, type PackedWords, type RecordWords } from './record-words.ts';
import { HIGH_DIGIT, LOW_DIGIT, type Text } from './text.ts';

export interface CsvLoop {
  readonly memory: LoopMemory;
  /** In the memory; whoever reads it empties it. */
  readonly text: Text;
  /** Appends the lines of rows from `from` on until the text is full; the row behind the last. `cpu`: NO_CPU, -1 = not known. */
  put(from: number, words: RecordWords, events: EventWords, cpu: number): number;
}

/** No CPU and no time: lines of raw AUX bytes. */
export const NO_CPU = -2;

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const POINT = 0x2e;
const ZERO = 0x30;
/** `0x`, and `0,`. */
const PREFIX = 0x7830;
const DIGIT_COMMA = 0x2c30;

/** What the loop and JavaScript say to each other, in `LAYOUT.lines`: the length of the text, why it stopped, and the clock. */
const LENGTH = LAYOUT.lines;
const WHY = LENGTH + 4;
const HAS_CLOCK = LENGTH + 8;
const IS_USED = LENGTH + 12;
const CLOCK = LENGTH + 16;
const [SHIFT, MULT, BASE, CYCLES, MASK] = Array.from({ length: 5 }, (_, i) => CLOCK + 8 * i);

const ENDED = 0;
const NEW_OPERATION = 1;
const NEW_EVENTS = 2;

/** Functions of the module, by their places. */
const PUT_ADDRESS = 0;
const PUT_DECIMAL = 1;

const advance = (at: number, by: Code): Code => set(at, add(get(at), by));

/** (at, high, low): `0x…,` without leading zeros; where the next cell begins. */
const putAddress = ((): WasmFunction => {
  const [AT, HIGH, LOW, ZEROS] = [0, 1, 2, 3];
  const pair = (word: number, shift: number): Code =>
    load16wide(shl(and(shrU(get(word), constant(shift)), constant(0xff)), constant(1)), LAYOUT.pairs);
  /** Eight digits, the first in the lowest byte. */
  const digits = (word: number): Code =>
    or64(
      or64(pair(word, 24), shl64(pair(word, 16), constant64(16n))),
      or64(shl64(pair(word, 8), constant64(32n)), shl64(pair(word, 0), constant64(48n))),
    );
  /** Without its leading zeros; 0 has one digit. */
  const shortDigits = (word: number): Code => [
    ...set(ZEROS, shrU(clz(or(get(word), constant(1))), constant(2))),
    ...store64(get(AT), shrU64(digits(word), wide(shl(get(ZEROS), constant(3))))),
    ...advance(AT, sub(constant(8), get(ZEROS))),
  ];
  return {
    parameters: ['i32', 'i32', 'i32'],
    result: 'i32',
    locals: ['i32'],
    body: [
      store16(get(AT), constant(PREFIX)),
      advance(AT, constant(2)),
      when(get(HIGH), [...shortDigits(HIGH), ...store64(get(AT), digits(LOW)), ...advance(AT, constant(8))], shortDigits(LOW)),
      store8(get(AT), constant(COMMA)),
      add(get(AT), constant(1)),
    ],
  };
})();

/** (at, value): its decimal digits; where they end. */
const putDecimal = ((): WasmFunction => {
  const [AT, VALUE, END, REST, TO] = [0, 1, 2, 3, 4];
  const tenth = (value: number): Code => divU64(get(value), constant64(10n));
  return {
    parameters: ['i32', 'i64'],
    result: 'i32',
    locals: ['i32', 'i64', 'i32'],
    body: [
      set(END, get(AT)),
      set(REST, get(VALUE)),
      loop(advance(END, constant(1)), set(REST, tenth(REST)), leaveIf(0, ne64(get(REST), constant64(0n)))),
      set(TO, get(END)),
      loop(
        set(REST, tenth(VALUE)),
        set(TO, sub(get(TO), constant(1))),
        store8(get(TO), add(narrow(sub64(get(VALUE), mul64(get(REST), constant64(10n)))), constant(ZERO))),
        set(VALUE, get(REST)),
        leaveIf(0, gtU(get(TO), get(AT))),
      ),
      get(END),
    ],
  };
})();

/** (row, stop, cpu): lines of rows; the row at which it stopped. */
const putRows = ((): WasmFunction => {
  const [ROW, STOP, CPU, AT, PRESENT, OPERATION, EVENTS, N, HIGH, LOW, COPIED, TIME] = Array.from({ length: 12 }, (_, i) => i);
  const row = get(ROW);
  const cell2 = (column: number): Code => load16(shl(row, constant(1)), column);
  const cell4 = (column: number): Code => load32(shl(row, constant(2)), column);
  const addressAt = (index: number): Code => shl(add(mul(row, constant(ADDRESSES)), constant(index)), constant(2));
  const addressLow = (index: number): Code => load32(addressAt(index), LAYOUT.addressLo);
  const addressHigh = (index: number): Code => load32(addressAt(index), LAYOUT.addressHi);
  const counter = (index: number): Code => load16(shl(add(mul(row, constant(COUNTERS)), constant(index)), constant(1)), LAYOUT.counter);

  const nothing: Code = [...store8(get(AT), constant(COMMA)), ...advance(AT, constant(1))];
  const has = (bit: number, cell: Code): Code => when(and(get(PRESENT), constant(bit)), cell, nothing);
  const number = (value: Code): Code => [
    ...set(N, value),
    ...when(
      ltU(get(N), constant(SMALL)),
      [...store32(get(AT), load32(shl(get(N), constant(2)), LAYOUT.small)), ...advance(AT, load8(get(N), LAYOUT.smallLength))],
      [...set(AT, call(PUT_DECIMAL, get(AT), wide(get(N)))), ...nothing],
    ),
  ];
  const address = (high: Code, low: Code): Code => set(AT, call(PUT_ADDRESS, get(AT), high, low));
  /** Words that end in their comma; up to seven bytes behind them are written over. */
  const words = (entry: number): Code => [
    ...set(COPIED, constant(0)),
    ...loop(
      store64(add(get(AT), get(COPIED)), load64(add(get(entry), get(COPIED)), 4)),
      advance(COPIED, constant(8)),
      leaveIf(0, ltU(get(COPIED), load32(get(entry)))),
    ),
    ...advance(AT, load32(get(entry))),
  ];
  // As arch/spe/fixup.ts has them.
  const ones = (high: number): Code => or(get(high), constant(0xff00_0000 | 0));
  const zeros = (high: Code): Code => and(high, constant(0x00ff_ffff));
  const codeHigh = (high: Code): Code => [
    ...set(HIGH, high),
    ...either(ltU(sub(shrU(get(HIGH), constant(29)), constant(5)), constant(2)), ones(HIGH), zeros(get(HIGH))),
  ];
  const dataHigh = (high: Code): Code => [
    ...set(HIGH, high),
    ...either(eq(and(shrU(get(HIGH), constant(20)), constant(15)), constant(15)), ones(HIGH), zeros(get(HIGH))),
  ];
  const stop = (why: number): Code => [...store32(constant(0), constant(why), WHY), ...leave(3)];

  /** Where the words of this row stand; those that are not there yet end the loop. */
  const findWords: Code = [
    ...when(and(get(PRESENT), constant(HAS_OPERATION)), [
      ...set(OPERATION, add(mul(cell2(LAYOUT.operation), constant(OPERATION_BYTES)), constant(LAYOUT.operations))),
      ...when(eqz(load32(get(OPERATION))), stop(NEW_OPERATION)),
    ]),
    ...when(and(get(PRESENT), constant(HAS_EVENTS)), [
      ...set(LOW, cell4(LAYOUT.eventsLo)),
      ...set(HIGH, cell4(LAYOUT.eventsHi)),
      ...set(N, and(xor(xor(get(LOW), shrU(get(LOW), constant(12))), get(HIGH)), constant(EVENT_SETS - 1))),
      ...set(EVENTS, add(mul(get(N), constant(EVENT_BYTES)), constant(LAYOUT.eventWords))),
      ...when(
        or(
          or(
            xor(get(LOW), load32(shl(get(N), constant(3)), LAYOUT.eventSets)),
            xor(get(HIGH), load32(shl(get(N), constant(3)), LAYOUT.eventSets + 4)),
          ),
          eqz(load32(get(EVENTS))),
        ),
        stop(NEW_EVENTS),
      ),
    ]),
  ];

  const code: Code = [
    ...set(LOW, addressHigh(0)),
    ...address(codeHigh(get(LOW)), addressLow(0)),
    ...store32(
      get(AT),
      add(
        constant(DIGIT_COMMA | (DIGIT_COMMA << 16)),
        add(and(shrU(get(LOW), constant(29)), constant(3)), shl(shrU(get(LOW), constant(31)), constant(16))),
      ),
    ),
    ...advance(AT, constant(4)),
  ];
  const partial: Code = [
    ...store32(get(AT), constant(0x65757274)), // true
    ...advance(AT, constant(4)),
    ...nothing,
  ];
  const at64 = (place: number): Code => load64(constant(0), place);
  const shift = at64(SHIFT);
  /** timeOfCounter of clock.ts, printed with nine digits behind the point. */
  const time: Code = [
    ...set(TIME, or64(shl64(wide(cell4(LAYOUT.timestampHi)), constant64(32n)), wide(cell4(LAYOUT.timestampLo)))),
    ...set(TIME, add64(at64(CYCLES), and64(sub64(get(TIME), at64(CYCLES)), at64(MASK)))),
    ...set(
      TIME,
      add64(
        add64(at64(BASE), mul64(shrU64(get(TIME), shift), at64(MULT))),
        shrU64(mul64(and64(get(TIME), sub64(shl64(constant64(1n), shift), constant64(1n))), at64(MULT)), shift),
      ),
    ),
    ...set(N, call(PUT_DECIMAL, get(AT), divU64(get(TIME), constant64(1_000_000_000n)))),
    // The rest with a 1 in front, which becomes the point.
    ...set(
      AT,
      call(
        PUT_DECIMAL,
        get(N),
        add64(
          constant64(1_000_000_000n),
          sub64(get(TIME), mul64(divU64(get(TIME), constant64(1_000_000_000n)), constant64(1_000_000_000n))),
        ),
      ),
    ),
    ...store8(get(N), constant(POINT)),
    ...nothing,
  ];
  const ofPerfData: Code = [
    ...when(eq(get(CPU), constant(-1)), nothing, number(get(CPU))),
    ...when(load32(constant(0), HAS_CLOCK), has(HAS_TIMESTAMP, time), nothing),
  ];

  return {
    parameters: ['i32', 'i32', 'i32'],
    result: 'i32',
    locals: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i64'],
    body: [
      set(AT, add(load32(constant(0), LENGTH), constant(LAYOUT.text))),
      store32(constant(0), constant(ENDED), WHY),
      block(
        loop(
          leaveIf(1, geU(row, get(STOP))),
          leaveIf(1, geU(get(AT), constant(LAYOUT.text + FULL_TEXT))),
          set(PRESENT, cell2(LAYOUT.present)),
          findWords,
          when(and(get(PRESENT), constant(HAS_PC)), code, [...nothing, ...nothing, ...nothing]),
          has(HAS_OPERATION, words(OPERATION)),
          has(HAS_EVENTS, words(EVENTS)),
          has(HAS_ISSUE, number(counter(1))),
          has(HAS_TOTAL, number(counter(0))),
          has(HAS_TRANSLATION, number(counter(2))),
          has(HAS_VA, address(dataHigh(addressHigh(2)), addressLow(2))),
          has(HAS_PA, address(zeros(addressHigh(3)), addressLow(3))),
          has(HAS_TARGET, address(codeHigh(addressHigh(1)), addressLow(1))),
          has(HAS_SOURCE, number(cell2(LAYOUT.source))),
          has(HAS_CONTEXT, number(cell4(LAYOUT.context))),
          has(HAS_TIMESTAMP, address(cell4(LAYOUT.timestampHi), cell4(LAYOUT.timestampLo))),
          when(and(get(PRESENT), constant(IS_COMPLETE)), nothing, partial),
          when(eq(get(CPU), constant(NO_CPU)), [], ofPerfData),
          store8(sub(get(AT), constant(1)), constant(NEWLINE)), // instead of the comma behind the last cell
          advance(ROW, constant(1)),
          leave(0),
        ),
      ),
      store32(constant(0), sub(get(AT), constant(LAYOUT.text)), LENGTH),
      row,
    ],
  };
})();

let compiled: WebAssembly.Module | null = null;

/** The text of a number below SMALL and its comma. */
function putSmall(view: DataView, value: number): void {
  const text = `${value},`;
  for (let i = 0; i < text.length; i++) view.setUint8(LAYOUT.small + 4 * value + i, text.charCodeAt(i));
  view.setUint8(LAYOUT.smallLength + value, text.length);
}

/** Puts the words where the loop finds them. */
function learn(buffer: ArrayBuffer, at: number, room: number, words: PackedWords): void {
  if (4 + 4 * words.quads.length > room) throw new Error('the words of a record are longer than their place');
  new Uint32Array(buffer, at, 1)[0] = words.length;
  new Uint32Array(buffer, at + 4, words.quads.length).set(words.quads);
}

/** `clock`: of a perf.data; null: its lines have no times, or there are none. Null where the clock is one that the loop does not know. */
export function newCsvLoop(memory: LoopMemory, clock: TimeConversion | null): CsvLoop | null {
  if (clock !== null && clock.shift > 63n) return null;
  compiled ??= new WebAssembly.Module(wasmModule([putAddress, putDecimal, putRows], LAYOUT.pages));
  const { buffer } = memory.memory;
  const { columns } = memory;
  const view = new DataView(buffer);
  for (let byte = 0; byte < 256; byte++) view.setUint16(LAYOUT.pairs + 2 * byte, HIGH_DIGIT[byte] | (LOW_DIGIT[byte] << 8), true);
  for (let value = 0; value < SMALL; value++) putSmall(view, value);
  view.setInt32(HAS_CLOCK, clock === null ? 0 : 1, true);
  if (clock !== null) {
    // Without `short` all bits of the counter count, from 0 on.
    const values = [clock.shift, clock.mult, clock.zero, clock.short ? clock.cycles : 0n, clock.short ? clock.mask : (1n << 64n) - 1n];
    for (const [i, value] of values.entries()) view.setBigUint64(CLOCK + 8 * i, BigInt.asUintN(64, value), true);
  }
  const { run } = new WebAssembly.Instance(compiled, { m: { memory: memory.memory } }).exports as {
    run(row: number, stop: number, cpu: number): number;
  };
  const text: Text = { bytes: new Uint8Array(buffer, LAYOUT.text, FULL_TEXT + LINE), length: 0 };
  let learnt: EventWords | null = null;
  const forgetEvents = (): void => {
    for (let i = 0; i < EVENT_SETS; i++) view.setUint32(LAYOUT.eventWords + i * EVENT_BYTES, 0, true);
  };
  return {
    memory,
    text,
    put(from, words, events, cpu) {
      if (learnt !== events && view.getUint32(IS_USED, true) !== 0) forgetEvents(); // of another kind of CPU
      learnt = events;
      view.setUint32(IS_USED, 1, true);
      view.setUint32(LENGTH, text.length, true);
      let row = from;
      for (;;) {
        row = run(row, columns.rows, cpu);
        const why = view.getUint32(WHY, true);
        if (why === NEW_OPERATION) {
          const operation = columns.operation[row];
          learn(buffer, LAYOUT.operations + operation * OPERATION_BYTES, OPERATION_BYTES, operationBytes(words, operation));
        } else if (why === NEW_EVENTS) {
          const low = columns.eventsLo[row];
          const high = columns.eventsHi[row];
          const place = (low ^ (low >>> 12) ^ high) & (EVENT_SETS - 1);
          learn(buffer, LAYOUT.eventWords + place * EVENT_BYTES, EVENT_BYTES, eventBytes(events, high, low));
          view.setUint32(LAYOUT.eventSets + 8 * place, low, true);
          view.setUint32(LAYOUT.eventSets + 8 * place + 4, high, true);
        } else break;
      }
      text.length = view.getUint32(LENGTH, true);
      return row;
    },
  };
}
