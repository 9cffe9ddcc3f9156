// Tapes (language.md §7): the script of a recorded demo, a subset of VHS's language (charmbracelet/vhs, README). Read whole before it is played.
import { err, ok, type Result } from 'neverthrow';
import { nextRandom } from '../base/prng.ts';
import { PATH_HINT } from '../session/hints.ts';
import type { Diagnostic, Source } from './diagnostic.ts';
import { didYouMean } from './misread.ts';
import { type Token, tokensOf } from './tape-words.ts';

/** Times are milliseconds of the tape's own clock. */
export type TapeStep =
  | { readonly kind: 'type'; readonly text: string; readonly speed: number | null }
  /** `chord` as the key table writes it: Enter, Tab, C-r, M-b, S-Tab. */
  | { readonly kind: 'key'; readonly chord: string; readonly times: number; readonly speed: number | null }
  | { readonly kind: 'sleep'; readonly time: number }
  | { readonly kind: 'wait' | 'expect'; readonly pattern: RegExp; readonly timeout: number }
  | { readonly kind: 'marker'; readonly label: string }
  | { readonly kind: 'hide' | 'show' }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number };

/** A step, and where it stands. */
export type PlacedStep = TapeStep & { readonly source: Source; readonly line: number };

export const OUTPUT_KINDS = ['cast', 'svg', 'txt', 'md'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

export interface Tape {
  readonly outputs: readonly { readonly path: string; readonly kind: OutputKind }[];
  readonly columns: number;
  readonly rows: number;
  /** Between two keys. */
  readonly typingSpeed: number;
  readonly theme: string;
  readonly seed: number;
  readonly title: string;
  readonly steps: readonly PlacedStep[];
}

export const TAPE_THEMES = ['dark', 'light', 'contrast'] as const;
const SMALLEST = { columns: 20, rows: 5 };
const LARGEST = { columns: 400, rows: 200 };
const DEFAULT_TIMEOUT = 15_000; // ms
const DEEPEST_SOURCE = 8;
const LONGEST = 3_600_000; // ms

/** Keys by VHS's names, as chords. */
const KEYS: Readonly<Record<string, string>> = {
  Enter: 'Enter',
  Tab: 'Tab',
  Up: 'Up',
  Down: 'Down',
  Left: 'Left',
  Right: 'Right',
  Backspace: 'Backspace',
  Delete: 'Delete',
  Escape: 'Escape',
  Home: 'Home',
  End: 'End',
  PageUp: 'PageUp',
  PageDown: 'PageDown',
};
const COMMANDS = ['Output', 'Set', 'Type', 'Sleep', 'Wait', 'Expect', 'Marker', 'Hide', 'Show', 'Resize', 'Source', 'Space'];

interface Draft {
  outputs: { path: string; kind: OutputKind }[];
  settings: { columns: number; rows: number; typingSpeed: number; theme: string; seed: number; title: string };
  steps: PlacedStep[];
  faults: Diagnostic[];
}

/** Half of it either way is the seeded unevenness of typing. */
const UNEVEN = 0.4;

/** How long, in milliseconds, a typist of that speed waits before the next key; `state` begins as the tape's seed. */
export function typingDelay(state: number, speed: number): { readonly state: number; readonly delay: number } {
  const { state: next, draw } = nextRandom(state);
  return { state: next, delay: Math.round(speed * (1 + UNEVEN * (draw / 0x1_0000_0000 - 0.5))) };
}

/** Reads a tape; `read` gives the text of a file that `Source` names. */
export function readTape(source: Source, read: (file: string) => Result<string, string>): Result<Tape, Diagnostic[]> {
  const draft: Draft = {
    outputs: [],
    settings: { columns: 80, rows: 24, typingSpeed: 50, theme: 'dark', seed: 0, title: '' },
    steps: [],
    faults: [],
  };
  readInto(draft, source, read, DEEPEST_SOURCE);
  const { outputs, settings, steps, faults } = draft;
  return faults.length > 0 ? err(faults) : ok({ outputs, ...settings, steps });
}

/** Code of a fault: a tape that `Source` names cannot be opened. */
export const NO_FILE = 'no-file';

function readInto(draft: Draft, source: Source, read: (file: string) => Result<string, string>, depth: number): void {
  for (const [line, text] of source.text.split('\n').entries()) {
    const fault: Fault = (token, message, hint, code = 'tape') => {
      const from = token?.from ?? Array.from(text.trimEnd()).length;
      const base = {
        kind: code === NO_FILE ? 'unmet' : 'misread',
        code,
        source,
        place: { line: line + 1, column: from + 1 },
        length: (token?.to ?? from + 1) - from,
      };
      draft.faults.push({ ...base, message, hint });
      return null;
    };
    const tokens = tokensOf(text);
    if (tokens.length === 0) continue;
    if (tokens[0].text === 'Source') {
      const file = tokens[1];
      if (file === undefined || tokens.length > 2) fault(tokens[2], 'Source takes one file', 'Source setup.tape');
      else if (depth === 0) fault(file, 'tapes source one another too deeply', `at most ${DEEPEST_SOURCE} deep`);
      else
        read(file.text).match(
          (inner) => readInto(draft, { file: file.text, text: inner }, read, depth - 1),
          (message) => fault(file, `${file.text}: ${message}`, PATH_HINT, NO_FILE),
        );
      continue;
    }
    const step = readLine(tokens, draft, fault);
    if (step !== null) draft.steps.push({ ...step, source, line: line + 1 });
  }
}

/** Notes what is wrong; there is no step then. */
type Fault = (token: Token | undefined, message: string, hint: string, code?: string) => null;

/** `500ms`, `2s`, `0.5`: milliseconds; null where it is no time. */
function timeOf(text: string): number | null {
  const [, digits, unit] = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m)?$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const time = Math.round(Number(digits) * (unit === 'ms' ? 1 : unit === 'm' ? 60_000 : 1000));
  return time <= LONGEST ? time : null;
}

