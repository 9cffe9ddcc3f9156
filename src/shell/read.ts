// Text to Command (design.md §3): the table's forms are tried, the one with more literal words wins; what fails is a Misread with the
// place, the words that could have stood there, and a hint.
import { err, ok, type Result } from 'neverthrow';
import type { Command } from '../session/command.ts';
import { LATER } from './later.ts';
import { matchCommand } from './match.ts';
import { type Expectation, type Furthest, type Matching, skipBlanks } from './matching.ts';
import { didYouMean, type Misread, misread, nearest, orList } from './misread.ts';
import { DEEPEST_COMMAND } from './slots.ts';
import { usage } from './syntax.ts';
import { type CommandTable, ELSEWHERE, SHORT_FORMS, type TableForm } from './table.ts';
import { scanWord } from './words.ts';

export interface ReadOptions {
  /** Unambiguous prefixes of words are allowed: at the prompt and in `-c`, not in files. */
  readonly prefixes: boolean;
  /** `alias NAME = 'CMD'`: what stands for NAME. */
  readonly aliases?: ReadonlyMap<string, string>;
}

/** Reads one command; the text has no `;` or comment outside quotes (`splitCommands` cuts those). */
export function readCommand(text: string, table: CommandTable, options: ReadOptions): Result<Command, Misread> {
  const typed = Array.from(text);
  const expanded = expandAliases(typed, table, options.aliases);
  const found = match(expanded.chars, table, options);
  if ('command' in found) return ok(found.command);
  return err({
    ...found.misread,
    at: expanded.origin(found.misread.at),
    end: Math.max(expanded.origin(found.misread.at), expanded.origin(found.misread.end)),
  });
}

/** What could stand at the end of `text`, for completion: every expectation at the furthest place, and what is wrong there. */
export function expectationsAt(
  text: string,
  table: CommandTable,
  options: ReadOptions,
): { at: number; expected: readonly Expectation[]; within: TableForm | null; misread: Misread | null } {
  const { furthest, misread: wrong } = explore(Array.from(text), table, options, true);
  return { at: furthest.at, expected: furthest.expected, within: furthest.within, misread: wrong };
}

function match(chars: readonly string[], table: CommandTable, options: ReadOptions): { command: Command } | { misread: Misread } {
  const explored = explore(chars, table, options);
  return explored.command === null
    ? { misread: explored.misread ?? misread('empty', 0, 0, 'there is no command') }
    : { command: explored.command };
}

/** Tries the text as it stands; then, where prefixes are allowed, each word that stopped it is replaced by the one word it begins. */
function explore(
  chars: readonly string[],
  table: CommandTable,
  options: ReadOptions,
  unfinished = false,
): { command: Command | null; furthest: Furthest; misread: Misread | null } {
  const expansions = new Map<number, string>();
  for (;;) {
    const furthest: Furthest = { at: 0, expected: [], fault: null, within: null };
    const m: Matching = {
      table,
      chars,
      expansions,
      furthest,
      reading: null,
      depth: DEEPEST_COMMAND,
      unfinished,
      matchCommand,
      readQuoted: (inner) => readCommand(inner, table, options),
    };
    const found = matchCommand(m, 0);
    if (found !== null) return { command: found.command, furthest, misread: null };
    const word = wordAt(chars, furthest.at);
    const named = furthest.expected.some((e) => e.kind === 'command') ? word : `${wordAt(chars, 0)} ${word}`;
    const later = LATER.get(named);
    if (later !== undefined) {
      const { at } = furthest;
      return {
        command: null,
        furthest,
        misread: misread('not-yet', at, at + word.length, `spesh does not have '${named}' yet`, { hint: later }),
      };
    }
    const candidates = options.prefixes && word !== '' && !expansions.has(furthest.at) ? prefixed(furthest.expected, word) : [];
    if (candidates.length === 1) {
      expansions.set(furthest.at, candidates[0]);
      continue;
    }
    return { command: null, furthest, misread: describe(chars, furthest, table, candidates) };
  }
}

/** The run of word characters at `at`: a prefix may stand before a mark (`prin/x`). */
function wordAt(chars: readonly string[], at: number): string {
  const all = at < chars.length ? scanWord(chars, at).raw : '';
  return /^[A-Za-z][\w-]*/.exec(all)?.[0] ?? '';
}

/** The literal words among the expectations. */
function literals(expected: readonly Expectation[]): string[] {
  const out = new Set<string>();
  for (const e of expected) {
    if (e.kind === 'command' || e.kind === 'word') out.add(e.text);
    else if (e.kind === 'slot') for (const choice of e.slot.choices) out.add(choice);
  }
  return [...out];
}

const prefixed = (expected: readonly Expectation[], word: string): string[] =>
  literals(expected).filter((text) => text.startsWith(word) && text !== word);

