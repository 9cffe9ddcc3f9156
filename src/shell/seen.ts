// What register and memory views showed last, so that the next view marks what changed since (as `display` does with its values).
import type { Span } from '../view/doc.ts';

export interface Seen {
  /** Values as they were shown, by `vm/vcpu/NAME`. */
  readonly values: Map<string, string>;
  /** Bytes by address space, the latest view last. */
  readonly memory: Map<string, readonly SeenBytes[]>;
}

interface SeenBytes {
  readonly base: bigint;
  readonly bytes: Uint8Array;
}

/** Bytes that are kept of one address space: four of the largest views. */
const MOST_BYTES = 4 << 20;

export const nothingSeen = (): Seen => ({ values: new Map(), memory: new Map() });

/** The rows of a view, each with what it was when it was shown last, where that was another value; they are what was shown last from now on. */
export function seeValues<Row extends { readonly name: string; readonly value: string }>(
  { values }: Seen,
  place: string,
  rows: readonly Row[],
): (Row & { readonly was?: string })[] {
  return rows.map((row) => {
    const key = `${place}/${row.name}`;
    const was = values.get(key);
    values.set(key, row.value);
    return was === undefined || was === row.value ? row : { ...row, was };
  });
}

/** The address space of a view, as seeBytes names it: virtual addresses are a vCPU's own. */
export const spaceName = (vm: number, space: string, vcpu: number): string => (space === 'va' ? `${vm}/va/${vcpu}` : `${vm}/${space}`);

/** Offsets of the bytes that are other than when a view of that address space showed them last; they are what was shown last from now on. */
export function seeBytes({ memory }: Seen, space: string, base: bigint, bytes: Uint8Array): number[] {
  const earlier = memory.get(space) ?? [];
  const end = base + BigInt(bytes.length);
  const was = new Int16Array(bytes.length).fill(-1);
  for (const one of earlier) {
    const from = one.base > base ? one.base : base;
    const oneEnd = one.base + BigInt(one.bytes.length);
    const to = oneEnd < end ? oneEnd : end;
    if (from < to) was.set(one.bytes.subarray(Number(from - one.base), Number(to - one.base)), Number(from - base));
  }
  const covered = (one: SeenBytes): boolean => one.base >= base && one.base + BigInt(one.bytes.length) <= end;
  const kept = [...earlier.filter((one) => !covered(one)), { base, bytes: bytes.slice() }];
  let total = kept.reduce((sum, one) => sum + one.bytes.length, 0);
  while (total > MOST_BYTES) total -= kept.shift()?.bytes.length ?? total;
  memory.set(space, kept);
  const changed: number[] = [];
  for (let i = 0; i < bytes.length; i++) if (was[i] >= 0 && was[i] !== bytes[i]) changed.push(i);
  return changed;
}

/** A value; with `*` behind it, so that it is seen without colours, where it changed. */
export const markedValue = (value: string, changed: boolean): Span =>
  changed ? { text: `${value}*`, role: 'changed' } : { text: value, role: 'number' };
