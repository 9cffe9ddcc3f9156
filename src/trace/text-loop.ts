// What the quick loops that write text share (csv-loop.ts, dump-loop.ts): digits, words, the tables in the memory that hold them, and how such
// a loop is run: it stops where words are missing, JavaScript puts them into the tables, and it goes on.
import {
  add,
  and,
  type Code,
  call,
  clz,
  constant,
  constant64,
  divU64,
  eqz,
  get,
  gtU,
  leaveIf,
  load16wide,
  load32,
  load64,
  loop,
  ltU,
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
  when,
  wide,
  xor,
} from '../base/wasm-expression.ts';
import { EVENT_BYTES, EVENT_SETS, FULL_TEXT, LAYOUT, LINE, type LoopMemory, OPERATION_BYTES, OPERATIONS, SMALL } from './loop-memory.ts';
import { HIGH_DIGIT, LOW_DIGIT, type Text } from './text.ts';

const ZERO = 0x30;

/** The first functions of such a module, by their places. */
const PUT_HEX = 0;
const PUT_DECIMAL = 1;

export const advance = (at: number, by: Code): Code => set(at, add(get(at), by));

/** Eight hexadecimal digits of a word, the first in the lowest byte: an i64. */
export function digits(word: number): Code {
  const pair = (shift: number): Code => load16wide(shl(and(shrU(get(word), constant(shift)), constant(0xff)), constant(1)), LAYOUT.pairs);
  return or64(or64(pair(24), shl64(pair(16), constant64(16n))), or64(shl64(pair(8), constant64(32n)), shl64(pair(0), constant64(48n))));
}

/** (at, high, low): 64 bits in hexadecimal without leading zeros; where they end. */
function hexFunction(): WasmFunction {
  const [AT, HIGH, LOW, ZEROS] = [0, 1, 2, 3];
  const short = (word: number): Code => [
    ...set(ZEROS, shrU(clz(or(get(word), constant(1))), constant(2))), // 0 has one digit
    ...store64(get(AT), shrU64(digits(word), wide(shl(get(ZEROS), constant(3))))),
    ...advance(AT, sub(constant(8), get(ZEROS))),
  ];
  return {
    parameters: ['i32', 'i32', 'i32'],
    result: 'i32',
    locals: ['i32'],
    body: [when(get(HIGH), [...short(HIGH), ...store64(get(AT), digits(LOW)), ...advance(AT, constant(8))], short(LOW)), get(AT)],
  };
}

/** (at, value): its decimal digits; where they end. */
function decimalFunction(): WasmFunction {
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
}

/** They stand in front of the loop itself. */
export const textFunctions = (): WasmFunction[] => [hexFunction(), decimalFunction()];

/** Digits at the local `at`, which moves behind them. */
export const putHex = (at: number, high: Code, low: Code): Code => set(at, call(PUT_HEX, get(at), high, low));
/** `value`: an i64. */
export const putDecimal = (at: number, value: Code): Code => set(at, call(PUT_DECIMAL, get(at), value));

/** A constant text at the local `at`, which moves behind it. Stores of eight bytes: some behind it may be written over. */
export function say(at: number, text: string): Code {
  const code: number[] = [];
  for (let from = 0; from < text.length; from += 8) {
    const bytes = [...text.slice(from, from + 8)].map((c) => BigInt(c.charCodeAt(0)));
    const word = bytes.reduce((sum, byte, i) => sum | (byte << BigInt(8 * i)), 0n);
    const at8 = get(at);
    if (bytes.length === 1) code.push(...store8(at8, constant(Number(word)), from));
    else if (bytes.length === 2) code.push(...store16(at8, constant(Number(word)), from));
    else if (bytes.length <= 4) code.push(...store32(at8, constant(Number(BigInt.asIntN(32, word))), from));
    else code.push(...store64(at8, constant64(BigInt.asIntN(64, word)), from));
  }
  return [...code, ...advance(at, constant(text.length))];
}

/** The words of an entry, its length in front; up to seven bytes behind them are written over. `copied`: a local to use. */
export const putWords = (at: number, entry: number, copied: number): Code => [
  ...set(copied, constant(0)),
  ...loop(
    store64(add(get(at), get(copied)), load64(add(get(entry), get(copied)), 4)),
    advance(copied, constant(8)),
    leaveIf(0, ltU(get(copied), load32(get(entry)))),
  ),
  ...advance(at, load32(get(entry))),
];

/** Sets `entry` to the words of a set of events; 1 where they are not there. `place`: a local to use. */
export const findEvents = (entry: number, high: number, low: number, place: number): Code => {
  const key = (behind: number): Code => load32(shl(get(place), constant(3)), LAYOUT.eventSets + behind);
  return [
    ...set(place, and(xor(xor(get(low), shrU(get(low), constant(12))), get(high)), constant(EVENT_SETS - 1))),
    ...set(entry, add(shl(get(place), constant(Math.log2(EVENT_BYTES))), constant(LAYOUT.eventWords))),
    ...or(or(xor(get(low), key(0)), xor(get(high), key(4))), eqz(load32(get(entry)))),
  ];
};

