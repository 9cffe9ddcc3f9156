// The counter of timestamp packets and the clock of the other records: TIME_CONV. Source: Linux include/uapi/linux/perf_event.h
// (perf_event_mmap_page, time_shift … time_mask); reference perf-data §6. All arithmetic is modulo 2^64.

export interface TimeConversion {
  readonly shift: bigint;
  readonly mult: bigint;
  /** Nanoseconds at counter 0, modulo 2^64. */
  readonly zero: bigint;
  readonly cycles: bigint;
  readonly mask: bigint;
  /** The counter has only the bits of `mask`. */
  readonly short: boolean;
}

/** perf_event_mmap_page has 32 bits for the multiplier: a slow counter needs a smaller shift. */
const LARGEST_SHIFT = 24n;
const MULT_BITS = 32n;
const COUNTER_BITS = 56;

/** The conversion of a counter of `frequency` Hz, whose 0 is at `zero` ns. The counter is read with 56 bits, as Linux says of the Arm one. */
export function timeConversion(frequency: bigint, zero = 0n): TimeConversion {
  if (frequency <= 0n) throw new Error(`a counter of ${frequency} Hz`);
  let shift = LARGEST_SHIFT;
  while (shift > 0n && ((1_000_000_000n << shift) / frequency) >> MULT_BITS !== 0n) shift--;
  const mult = (1_000_000_000n << shift) / frequency;
  return {
    shift,
    mult: mult === 0n ? 1n : mult,
    zero: BigInt.asUintN(64, zero),
    cycles: 0n,
    mask: (1n << BigInt(COUNTER_BITS)) - 1n,
    short: true,
  };
}

/** Nanoseconds of a counter value. */
export function timeOfCounter(c: TimeConversion, counter: bigint): bigint {
  const cycles = c.short ? BigInt.asUintN(64, c.cycles + (BigInt.asUintN(64, counter - c.cycles) & c.mask)) : counter;
  const quotient = cycles >> c.shift;
  const rest = cycles & ((1n << c.shift) - 1n);
  return BigInt.asUintN(64, c.zero + quotient * c.mult + (BigInt.asUintN(64, rest * c.mult) >> c.shift));
}

/** The counter value at a time in nanoseconds; null where the conversion cannot say (a multiplier of 0). */
export function counterOfTime(c: TimeConversion, time: bigint): bigint | null {
  if (c.mult === 0n) return null;
  const t = BigInt.asUintN(64, time - c.zero);
  return BigInt.asUintN(64, ((t / c.mult) << c.shift) + BigInt.asUintN(64, (t % c.mult) << c.shift) / c.mult);
}

/** Nanoseconds as `perf script` prints them: seconds, and nine or six digits behind the point. */
export function timeText(time: bigint, nanoseconds = true): string {
  const seconds = time / 1_000_000_000n;
  const rest = time % 1_000_000_000n;
  return nanoseconds ? `${seconds}.${String(rest).padStart(9, '0')}` : `${seconds}.${String(rest / 1000n).padStart(6, '0')}`;
}
