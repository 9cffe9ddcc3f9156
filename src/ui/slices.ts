// A command under way: advanced in slices of at most about ten milliseconds with the event loop in between, so that keys are heard.
import type { Running } from '../session/command.ts';
import type { Outcome } from '../session/outcome.ts';
import { FIRST_SLICE, nextSlice } from '../shell/pace.ts';

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

export interface Slices {
  /** Operations asked for so far. */
  operations(): number;
  /** One slice; null while there is more to do. */
  next(): Outcome | null;
  interrupt(): Outcome;
}

/** Sizes the slices by how long the last one took. */
export function slices(running: Running, clock: Clock): Slices {
  let size = FIRST_SLICE;
  let total = 0;
  return {
    operations: () => total,
    next() {
      const before = clock.now();
      const outcome = running.advance(size);
      const took = clock.now() - before;
      total += size;
      size = nextSlice(size, took);
      return outcome;
    },
    interrupt: () => running.interrupt(),
  };
}
