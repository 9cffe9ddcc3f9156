// The lines of dump.ts for ordinary packets, in WebAssembly: offset, bytes in columns, words. It stops where JavaScript has to look: an
// extended or unknown header, a packet that the bytes end in, words that were not met before or that depend on the packet before.
import {
  ADDRESS,
  CONTEXT,
  COUNTER,
  DATA_PHYSICAL,
  DATA_SOURCE,
  DATA_VIRTUAL,
  END,
  EVENTS,
  OPERATION,
  PADDING,
  TIMESTAMP,
} from '../arch/spe/packets.ts';
import {
  add,
  and,
  block,
  type Code,
  constant,
  constant64,
  eq,
  eqz,
  get,
  geU,
  gtU,
  leave,
  leaveIf,
  load8,
  load16,
  load32,
  load64,
  loop,
  ltU,
  mul,
  or,
  or64,
  select,
  set,
  shl,
  shl64,
  shrU,
  store8,
  store16,
  store32,
  store64,
  sub,
  type WasmFunction,
  wasmModule,
  when,
  wide,
} from '../base/wasm-expression.ts';
import { FULL_TEXT, LAYOUT, type LoopMemory, OPERATION_BYTES } from './loop-memory.ts';
import type { Text } from './text.ts';
import {
  advance,
  digits,
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
  UNSAID,
} from './text-loop.ts';

/** What the lines say, in the words of one perf. */
export interface DumpWords extends LoopWords {
  /** Of the addresses of code and of the counters, by index; with what stands around them. */
  readonly codeNames: readonly (Uint8Array | null)[];
  readonly counterNames: readonly Uint8Array[];
}

export interface DumpLoop {
  readonly memory: LoopMemory;
  /** In the memory; whoever reads it empties it. */
  readonly text: Text;
  /** Bytes of the packet behind which the last run stopped because of `until`, or 0. */
  stopped: number;
  /** Where the words of the last line stand in the text, if it made one. */
  lastFrom: number;
  lastTo: number;
  /**
   * Appends the lines of packets that begin in [at, stop) of the window whose bytes end at `end`, until the text is full or a Timestamp or End
   * packet ends at `until` or behind. `base`: offset of the window in its buffer, which ends below 4 GiB. The byte at which it stopped.
   */
  run(at: number, stop: number, end: number, until: number, base: number): number;
}

const STOPPED = OWN_STATE;
const LAST_FROM = OWN_STATE + 4;
const LAST_TO = OWN_STATE + 8;

/** Names of addresses, then of counters: eight bytes each; their length in the last. */
const CODE_NAMES = LAYOUT.names;
const COUNTER_NAMES = LAYOUT.names + 8 * 32;

/** `.  OFFSET:  `, and where the words stand in a line. */
const COLUMNS = 13;
const WORDS = 62;

const [AT, STOP, LIMIT, UNTIL, BASE, FIRST, PACKED, SIZE, PAYLOAD, INDEX, KIND, LINE_AT, TO, N, ENTRY, HIGH, LOW, BAIL] = Array.from(
  { length: 18 },
  (_, i) => i,
);
const LOCALS = Array.from({ length: 13 }, () => 'i32' as const);

const byteAt = (place: Code): Code => load8(place, LAYOUT.window);
const payload8 = byteAt(get(PAYLOAD));
const payload16 = load16(get(PAYLOAD), LAYOUT.window);
const payload32 = (behind: number): Code => load32(get(PAYLOAD), LAYOUT.window + behind);
/** Stops before this line: for words that are missing, or for JavaScript to write it. */
const bail = (why: Code = []): Code => [...set(BAIL, constant(1)), ...why];
const digit = (value: Code): Code => [...store8(get(TO), add(value, constant(0x30))), ...advance(TO, constant(1))];

