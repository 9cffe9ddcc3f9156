// How positions in time read: where a command went, and lists of snapshots and branches.
import type { Named, Travel } from '../session/travel.ts';
import { type Block, type Doc, text } from '../view/doc.ts';
import type { Candidate } from './family.ts';

/** `undid: step 7 (tick 1,204)`. */
export function showWhere(data: Readonly<Record<string, unknown>> | null, verb: string): Doc {
  if (data === null) return [];
  return [
    text([
      { text: `${verb}: `, role: 'dim' },
      { text: String(data[verb]) },
      { text: ` (tick ${Number(data['tick']).toLocaleString('en-US')})`, role: 'dim' },
    ]),
  ];
}

export interface NamedRow {
  readonly name: string;
  readonly tick: number;
  readonly commands: number;
  readonly last: string | null;
}

/** Snapshots or branches as data: tick, commands that led there, the last of them. */
export const namedRows = (list: readonly Named[]): NamedRow[] =>
  list.map(({ name, position: { world, journal } }) => ({
    name,
    tick: world.machine.tick,
    commands: journal.length,
    last: journal.list[journal.length - 1]?.command.text ?? null,
  }));

export const namedTable = (rows: readonly NamedRow[]): Block => ({
  kind: 'table',
  columns: [{ title: 'name' }, { title: 'tick', align: 'right' }, { title: 'commands', align: 'right' }, { title: 'last' }],
  rows: rows.map((row) => [row.name, row.tick.toLocaleString('en-US'), String(row.commands), row.last ?? '']),
});

/** Where `restore` can go and what `diff` can compare, for completion. */
export const placeNames = ({ snaps, branches }: Travel): Candidate[] => [
  ...snaps.map(({ name }) => ({ text: name, about: 'snapshot' })),
  ...branches.map(({ name }) => ({ text: name, about: 'branch' })),
];
