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

const SLICE = 8; // ms
const FIRST = 20_000; // operations
const LEAST = 500;
const GROWTH = 4;

/** The outcome; interrupted where `pace` asked for it. */
export async function drive(running: Running, pace: Pace): Promise<Outcome> {
  let size = FIRST;
  for (;;) {
    const before = pace.now();
    const outcome = running.advance(size);
    if (outcome !== null) return outcome;
    const took = pace.now() - before;
    size = Math.max(LEAST, Math.floor(size * (took <= 0 ? GROWTH : Math.min(GROWTH, SLICE / took))));
    await pace.pause();
    if (pace.stopping()) return running.interrupt();
  }
}
