// The shell's state behind state() and subscribe(): one immutable value; listeners hear of a burst of changes once.
import { type Cell, cell } from './cells.ts';
import type { Entries } from './history.ts';
import { FRESH } from './prompt.ts';
import type { ShellState } from './shell-state.ts';

export interface Store {
  state(): ShellState;
  set(change: Partial<ShellState>): void;
  /** Puts a cell behind the transcript; '' is none. */
  print(text: string): void;
  subscribe(listener: () => void): () => void;
}

const BATCH = 256; // cells

export function createStore(greeting: string, entries: Entries): Store {
  const first: readonly Cell[] = greeting === '' ? [] : [cell(0, greeting)];
  let state: ShellState = { cells: first, batch: 0, entries, prompt: FRESH, ended: false };
  let announced = false;
  const listeners = new Set<() => void>();

  function set(change: Partial<ShellState>): void {
    state = { ...state, ...change };
    if (announced) return;
    announced = true;
    queueMicrotask(() => {
      announced = false;
      for (const listener of listeners) listener();
    });
  }

  return {
    state: () => state,
    set,
    print(text) {
      if (text === '') return;
      // Listeners have seen the batch, and React has printed it, when nothing is waiting to be announced.
      if (!announced && state.cells.length >= BATCH) set({ cells: [], batch: state.batch + 1 });
      set({ cells: [...state.cells, cell(state.cells.length, text)] });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
