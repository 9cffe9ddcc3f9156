// Times of records as `perf script --ns` prints them, `SECONDS.NNNNNNNNN`, without a BigInt a record: what the counter's high bits give is
// kept, and changes only every 2^shift counts.
import { putByte, putDecimal, type Text } from '../text.ts';
import { type TimeConversion, timeOfCounter } from './clock.ts';

/** The last quotient that was converted: its high bits and the time at its beginning. */
export interface ClockTicks {
  clock: TimeConversion | null;
  isQuick: boolean;
  shift: number;
  multHigh: number;
  multLow: number;
  high: number;
  middle: number;
  seconds: number;
  nanoseconds: number;
}

export const newClockTicks = (): ClockTicks => ({
  clock: null,
  isQuick: false,
  shift: 0,
  multHigh: 0,
  multLow: 0,
  high: -1,
  middle: 0,
  seconds: 0,
  nanoseconds: 0,
});

const BILLION = 1_000_000_000;
/** Within a product of them times begin anew. */
const MOST_SECONDS = Number((1n << 64n) / 1_000_000_000n) - 6;
const LOW = 0xffff_ffffn;

/** Does the quick way know it? The rest of a count fits in 24 bits, its product in 56, and the count's low half is the counter's. */
const isQuick = (c: TimeConversion): boolean => c.shift <= 24n && c.cycles === 0n && c.mult <= LOW && (!c.short || (c.mask & LOW) === LOW);

function learnClock(k: ClockTicks, clock: TimeConversion): void {
  k.clock = clock;
  k.isQuick = isQuick(clock);
  k.shift = k.isQuick ? Number(clock.shift) : 0;
  k.multHigh = Number((clock.mult & LOW) >> 16n);
  k.multLow = Number(clock.mult & 0xffffn);
  k.high = -1;
}

/** Appends the time of a counter value, given in two halves. */
export function putTime(t: Text, k: ClockTicks, clock: TimeConversion, high: number, low: number): void {
  if (k.clock !== clock) learnClock(k, clock);
  const { shift } = k;
  const mask = k.isQuick ? (1 << shift) - 1 : 0;
  const rest = low & mask;
  const middle = (low & ~mask) >>> 0;
  if (k.high !== high || k.middle !== middle) {
    const time = timeOfCounter(clock, (BigInt(high) << 32n) | BigInt(middle));
    k.high = high;
    k.middle = middle;
    k.seconds = Number(time / 1_000_000_000n);
    k.nanoseconds = Number(time % 1_000_000_000n);
  }
  if (rest !== 0 && k.seconds >= MOST_SECONDS) {
    const time = timeOfCounter(clock, (BigInt(high) << 32n) | BigInt(low));
    putSeconds(t, Number(time / 1_000_000_000n), Number(time % 1_000_000_000n));
    return;
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
