// How often each 64-bit address was seen: an open-addressed table of two 32-bit halves and a count, in typed arrays.

export interface AddressCounts {
  low: Uint32Array;
  high: Uint32Array;
  /** 0 = the slot is free. */
  count: Float64Array;
  used: number;
}

export function newAddressCounts(slots = 4096): AddressCounts {
  return { low: new Uint32Array(slots), high: new Uint32Array(slots), count: new Float64Array(slots), used: 0 };
}

export function countAddress(t: AddressCounts, high: number, low: number, times = 1): void {
  const mask = t.count.length - 1;
  let slot = (Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> 8) & mask;
  while (t.count[slot] !== 0 && (t.low[slot] !== low || t.high[slot] !== high)) slot = (slot + 1) & mask;
  if (t.count[slot] === 0) {
    t.low[slot] = low;
    t.high[slot] = high;
    t.used += 1;
  }
  t.count[slot] += times;
  if (t.used * 2 > t.count.length) grow(t);
}

function grow(t: AddressCounts): void {
  const bigger = newAddressCounts(t.count.length * 2);
  for (let i = 0; i < t.count.length; i++) if (t.count[i] !== 0) countAddress(bigger, t.high[i], t.low[i], t.count[i]);
  Object.assign(t, bigger);
}

/** The `top` most frequent addresses, most frequent first; of equals the lower address first. */
export function mostFrequent(t: AddressCounts, top: number): { readonly high: number; readonly low: number; readonly count: number }[] {
  const slots: number[] = [];
  for (let i = 0; i < t.count.length; i++) if (t.count[i] !== 0) slots.push(i);
  slots.sort((a, b) => t.count[b] - t.count[a] || t.high[a] - t.high[b] || t.low[a] - t.low[b]);
  return slots.slice(0, top).map((i) => ({ high: t.high[i], low: t.low[i], count: t.count[i] }));
}
