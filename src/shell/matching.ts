// The state of matching a command's text against the table: how far the forms came, and what could have stood there.
import type { Result } from 'neverthrow';
import type { Command } from '../session/command.ts';
import type { Misread } from './misread.ts';
import type { Option, Slot } from './syntax.ts';
import type { CommandTable, TableForm } from './table.ts';
import { isBlank } from './words.ts';

export type Expectation =
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string; readonly of: TableForm }
  | { readonly kind: 'mark'; readonly text: string; readonly of: TableForm }
  | { readonly kind: 'slot'; readonly slot: Slot; readonly of: TableForm }
  | { readonly kind: 'option'; readonly option: Option; readonly of: TableForm }
  | { readonly kind: 'end'; readonly of: TableForm };

/** How far the forms came, and what each would have taken there. */
export interface Furthest {
  at: number;
  expected: Expectation[];
  /** A better sentence than 'unexpected word'. */
  fault: Misread | null;
  /** The form whose argument the fault is in. */
  within: TableForm | null;
}

export interface Matching {
  readonly table: CommandTable;
  readonly chars: readonly string[];
  /** Whole words that prefixes stand for, by position. */
  readonly expansions: ReadonlyMap<number, string>;
  readonly furthest: Furthest;
  /** The form whose argument is being read. */
  reading: TableForm | null;
  /** Reads a quoted command (`on`, `process`). */
  readQuoted(text: string): Result<Command, Misread>;
  /** Matches the command that begins at `from` (match.ts). */
  readonly matchCommand: (m: Matching, from: number) => Match | null;
  /** The text goes on: arguments that do not fit together yet are no fault. */
  readonly unfinished: boolean;
  /** How often a command may still stand inside a command. */
  readonly depth: number;
}

export interface Match {
  readonly form: TableForm;
  readonly command: Command;
  /** Literal words that matched: the form that has more of them is meant. */
  readonly words: number;
}

export function expect(m: Matching, at: number, e: Expectation): void {
  const f = m.furthest;
  if (at < f.at) return;
  if (at > f.at) {
    f.at = at;
    f.expected = [];
    f.fault = null;
    f.within = null;
  }
  f.expected.push(e);
}

export function fault(m: Matching, what: Misread): void {
  const f = m.furthest;
  if (what.at < f.at) return;
  if (what.at > f.at) {
    f.at = what.at;
    f.expected = [];
    f.fault = null;
  }
  if (f.fault !== null) return;
  f.fault = what;
  f.within = m.reading;
}

/** Every word fits, but not together: nothing that another form expected further on is a better answer. */
export function faultOfAll(m: Matching, what: Misread): void {
  m.furthest.at = m.chars.length + 1;
  m.furthest.expected = [];
  m.furthest.fault = what;
}

export function skipBlanks(chars: readonly string[], at: number): number {
  let i = at;
  while (i < chars.length && isBlank(chars[i])) i += 1;
  return i;
}