/** What an expectation is called in a message. */
export function expectationText(e: Expectation): string[] {
  switch (e.kind) {
    case 'command':
    case 'word':
    case 'mark':
      return [e.text];
    case 'slot':
      return e.slot.choices.length > 0 ? [...e.slot.choices] : [e.slot.name.toUpperCase()];
    case 'option':
      return [e.option.flag];
    case 'end':
      return ['the end of the command'];
  }
}

function describe(chars: readonly string[], f: Furthest, table: CommandTable, ambiguous: readonly string[]): Misread {
  const expected = [...new Set([...(f.fault?.expected ?? []), ...f.expected.flatMap(expectationText)])];
  const found = f.at < chars.length ? scanWord(chars, f.at) : null;
  const end = found?.end ?? f.at;
  if (f.fault !== null) {
    const from = found?.raw ?? '';
    const hint = f.fault.hint ?? (f.fault.code === 'option' ? didYouMean(from, expected) : undefined) ?? usageHint(f, table, chars);
    return { ...f.fault, expected, hint };
  }
  if (ambiguous.length > 1) {
    const list = [...ambiguous].sort();
    return misread('ambiguous', f.at, end, `'${wordAt(chars, f.at)}' could be ${orList(list)}`, {
      expected: list,
      hint: 'type more of the word',
    });
  }
  if (f.expected.some((e) => e.kind === 'command')) {
    const word = wordAt(chars, f.at) || (found?.raw ?? '');
    if (word === '') return misread('empty', f.at, f.at, 'a command is missing here', { expected, hint: 'help lists the commands' });
    const elsewhere = ELSEWHERE[word];
    const near = elsewhere === undefined ? nearest(word, [...table.firstWords]) : [elsewhere];
    return misread('unknown-command', f.at, end, `unknown command '${word}'`, {
      expected: near.length > 0 ? near : expected,
      hint: near.length > 0 ? `did you mean ${orList(near)}?` : 'help lists the commands',
    });
  }
  const list = expected.length <= 8 ? `: expected ${orList(expected)}` : '';
  const message = found === null ? `the command ends too early${list}` : `'${found.raw}' is not expected here${list}`;
  const hint = (found === null ? undefined : didYouMean(found.raw, literals(f.expected))) ?? usageHint(f, table, chars);
  return misread(found === null ? 'incomplete' : 'unexpected', f.at, end, message, { expected, hint });
}

function usageHint(f: Furthest, table: CommandTable, chars: readonly string[]): string {
  const forms = [...new Set(f.expected.flatMap((e) => (e.kind === 'command' ? [] : [e.of])))];
  if (forms.length === 1) return `usage: ${usage(forms[0].syntax)}`;
  const first = wordAt(chars, 0);
  const family = forms[0]?.family.name ?? SHORT_FORMS[first] ?? first;
  return table.family(family) === undefined ? 'help lists the commands' : `help ${family} shows its forms`;
}

interface Expanded {
  readonly chars: readonly string[];
  /** Position in the typed text. */
  origin(at: number): number;
}

/** Puts an alias's text where its name begins a command. An alias may use others; each stands in for itself once. */
function expandAliases(typed: readonly string[], table: CommandTable, aliases: ReadonlyMap<string, string> | undefined): Expanded {
  let chars = typed;
  let origin = (at: number): number => at;
  if (aliases === undefined || aliases.size === 0) return { chars, origin };
  const used = new Set<string>();
  for (;;) {
    const at = commandStart(chars);
    const word = at < chars.length ? scanWord(chars, at) : null;
    const text = word === null || used.has(word.raw) || table.formsOf(word.raw).length > 0 ? undefined : aliases.get(word.raw);
    if (word === null || text === undefined) return { chars, origin };
    used.add(word.raw);
    const put = Array.from(text);
    const grown = put.length - (word.end - at);
    const outer = origin;
    origin = (p) => outer(p < at ? p : p < at + put.length ? at : p - grown);
    chars = [...chars.slice(0, at), ...put, ...chars.slice(word.end)];
  }
}

/** Where the innermost command begins: behind `expect ok`, `expect ERRNO`, `expect exit NAME`, `expect /…/`. */
function commandStart(chars: readonly string[]): number {
  let at = skipBlanks(chars, 0);
  while (at < chars.length) {
    const word = scanWord(chars, at);
    if (word.raw !== 'expect') return at;
    const what = skipBlanks(chars, word.end);
    if (what >= chars.length) return at;
    const expected = scanWord(chars, what);
    let next = skipBlanks(chars, chars[what] === '/' ? regexAfter(chars, what) : expected.end);
    if (expected.raw === 'exit' && next < chars.length) next = skipBlanks(chars, scanWord(chars, next).end);
    if (next >= chars.length) return at;
    at = next;
  }
  return at;
}

function regexAfter(chars: readonly string[], at: number): number {
  for (let i = at + 1; i < chars.length; i++) {
    if (chars[i] === '\\') i += 1;
    else if (chars[i] === '/') return i + 1;
  }
  return chars.length;
}
