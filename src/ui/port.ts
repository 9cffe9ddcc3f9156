// What the interactive shell needs of the rest of spesh. The real one is made of shell and session in session-port.ts; tests make small ones.
import type { Running } from '../session/command.ts';
import type { Outcome } from '../session/outcome.ts';

/** A line read: commands to run one after the other, or where and why it does not parse (`at`: 0-based code point). */
export type Read =
  | { readonly ok: true; readonly commands: readonly PortCommand[] }
  | { readonly ok: false; readonly at: number; readonly message: string; readonly expected: readonly string[]; readonly hint?: string };

/** Opaque to the shell but for its text. */
export interface PortCommand {
  readonly text: string;
}

export interface Item {
  readonly label: string;
  readonly insert: string;
  readonly detail?: string;
}

/** Offsets are UTF-16 units of the line. */
export interface Completion {
  readonly replace: readonly [number, number];
  readonly items: readonly Item[];
  /** Usage of the command being typed. */
  readonly signature?: string;
  /** Where the line is wrong already, before Enter. */
  readonly diagnostics?: readonly { readonly from: number; readonly to: number; readonly message: string }[];
}

/** A run of a line in a role, for colouring what is typed. */
export interface TypedSpan {
  readonly from: number;
  readonly to: number;
  readonly role: 'command' | 'option' | 'number' | 'name' | 'string' | 'comment' | 'bad';
}

export interface ShellPort {
  /** `spe> `. */
  prompt(): string;
  read(line: string): Read;
  execute(command: PortCommand): Running;
  /** What a command shows: ANSI (or plain) text, lines parted by `\n`, without one at the end; '' for nothing. */
  present(outcome: Outcome, width: number, command: PortCommand): string;
  complete(line: string, cursor: number): Completion;
  /** Roles within a line, in order and without overlap. */
  colour?(line: string): readonly TypedSpan[];
  /** Text of the diagnostic for a line that does not parse; the default is a caret under the line. */
  misread?(line: string, read: Extract<Read, { ok: false }>): string;
  /** What Enter on an empty line runs; undefined for nothing. */
  again(): string | undefined;
  tick(): number;
  /** Does the session hold anything that is not saved? */
  unsaved(): boolean;
  /** Saves the session as a notebook or script; a message either way. */
  save(path: string): { readonly ok: boolean; readonly message: string };
  /** Keeps the journal where the next start finds it; called when the process is told to end. The path, or undefined where there is nothing to keep. */
  autosave?(): string | undefined;
}

/** Where typed commands are kept from run to run. */
export interface HistoryStore {
  load(): readonly string[];
  append(text: string): void;
}
