// The interval counter, in the example model's order (Arm ARM J1.1.1, spe-architecture §4.2): COUNT 0 reloads on the next operation, an
// operation that takes COUNT from 1 to 0 is the sampled one; with ERnd a random number of further operations passes first.
import { nextRandom } from '../../base/prng.ts';

/** Numbers only; copied out of PMSICR_EL1 and PMSIRR_EL1 and back. */
export interface IntervalCounter {
  count: number;
  secondary: number; // ECOUNT
  /** PMSIRR_EL1.INTERVAL * 256. */
  readonly interval: number;
  readonly jitter: boolean; // PMSIRR_EL1.RND
  readonly randomEnd: boolean; // PMSIDR_EL1.ERnd
  /** State of the world's generator. */
  random: number;
}

/** "Not within this many operations": what `operationsUntilSample` answers when no sample is near. */
export const NO_SAMPLE = 0x7fff_ffff;

function randomByte(c: IntervalCounter): number {
  const { state, draw } = nextRandom(c.random);
  c.random = state;
  return draw >>> 24;
}

/** One operation: true when it is the sampled one. `byte` draws a random byte. */
export function intervalTick(c: IntervalCounter, byte: (c: IntervalCounter) => number = randomByte): boolean {
  if (c.count === 0) {
    c.count = c.interval + (c.jitter && !c.randomEnd ? byte(c) : 0);
  } else {
    c.count -= 1;
    if (c.count === 0) {
      if (!(c.jitter && c.randomEnd)) return true;
      c.secondary = byte(c);
      return c.secondary === 0;
    }
  }
  if (isEnding(c)) {
    c.secondary -= 1;
    return c.secondary === 0;
  }
  return false;
}

/** ECOUNT runs. */
const isEnding = (c: IntervalCounter): boolean => c.jitter && c.randomEnd && c.secondary !== 0;

/** Operations that only count down: none of the next so many reloads or is sampled. */
function quiet(c: IntervalCounter): number {
  if (c.count === 0) return 0;
  return isEnding(c) ? Math.min(c.count, c.secondary) - 1 : c.count - 1;
}

/** Nothing moves any more: INTERVAL 0 without jitter reloads zero for ever. */
function isStuck(c: IntervalCounter): boolean {
  return c.count === 0 && c.interval === 0 && !isEnding(c) && !(c.jitter && !c.randomEnd);
}

/** Counts `n` operations, of which only the last may be sampled; true when it is. */
export function advanceInterval(c: IntervalCounter, n: number): boolean {
  let left = n;
  while (left > 0) {
    if (isStuck(c)) return false;
    const skip = Math.min(left, quiet(c));
    c.count -= skip;
    if (isEnding(c)) c.secondary -= skip;
    left -= skip;
    if (left === 0) return false;
    left -= 1;
    if (intervalTick(c)) {
      if (left !== 0) throw new Error(`the interval ended ${left} operations before the last that was counted`);
      return true;
    }
  }
  return false;
}

/** How many operations until one is sampled, that one included; at most `NO_SAMPLE`. Leaves the counter as it ends up there. */
export function operationsUntilSample(c: IntervalCounter): number {
  let n = 0;
  while (n < NO_SAMPLE && !isStuck(c)) {
    const skip = quiet(c);
    c.count -= skip;
    if (isEnding(c)) c.secondary -= skip;
    n += skip + 1;
    if (intervalTick(c)) return Math.min(n, NO_SAMPLE);
  }
  return NO_SAMPLE;
}
