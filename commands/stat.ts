// stat: what the records say together (language.md §3, group spe).
import { done } from '../src/session/outcome.ts';
import { traceOf } from '../src/session/records.ts';
import { symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { decodeColumns } from '../src/trace/decode.ts';
import { addRows, type Counted, type LatencySummary, newStatistics, type StatisticsSummary, summarise } from '../src/trace/statistics.ts';
import { type Block, type Doc, text } from '../src/view/doc.ts';

/** Operations, events, data sources, latencies and hot addresses as bars. `spesh stat FILE` shows the same. */
export function statisticsBlocks(details: Omit<StatisticsSummary, 'records' | 'partial'>): Block[] {
  return [
    ...bars('operations', details.operations),
    ...bars('events', details.events),
    ...bars('data sources', details.sources),
    ...latency('total latency', details.total),
    ...latency('issue latency', details.issue),
    ...latency('translation latency', details.xlat),
    ...bars('hot addresses', details.hot),
  ];
}

function bars(title: string, rows: readonly Counted[]): Block[] {
  if (rows.length === 0) return [];
  return [
    text('', [{ text: title, role: 'heading' }]),
    { kind: 'bars', rows: rows.map(({ name, count }) => ({ label: name, value: count, text: String(count) })) },
  ];
}

function latency(title: string, l: LatencySummary | null): Block[] {
  if (l === null) return [];
  const words = `${title}, cycles: mean ${l.mean.toFixed(1)}, median ${l.median}, p90 ${l.p90}, p99 ${l.p99}, max ${l.max}`;
  return bars(
    words,
    l.buckets.map(({ from, count }) => ({ name: `from ${from}`, count })),
  );
}

export const stat = family({
  name: 'stat',
  group: 'spe',
  summary: 'statistics of the sample records',
  details: [
    'Counts of every record in the session’s log by operation, event and data source, latency histograms with logarithmic buckets, and the most frequent program counters with their symbols.',
  ],
  see: ['records', 'spu'],
  forms: [
    {
      id: 'stat',
      syntax: 'stat',
      about: 'Show what the records say together.',
      effect: 'pure',
      run: (context) => {
        const statistics = newStatistics('canonical');
        addRows(statistics, decodeColumns(traceOf(context.log.records)));
        const summary = summarise(statistics);
        const hot = summary.hot.map(({ name, count }) => {
          const symbol = symbolAt(context, BigInt(name));
          return { name: symbol === null ? name : `${name} <${symbol}>`, count };
        });
        return done({ ...summary, hot });
      },
      show: ({ data }): Doc => {
        const summary = data as unknown as StatisticsSummary | null;
        if (summary === null || summary.records === 0) return [text('no records')];
        return [text(`${summary.records.toLocaleString('en-US')} records`), ...statisticsBlocks(summary)];
      },
    },
  ],
});
