// What the interactive shell needs of the rest of spesh. session-port.ts makes the real one of shell and session; tests make small ones.
import type { Command, Running } from '../session/command.ts';

/** A line read: commands to run one after the other, or where and why it does not parse. */
export type Read =
  | { readonly ok: true; readonly commands: readonly Command[] }
  | {
      readonly ok: false;
      /** 0-based code points of the line; the caret stands at the first and underlines the rest. */
      readonly at: number;
      readonly end: number;
      /** `unknown-command`. */
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
    };

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
  execute(command: Command): Running;
  /**
   * What the commands show that ended since this was last asked (one command may bring others, as `source` does): ANSI or plain text,
   * without a line end behind it; '' for nothing.
   */
  news(width: number): string;
  complete(line: string, cursor: number): Completion;
  /** Roles within a line, in order and without overlap. */
  colour?(line: string): readonly TypedSpan[];
  /** What Enter on an empty line runs; undefined for nothing. */
  again(): string | undefined;
  tick(): number;
  /** Does the session hold anything that is not saved? */
  unsaved(): boolean;
  /** Saves the session as a notebook or script; a message either way. */
  save(path: string): { readonly ok: boolean; readonly message: string };
  /** Keeps the journal where it can be found again, when the shell is told to end: where, or undefined where there is nothing to keep. */
  autosave?(): string | undefined;
}

/** Where typed commands are kept from run to run. */
export interface HistoryStore {
  load(): readonly string[];
  append(text: string): void;
}
