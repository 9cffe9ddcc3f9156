// What a trace holds, counted: operations, events, latencies, hot addresses, data sources. Rows are added batch by batch; the summary is
// plain data. Latencies are counted by their exact value, so percentiles are exact.
import { eventNames } from '../arch/spe/events.ts';
import { canonicalHigh, codeAddressHigh } from '../arch/spe/fixup.ts';
import { operationWords } from '../arch/spe/operations.ts';
import type { WordOptions } from '../arch/spe/words.ts';
import { type Accesses, type AccessSummary, addAccesses, newAccesses, summariseAccesses } from './accesses.ts';
import { type AddressCounts, countAddress, mostFrequent, newAddressCounts } from './address-counts.ts';
import {
  ADDRESSES,
  COUNTERS,
  HAS_EVENTS,
  HAS_OPERATION,
  HAS_PC,
  HAS_SOURCE,
  HAS_TIMESTAMP,
  HAS_TOTAL,
  IS_COMPLETE,
  type TraceColumns,
} from './columns.ts';
import { addGaps, type GapSummary, type Gaps, newGaps, summariseGaps } from './gaps.ts';
import { type AddressForm, hex64 } from './records.ts';

const VALUES = 0x10000;

export interface Statistics {
  readonly form: AddressForm;
  records: number;
  partialRecords: number;
  /** By class << 8 | payload byte; by event bit; by code. */
  readonly operations: Float64Array;
  readonly events: Float64Array;
  readonly sources: Float64Array;
  /** Records by counter value, cycles: total, issue, translation. */
  readonly latencies: readonly Float64Array[];
  readonly addresses: AddressCounts;
  readonly accesses: Accesses;
  readonly gaps: Gaps;
  /** Least and greatest timestamp. */
  firstTimestamp: bigint | null;
  lastTimestamp: bigint | null;
}

export function newStatistics(form: AddressForm = 'perf'): Statistics {
  return {
    form,
    records: 0,
    partialRecords: 0,
    operations: new Float64Array(1024),
    events: new Float64Array(64),
    sources: new Float64Array(VALUES),
    latencies: [new Float64Array(VALUES), new Float64Array(VALUES), new Float64Array(VALUES)],
    addresses: newAddressCounts(),
    accesses: newAccesses(),
    gaps: newGaps(),
    firstTimestamp: null,
    lastTimestamp: null,
  };
}

/** Where rows come from: the CPU (-1 = not known), and the stream whose timestamps they carry on. */
export interface RowOrigin {
  readonly cpu: number;
  readonly queue: number;
}

/** Counts every row of the columns. */
export function addRows(s: Statistics, c: TraceColumns, origin: RowOrigin = { cpu: -1, queue: 0 }): void {
  addAccesses(s.accesses, c, s.form, origin.cpu);
  addGaps(s.gaps, c, origin.queue);
  let least = -1;
  let greatest = -1;
  const pcHigh = s.form === 'perf' ? codeAddressHigh : canonicalHigh;
  for (let row = 0; row < c.rows; row++) {
    const present = c.present[row];
    if ((present & IS_COMPLETE) !== 0) s.records += 1;
    else s.partialRecords += 1;
    if (present & HAS_OPERATION) s.operations[c.operation[row]] += 1;
    if (present & HAS_EVENTS) {
      countBits(s.events, 0, c.eventsLo[row]);
      if (c.eventsHi[row] !== 0) countBits(s.events, 32, c.eventsHi[row]);
    }
    if (present & HAS_SOURCE) s.sources[c.source[row]] += 1;
    for (let i = 0; i < COUNTERS; i++) {
      if (present & (HAS_TOTAL << i)) s.latencies[i][c.counter[row * COUNTERS + i]] += 1;
    }
    if (present & HAS_PC) countAddress(s.addresses, pcHigh(c.addressHi[row * ADDRESSES]), c.addressLo[row * ADDRESSES]);
    if (present & HAS_TIMESTAMP) {
      if (least < 0 || isBefore(c, row, least)) least = row;
      if (greatest < 0 || isBefore(c, greatest, row)) greatest = row;
    }
  }
  if (least < 0) return;
  const first = timestampAt(c, least);
  const last = timestampAt(c, greatest);
  if (s.firstTimestamp === null || first < s.firstTimestamp) s.firstTimestamp = first;
  if (s.lastTimestamp === null || last > s.lastTimestamp) s.lastTimestamp = last;
}

function countBits(counts: Float64Array, base: number, word: number): void {
  for (let rest = word; rest !== 0; rest &= rest - 1) counts[base + 31 - Math.clz32(rest & -rest)] += 1;
}

const timestampAt = (c: TraceColumns, row: number): bigint => (BigInt(c.timestampHi[row]) << 32n) | BigInt(c.timestampLo[row]);

function isBefore(c: TraceColumns, a: number, b: number): boolean {
  return c.timestampHi[a] === c.timestampHi[b] ? c.timestampLo[a] < c.timestampLo[b] : c.timestampHi[a] < c.timestampHi[b];
}

