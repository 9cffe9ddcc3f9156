// The event that a user gives perf: `arm_spe_0/ts_enable=1,load_filter=1/u`. Terms are those of the PMU's format/ files and perf's own; what is
// wrong is said in perf's words, with the place (perf 6.12, tools/perf: parse-events, pmu; perf 6.1 leaves the name out of "value too big").
import { err, ok, type Result } from 'neverthrow';
import { type FormatField, formatMaximum, withFormat } from './format.ts';

/** What perf makes of the text. */
export interface ParsedEvent {
  readonly text: string;
  /** The PMU as written: a name, or `arm_spe` for every PMU whose name goes on with `_`. */
  readonly pmu: string;
  /** config, config1 to config4. */
  readonly config: readonly bigint[];
  /** Names of the format terms that were given. */
  readonly given: readonly string[];
  readonly period: bigint | null;
  readonly frequency: bigint | null;
  /** perf's own terms that change what is recorded in ways that are not played. */
  readonly notPlayed: readonly string[];
  readonly excludeUser: boolean;
  readonly excludeKernel: boolean;
  readonly excludeHypervisor: boolean;
  readonly excludeIdle: boolean;
}

export interface EventFault {
  readonly text: string;
  /** Where in the text, from 0. */
  readonly at: number;
  readonly message: string;
  readonly help?: string;
}

/** perf's own terms in the order in which perf 6.12 lists them, and what each takes. */
const OWN_TERMS: ReadonlyMap<string, 'number' | 'flag' | 'text'> = new Map([
  ['config', 'number'],
  ['config1', 'number'],
  ['config2', 'number'],
  ['config3', 'number'],
  ['name', 'text'],
  ['period', 'number'],
  ['freq', 'number'],
  ['branch_type', 'text'],
  ['time', 'flag'],
  ['call-graph', 'text'],
  ['stack-size', 'number'],
  ['no-inherit', 'number'],
  ['inherit', 'number'],
  ['max-stack', 'number'],
  ['nr', 'number'],
  ['no-overwrite', 'number'],
  ['overwrite', 'number'],
  ['driver-config', 'text'],
  ['percore', 'flag'],
  ['aux-output', 'number'],
  ['aux-sample-size', 'number'],
  ['metric-id', 'text'],
  ['raw', 'number'],
  ['legacy-cache', 'text'],
  ['hardware', 'text'],
]);
/** Those that are played: they set a config word, the period or the frequency; a name changes nothing. */
const PLAYED: ReadonlySet<string> = new Set(['config', 'config1', 'config2', 'config3', 'name', 'period', 'freq']);
/** Listed, and unknown all the same: they are of other kinds of events. */
const OF_OTHER_EVENTS: ReadonlySet<string> = new Set(['driver-config', 'raw', 'legacy-cache', 'hardware']);

const MODIFIERS = 'ukhGHIpPDSWe';
/** More precise than this no event can be asked to be. */
const MOST_PRECISE = 3;
const CONFIG_WORDS = 5;
const U64_MAX = (1n << 64n) - 1n;

/** A PMU as far as its terms go. */
export interface EventPmu {
  readonly name: string;
  readonly formats: readonly FormatField[];
}

const isPmuOf = (pmu: EventPmu, word: string): boolean => pmu.name === word || pmu.name.startsWith(`${word}_`);

interface Token {
  readonly at: number;
  readonly text: string;
  /** Where what stands before it begins, spaces included: there perf points when it cannot read this one. */
  readonly before: number;
}

/** A term as written; `value` null: it stands alone, and is 1. */
interface Term {
  readonly name: Token;
  readonly value: Token | null;
}

interface Written {
  readonly pmu: string;
  readonly terms: readonly Term[];
  readonly modifiers: Token | null;
  /** What follows the event: another one, or what perf cannot read there. Said after what is wrong with the event itself. */
  readonly rest: EventFault | null;
}

const NAME = /^[a-zA-Z_*?[\]][\w*?.[\]!:-]*$/;
const NUMBER = /^(?:0x[0-9a-fA-F]+|\d+)$/;

/** Words, numbers and single characters; spaces between them mean nothing. The end of the text is the last token's `before` too. */
function tokensOf(text: string): { readonly tokens: readonly Token[]; readonly end: number } {
  const all = [...text.matchAll(/[a-zA-Z_*?[\]][\w*?.[\]!:-]*|0x[0-9a-fA-F]+|\d+|\s+|\S/gu)];
  const tokens = all.map((m, i) => ({ at: m.index, text: m[0], before: all[i - 1]?.index ?? 0 }));
  return { tokens: tokens.filter((t) => t.text.trim() !== ''), end: tokens.at(-1)?.before ?? 0 };
}

const isNumber = (t: Token | undefined): t is Token => t !== undefined && NUMBER.test(t.text) && BigInt(t.text) <= U64_MAX;
const isName = (t: Token | undefined): t is Token => t !== undefined && NAME.test(t.text);

