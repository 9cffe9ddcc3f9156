// Help from the command table: the list of groups, a family's page, and the search by word.
import type { Doc, Line } from '../view/doc.ts';
import { prose, text } from '../view/doc.ts';
import type { Family, Form, Group } from './family.ts';
import { compileSyntax, firstWordOf, usage } from './syntax.ts';
import { type CommandTable, SHORT_FORMS } from './table.ts';

/** Groups in the order of language.md §3, and what each is for. */
export const GROUPS: Readonly<Record<Group, string>> = {
  host: 'the machine and its kernel',
  process: 'threads, limits and other processes',
  vm: 'virtual machines and their memory',
  vcpu: 'virtual CPUs',
  attr: 'device attributes',
  'one-reg': 'registers through the kernel',
  vgic: 'the interrupt controller',
  ioctl: 'any call',
  guest: 'guest images',
  run: 'running',
  stops: 'where to stop',
  inspect: 'registers, memory, code',
  spe: 'sampling, buffer, records',
  perf: "perf's view",
  trace: 'trace files',
  why: 'reasons',
  time: 'time',
  check: 'expectations',
  notebook: 'files of commands',
  shell: 'the shell itself',
};

/** Topics that are no commands. */
const PAGES: Readonly<Record<string, { readonly about: string; readonly lines: readonly string[] }>> = {
  expressions: {
    about: 'numbers, registers, symbols, memory',
    lines: [
      'Where a number is expected stands an expression of unsigned 64 bits: ~ ! * / % + - << >> < <= > >= == != & ^ | && || ( ), precedence as in C.',
      'Numbers: 21  -1  0x15  0b101  1_000  4KiB  16MiB  1GiB',
      'Registers and fields of the focused vCPU: PMBPTR_EL1  PMBSR_EL1.S  x0  w3  pc  sp',
      "Symbols of the loaded image: main+8; 'f.part.0' forces a symbol",
      'Guest memory: [addr] is 8 bytes, [addr].b 1, [addr].h 2, [addr].w 4',
      'Variables: $NAME (let NAME = EXPR)  $_ the last value  $1 value history  $? the last errno, or ok',
      'An argument holds no blank outside ( ), [ ] and quotes; a condition that ends a command takes the rest.',
    ],
  },
  config: {
    about: 'what the interactive shell reads at its start',
    lines: [
      '$XDG_CONFIG_HOME/spesh (~/.config/spesh) may hold init.spe, commands for every start, and config.toml. Scripts, notebooks and -c read neither; --no-init leaves both out; the command line goes before config.toml, in which every line may be missing:',
      '',
      '  host = "two-spu"',
      '  seed = 0',
      '  color = "auto"',
      '  theme = "default"',
      '  context = "off"',
      '  width = 100',
      '  plain = false',
      '  init = "init.spe"',
      '  plugins = ["my-command.ts"]',
      '  [alias]',
      '  bare = "up --bare"',
      '',
      'History, aliases and the sessions that were cut short are in $XDG_STATE_HOME/spesh (~/.local/state/spesh).',
    ],
  },
  plugins: {
    about: "commands of one's own",
    lines: [
      'A module whose default export makes a family of commands, as those in commands/ are written. `--plugin FILE` brings it, or a line of config.toml:',
      '',
      '  export default ({ family, done, text }) => family({',
      "    name: 'half', group: 'shell', summary: 'half of a number',",
      '    forms: [{',
      "      id: 'half', syntax: 'half <value:EXPR>', about: 'Show EXPR / 2.',",
      "      effect: 'pure',",
      '      run: (context, args) => context.number(args.value).match(',
      '        (n) => done({}, { value: Number(n / 2n) }),',
      '        (unmet) => ({ ...done(), ok: false, unmet }),',
      '      ),',
      '      show: (outcome) => [text(String(outcome.value))],',
      '    }],',
      '  });',
    ],
  },
  'exit-codes': {
    about: 'what the number means that spesh ends with',
    lines: [
      '0    all well',
      '1    an expectation or recorded output did not hold',
      "2    spesh's own options, or a file that cannot be opened",
      '3    a command was refused or unmet and nobody expected it',
      '4    a script, notebook, tape or -c does not parse; nothing of it ran',
      '5    a fixture, image or trace is invalid',
      '70   a bug of spesh; the journal is saved, its path printed',
      '130  interrupted; 143 terminated',
    ],
  },
  words: {
    about: 'how a line is read',
    lines: [
      'Commands are lines; ; separates, # at the start of a word comments, \\ at the end of a line continues. \'…\' is literal, "…" knows \\n \\t \\" \\\\ \\xHH.',
      'vcpuN and vcpu N are the same word. Any unambiguous prefix of a word works at the prompt and in -c, not in files.',
      `Short forms that work everywhere: ${Object.entries(SHORT_FORMS)
        .map(([short, whole]) => `${short} ${whole}`)
        .join(', ')}`,
    ],
  },
};

export type Pages = Readonly<Record<string, { readonly about: string; readonly doc: Doc }>>;

const OWN: Pages = Object.fromEntries(Object.entries(PAGES).map(([name, { about, lines }]) => [name, { about, doc: [prose(...lines)] }]));

