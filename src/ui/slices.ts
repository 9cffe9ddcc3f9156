// A command under way: advanced in slices of at most about ten milliseconds with the event loop in between, so that keys are heard.
import type { Running } from '../session/command.ts';
import type { Outcome } from '../session/outcome.ts';

export interface Clock {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Calls back after the event loop has looked at its input once. */
  later(callback: () => void): void;
  /** Calls back once, after so many milliseconds, unless the program has ended. */
  after(milliseconds: number, callback: () => void): void;
}

export const LOOP_CLOCK: Clock = {
  now: () => performance.now(),
  later: (callback) => {
    setImmediate(callback);
  },
  after: (milliseconds, callback) => {
    setTimeout(callback, milliseconds).unref();
  },
};

const TARGET = 8; // ms
const FIRST = 20_000; // operations
const LEAST = 500;

export interface Slices {
  /** Operations asked for so far. */
  operations(): number;
  /** One slice; null while there is more to do. */
  next(): Outcome | null;
  interrupt(): Outcome;
}

/** Sizes the slices by how long the last one took. */
export function slices(running: Running, clock: Clock): Slices {
  let size = FIRST;
  let total = 0;
  return {
    operations: () => total,
    next() {
      const before = clock.now();
      const outcome = running.advance(size);
      const took = clock.now() - before;
      total += size;
      const factor = took <= 0 ? 4 : Math.min(4, TARGET / took);
      size = Math.max(LEAST, Math.floor(size * factor));
      return outcome;
    },
    interrupt: () => running.interrupt(),
  };
}