/** Reads the form of an event. */
function readForm(text: string): Result<Written, EventFault> {
  const { tokens, end } = tokensOf(text);
  const parserError = (index: number): EventFault => ({ text, at: tokens[index]?.before ?? end, message: 'parser error' });
  const is = (index: number, mark: string): boolean => tokens[index]?.text === mark;
  if (!isName(tokens[0])) return err(parserError(0));
  if (!is(1, '/')) return err(parserError(1));
  const terms: Term[] = [];
  let i = 2;
  while (!is(i, '/') || terms.length > 0) {
    const name = tokens[i];
    if (!isName(name)) return err(parserError(i));
    i += 1;
    let value: Token | null = null;
    if (is(i, '=')) {
      value = tokens[i + 1] ?? null;
      if (value === null || !(isNumber(value) || isName(value))) return err(parserError(i + 1));
      i += 2;
    }
    terms.push({ name, value });
    if (is(i, '/')) break;
    if (!is(i, ',')) return err(parserError(i));
    i += 1;
  }
  i += 1;
  const modifiers = tokens[i] !== undefined && [...tokens[i].text].every((letter) => MODIFIERS.includes(letter)) ? tokens[i] : null;
  if (modifiers !== null) i += 1;
  const next = tokens[i];
  const another = next?.text === ',' ? { text, at: next.at, message: 'an exclusive PMU counts one event at a time' } : null;
  return ok({ pmu: tokens[0].text, terms, modifiers, rest: next === undefined ? null : (another ?? parserError(i)) });
}

/** What perf says of its own terms before it looks at those of the PMU. */
function ownTermFault({ name, value }: Term): Omit<EventFault, 'text'> | null {
  const kind = OWN_TERMS.get(name.text);
  if (kind === undefined || OF_OTHER_EVENTS.has(name.text)) return null;
  const at = (value ?? name).at;
  const number = value === null || NUMBER.test(value.text);
  // A term without a value has no place of its own.
  if (kind === 'text') return number ? { at: value?.at ?? 0, message: 'expected string value' } : null;
  if (!number) return { at, message: 'expected numeric value' };
  return kind === 'flag' && value !== null && BigInt(value.text) > 1n ? { at, message: 'expected 0 or 1' } : null;
}

/** Modifiers may not be repeated, but for `p`. */
function badModifiers(modifiers: string): boolean {
  const precise = modifiers.replaceAll(/[^p]/g, '').length;
  return precise > MOST_PRECISE || new Set(modifiers).size + Math.max(0, precise - 1) !== modifiers.length;
}

/** Reads an event for one of the PMUs; the first fault, as perf stops at it: the form, perf's own terms, the PMU's, what follows. */
export function parseEvent(text: string, pmus: readonly EventPmu[]): Result<ParsedEvent, EventFault> {
  const form = readForm(text);
  if (form.isErr()) return err(form.error);
  const { pmu: word, terms, rest } = form.value;
  const modifiers = form.value.modifiers?.text ?? '';
  const pmu = pmus.find((p) => isPmuOf(p, word));
  if (pmu === undefined) return err({ text, at: 0, message: `Cannot find PMU \`${word}'. Missing kernel support?` });
  for (const term of terms) {
    const fault = pmu.formats.some((f) => f.name === term.name.text) ? null : ownTermFault(term);
    if (fault !== null) return err({ text, ...fault });
  }
  let config: bigint[] = new Array<bigint>(CONFIG_WORDS).fill(0n);
  const own = new Map<string, bigint>();
  for (const { name, value } of terms) {
    const field = pmu.formats.find((f) => f.name === name.text);
    if (field === undefined && (!OWN_TERMS.has(name.text) || OF_OTHER_EVENTS.has(name.text))) {
      const known = [...pmu.formats.map((f) => f.name).sort(), ...OWN_TERMS.keys()];
      const message = `unknown term '${name.text}' for pmu '${pmu.name}'`;
      return err({ text, at: name.at, message, help: `valid terms: ${known.join(',')}` });
    }
    if (value !== null && !NUMBER.test(value.text)) {
      if (field !== undefined) return err({ text, at: value.at, message: 'expected numeric value' });
      own.set(name.text, 0n);
      continue;
    }
    const number = value === null ? 1n : BigInt(value.text);
    if (field === undefined) own.set(name.text, number);
    else if (number > formatMaximum(field)) {
      const message = `value too big for format (${field.name}), maximum is ${formatMaximum(field)}`;
      return err({ text, at: (value ?? name).at, message });
    } else config = withFormat(config, field, number);
    if (name.text.startsWith('config') && field === undefined) config[Number(name.text.slice(6))] = number;
  }
  if (rest !== null) return err(rest);
  if (badModifiers(modifiers)) return err({ text, at: form.value.modifiers?.at ?? 0, message: 'Bad modifier' });
  const levels = ['u', 'k', 'h'].filter((letter) => modifiers.includes(letter));
  const excludes = (letter: string): boolean => levels.length > 0 && !levels.includes(letter);
  return ok({
    text,
    pmu: word,
    config,
    given: terms.map((t) => t.name.text).filter((name) => pmu.formats.some((f) => f.name === name)),
    period: own.get('period') ?? null,
    frequency: own.get('freq') ?? null,
    notPlayed: [...own.keys()].filter((name) => !PLAYED.has(name)),
    excludeUser: excludes('u'),
    excludeKernel: excludes('k'),
    excludeHypervisor: excludes('h'),
    excludeIdle: modifiers.includes('I'),
  });
}

/** perf moves the text to the left so that the place is not further in than this. */
const INDENT = 13;
const PREFIX = 'event syntax error: ';
/** Of the text so much is shown: what fits a line of 80, in quotation marks. */
const SHOWN = 80 - PREFIX.length - 2;

/** A fault as perf prints it: the text, cut at its beginning where the place lies far in, and a pointer below. */
export function eventFaultLines(f: EventFault): string[] {
  const cut = Math.max(0, f.at - INDENT);
  const from = cut === 0 ? f.text : `..${f.text.slice(cut + 2)}`;
  const shown = from.length > SHOWN ? `${from.slice(0, SHOWN - 2)}..` : from;
  const lines = [`${PREFIX}'${shown}'`, `${' '.repeat(PREFIX.length + f.at - cut + 1)}\\___ ${f.message}`];
  return f.help === undefined ? lines : [...lines, '', f.help];
}