export interface Counted {
  readonly name: string;
  readonly count: number;
}

export interface SourceCount extends Counted {
  /** Mean total latency, cycles; null: no record says. */
  readonly cycles: number | null;
}

export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** Records with a value from `from` up to the next bucket's; powers of two. Empty buckets at the ends are left out. */
  readonly buckets: readonly { readonly from: number; readonly count: number }[];
}

export interface StatisticsSummary extends AccessSummary {
  readonly records: number;
  readonly partial: number;
  readonly loads: number;
  readonly stores: number;
  readonly branches: number;
  readonly others: number;
  /** In perf's words, most frequent first. */
  readonly operations: readonly Counted[];
  /** By rising bit. */
  readonly events: readonly Counted[];
  /** By rising code, as `0x…`. */
  readonly sources: readonly SourceCount[];
  readonly total: LatencySummary | null;
  readonly issue: LatencySummary | null;
  readonly xlat: LatencySummary | null;
  /** The most frequent PCs as `0x…`; of equals the lower first. */
  readonly hot: readonly Counted[];
  readonly firstTs: string | null;
  readonly lastTs: string | null;
  readonly gaps: GapSummary | null;
}

/** The summary of what was counted, with the `top` most frequent addresses. */
export function summarise(s: Statistics, top = 10, words: WordOptions = { perf: '7.3' }): StatisticsSummary {
  const inClass = (operationClass: number, odd?: number): number => {
    let sum = 0;
    for (let sub = 0; sub < 256; sub++) if (odd === undefined || (sub & 1) === odd) sum += s.operations[(operationClass << 8) | sub];
    return sum;
  };
  return {
    records: s.records,
    partial: s.partialRecords,
    loads: inClass(1, 0),
    stores: inClass(1, 1),
    branches: inClass(2),
    others: inClass(0) + inClass(3),
    operations: operationCounts(s.operations, words),
    events: named(s.events, (bit) => eventNames(1n << BigInt(bit), words.perf, words.midr) || `bit ${bit}`),
    sources: sourceCounts(s),
    total: latencySummary(s.latencies[0]),
    issue: latencySummary(s.latencies[1]),
    xlat: latencySummary(s.latencies[2]),
    hot: mostFrequent(s.addresses, top).map(({ high, low, count }) => ({ name: hex64(high, low), count })),
    firstTs: s.firstTimestamp === null ? null : `0x${s.firstTimestamp.toString(16)}`,
    lastTs: s.lastTimestamp === null ? null : `0x${s.lastTimestamp.toString(16)}`,
    gaps: summariseGaps(s.gaps),
    ...summariseAccesses(s.accesses, top),
  };
}

function sourceCounts({ sources, accesses }: Statistics): SourceCount[] {
  const out: SourceCount[] = [];
  for (let code = 0; code < sources.length; code++) {
    if (sources[code] === 0) continue;
    const timed = accesses.sourceTimed[code];
    out.push({ name: hex64(0, code), count: sources[code], cycles: timed === 0 ? null : accesses.sourceCycles[code] / timed });
  }
  return out;
}

function named(counts: Float64Array, name: (index: number) => string): Counted[] {
  const out: Counted[] = [];
  for (let i = 0; i < counts.length; i++) if (counts[i] > 0) out.push({ name: name(i), count: counts[i] });
  return out;
}

/** Payloads with the same words are one kind of operation. */
function operationCounts(counts: Float64Array, words: WordOptions): Counted[] {
  const byWords = new Map<string, number>();
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const name = operationWords(i >> 8, i & 0xff, words.perf) || `class ${i >> 8} 0x${(i & 0xff).toString(16)}`;
    byWords.set(name, (byWords.get(name) ?? 0) + counts[i]);
  }
  return [...byWords].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

function latencySummary(counts: Float64Array): LatencySummary | null {
  let count = 0;
  let sum = 0;
  let max = 0;
  const powers = new Array<number>(18).fill(0);
  for (let value = 0; value < counts.length; value++) {
    const n = counts[value];
    if (n === 0) continue;
    count += n;
    sum += n * value;
    max = value;
    powers[value === 0 ? 0 : 32 - Math.clz32(value)] += n;
  }
  if (count === 0) return null;
  const at = (share: number): number => {
    let left = Math.ceil(count * share);
    for (let value = 0; value < counts.length; value++) {
      left -= counts[value];
      if (left <= 0) return value;
    }
    return max;
  };
  const first = powers.findIndex((n) => n > 0);
  const last = powers.findLastIndex((n) => n > 0);
  const buckets = powers.slice(first, last + 1).map((n, i) => ({ from: first + i === 0 ? 0 : 2 ** (first + i - 1), count: n }));
  return { count, mean: sum / count, median: at(0.5), p90: at(0.9), p99: at(0.99), max, buckets };
}