/** What a loop and JavaScript say to each other, in `LAYOUT.lines`: the length of the text, which words are missing, their key. */
const LENGTH = LAYOUT.lines;
const MISSING = LENGTH + 4;
const KEY_HIGH = LENGTH + 8;
const KEY_LOW = LENGTH + 12;
/** Behind it each loop has its own. */
export const OWN_STATE = LENGTH + 16;

const NOTHING = 0;
export const OPERATION_WORDS = 1;
export const EVENT_WORDS = 2;

/** Length of an operation's words that a loop cannot say: there are none, or they depend on what stands before. */
export const UNSAID = 0xffff_ffff;

/** Where the text ends when the loop begins, and what keeps where it ends. */
export const textEnd: Code = add(load32(constant(0), LENGTH), constant(LAYOUT.text));
export const keepTextEnd = (at: Code): Code => store32(constant(0), sub(at, constant(LAYOUT.text)), LENGTH);
/** Says which words are missing, before the loop stops. */
export const missing = (which: number, high: Code, low: Code): Code => [
  ...store32(constant(0), constant(which), MISSING),
  ...store32(constant(0), high, KEY_HIGH),
  ...store32(constant(0), low, KEY_LOW),
];

/** The words that a loop writes. */
export interface LoopWords {
  /** By class and payload byte, as columns have them. */
  operation(operation: number): Uint8Array;
  events(high: number, low: number): Uint8Array;
}

export interface TextLoop {
  readonly view: DataView;
  /** In the memory; whoever reads it empties it. */
  readonly text: Text;
  /** Runs the function, whose first parameter is where it begins and which answers where it stopped; `rest` are its others. */
  run(words: LoopWords, from: number, ...rest: readonly number[]): number;
}

/** The loop of a module that ends in its function, in that memory. */
export function openTextLoop(m: LoopMemory, module: WebAssembly.Module): TextLoop {
  const { memory } = m;
  const view = new DataView(memory.buffer);
  const text: Text = { bytes: new Uint8Array(memory.buffer, LAYOUT.text, FULL_TEXT + LINE), length: 0 };
  const { run } = new WebAssembly.Instance(module, { m: { memory } }).exports as { run(...parameters: readonly number[]): number };
  prepareText(view);
  return {
    view,
    text,
    run(words, from, ...rest) {
      ownWords(m, view, words);
      view.setUint32(LENGTH, text.length, true);
      let at = from;
      for (;;) {
        view.setUint32(MISSING, NOTHING, true);
        at = run(at, ...rest);
        const which = view.getUint32(MISSING, true);
        if (which === NOTHING) break;
        learn(view, words, which, view.getUint32(KEY_HIGH, true), view.getUint32(KEY_LOW, true));
      }
      text.length = view.getUint32(LENGTH, true);
      return at;
    },
  };
}

/** Fills the tables of digits and numbers. */
function prepareText(view: DataView): void {
  for (let byte = 0; byte < 256; byte++) view.setUint16(LAYOUT.pairs + 2 * byte, HIGH_DIGIT[byte] | (LOW_DIGIT[byte] << 8), true);
  for (let value = 0; value < SMALL; value++) {
    const text = `${value},`;
    for (let i = 0; i < text.length; i++) view.setUint8(LAYOUT.small + 4 * value + i, text.charCodeAt(i));
    view.setUint8(LAYOUT.smallLength + value, text.length);
  }
}

/** From here on the tables hold these words: others are forgotten. */
function ownWords(m: LoopMemory, view: DataView, words: LoopWords): void {
  if (m.words === words) return;
  if (m.words !== null) {
    for (let i = 0; i < OPERATIONS; i++) view.setUint32(LAYOUT.operations + i * OPERATION_BYTES, 0, true);
    for (let i = 0; i < EVENT_SETS; i++) view.setUint32(LAYOUT.eventWords + i * EVENT_BYTES, 0, true);
  }
  m.words = words;
}

/** Puts the missing words into their table. */
function learn(view: DataView, words: LoopWords, which: number, high: number, low: number): void {
  if (which === OPERATION_WORDS) {
    putEntry(view, LAYOUT.operations + low * OPERATION_BYTES, OPERATION_BYTES, words.operation(low));
    return;
  }
  const place = (low ^ (low >>> 12) ^ high) & (EVENT_SETS - 1);
  putEntry(view, LAYOUT.eventWords + place * EVENT_BYTES, EVENT_BYTES, words.events(high, low));
  view.setUint32(LAYOUT.eventSets + 8 * place, low, true);
  view.setUint32(LAYOUT.eventSets + 8 * place + 4, high, true);
}

function putEntry(view: DataView, at: number, room: number, words: Uint8Array): void {
  if (4 + words.length > room) throw new Error('the words of a packet are longer than their place');
  view.setUint32(at, words.length === 0 ? UNSAID : words.length, true);
  new Uint8Array(view.buffer, at + 4, words.length).set(words);
}
