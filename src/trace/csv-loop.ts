// Rows of the quick loop's columns as lines of CSV, in WebAssembly: what record-lines.ts writes cell by cell, some times as fast, and fast at
// once. It stops where JavaScript has to say words that were not met before.
import {
  add,
  add64,
  and,
  and64,
  block,
  type Code,
  constant,
  constant64,
  divU64,
  either,
  eq,
  eqz,
  get,
  geU,
  leave,
  leaveIf,
  load8,
  load16,
  load32,
  load64,
  loop,
  ltU,
  mul,
  mul64,
  or,
  or64,
  set,
  shl,
  shl64,
  shrU,
  shrU64,
  store8,
  store32,
  sub,
  sub64,
  type WasmFunction,
  wasmModule,
  when,
  wide,
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
import { FULL_TEXT, LAYOUT, type LoopMemory, OPERATION_BYTES, SMALL } from './loop-memory.ts';
import type { TimeConversion } from './perf-data/clock.ts';
import { type EventWords, eventBytes, operationBytes, type RecordWords } from './record-words.ts';
import type { Text } from './text.ts';
import {
  advance,
  EVENT_WORDS,
  findEvents,
  keepTextEnd,
  type LoopWords,
  missing,
  OPERATION_WORDS,
  OWN_STATE,
  openTextLoop,
  putDecimal,
  putHex,
  putWords,
  say,
  textEnd,
  textFunctions,
} from './text-loop.ts';

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
const BILLION = 1_000_000_000n;
/** `0,`. */
const DIGIT_COMMA = 0x2c30;

/** The clock: whether there is one, and its conversion. */
const HAS_CLOCK = OWN_STATE;
const CLOCK = OWN_STATE + 8;
const [SHIFT, MULT, BASE, CYCLES, MASK] = Array.from({ length: 5 }, (_, i) => CLOCK + 8 * i);

/** (row, stop, cpu): lines of rows; the row at which it stopped. */
function putRows(): WasmFunction {
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
      [...putDecimal(AT, wide(get(N))), ...nothing],
    ),
  ];
  const address = (high: Code, low: Code): Code => [...say(AT, '0x'), ...putHex(AT, high, low), ...nothing];
  /** Words end in their comma. */
  const words = (entry: number): Code => putWords(AT, entry, COPIED);
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
  const stop = (which: number, high: Code, low: Code): Code => [...missing(which, high, low), ...leave(3)];

  /** Where the words of this row stand; those that are not there yet end the loop. */
  const findWords: Code = [
    ...when(and(get(PRESENT), constant(HAS_OPERATION)), [
      ...set(OPERATION, add(mul(cell2(LAYOUT.operation), constant(OPERATION_BYTES)), constant(LAYOUT.operations))),
      ...when(eqz(load32(get(OPERATION))), stop(OPERATION_WORDS, constant(0), cell2(LAYOUT.operation))),
    ]),
    ...when(and(get(PRESENT), constant(HAS_EVENTS)), [
      ...set(LOW, cell4(LAYOUT.eventsLo)),
      ...set(HIGH, cell4(LAYOUT.eventsHi)),
      ...when(findEvents(EVENTS, HIGH, LOW, N), stop(EVENT_WORDS, get(HIGH), get(LOW))),
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
  const partial: Code = say(AT, 'true,');
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
    ...putDecimal(AT, divU64(get(TIME), constant64(BILLION))),
    ...set(N, get(AT)),
    // The rest with a 1 in front, which becomes the point.
    ...putDecimal(AT, add64(constant64(BILLION), sub64(get(TIME), mul64(divU64(get(TIME), constant64(BILLION)), constant64(BILLION))))),
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
      set(AT, textEnd),
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
      keepTextEnd(get(AT)),
      row,
    ],
  };
}

let compiled: WebAssembly.Module | null = null;

/** `clock`: of a perf.data; null: its lines have no times, or there are none. Null where the clock is one that the loop does not know. */
export function newCsvLoop(memory: LoopMemory, clock: TimeConversion | null): CsvLoop | null {
  if (clock !== null && clock.shift > 63n) return null;
  compiled ??= new WebAssembly.Module(wasmModule([...textFunctions(), putRows()], LAYOUT.pages));
  const loop = openTextLoop(memory, compiled);
  const { view, text } = loop;
  view.setInt32(HAS_CLOCK, clock === null ? 0 : 1, true);
  if (clock !== null) {
    // Without `short` all bits of the counter count, from 0 on.
    const values = [clock.shift, clock.mult, clock.zero, clock.short ? clock.cycles : 0n, clock.short ? clock.mask : (1n << 64n) - 1n];
    for (const [i, value] of values.entries()) view.setBigUint64(CLOCK + 8 * i, BigInt.asUintN(64, value), true);
  }
  let known: { readonly events: EventWords; readonly words: LoopWords } | null = null;
  return {
    memory,
    text,
    put(from, words, events, cpu) {
      if (known?.events !== events) {
        known = {
          events,
          words: { operation: (operation) => operationBytes(words, operation), events: (high, low) => eventBytes(events, high, low) },
        };
      }
      return loop.run(known.words, from, memory.columns.rows, cpu);
    },
  };
}
