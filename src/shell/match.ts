// Matches the text of a command against the forms of the table. Parser, completion and live colouring share it: whatever fails leaves
// behind how far it came and what could have stood there.
import type { Argument, Arguments } from '../session/command.ts';
import { expect, fault, faultOfAll, type Match, type Matching, skipBlanks } from './matching.ts';
import { misread } from './misread.ts';
import { readSlot } from './slots.ts';
import type { Element, Option } from './syntax.ts';
import { SHORT_FORMS, type TableForm } from './table.ts';
import { isBlank, scanWord } from './words.ts';

interface State {
  readonly at: number;
  readonly args: Arguments;
  readonly words: number;
  readonly text: string;
  /** Where the arguments stand: one span a slot, several where it takes many. */
  readonly spans: Readonly<Record<string, readonly Span[]>>;
}

interface Span {
  readonly at: number;
  readonly end: number;
}

/** The first word at `at`: what it stands for and how many code points of it that is. `vcpu0` is `vcpu` and its number. */
export function firstWordAt(m: Matching, at: number): { word: string; length: number } {
  let end = at;
  while (end < m.chars.length && /^[A-Za-z0-9_-]$/.test(m.chars[end])) end += 1;
  const typed = m.chars.slice(at, end).join('');
  const whole = m.expansions.get(at);
  if (whole !== undefined) return { word: whole, length: end - at };
  if (m.table.formsOf(typed).length > 0) return { word: typed, length: end - at };
  if (/^vcpu\d+$/.test(typed)) return { word: 'vcpu', length: 4 };
  const short = SHORT_FORMS[typed];
  if (short !== undefined && m.table.formsOf(short).length > 0) return { word: short, length: end - at };
  return { word: typed, length: end - at };
}

/** The command that begins at `from` and takes the rest of the text; null leaves `furthest` behind. */
export function matchCommand(m: Matching, from: number): Match | null {
  const at = skipBlanks(m.chars, from);
  const first = firstWordAt(m, at);
  const forms = m.table.formsOf(first.word);
  if (first.length === 0 || forms.length === 0) {
    for (const text of m.table.firstWords) expect(m, at, { kind: 'command', text });
    return null;
  }
  let best: Match | null = null;
  for (const form of forms) {
    const match = matchForm(m, form, at + first.length, first.word);
    if (match !== null && (best === null || match.words > best.words)) best = match;
  }
  return best;
}

function matchForm(m: Matching, of: TableForm, at: number, word: string): Match | null {
  const [head, ...rest] = of.syntax.elements;
  const c = m.chars[at];
  const stop = head.kind === 'word' ? head.stop : undefined;
  const glued = word === 'vcpu' && c !== undefined && /\d/.test(c);
  if (c !== undefined && !isBlank(c) && c !== stop && !glued) {
    fault(m, misread('unknown-word', at, scanWord(m.chars, at).end, `'${c}' cannot follow '${word}'`));
    return null;
  }
  const end = sequence(m, of, rest, { at, args: {}, words: 1, text: word, spans: {} });
  if (end === null) return null;
  const wrong = m.unfinished ? null : (of.form.check?.(end.args) ?? null);
  if (wrong !== null) {
    const argument = wrong.slot === undefined ? undefined : (end.spans[wrong.slot]?.[wrong.item ?? 0] ?? spanOf(m, of, wrong.slot));
    const span = argument ?? { at: m.chars.length, end: m.chars.length };
    faultOfAll(
      m,
      misread('arguments', span.at, span.end, wrong.message, {
        expected: wrong.expected ?? [],
        ...(wrong.hint ? { hint: wrong.hint } : {}),
      }),
    );
    return null;
  }
  return { form: of, command: { form: of.form.id, args: end.args, text: end.text }, words: end.words };
}

/** Where an option of that name stands; slots without one point at the end. */
function spanOf(m: Matching, of: TableForm, slot: string): { at: number; end: number } | undefined {
  const option = of.syntax.options.find((o) => (o.slot?.name ?? o.key) === slot);
  if (option === undefined) return undefined;
  for (let at = 0; at < m.chars.length; at = skipBlanks(m.chars, scanWord(m.chars, at).end)) {
    const word = scanWord(m.chars, at);
    if (word.raw === option.flag) return { at, end: word.end };
    if (word.end === at) return undefined;
  }
  return undefined;
}

const isOption = (chars: readonly string[], at: number): boolean => chars[at] === '-' && /^[A-Za-z-]$/.test(chars[at + 1] ?? '');

const append = (text: string, piece: string, attached: boolean): string => (attached || text === '' ? text + piece : `${text} ${piece}`);

