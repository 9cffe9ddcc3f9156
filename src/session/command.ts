// A command as the session sees it: which form of the table it is, its arguments as plain data, and how it runs.
import type { Expression } from './expression.ts';
import type { Outcome } from './outcome.ts';
import type { Context } from './session.ts';

/** What the parser puts into a slot. Numbers are expressions: only the session can give them a value. */
export type Argument =
  | { readonly kind: 'expression'; readonly expression: Expression; readonly text: string }
  | { readonly kind: 'word'; readonly text: string } // literal choices, names, paths, lists
  | { readonly kind: 'command'; readonly command: Command } // expect …, on …
  | { readonly kind: 'flag' } // an option without value
  | { readonly kind: 'many'; readonly items: readonly Argument[] };

export type Arguments = Readonly<Record<string, Argument | undefined>>;

export interface Command {
  /** Id of the form in the command table: `vcpu.attr.set`. */
  readonly form: string;
  readonly args: Arguments;
  /** The command in whole words, as the journal stores it and JSON shows it. */
  readonly text: string;
}

/** A command under way: advanced in slices until it has an Outcome, so that Ctrl-C lands between slices. */
export interface Running {
  /** Runs about `operations` more operations; null while unfinished. */
  advance(operations: number): Outcome | null;
  /** Ends it now, with the state consistent. */
  interrupt(): Outcome;
}

/** What the session needs of a form: how to run it. Text, JSON shape, help and completion are the shell's part of the same row. */
export interface Behaviour {
  readonly id: string;
  /** 'pure' reads only; 'world' changes the world and is journalled; 'session' changes focus, variables, stops. */
  readonly effect: 'pure' | 'session' | 'world';
  run(context: Context, args: Arguments): Outcome | Running;
}

export function isRunning(x: Outcome | Running): x is Running {
  return 'advance' in x;
}
