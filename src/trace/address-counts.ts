// How often each 64-bit address was seen, and up to a few numbers beside it: an open-addressed table of typed arrays. It does not grow with
// the trace for ever: once it is full of addresses, the rarest are dropped and counted (lossy counting), so that the frequent ones stay.

export interface AddressCounts {
  low: Uint32Array;
  high: Uint32Array;
  /** 0 = the slot is free. */
  count: Float64Array;
  /** Numbers beside the count, one array each. */
  more: Float64Array[];
  used: number;
  /** Counts of addresses that were dropped. */
  dropped: number;
}

/** Slots a table has at most: half of them hold addresses. */
const MOST_SLOTS = 1 << 20;

/** `columns`: how many numbers beside the count. */
export function newAddressCounts(slots = 4096, columns = 0): AddressCounts {
  return {
    low: new Uint32Array(slots),
    high: new Uint32Array(slots),
    count: new Float64Array(slots),
    more: Array.from({ length: columns }, () => new Float64Array(slots)),
    used: 0,
    dropped: 0,
  };
}

/** Counts the address; its slot, for the numbers beside it, until the next call. */
export function countAddress(t: AddressCounts, high: number, low: number, times = 1): number {
  if (t.used * 2 >= t.count.length) makeRoom(t);
  const slot = slotOf(t, high, low);
  t.count[slot] += times;
  return slot;
}

function slotOf(t: AddressCounts, high: number, low: number): number {
  const mask = t.count.length - 1;
  let slot = (Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> 8) & mask;
  while (t.count[slot] !== 0 && (t.low[slot] !== low || t.high[slot] !== high)) slot = (slot + 1) & mask;
  if (t.count[slot] === 0) {
    t.low[slot] = low;
    t.high[slot] = high;
    t.used += 1;
  }
  return slot;
}

/** Twice the slots, or, where that would be too many, no more of the addresses that were seen least. */
function makeRoom(t: AddressCounts): void {
  const { length } = t.count;
  let least = 0;
  if (length >= MOST_SLOTS) {
    least = 1;
    while (usedAbove(t, least) * 4 > length) least *= 2;
  }
  const fresh = newAddressCounts(length >= MOST_SLOTS ? length : length * 2, t.more.length);
  fresh.dropped = t.dropped;
  for (let i = 0; i < length; i++) {
    if (t.count[i] === 0) continue;
    if (t.count[i] <= least) {
      fresh.dropped += t.count[i];
      continue;
    }
    const slot = slotOf(fresh, t.high[i], t.low[i]);
    fresh.count[slot] = t.count[i];
    for (const [column, values] of t.more.entries()) fresh.more[column][slot] = values[i];
  }
  Object.assign(t, fresh);
}

function usedAbove(t: AddressCounts, least: number): number {
  let used = 0;
  for (let i = 0; i < t.count.length; i++) if (t.count[i] > least) used++;
  return used;
}

export interface CountedAddress {
  readonly high: number;
  readonly low: number;
  readonly count: number;
  readonly more: readonly number[];
}

/**
 * The `top` first addresses by `weight` (the count unless given), the greatest first; of equals the lower address first. Addresses of weight 0
 * are left out.
 */
export function mostFrequent(t: AddressCounts, top: number, weight?: (slot: number) => number): CountedAddress[] {
  const slots: number[] = [];
  const weightOf = weight ?? ((slot: number) => t.count[slot]);
  for (let i = 0; i < t.count.length; i++) if (t.count[i] !== 0 && weightOf(i) > 0) slots.push(i);
  slots.sort((a, b) => weightOf(b) - weightOf(a) || t.high[a] - t.high[b] || t.low[a] - t.low[b]);
  return slots.slice(0, top).map((i) => ({ high: t.high[i], low: t.low[i], count: t.count[i], more: t.more.map((m) => m[i]) }));
}