/** `Enter`, `Ctrl+R`, `Alt+b`, `Shift+Tab` as a chord; undefined where it is no key. */
function chordOf(word: string): string | undefined {
  if (KEYS[word] !== undefined) return KEYS[word];
  const [, modifiers, key] = /^((?:(?:Ctrl|Alt|Shift)\+)+)(.+)$/.exec(word) ?? [];
  if (modifiers === undefined || key === undefined) return undefined;
  const named = KEYS[key] ?? (Array.from(key).length === 1 ? key : undefined);
  if (named === undefined) return undefined;
  const ctrl = modifiers.includes('Ctrl') ? 'C-' : '';
  const alt = modifiers.includes('Alt') ? 'M-' : '';
  const shift = modifiers.includes('Shift') && named.length > 1 ? 'S-' : '';
  return `${ctrl}${alt}${shift}${ctrl !== '' && named.length === 1 ? named.toLowerCase() : named}`;
}

/** The step of a line; null where it is a setting, or wrong. */
function readLine(tokens: readonly Token[], draft: Draft, fault: Fault): TapeStep | null {
  const [first, ...rest] = tokens;
  const [word, at, ...more] = first.text.split('@');
  const speed = at === undefined ? null : timeOf(at);
  if (more.length > 0 || (at !== undefined && speed === null))
    return fault(first, `'${first.text}' has no time behind @`, 'Type@80ms "text"');
  const chord = chordOf(word);
  if (chord !== undefined || word === 'Space') {
    const times = rest[0] === undefined ? 1 : /^\d{1,4}$/.test(rest[0].text) ? Number(rest[0].text) : 0;
    if (times === 0 || rest.length > 1)
      return fault(rest[rest.length > 1 ? 1 : 0], `behind ${word} stands at most a number of times`, `${word} 3`);
    return chord === undefined ? { kind: 'type', text: ' '.repeat(times), speed } : { kind: 'key', chord, times, speed };
  }
  switch (word) {
    case 'Output':
      return readOutput(rest, draft, fault);
    case 'Set':
      return readSetting(rest, draft, fault);
    case 'Type': {
      const bare = rest.find((t) => t.mark !== '"');
      if (rest.length === 0 || bare !== undefined) return fault(bare, 'Type takes texts in quotes', 'Type "up --bare"');
      return { kind: 'type', text: rest.map((t) => t.text).join(' '), speed };
    }
    case 'Sleep': {
      const time = rest.length === 1 ? timeOf(rest[0].text) : null;
      return time === null ? fault(rest[0], 'Sleep takes a time', 'Sleep 500ms') : { kind: 'sleep', time };
    }
    case 'Wait':
    case 'Expect':
      return readPattern(word, rest, at === undefined ? DEFAULT_TIMEOUT : (speed ?? DEFAULT_TIMEOUT), fault);
    case 'Marker':
      if (rest.length !== 1) return fault(rest[1], 'Marker takes one name', 'Marker "first call"');
      return { kind: 'marker', label: rest[0].text };
    case 'Hide':
    case 'Show':
      if (rest.length > 0) return fault(rest[0], `${word} takes nothing`, `${word} alone`);
      return { kind: word === 'Hide' ? 'hide' : 'show' };
    case 'Resize': {
      const [, columns, rows] = /^(\d+)x(\d+)$/.exec(rest.length === 1 ? rest[0].text : '') ?? [];
      if (columns === undefined || !fits(Number(columns), Number(rows)))
        return fault(rest[0], 'Resize takes COLUMNSxROWS', 'Resize 100x30');
      return { kind: 'resize', columns: Number(columns), rows: Number(rows) };
    }
    default: {
      const words = [...COMMANDS, ...Object.keys(KEYS), 'Ctrl+R', 'Alt+B'];
      return fault(first, `unknown tape command '${first.text}'`, didYouMean(word, words) ?? `commands are ${words.join(', ')}`);
    }
  }
}