/** By kind: the words, at TO. Kinds without a place here are padding. */
function wordCases(): Code[] {
  const address: Code = [...set(LOW, payload32(0)), ...set(HIGH, payload32(4))];
  const address56: Code = putHex(TO, and(get(HIGH), constant(0x00ff_ffff)), get(LOW));
  const nonSecure: Code = [...say(TO, ' ns='), ...digit(shrU(get(HIGH), constant(31)))];
  const name = (table: number): Code => add(shl(get(INDEX), constant(3)), constant(table));
  const sayName = (entry: number): Code => [...store64(get(TO), load64(get(entry))), ...advance(TO, load8(get(entry), 7))];
  const cases: Code[] = [];
  cases[0] = [];
  cases[PADDING] = say(TO, 'PAD');
  cases[END] = say(TO, 'END');
  cases[TIMESTAMP] = when(shrU(payload32(4), constant(31)), bail(), [
    ...say(TO, 'TS '),
    ...putDecimal(TO, or64(shl64(wide(payload32(4)), constant64(32n)), wide(payload32(0)))),
  ]);
  cases[EVENTS] = [
    ...set(N, sub(get(SIZE), constant(1))),
    ...set(HIGH, constant(0)),
    ...when(
      eq(get(N), constant(2)),
      set(LOW, payload16),
      when(eq(get(N), constant(1)), set(LOW, payload8), [
        ...set(LOW, payload32(0)),
        ...when(eq(get(N), constant(8)), set(HIGH, payload32(4))),
      ]),
    ),
    ...when(findEvents(ENTRY, HIGH, LOW, N), bail(missing(EVENT_WORDS, get(HIGH), get(LOW))), putWords(TO, ENTRY, N)),
  ];
  cases[DATA_SOURCE] = when(gtU(get(SIZE), constant(3)), bail(), [
    ...say(TO, 'DATA-SOURCE '),
    ...when(eq(get(SIZE), constant(2)), set(N, payload8), set(N, payload16)),
    ...putDecimal(TO, wide(get(N))),
  ]);
  cases[CONTEXT] = [
    ...say(TO, 'CONTEXT 0x'),
    ...putHex(TO, constant(0), payload32(0)),
    ...say(TO, ' el'),
    ...digit(add(get(INDEX), constant(1))),
  ];
  cases[OPERATION] = [
    ...set(LOW, or(shl(get(INDEX), constant(8)), payload8)),
    ...set(ENTRY, add(mul(get(LOW), constant(OPERATION_BYTES)), constant(LAYOUT.operations))),
    ...set(N, load32(get(ENTRY))),
    ...when(
      eqz(get(N)),
      bail(missing(OPERATION_WORDS, constant(0), get(LOW))),
      when(eq(get(N), constant(UNSAID | 0)), bail(), putWords(TO, ENTRY, N)),
    ),
  ];
  cases[COUNTER] = [...say(TO, 'LAT '), ...putDecimal(TO, wide(payload16)), ...set(ENTRY, name(COUNTER_NAMES)), ...sayName(ENTRY)];
  cases[ADDRESS] = [
    ...address,
    ...set(ENTRY, name(CODE_NAMES)),
    ...when(
      load8(get(ENTRY), 7),
      [...sayName(ENTRY), ...address56, ...say(TO, ' el'), ...digit(and(shrU(get(HIGH), constant(29)), constant(3))), ...nonSecure],
      when(
        eq(get(INDEX), constant(DATA_VIRTUAL)),
        [...say(TO, 'VA 0x'), ...putHex(TO, get(HIGH), get(LOW))],
        when(
          eq(get(INDEX), constant(DATA_PHYSICAL)),
          [
            ...say(TO, 'PA 0x'),
            ...address56,
            ...nonSecure,
            ...say(TO, ' ch='),
            ...digit(and(shrU(get(HIGH), constant(30)), constant(1))),
            ...say(TO, ' pat='),
            ...putHex(TO, constant(0), and(shrU(get(HIGH), constant(24)), constant(15))),
          ],
          bail(),
        ),
      ),
    ),
  ];
  return cases;
}

