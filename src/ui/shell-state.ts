// The shell as others see it: its state, what may be asked of it, how it ends. shell.ts is what it does.
import type { Box } from './box.ts';
import type { Cell } from './cells.ts';
import type { Entries } from './history.ts';
import type { Press } from './keys.ts';
import type { Paint } from './paint.ts';
import type { HistoryStore, ShellPort } from './port.ts';
import type { PromptState } from './prompt.ts';
import type { Clock } from './slices.ts';

export interface ShellState {
  /** Cells that <Static> has not forgotten yet; a new batch begins every so often, so that a long session does not grow by all it printed. */
  readonly cells: readonly Cell[];
  readonly batch: number;
  readonly entries: Entries;
  readonly prompt: PromptState;
  readonly running?: { readonly text: string; readonly operations: number };
  readonly box?: Box;
  readonly ended: boolean;
}

/** How the shell ended: with an exit code, or by a bug of ours. */
export type Ending = { readonly kind: 'exit'; readonly code: number } | { readonly kind: 'bug'; readonly error: unknown };

/** What only the terminal's owner can do. */
export interface Hands {
  /** Writes a text of many lines above the live region, behind every cell printed so far; resolves when it is written. */
  printLong(text: string): Promise<void>;
  /** Shows a text in the person's pager, behind every cell printed so far; resolves when they have left it, to false where there is none. */
  openPager(text: string): Promise<boolean>;
  clearScreen(): void;
  suspend(): void;
  openEditor(text: string): void;
}

export interface ShellOptions {
  readonly port: ShellPort;
  readonly clock: Clock;
  readonly paint: Paint;
  /** Columns of the terminal now. */
  width(): number;
  readonly history?: HistoryStore;
  readonly greeting?: string;
  /** Candidates of a completion are printed, not shown in a menu. */
  readonly linear?: boolean;
}

export interface Shell {
  state(): ShellState;
  subscribe(listener: () => void): () => void;
  press(presses: readonly Press[]): void;
  /** Ctrl-C, from the keyboard or as a signal. */
  interrupt(): void;
  /** Ctrl-Z, from the keyboard or as a signal: also while a command runs. */
  suspend(): void;
  /** Ends with this code without asking, keeping the journal: signals, a closed terminal. */
  terminate(code: number): void;
  /** Ends with a bug that was caught elsewhere. */
  fail(error: unknown): void;
  /** Another text for the line, from an external editor. */
  setText(text: string): void;
  attach(hands: Hands): void;
  readonly ending: Promise<Ending>;
}
