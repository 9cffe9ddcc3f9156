// What the shell itself remembers beside the session: aliases, settings, the transcript, and the table that was made for them.
import type { Command } from '../session/command.ts';
import type { Expression } from '../session/expression.ts';
import type { Outcome } from '../session/outcome.ts';
import type { Context, JournalEntry } from '../session/session.ts';
import { SECTIONS, sectionsOf } from '../session/stop-context.ts';
import type { Doc } from '../view/doc.ts';
import { COLOUR_THEMES } from '../view/themes.ts';
import type { Family } from './family.ts';
import { nothingSeen, type Seen } from './seen.ts';
import { type CommandTable, commandTable } from './table.ts';

/** A command that ran. */
export interface Finished {
  /** Its number in the session, from 1. */
  readonly n: number;
  readonly command: Command;
  readonly outcome: Outcome;
  /** Its entry in the session's journal; absent where it was not to be done. */
  readonly entry?: JournalEntry;
  /** Tick after it. */
  readonly tick: number;
  /** `id=` of the notebook cell that brought it. */
  readonly cell?: string;
  /** Another command brought it: `source`, `load`, `rerun`. */
  readonly brought?: true;
}

/** A command that another brings: of a file, or one that ran before. `refused`: the errno that is expected of it. */
export interface Brought {
  readonly command: Command;
  readonly refused: string | null;
  readonly cell?: string;
}

export interface Setting {
  readonly name: string;
  readonly about: string;
  readonly values: string;
  /** The values that are words, for completion. */
  readonly words: readonly string[];
  accepts(value: string): boolean;
}

const isWidth = (value: string): boolean => value === 'auto' || (/^\d+$/.test(value) && Number(value) >= 20 && Number(value) <= 10_000);

/** What `set` can change. */
export const SETTINGS: readonly Setting[] = [
  { name: 'width', about: 'columns that a table may take', values: 'auto, or 20 to 10000', words: ['auto'], accepts: isWidth },
  {
    name: 'color',
    about: 'colours',
    values: 'auto, always, never',
    words: ['auto', 'always', 'never'],
    accepts: (v) => ['auto', 'always', 'never'].includes(v),
  },
  {
    name: 'theme',
    about: 'which colours',
    values: COLOUR_THEMES.join(', '),
    words: COLOUR_THEMES,
    accepts: (v) => COLOUR_THEMES.some((theme) => theme === v),
  },
  {
    name: 'context',
    about: 'what every stop shows beside the next instruction',
    values: `off, on, or some of ${SECTIONS.join(',')}`,
    words: ['off', 'on', ...SECTIONS],
    accepts: (v) => sectionsOf(v) !== null,
  },
  {
    name: 'plain',
    about: 'linear output for screen readers',
    values: 'on, off',
    words: ['on', 'off'],
    accepts: (v) => v === 'on' || v === 'off',
  },
];

/** An expression that is shown whenever a run stops. */
export interface Display {
  readonly n: number;
  readonly text: string;
  readonly expression: Expression;
  /** What it showed last. */
  last?: string;
}

/** A notebook that is gone through by hand. */
export interface Tutorial {
  readonly steps: readonly { readonly prose: readonly string[]; readonly command: Command; readonly refused: string | null }[];
  at: number;
}

/** A topic of help that is no command. */
export interface Page {
  readonly about: string;
  readonly doc: Doc;
}

export interface Names {
  guests(): readonly string[];
  /** The notebook of a command family: its examples. */
  notebook(family: string): string | undefined;
  /** Text of the project's tutorial. */
  tutorial(): string | undefined;
  /** Files and directories (`name/`) that a path could go on with. */
  files(path: string): readonly string[];
}

export interface ShellState {
  readonly aliases: Map<string, string>;
  readonly settings: Map<string, string>;
  readonly transcript: Finished[];
  /** Numbers of commands that stand behind one that was rerun: what they showed may no longer hold. */
  readonly stale: Set<number>;
  /** What `display` shows at each stop. */
  readonly displays: Display[];
  /** What registers and memory were when they were shown last. */
  readonly seen: Seen;
  /** The lesson under way. */
  tutorial: Tutorial | null;
  /** What `rerun` wants run behind it; the driver takes it. */
  rerun: readonly Brought[] | null;
  /** Host and seed that the session began with, for `save`. */
  host: string;
  seed: number;
  readonly table: CommandTable;
  /** Topics of help that other rooms know: the keys. */
  readonly pages: Readonly<Record<string, Page>>;
  /** Names for completion that only files know; each is asked when it is needed. */
  names: Names;
  /** Of the session that runs; null before there is one. For completion. */
  context: Context | null;
}

/** A state and its table: families that show or change the state are made with it. */
export function newShellState(familiesOf: (state: ShellState) => readonly Family[], pages: ShellState['pages'] = {}): ShellState {
  let table: CommandTable | undefined;
  const state: ShellState = {
    aliases: new Map(),
    settings: new Map([
      ['width', 'auto'],
      ['color', 'auto'],
      ['theme', 'default'],
      ['context', 'off'],
      ['plain', 'off'],
    ]),
    transcript: [],
    stale: new Set(),
    displays: [],
    seen: nothingSeen(),
    tutorial: null,
    rerun: null,
    host: 'two-spu',
    seed: 0,
    pages,
    names: { guests: () => [], notebook: () => undefined, tutorial: () => undefined, files: () => [] },
    context: null,
    get table() {
      if (table === undefined) throw new Error('the command table is used while it is made');
      return table;
    },
  };
  table = commandTable(familiesOf(state));
  return state;
}
