// How the timestamps of a trace follow each other, stream by stream: steps by size, the longest, and where they go back. A long step is where
// nothing was sampled: a blackout, a full buffer, an idle CPU. Steps beyond 2^53 come out about right.
import { HAS_TIMESTAMP, type TraceColumns } from './columns.ts';

const KEPT = 10;

export interface Gap {
  /** Timestamps, counts of the counter. */
  readonly from: number;
  readonly step: number;
  readonly stream: number;
}

export interface Gaps {
  /** The last timestamp of each stream. */
  readonly last: Map<number, number>;
  /** Steps by size: bit length of the step. */
  readonly steps: Float64Array;
  backward: number;
  sum: number;
  longest: Gap[];
}

/** Streams that are followed. */
const MOST_STREAMS = 8192;

export const newGaps = (): Gaps => ({ last: new Map(), steps: new Float64Array(65), backward: 0, sum: 0, longest: [] });

/** Adds the rows of a stream (a CPU, a thread). */
export function addGaps(g: Gaps, c: TraceColumns, stream: number): void {
  let last = g.last.get(stream) ?? -1;
  let shortest = g.longest.length < KEPT ? 0 : (g.longest.at(-1)?.step ?? 0);
  for (let row = 0; row < c.rows; row++) {
    if ((c.present[row] & HAS_TIMESTAMP) === 0) continue;
    const now = c.timestampHi[row] * 0x1_0000_0000 + c.timestampLo[row];
    const step = now - last;
    if (last >= 0 && step < 0) g.backward += 1;
    else if (last >= 0) {
      g.steps[bitLength(step)] += 1;
      g.sum += step;
      if (step > shortest) shortest = keep(g, { from: last, step, stream });
    }
    last = now;
  }
  if (last >= 0 && (g.last.has(stream) || g.last.size < MOST_STREAMS)) g.last.set(stream, last);
}

function bitLength(step: number): number {
  return step < 0x1_0000_0000 ? 32 - Math.clz32(step) : 64 - Math.clz32(Math.floor(step / 0x1_0000_0000));
}

/** Keeps a long step; the shortest that is still kept. */
function keep(g: Gaps, gap: Gap): number {
  g.longest.push(gap);
  g.longest.sort((a, b) => b.step - a.step);
  if (g.longest.length > KEPT) g.longest.length = KEPT;
  return g.longest.length < KEPT ? 0 : g.longest[KEPT - 1].step;
}

export interface GapSummary {
  readonly count: number;
  readonly mean: number;
  readonly backward: number;
  /** Steps from `from` up to the next bucket's; powers of two. */
  readonly buckets: readonly { readonly from: number; readonly count: number }[];
  /** Steps of at least ten times the mean, the longest first. */
  readonly long: readonly { readonly from: string; readonly step: number; readonly stream: number }[];
}

/** null: no two timestamps follow each other. */
export function summariseGaps(g: Gaps): GapSummary | null {
  let count = 0;
  for (const n of g.steps) count += n;
  if (count === 0) return null;
  const first = g.steps.findIndex((n) => n > 0);
  const last = g.steps.findLastIndex((n) => n > 0);
  const mean = g.sum / count;
  return {
    count,
    mean,
    backward: g.backward,
    buckets: [...g.steps.slice(first, last + 1)].map((n, i) => ({ from: first + i === 0 ? 0 : 2 ** (first + i - 1), count: n })),
    long: g.longest
      .filter(({ step }) => step >= 10 * mean)
      .map(({ from, step, stream }) => ({ from: `0x${from.toString(16)}`, step, stream })),
  };
}
