// Times of records as `perf script --ns` prints them, `SECONDS.NNNNNNNNN`, without a BigInt a record: what the counter's high bits give is
// kept, and changes only every 2^shift counts.
import { putByte, putDecimal, type Text } from '../text.ts';
import { type TimeConversion, timeOfCounter } from './clock.ts';

/** The last quotient that was converted: its high bits and the time at its beginning. */
export interface ClockTicks {
  clock: TimeConversion | null;
  high: number;
  middle: number;
  seconds: number;
  nanoseconds: number;
  shift: number;
  multHigh: number;
  multLow: number;
}

export const newClockTicks = (): ClockTicks => ({
  clock: null,
  high: 0,
  middle: 0,
  seconds: 0,
  nanoseconds: 0,
  shift: 0,
  multHigh: 0,
  multLow: 0,
});

const BILLION = 1_000_000_000;
/** Shifts that the quick way knows: the rest of a count fits in 32 bits, and its product in 56. */
const LARGEST_SHIFT = 24;

/** Appends the time of a counter value, given in two halves. */
export function putTime(t: Text, k: ClockTicks, clock: TimeConversion, high: number, low: number): void {
  const shift = Number(clock.shift);
  if (shift > LARGEST_SHIFT || clock.cycles !== 0n) {
    const time = timeOfCounter(clock, (BigInt(high) << 32n) | BigInt(low));
    putSeconds(t, Number(time / 1_000_000_000n), Number(time % 1_000_000_000n));
    return;
  }
  const mask = shift === 0 ? 0 : 0xffff_ffff >>> (32 - shift);
  const rest = (low & mask) >>> 0;
  const middle = (low & ~mask) >>> 0;
  if (k.clock !== clock || k.high !== high || k.middle !== middle) {
    const time = timeOfCounter(clock, (BigInt(high) << 32n) | BigInt(middle));
    k.clock = clock;
    k.high = high;
    k.middle = middle;
    k.seconds = Number(time / 1_000_000_000n);
    k.nanoseconds = Number(time % 1_000_000_000n);
    k.shift = shift;
    k.multHigh = Number(clock.mult >> 16n);
    k.multLow = Number(clock.mult & 0xffffn);
  }
  // floor(rest * mult / 2^shift), in two halves so that no product passes 2^53.
  const upper = rest * k.multHigh;
  const lower = rest * k.multLow;
  const more =
    shift >= 16
      ? Math.floor((upper + Math.floor(lower / 0x1_0000)) / 2 ** (shift - 16))
      : Math.floor((upper * 0x1_0000 + lower) / 2 ** shift);
  const sum = k.nanoseconds + more;
  const carry = Math.floor(sum / BILLION);
  putSeconds(t, k.seconds + carry, sum - carry * BILLION);
}

function putSeconds(t: Text, seconds: number, nanoseconds: number): void {
  putDecimal(t, seconds);
  putByte(t, 0x2e);
  let at = t.length + 9;
  t.length = at;
  let rest = nanoseconds;
  for (let i = 0; i < 9; i++) {
    const next = (rest / 10) | 0;
    t.bytes[--at] = 0x30 + (rest - next * 10);
    rest = next;
  }
}