function dumpLoop(): WasmFunction {
  const [ALL] = [1]; // from the loop itself
  const line = get(LINE_AT);
  const zeros: Code = [
    ...set(SIZE, constant(1)),
    ...set(KIND, constant(PADDING)),
    ...block(
      loop(
        leaveIf(1, geU(get(SIZE), constant(16))),
        leaveIf(1, geU(add(get(AT), get(SIZE)), get(LIMIT))),
        leaveIf(1, byteAt(add(get(AT), get(SIZE)))),
        advance(SIZE, constant(1)),
        leave(0),
      ),
    ),
  ];
  const header: Code = [
    ...set(PACKED, load16(shl(get(FIRST), constant(1)), LAYOUT.headers)),
    ...leaveIf(ALL + 1, eqz(get(PACKED))),
    ...set(SIZE, and(get(PACKED), constant(31))),
    ...leaveIf(ALL + 1, gtU(add(get(AT), get(SIZE)), get(LIMIT))),
    ...set(KIND, and(shrU(get(PACKED), constant(5)), constant(15))),
    ...set(INDEX, and(shrU(get(PACKED), constant(9)), constant(31))),
    ...set(PAYLOAD, add(get(AT), constant(1))),
  ];
  const blanks = constant64(0x2020_2020_2020_2020n);
  const pair: Code = load16(shl(byteAt(add(get(AT), get(N))), constant(1)), LAYOUT.pairs);
  const prefix: Code = [
    ...store32(line, constant(0x0020_202e)), // `.  `
    ...set(LOW, add(get(BASE), get(AT))),
    ...store64(line, digits(LOW), 3),
    ...store16(line, constant(0x203a), 11), // `: `
    ...[0, 8, 16, 24, 32, 40].flatMap((at) => store64(line, blanks, COLUMNS + at)),
    ...store8(line, constant(0x20), WORDS - 1),
    ...set(TO, line),
    ...set(N, constant(0)),
    ...loop(store16(get(TO), pair, COLUMNS + 1), advance(TO, constant(3)), advance(N, constant(1)), leaveIf(0, ltU(get(N), get(SIZE)))),
  ];
  const closes: Code = or(eq(get(KIND), constant(TIMESTAMP)), eq(get(KIND), constant(END)));
  return {
    parameters: ['i32', 'i32', 'i32', 'i32', 'i32'],
    result: 'i32',
    locals: LOCALS,
    body: [
      set(LINE_AT, textEnd),
      block(
        loop(
          leaveIf(ALL, geU(get(AT), get(STOP))),
          leaveIf(ALL, geU(line, constant(LAYOUT.text + FULL_TEXT))),
          set(FIRST, byteAt(get(AT))),
          when(get(FIRST), header, zeros),
          prefix,
          set(TO, add(line, constant(WORDS))),
          select(get(KIND), wordCases()),
          leaveIf(ALL, get(BAIL)),
          store8(get(TO), constant(10)),
          store32(constant(0), sub(add(line, constant(WORDS)), constant(LAYOUT.text)), LAST_FROM),
          store32(constant(0), sub(get(TO), constant(LAYOUT.text)), LAST_TO),
          set(LINE_AT, add(get(TO), constant(1))),
          advance(AT, get(SIZE)),
          when(and(closes, geU(get(AT), get(UNTIL))), [...store32(constant(0), get(SIZE), STOPPED), ...set(STOP, constant(0))]),
          leave(0),
        ),
      ),
      keepTextEnd(line),
      get(AT),
    ],
  };
}

let compiled: WebAssembly.Module | null = null;

function putName(bytes: Uint8Array, at: number, name: Uint8Array | null): void {
  const text = name ?? new Uint8Array(0);
  if (text.length > 7) throw new Error('the name of a packet is longer than its place');
  bytes.fill(0, at, at + 8);
  bytes.set(text, at);
  bytes[at + 7] = text.length;
}

export function newDumpLoop(memory: LoopMemory, words: DumpWords): DumpLoop {
  compiled ??= new WebAssembly.Module(wasmModule([...textFunctions(), dumpLoop()], LAYOUT.pages));
  const loop = openTextLoop(memory, compiled);
  const { view, text } = loop;
  const bytes = new Uint8Array(memory.memory.buffer);
  return {
    memory,
    text,
    stopped: 0,
    lastFrom: 0,
    lastTo: 0,
    run(from, stop, end, until, base) {
      if (memory.words !== words) {
        for (let i = 0; i < 32; i++) {
          putName(bytes, CODE_NAMES + 8 * i, words.codeNames[i]);
          putName(bytes, COUNTER_NAMES + 8 * i, words.counterNames[i]);
        }
      }
      view.setUint32(STOPPED, 0, true);
      view.setUint32(LAST_TO, 0, true);
      const at = loop.run(words, from, stop, end, until, base);
      this.stopped = view.getUint32(STOPPED, true);
      this.lastFrom = view.getUint32(LAST_FROM, true);
      this.lastTo = view.getUint32(LAST_TO, true);
      return at;
    },
  };
}