/** What `help` has a page of, by name, each in a line. */
export const helpTopics = (table: CommandTable, pages: Pages = {}): { readonly name: string; readonly about: string }[] =>
  [
    ...table.families.map(({ name, summary }) => ({ name, about: summary })),
    ...Object.entries({ ...OWN, ...pages }).map(([name, { about }]) => ({ name, about })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The list of everything, by group. */
export function helpOverview(table: CommandTable, pages: Pages = {}): Doc {
  const blocks: Doc[number][] = [];
  for (const [group, about] of Object.entries(GROUPS)) {
    const families = table.families.filter((f) => f.group === group);
    if (families.length === 0) continue;
    blocks.push(
      text([
        { text: group, role: 'heading' },
        { text: `  ${about}`, role: 'dim' },
      ]),
    );
    blocks.push({ kind: 'pairs', rows: families.map((f) => ({ name: `  ${f.name}`, value: f.summary })) });
  }
  blocks.push(
    text([
      { text: 'more', role: 'heading' },
      { text: '  help TOPIC, help COMMAND, apropos WORD', role: 'dim' },
    ]),
  );
  blocks.push({
    kind: 'pairs',
    rows: Object.entries({ ...OWN, ...pages }).map(([name, page]) => ({ name: `  ${name}`, value: page.about })),
  });
  return blocks;
}

/** The page of a command or topic; null when there is none. A topic may be more words of a command: `vcpu attr`. */
export function helpPage(table: CommandTable, topic: string, more: HelpSources = {}): Doc | null {
  const page = OWN[topic] ?? more.pages?.[topic];
  if (page !== undefined) return page.doc;
  const [first, ...rest] = topic.split(/\s+/);
  const whole = SHORT_FORMS[first] ?? first;
  const families = table.families.filter((f) => f.name === whole || f.forms.some((form) => compileSyntax(form.syntax).firstWord === whole));
  if (families.length === 0) return null;
  return families.flatMap((f) => familyPage(f, rest, examplesIn(more.notebook?.(f.name) ?? '', f)));
}

/** Where help finds what the table does not hold. */
export interface HelpSources {
  readonly pages?: Pages;
  /** Text of the notebook of a family. */
  notebook?(family: string): string | undefined;
}

const MOST_EXAMPLES = 6;

/** Commands of the family in its notebook, as they are verified there: one of each form, in order. */
function examplesIn(notebook: string, family: Family): string[] {
  const first = [...new Set(family.forms.map((form) => firstWordOf(form.syntax)))].join('|');
  const own = new RegExp(`^spe> ((?:expect \\S+ )?(?:${first})(?![\\w-]).*)$`, 'gm');
  const seen = new Set<string>();
  return [...notebook.matchAll(own)].flatMap(([, line]) => {
    const shape = line.replace(/\b(0x[0-9a-fA-F]+|\d\S*)/g, 'N');
    if (seen.has(shape)) return [];
    seen.add(shape);
    return [line];
  });
}

/** What the options and fixed words of the forms mean, one under the other; what several forms have, once. */
function wordLines(forms: readonly Form[]): Line[] {
  const rows = new Map(forms.flatMap(({ words = {} }) => Object.entries(words).map((row) => [row.join(' '), row] as const)));
  const width = Math.max(0, ...[...rows.values()].map(([word]) => word.length));
  const lines = [...rows.values()].map(([word, about]): Line => [{ text: `  ${word.padEnd(width)}  `, role: 'name' }, { text: about }]);
  return lines.length === 0 ? [] : ['', ...lines];
}

function familyPage(family: Family, words: readonly string[], examples: readonly string[]): Doc {
  const head: Line[] = [[{ text: family.name, role: 'heading' }, { text: `: ${family.summary}` }], ''];
  const forms = family.forms.filter((form) => words.every((word) => form.syntax.split(/[\s[\]|:<>]+/).includes(word)));
  const shownForms = forms.length > 0 ? forms : family.forms;
  for (const form of shownForms) {
    head.push([{ text: '  ' }, { text: usage(compileSyntax(form.syntax)), role: 'name' }], `      ${form.about}`);
  }
  head.push(...wordLines(shownForms));
  const tail: Line[] = [];
  const shown = (words.length === 0 ? examples : examples.filter((line) => words.every((word) => line.includes(word)))).slice(
    0,
    MOST_EXAMPLES,
  );
  if (shown.length > 0) tail.push('', 'examples, from the notebook of the command:', ...shown.map((line) => `  spe> ${line}`));
  if (family.see !== undefined && family.see.length > 0) tail.push('', `see also: ${family.see.join(', ')}`);
  const details = family.details ?? [];
  return [
    text(...head),
    ...(details.length === 0 ? [] : [prose(...details.flatMap((paragraph) => ['', paragraph]))]),
    ...(tail.length === 0 ? [] : [text(...tail)]),
  ];
}

/** Every form that mentions the words, with its line of help. */
export function aproposRows(table: CommandTable, words: string): { readonly usage: string; readonly about: string }[] {
  const wanted = words.toLowerCase().split(/\s+/);
  return table.families.flatMap((family) => {
    const common = [family.name, family.summary, ...(family.details ?? [])].join(' ').toLowerCase();
    const inFamily = wanted.every((w) => common.includes(w));
    return family.forms.flatMap((form) => {
      const own = `${form.syntax} ${form.about}`.toLowerCase();
      return inFamily || wanted.every((w) => own.includes(w) || common.includes(w))
        ? [{ usage: usage(compileSyntax(form.syntax)), about: form.about }]
        : [];
    });
  });
}
