// stat: what the records say together (language.md §3, group spe).
import { ok, type Result } from 'neverthrow';
import { done, type Unmet, unmet } from '../src/session/outcome.ts';
import { traceOf } from '../src/session/records.ts';
import type { Asset, Context } from '../src/session/session.ts';
import { symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import type { AccessSummary, SharedLine } from '../src/trace/accesses.ts';
import { newColumns, type TraceColumns } from '../src/trace/columns.ts';
import { decodeColumns } from '../src/trace/decode.ts';
import type { GapSummary } from '../src/trace/gaps.ts';
import { readAtBytes } from '../src/trace/perf-data/read-at.ts';
import { chooseRows, type RowOrigin, type RowTest } from '../src/trace/row-values.ts';
import {
  addRows,
  type Counted,
  type LatencySummary,
  newStatistics,
  type SourceCount,
  type Statistics,
  type StatisticsSummary,
  summarise,
} from '../src/trace/statistics.ts';
import { decodeSource, openTrace, TRACE_HINT } from '../src/trace/trace.ts';
import { type Block, type Doc, text } from '../src/view/doc.ts';
import { testOf } from './records.ts';

/** Operations, events, data sources, latencies, hot addresses, branches, sharing, gaps. `spesh stat FILE` and its picture show the same. */
export function statisticsBlocks(details: Omit<StatisticsSummary, 'records' | 'partial'>): Block[] {
  return [
    ...bars('operations', details.operations),
    ...bars('events', details.events),
    ...sources(details.sources),
    ...latency('total latency', details.total),
    ...latency('issue latency', details.issue),
    ...latency('translation latency', details.xlat),
    ...bars('hot addresses', details.hot),
    ...bars('hot data addresses', details.hotData),
    ...bars('hot cache lines', details.hotLines),
    ...branches(details),
    ...sharing(details.sharing),
    ...steps(details.gaps),
  ];
}

const heading = (title: string): Block => text('', [{ text: title, role: 'heading' }]);

function bars(title: string, rows: readonly Counted[]): Block[] {
  if (rows.length === 0) return [];
  return [heading(title), { kind: 'bars', rows: rows.map(({ name, count }) => ({ label: name, value: count, text: String(count) })) }];
}

/** Data source codes of Neoverse and Cortex cores, as Linux tools/perf/util/arm-spe-decoder names them; other cores have other codes. */
const SOURCE_NAMES: Readonly<Record<string, string>> = {
  '0x0': 'L1 data cache',
  '0x8': 'L2',
  '0x9': 'peer core',
  '0xa': 'local cluster',
  '0xb': 'system cache',
  '0xc': 'peer cluster',
  '0xd': 'remote',
  '0xe': 'DRAM',
};

function sources(rows: readonly SourceCount[]): Block[] {
  const label = ({ name, cycles }: SourceCount): string => {
    const about = [SOURCE_NAMES[name] ?? [], cycles === null ? [] : `${cycles.toFixed(1)} cycles`].flat();
    return about.length === 0 ? name : `${name} ${about.join(', ')}`;
  };
  return bars(
    'data sources (Neoverse names), mean total latency',
    rows.map((r) => ({ name: label(r), count: r.count })),
  );
}

function latency(title: string, l: LatencySummary | null): Block[] {
  if (l === null) return [];
  const words = `${title}, cycles: mean ${l.mean.toFixed(1)}, median ${l.median}, p90 ${l.p90}, p99 ${l.p99}, max ${l.max}`;
  return bars(
    words,
    l.buckets.map(({ from, count }) => ({ name: `from ${from}`, count })),
  );
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)}%`;
const right = (...titles: string[]) => titles.map((title) => ({ title, align: 'right' as const }));

function branches({ branchRecords, mispredicted, mispredictions }: AccessSummary): Block[] {
  if (branchRecords === 0 || mispredicted === 0) return [];
  return [
    heading(`branches: ${mispredicted} of ${branchRecords} mispredicted (${percent(mispredicted, branchRecords)})`),
    {
      kind: 'table',
      header: true,
      columns: [{ title: 'branch' }, ...right('records', 'mispredicted', 'not taken')],
      rows: mispredictions.map((b) => [
        b.pc,
        String(b.count),
        `${b.mispredicted} ${percent(b.mispredicted, b.count)}`,
        `${b.notTaken} ${percent(b.notTaken, b.count)}`,
      ]),
    },
  ];
}

function sharing(lines: readonly SharedLine[]): Block[] {
  if (lines.length === 0) return [];
  return [
    heading('cache lines that CPUs share, one of them storing'),
    {
      kind: 'table',
      header: true,
      columns: [{ title: 'line' }, ...right('records', 'stores', 'CPUs', 'storing'), { title: 'sharing' }],
      rows: lines.map((l) => [
        l.line,
        String(l.count),
        String(l.stores),
        l.cpus.join(' '),
        String(l.writer),
        l.apart ? 'false: different doublewords' : 'true: the same doublewords',
      ]),
    },
  ];
}

function steps(gaps: GapSummary | null): Block[] {
  if (gaps === null) return [];
  const backward = gaps.backward === 0 ? '' : `, ${gaps.backward} back`;
  const blocks = bars(
    `steps between timestamps: mean ${gaps.mean.toFixed(1)}${backward}`,
    gaps.buckets.map(({ from, count }) => ({ name: `from ${from}`, count })),
  );
  if (gaps.long.length === 0) return blocks;
  const rows = gaps.long.map(({ from, step, stream }) => [from, String(step), String(stream)]);
  return [
    ...blocks,
    heading('gaps: steps of ten times the mean or more'),
    { kind: 'table', header: true, columns: [{ title: 'after' }, ...right('step', 'stream')], rows },
  ];
}

/** Statistics of rows, or of those that are asked for. */
interface Chosen {
  readonly statistics: Statistics;
  readonly test: RowTest | null;
  readonly columns: TraceColumns;
  /** Rows there are. */
  of: number;
}

function addChosen(to: Chosen, columns: TraceColumns, origin: RowOrigin & { readonly cpu: number; readonly queue: number }): void {
  to.of += columns.rows;
  if (to.test !== null) chooseRows(to.columns, columns, to.test, origin);
  addRows(to.statistics, to.test === null ? columns : to.columns, origin);
}

/** What every CPU's records of the log say; a line can be shared by CPUs, timestamps follow each other on one. */
function ofSession(context: Context, test: RowTest | null): Chosen {
  const chosen: Chosen = { statistics: newStatistics('canonical'), test, columns: newColumns(64), of: 0 };
  for (const cpu of new Set(context.log.records.map((r) => r.cpu))) {
    const own = context.log.records.filter((r) => r.cpu === cpu);
    addChosen(chosen, decodeColumns(traceOf(own)), { cpu, queue: cpu });
  }
  return chosen;
}

function ofFile({ path, bytes }: Asset, test: RowTest | null): Result<Chosen, Unmet> {
  return openTrace(readAtBytes(bytes))
    .mapErr((e): Unmet => ({ code: 'invalid-trace', message: `${path}: ${e.message}`, hint: TRACE_HINT }))
    .map((source) => {
      const chosen: Chosen = { statistics: newStatistics(), test, columns: newColumns(64), of: 0 };
      for (const piece of decodeSource(source)) addChosen(chosen, piece.decoder.columns, piece);
      return chosen;
    });
}

export const stat = family({
  name: 'stat',
  group: 'spe',
  summary: 'statistics of the sample records',
  details: [
    'Counts of every record in the session’s log by operation, event and data source, latency histograms with logarithmic buckets, the most frequent program counters with their symbols, hot data addresses and cache lines, mispredicted branches, lines that CPUs share, and how timestamps follow each other. Between `trace open` and `trace close` those of the file.',
    'With `--where`, an expression as `records` has it, of the records that match alone.',
  ],
  see: ['records', 'spu', 'trace'],
  forms: [
    {
      id: 'stat',
      syntax: 'stat [--where <where:REST>]',
      about: 'Show what the records, or those that match, say together.',
      words: { '--where': 'an expression that must hold of a record' },
      effect: 'pure',
      run: (context, args) => {
        const where = args['where'];
        const { trace } = context;
        const counted = testOf(context, where, trace === null ? 'canonical' : 'perf').andThen((test) =>
          trace === null ? ok(ofSession(context, test)) : ofFile(trace, test),
        );
        if (counted.isErr()) return unmet(counted.error.code, counted.error.message, counted.error.hint);
        const { statistics, of } = counted.value;
        const summary = summarise(statistics);
        const named = (address: string): string => {
          const symbol = symbolAt(context, BigInt(address));
          return symbol === null ? address : `${address} <${symbol}>`;
        };
        const hot = summary.hot.map(({ name, count }) => ({ name: named(name), count }));
        const among = where === undefined ? {} : { of };
        return done({ ...summary, ...among, hot, mispredictions: summary.mispredictions.map((b) => ({ ...b, pc: named(b.pc) })) });
      },
      show: ({ data }): Doc => {
        const summary = data as unknown as StatisticsSummary | null;
        const of = data?.['of'];
        if (summary === null || (summary.records === 0 && of === undefined)) return [text('no records')];
        const count = summary.records.toLocaleString('en-US');
        const head = of === undefined ? `${count} records` : `${count} of ${Number(of).toLocaleString('en-US')} records match`;
        return [text(head), ...statisticsBlocks(summary)];
      },
    },
  ],
});