const fits = (columns: number, rows: number): boolean =>
  columns >= SMALLEST.columns && columns <= LARGEST.columns && rows >= SMALLEST.rows && rows <= LARGEST.rows;

function readPattern(word: 'Wait' | 'Expect', rest: readonly Token[], timeout: number, fault: Fault): TapeStep | null {
  const [token] = rest;
  if (token === undefined && word === 'Wait') return { kind: 'wait', pattern: /^spe>\s*$/m, timeout };
  if (token === undefined || rest.length > 1 || token.mark !== '/')
    return fault(token, `${word} takes a regular expression`, `${word} /= 0/`);
  try {
    return { kind: word === 'Wait' ? 'wait' : 'expect', pattern: new RegExp(token.text, 'm'), timeout };
  } catch (problem) {
    return fault(token, problem instanceof Error ? problem.message : String(problem), 'the syntax is that of JavaScript');
  }
}

function readOutput([file, ...more]: readonly Token[], draft: Draft, fault: Fault): null {
  const kind = OUTPUT_KINDS.find((ending) => file?.text.endsWith(`.${ending}`));
  if (file === undefined || more.length > 0) return fault(more[0], 'Output takes one file', 'Output demo.svg');
  if (kind === undefined)
    return fault(file, `no output ends like '${file.text}'`, `outputs end in ${OUTPUT_KINDS.map((k) => `.${k}`).join(', ')}`);
  draft.outputs.push({ path: file.text, kind });
  return null;
}

function readSetting([name, value, ...more]: readonly Token[], draft: Draft, fault: Fault): null {
  const { settings } = draft;
  const names = ['Width', 'Height', 'TypingSpeed', 'Theme', 'Seed', 'Title'];
  if (name === undefined || value === undefined || more.length > 0)
    return fault(more[0] ?? value, 'Set takes a name and a value', 'Set Width 80');
  if (draft.steps.length > 0) return fault(name, 'what is Set stands before the first key', 'Resize changes the size later');
  const count = /^\d+$/.test(value.text) ? Number(value.text) : null;
  const time = timeOf(value.text);
  switch (name.text) {
    case 'Width':
      if (count === null || !fits(count, LARGEST.rows)) return fault(value, `'${value.text}' is no width`, 'columns, 20 to 400');
      settings.columns = count;
      return null;
    case 'Height':
      if (count === null || !fits(LARGEST.columns, count)) return fault(value, `'${value.text}' is no height`, 'rows, 5 to 200');
      settings.rows = count;
      return null;
    case 'TypingSpeed':
      if (time === null) return fault(value, `'${value.text}' is no time`, 'Set TypingSpeed 50ms');
      settings.typingSpeed = time;
      return null;
    case 'Theme':
      if (!TAPE_THEMES.some((theme) => theme === value.text))
        return fault(value, `there is no theme '${value.text}'`, `themes are ${TAPE_THEMES.join(', ')}`);
      settings.theme = value.text;
      return null;
    case 'Seed':
      if (count === null || count > 0xffff_ffff) return fault(value, `'${value.text}' is no seed`, 'a number of 32 bits');
      settings.seed = count;
      return null;
    case 'Title':
      settings.title = value.text;
      return null;
    default:
      return fault(name, `there is nothing called '${name.text}' to Set`, didYouMean(name.text, names) ?? `names are ${names.join(', ')}`);
  }
}
