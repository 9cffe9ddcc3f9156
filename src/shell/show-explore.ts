// How an exploration reads: sizes, what each call can answer, which invariants hold, and a script for each that does not.
import type { SearchResult, Shard } from '../session/explore/search.ts';
import { type Block, type Doc, type Line, type Span, text } from '../view/doc.ts';
import { JSON_VERSION } from './json.ts';

export interface ExploredInvariant {
  readonly name: string;
  readonly says: string;
  readonly evidence: string;
  /** null: it holds. */
  readonly failure: {
    readonly transitions: number;
    readonly path: readonly number[];
    readonly sentence: string;
    readonly script: string;
  } | null;
}

export interface Explored {
  readonly file: string;
  readonly about: string;
  readonly host: string;
  readonly shard: Shard | null;
  /** Calls on a path, at most; null: all. */
  readonly depth: number | null;
  readonly result: SearchResult;
  readonly calls: readonly { readonly label: string; readonly results: ReadonlyMap<string, number> }[];
  readonly invariants: readonly ExploredInvariant[];
}

const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
const plural = (count: number, word: string): string => `${number(count)} ${word}${count === 1 ? '' : 's'}`;

/** `ok` first, then by how often they came. */
const sorted = (results: ReadonlyMap<string, number>): [string, number][] =>
  [...results].sort(([a, m], [b, n]) => Number(b === 'ok') - Number(a === 'ok') || n - m || (a < b ? -1 : 1));

/** The report of one host. */
export function exploredDoc(e: Explored): Doc {
  const { result, shard } = e;
  const made = e.depth === null ? 'each at most once' : `each at most once, ${plural(e.depth, 'call')} deep`;
  const part = shard === null ? '' : `, shard ${shard.index + 1} of ${shard.count}`;
  const head: Line = [{ text: `${e.file} on ${e.host}`, role: 'heading' }, { text: `: ${plural(e.calls.length, 'call')}, ${made}${part}` }];
  return [
    text(head, e.about),
    {
      kind: 'pairs',
      rows: [
        { name: 'states', value: number(result.states), note: `${number(result.worlds)} distinct worlds` },
        { name: 'transitions', value: number(result.transitions), note: `${number(result.executed)} of a world by a call, each run once` },
        { name: 'depth', value: String(result.levels.length - 1) },
      ],
    },
    text('', [{ text: 'What each call can answer', role: 'heading' }]),
    {
      kind: 'table',
      header: false,
      columns: [{ title: 'call' }, { title: 'transitions', align: 'right' }, { title: 'results' }],
      rows: e.calls.map(({ label, results }) => [
        label,
        number([...results.values()].reduce((sum, n) => sum + n, 0)),
        sorted(results).flatMap(([name, n], i): Span[] => [
          { text: i === 0 ? '' : ', ' },
          { text: name, role: name === 'ok' ? 'good' : 'plain' },
          { text: ` ${number(n)}`, role: 'dim' },
        ]),
      ]),
    },
    text('', [{ text: 'Invariants', role: 'heading' }]),
    { kind: 'table', header: false, columns: [{ title: '' }, { title: '' }, { title: '' }], rows: e.invariants.flatMap(invariantRows) },
    ...e.invariants.flatMap(scriptBlocks),
  ];
}

function invariantRows({ name, says, failure }: ExploredInvariant): Line[][] {
  const row: Line[] = [[failure === null ? { text: 'holds', role: 'good' } : { text: 'fails', role: 'bad' }], name, says];
  if (failure === null) return [row];
  return [
    row,
    ['', '', `${plural(failure.transitions, 'transition')}, first after ${plural(failure.path.length, 'call')}: ${failure.sentence}`],
  ];
}

function scriptBlocks({ name, failure }: ExploredInvariant): Block[] {
  if (failure === null) return [];
  const title: Line = [{ text: `Shortest counterexample of ${name}`, role: 'heading' }, { text: ': a script for spesh run' }];
  return [text('', title, ...failure.script.trimEnd().split('\n'))];
}

/** Several hosts side by side: the calls that do not answer alike. */
export function hostsDoc(all: readonly Explored[]): Doc {
  const names = (e: Explored, i: number): string =>
    sorted(e.calls[i].results)
      .map(([name]) => name)
      .sort((a, b) => Number(b === 'ok') - Number(a === 'ok') || (a < b ? -1 : 1))
      .join(', ');
  const [first] = all;
  const rows = first.calls.map(({ label }, i) => [label, ...all.map((e) => names(e, i))]);
  const differ = rows.filter(([, ...results]) => results.some((r) => r !== results[0]));
  const broken = first.invariants.map(({ name }, i) => [name, ...all.map((e) => (e.invariants[i].failure === null ? 'holds' : 'fails'))]);
  const columns = [{ title: '' }, ...all.map((e) => ({ title: e.host }))];
  const alike = rows.length - differ.length;
  return [
    text('', [{ text: 'Where the hosts differ', role: 'heading' }]),
    ...(differ.length === 0 ? [] : [{ kind: 'table', columns, rows: differ } as const]),
    ...(alike === 0 ? [] : [text(`${plural(alike, 'call')} answer${alike === 1 ? 's' : ''} alike on all of them.`)]),
    { kind: 'table', columns, rows: broken },
  ];
}

/** The report as JSON, one object a line: the whole, each call, each invariant. */
export function exploredJson(e: Explored): string {
  const { result, shard } = e;
  const where = { v: JSON_VERSION, file: e.file, host: e.host, ...(shard === null ? {} : { shard: `${shard.index + 1}/${shard.count}` }) };
  const lines: Record<string, unknown>[] = [
    {
      ...where,
      kind: 'exploration',
      calls: e.calls.length,
      states: result.states,
      transitions: result.transitions,
      worlds: result.worlds,
      executed: result.executed,
      levels: result.levels,
      holds: e.invariants.every((i) => i.failure === null),
    },
    ...e.calls.map(({ label, results }) => ({
      ...where,
      kind: 'call',
      call: label,
      errnos: sorted(results)
        .flatMap(([name]) => (/^E[A-Z0-9]+/.exec(name) ?? []).slice(0, 1))
        .filter((name, i, list) => list.indexOf(name) === i),
      results: Object.fromEntries(sorted(results)),
    })),
    ...e.invariants.map(({ name, says, evidence, failure }) => ({
      ...where,
      kind: 'invariant',
      name,
      says,
      evidence,
      holds: failure === null,
      ...(failure === null
        ? {}
        : {
            transitions: failure.transitions,
            calls: failure.path.map((call) => e.calls[call].label),
            why: failure.sentence,
            script: failure.script,
          }),
    })),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
