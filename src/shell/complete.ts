// Completion from the same grammar as the parser: what could stand at the cursor, with a line of help each (ux.md §7). Everything is in
// memory, so it is synchronous. Offsets are UTF-16 units of the line.
import { ERRNOS } from '../abi/errno.ts';
import { REGISTERS } from '../arch/sysreg/table.ts';
import { symbolCandidates, vcpuCandidates } from '../session/candidates.ts';
import type { Candidate } from './family.ts';
import type { Expectation } from './matching.ts';
import { expectationsAt } from './read.ts';
import { readScript } from './script.ts';
import type { ShellState } from './state.ts';
import { type Slot, usage } from './syntax.ts';
import type { TableForm } from './table.ts';
import { scanWord, splitCommands } from './words.ts';

export interface CompletionItem {
  readonly label: string;
  readonly insert: string;
  readonly detail?: string;
}

export interface Completion {
  readonly replace: readonly [number, number];
  readonly items: readonly CompletionItem[];
  readonly signature?: string;
  readonly diagnostics?: readonly { readonly from: number; readonly to: number; readonly message: string }[];
}

/** Marks the cursor in the text that is cut into commands; no command contains it. */
const CURSOR = '\ue000';
const MOST_ITEMS = 200;
/** Forms that still fit that are shown together. */
const MOST_FORMS = 3;