function sequence(m: Matching, of: TableForm, elements: readonly Element[], from: State): State | null {
  const [head, ...rest] = elements;
  const state = head?.attached ? from : options(m, of, from);
  if (state === null) return null;
  if (head === undefined) return end(m, of, state);
  const at = head.attached ? state.at : skipBlanks(m.chars, state.at);
  switch (head.kind) {
    case 'optional':
      return sequence(m, of, [...head.elements, ...rest], state) ?? sequence(m, of, rest, state);
    case 'mark': {
      expect(m, at, { kind: 'mark', text: head.text, of });
      if (m.chars[at] !== head.text) return null;
      return sequence(m, of, rest, { ...state, at: at + 1, text: append(state.text, head.text, head.attached) });
    }
    case 'word': {
      const length = wordLength(m, head, at);
      expect(m, at, { kind: 'word', text: head.text, of });
      if (length === 0) return null;
      return sequence(m, of, rest, {
        ...state,
        at: at + length,
        words: state.words + 1,
        text: append(state.text, head.text, head.attached),
      });
    }
    case 'slot': {
      expect(m, at, { kind: 'slot', slot: head, of });
      if (isOption(m.chars, at) && !['REGEX', 'TEXT'].includes(head.type)) return unknownOption(m, of, at);
      m.reading = of;
      const read = readSlot(m, head, at, false);
      if (read === null) return null;
      const text = append(state.text, read.text, head.attached);
      const spans = { ...state.spans, [head.name]: [...(state.spans[head.name] ?? []), { at, end: read.at }] };
      if (!head.many) {
        return sequence(m, of, rest, { ...state, at: read.at, text, spans, args: { ...state.args, [head.name]: read.argument } });
      }
      const before = state.args[head.name];
      const items: readonly Argument[] = before?.kind === 'many' ? [...before.items, read.argument] : [read.argument];
      const next: State = { ...state, at: read.at, text, spans, args: { ...state.args, [head.name]: { kind: 'many', items } } };
      return sequence(m, of, [head, ...rest], next) ?? sequence(m, of, rest, next);
    }
  }
}

/** How many code points at `at` are this literal word; 0: it does not stand there. */
function wordLength(m: Matching, head: Extract<Element, { kind: 'word' }>, at: number): number {
  if (at >= m.chars.length) return 0;
  const word = scanWord(m.chars, at, head.stop);
  if (word.raw === head.text || m.expansions.get(at) === head.text) return word.end - at;
  if (head.text === 'vcpu' && /^vcpu\d+$/.test(word.raw)) return 4;
  return 0;
}

function unknownOption(m: Matching, of: TableForm, at: number): null {
  const word = scanWord(m.chars, at);
  for (const option of of.syntax.options) expect(m, at, { kind: 'option', option, of });
  const negative = word.raw.startsWith('--') ? {} : { hint: `to negate a value, write (${word.raw}) in brackets` };
  fault(m, misread('option', at, word.end, `unknown option ${word.raw}`, of.syntax.options.length > 0 ? {} : negative));
  return null;
}

/** Takes the form's options that stand here. */
function options(m: Matching, of: TableForm, from: State): State | null {
  let state = from;
  for (;;) {
    const at = skipBlanks(m.chars, state.at);
    if (!isOption(m.chars, at)) return state;
    const word = scanWord(m.chars, at);
    const option = of.syntax.options.find((o) => o.flag === word.raw);
    if (option === undefined) return state;
    const key = option.slot?.name ?? option.key;
    if (state.args[key] !== undefined) {
      fault(m, misread('option', at, word.end, `${option.flag} stands twice`, { hint: 'give it once' }));
      return null;
    }
    if (option.slot === null) {
      state = { ...state, at: word.end, text: append(state.text, option.flag, false), args: { ...state.args, [key]: { kind: 'flag' } } };
      continue;
    }
    const valueAt = skipBlanks(m.chars, word.end);
    expect(m, valueAt, { kind: 'slot', slot: option.slot, of });
    if (isOption(m.chars, valueAt)) return null;
    m.reading = of;
    const read = readSlot(m, option.slot, valueAt, true);
    if (read === null) return null;
    state = {
      ...state,
      at: read.at,
      text: `${append(state.text, option.flag, false)} ${read.text}`,
      args: { ...state.args, [key]: read.argument },
    };
  }
}

function end(m: Matching, of: TableForm, state: State): State | null {
  const at = skipBlanks(m.chars, state.at);
  const given = (o: Option): boolean => state.args[o.slot?.name ?? o.key] !== undefined;
  const missing = of.syntax.options.filter((o) => o.required && !given(o));
  if (at >= m.chars.length && missing.length === 0) {
    // What could still follow is the completion's to know; a match records it without failing.
    for (const option of of.syntax.options) if (!given(option)) expect(m, at, { kind: 'option', option, of });
    expect(m, at, { kind: 'end', of });
    return state;
  }
  for (const option of missing.length > 0 ? missing : of.syntax.options.filter((o) => !given(o)))
    expect(m, at, { kind: 'option', option, of });
  if (missing.length === 0) expect(m, at, { kind: 'end', of });
  if (at < m.chars.length && isOption(m.chars, at)) return unknownOption(m, of, at);
  return null;
}
