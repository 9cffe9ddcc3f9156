// Drives a running command in slices of at most about ten milliseconds, with the event loop in between, so that Ctrl-C is heard.
import type { Running } from '../session/command.ts';
import type { Outcome } from '../session/outcome.ts';

export interface Pace {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Comes back when the event loop has looked at its input. */
  pause(): Promise<void>;
  /** Someone wants the command to end. */
  stopping(): boolean;
}

/** How long one slice should take, in milliseconds. */
export const SLICE_TIME = 8;
/** Operations of the first slice. */
export const FIRST_SLICE = 20_000;
const LEAST = 500;
const GROWTH = 4;

/** Operations of the slice behind one of `size` that took so many milliseconds. */
export const nextSlice = (size: number, took: number): number =>
  Math.max(LEAST, Math.floor(size * (took <= 0 ? GROWTH : Math.min(GROWTH, SLICE_TIME / took))));

/** The outcome; interrupted where `pace` asked for it. */
export async function drive(running: Running, pace: Pace): Promise<Outcome> {
  let size = FIRST_SLICE;
  for (;;) {
    const before = pace.now();
    const outcome = running.advance(size);
    if (outcome !== null) return outcome;
    size = nextSlice(size, pace.now() - before);
    await pace.pause();
    if (pace.stopping()) return running.interrupt();
  }
}