/** What could stand at the cursor. */
export function complete(line: string, cursor: number, state: ShellState): Completion {
  const before = line.slice(0, cursor);
  const diagnostics = diagnosticsOf(line, cursor, state);
  const nothing: Completion = { replace: [cursor, cursor], items: [], ...(diagnostics.length > 0 ? { diagnostics } : {}) };
  const last = splitCommands(before + CURSOR).at(-1);
  if (last === undefined || !last.text.endsWith(CURSOR)) return nothing; // in a comment
  const chars = last.chars.slice(0, -1);
  const from = lastWordStart(chars);
  const typed = chars.slice(from).join('');
  const earlier = chars.slice(0, from).join('');
  const { at, expected, within, misread } = expectationsAt(earlier, state.table, { prefixes: true, aliases: state.aliases });
  // An expression may end before the blanks that follow it.
  const inExpression = misread?.code === 'expression' && misread.at >= earlier.trimEnd().length;
  if (at < from && !inExpression) return nothing;
  if (/^['"]/.test(typed) && expected.some((e) => e.kind === 'slot' && e.slot.type === 'QUOTED')) {
    const command = typed.slice(1);
    const { items, signature, replace } = complete(command, command.length, state);
    const before = cursor - command.length;
    return { ...nothing, items, replace: [before + replace[0], before + replace[1]], ...(signature === undefined ? {} : { signature }) };
  }
  // In an expression the word is a name inside it.
  const option = /^-[-A-Za-z]*/.test(typed);
  const hasName = inExpression || expected.some((e) => e.kind === 'slot' && ['EXPR', 'REST', 'REGISTER', 'SYMBOL'].includes(e.slot.type));
  const expression = hasName && !option;
  const name = expression ? (/[$A-Za-z_][\w.]*$/.exec(typed)?.[0] ?? '') : typed;
  const whole = name === typed;
  const wanted = option ? expected.filter((e) => e.kind === 'option') : expected;
  const candidates =
    inExpression && !option ? expressionCandidates(state) : wanted.flatMap((e) => candidatesOf(e, state, whole, typed, wordsOf(earlier)));
  const items = ranked(name, dotted(name, candidates));
  const forms = [...new Set(expected.flatMap((e) => (e.kind === 'command' || (e.kind === 'end' && takesCommand(e.of)) ? [] : [e.of])))];
  const fitting = forms.length === 0 && within !== null ? [within] : forms;
  const signature =
    fitting.length === 0 || fitting.length > MOST_FORMS ? undefined : fitting.map(({ syntax }) => usage(syntax)).join('  or  ');
  return {
    replace: [cursor - name.length, cursor],
    items,
    ...(signature === undefined ? {} : { signature }),
    ...(diagnostics.length > 0 ? { diagnostics } : {}),
  };
}

/** Index at which the word under the cursor begins; behind a blank it is a new one. */
function lastWordStart(chars: readonly string[]): number {
  let at = 0;
  for (;;) {
    while (at < chars.length && (chars[at] === ' ' || chars[at] === '\t')) at += 1;
    if (at >= chars.length) return chars.length;
    const word = scanWord(chars, at);
    if (word.end >= chars.length) return at;
    at = word.end;
  }
}

/** Behind the command inside it, what can follow is that command's. */
const takesCommand = ({ syntax }: TableForm): boolean => syntax.elements.some((e) => e.kind === 'slot' && e.type === 'COMMAND');

const wordsOf = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

function candidatesOf(e: Expectation, state: ShellState, whole: boolean, typed: string, before: readonly string[]): readonly Candidate[] {
  switch (e.kind) {
    case 'command':
      return whole ? [{ text: e.text, about: commandAbout(state, e.text) }] : [];
    case 'word':
      return whole ? [{ text: e.text, about: e.of.form.about }] : [];
    case 'option':
      return whole ? [{ text: e.option.flag, about: e.of.form.words?.[e.option.flag] ?? e.of.form.about }] : [];
    case 'slot':
      if (e.slot.type === 'QUOTED') return state.table.firstWords.map((text) => ({ text: `'${text}`, about: commandAbout(state, text) }));
      if (e.slot.type === 'COMMAND') return whole ? state.table.firstWords.map((text) => ({ text, about: commandAbout(state, text) })) : [];
      return slotCandidates(e.slot, e.of, state, typed, before);
    case 'mark':
    case 'end':
      return [];
  }
}

const commandAbout = (state: ShellState, word: string): string =>
  state.table.family(word)?.summary ?? state.table.formsOf(word)[0]?.family.summary ?? '';

function slotCandidates(
  slot: Slot,
  { form, family }: TableForm,
  state: ShellState,
  typed: string,
  before: readonly string[],
): readonly Candidate[] {
  const context = state.context;
  const out: Candidate[] = slot.choices.map((text) => ({ text, about: form.words?.[text] ?? form.about }));
  if (family.complete !== undefined && context !== null) out.push(...family.complete(slot.name, context, typed, before));
  switch (slot.type) {
    case 'VCPU':
      if (context !== null) out.push(...vcpuCandidates(context));
      break;
    case 'EXPR':
    case 'REST':
    case 'REGISTER':
    case 'SYMBOL':
      out.push(...expressionCandidates(state));
      break;
    case 'SYSREG':
      out.push(...SYSTEM_REGISTERS);
      break;
    case 'ERRNO':
      out.push(...ERRNOS.map((row) => ({ text: row.name, about: row.text })));
      break;
    case 'HOST':
      if (context !== null) out.push(...[...context.hosts].map(([text, host]) => ({ text, about: host.about })));
      out.push(...files(typed, /\.toml$/, state));
      break;
    case 'GUEST':
      out.push(...state.names.guests().map((text) => ({ text, about: 'guest of the project' })), ...files(typed, /./, state));
      break;
    case 'DIR':
      out.push(...files(typed, /\/$/, state));
      break;
    case 'FILE':
    case 'OUT':
      out.push(...files(typed, /./, state));
      break;
    default:
      break;
  }
  return out;
}

/** Files that the word could become, and directories on the way. A path with blanks is quoted, and not completed. */
const files = (typed: string, ending: RegExp, state: ShellState): Candidate[] =>
  /^['"]/.test(typed)
    ? []
    : state.names
        .files(typed)
        .filter((name) => /^[^\s;#'"\\]+$/.test(name) && (name.endsWith('/') || ending.test(name)))
        .map((text) => ({ text, about: text.endsWith('/') ? 'directory' : 'file' }));

const SYSTEM_REGISTERS = REGISTERS.map((r) => ({ text: r.name, about: r.title }));
const GENERAL = ['pc', 'sp', 'pstate', ...Array.from({ length: 31 }, (_, i) => `x${i}`)];
const SCALARS = ['d', 's'].flatMap((letter) => Array.from({ length: 32 }, (_, i) => `${letter}${i}`));

const VALUES = [
  { text: '$_', about: 'the last value' },
  { text: '$?', about: 'the last errno, or ok' },
];

function expressionCandidates(state: ShellState): readonly Candidate[] {
  const context = state.context;
  const variables = context === null ? [] : [...context.variables.keys()].map((name) => ({ text: `$${name}`, about: 'variable' }));
  return [
    ...GENERAL.map((text) => ({ text, about: 'register' })),
    ...symbolCandidates(context),
    ...variables,
    ...VALUES,
    ...SYSTEM_REGISTERS,
    ...SCALARS.map((text) => ({ text, about: 'low bits of a SIMD&FP register' })),
  ];
}

/** Behind `REGISTER.`: its fields. */
function dotted(name: string, candidates: readonly Candidate[]): readonly Candidate[] {
  const [register, field] = name.split('.');
  if (field === undefined) return candidates;
  const row = REGISTERS.find((r) => r.name === register.toUpperCase());
  const fields =
    row === undefined || !candidates.some((c) => c.text === row.name) ? [] : row.fields.filter((f) => !/^RES[01]$/.test(f.name));
  return [
    ...candidates,
    ...fields.map((f) => ({
      text: `${register}.${f.name}`,
      about: f.about ?? (f.high === f.low ? `bit ${f.low}` : `bits ${f.high}:${f.low}`),
    })),
  ];
}

/** Beginnings first, then where the letters occur in order; each group as it came. */
function ranked(typed: string, candidates: readonly Candidate[]): CompletionItem[] {
  const wanted = typed.toLowerCase();
  const seen = new Set<string>();
  const groups: Candidate[][] = [[], [], []];
  for (const c of candidates) {
    if (seen.has(c.text)) continue;
    seen.add(c.text);
    const text = c.text.toLowerCase();
    if (c.text.startsWith(typed)) groups[0].push(c);
    else if (text.startsWith(wanted)) groups[1].push(c);
    else if (wanted.length >= 2 && isSubsequence(wanted, text)) groups[2].push(c);
  }
  return groups
    .flat()
    .slice(0, MOST_ITEMS)
    .map((c) => ({ label: c.text, insert: c.text, ...(c.about ? { detail: c.about } : {}) }));
}

function isSubsequence(wanted: string, text: string): boolean {
  let i = 0;
  for (const c of text) if (c === wanted[i]) i += 1;
  return i >= wanted.length;
}

/** What is wrong already, not counting the word under the cursor. */
function diagnosticsOf(line: string, cursor: number, state: ShellState): { from: number; to: number; message: string }[] {
  const read = readScript({ file: 'prompt', text: line }, state.table, { prefixes: true, aliases: state.aliases });
  if (read.isOk()) return [];
  const lines = line.split('\n');
  return read.error.flatMap(({ diagnostic: d, misread }) => {
    const start = lines.slice(0, d.place.line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const own = Array.from(lines[d.place.line - 1] ?? '');
    const units = (n: number): number => own.slice(0, n).join('').length;
    const from = start + units(d.place.column - 1);
    const to = start + units(d.place.column - 1 + Math.max(1, d.length));
    return misread.code === 'incomplete' || misread.code === 'empty' || (from <= cursor && cursor <= to)
      ? []
      : [{ from, to, message: d.message }];
  });
}
