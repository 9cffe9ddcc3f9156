// A progress bar on one line of a terminal: how much is done, how fast, how long it may still take. Elsewhere nothing is printed.
import type { Output } from './output.ts';

export interface Progress {
  /** `done` of `total`, in `unit`. */
  show(done: number, total: number, unit: string): void;
  /** Takes the line away. */
  clear(): void;
}

const BAR = 24;
const LEAST_PAUSE = 100; // ms between two drawings
const BEFORE_THE_FIRST = 500; // ms: what is over sooner needs no bar

const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

/** `2 min 5 s`. */
function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The line, without its end; `elapsed` in milliseconds. */
export function progressLine(done: number, total: number, unit: string, elapsed: number, width: number): string {
  const part = total <= 0 ? 0 : Math.min(1, done / total);
  const rate = elapsed <= 0 ? 0 : (done * 1000) / elapsed;
  const bar = '#'.repeat(Math.round(part * BAR)).padEnd(BAR, '-');
  const left = rate <= 0 ? '' : `, about ${duration((total - done) / rate)} left`;
  return `[${bar}] ${Math.floor(part * 100)}% ${grouped(done)} ${unit}, ${grouped(rate)}/s${left}`.slice(0, Math.max(0, width - 1));
}

/** A bar on this output, if it is a terminal; `now` in milliseconds. */
export function progressBar(output: Output, now: () => number): Progress {
  const from = now();
  let drawn = from + BEFORE_THE_FIRST - LEAST_PAUSE;
  let visible = false;
  let most = 0; // the total is a guess: the bar does not go back when it grows
  return {
    show: (done, total, unit) => {
      const at = now();
      if (!output.isTTY || at - drawn < LEAST_PAUSE) return;
      drawn = at;
      visible = true;
      if (total > 0) most = Math.max(most, done / total);
      output.write(`\r${progressLine(done, most > 0 ? Math.min(total, done / most) : total, unit, at - from, output.columns ?? 80)}\x1b[K`);
    },
    clear: () => {
      if (visible) output.write('\r\x1b[K');
      visible = false;
    },
  };
}
