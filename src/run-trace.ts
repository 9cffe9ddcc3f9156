// `spesh dump`, `records`, `stat`: a trace file as text, streamed. Part of main.
import type { CommonOptions, Invocation } from './io/arguments.ts';
import { readBytes } from './io/files.ts';
import { writeOut } from './io/output.ts';
import type { BatchPort } from './shell/batch.ts';
import { EXIT } from './shell/exit-code.ts';
import type { TraceDecoder } from './trace/decode.ts';
import { recordAt, type TraceRecord } from './trace/records.ts';
import { addRows, type Counted, type LatencySummary, newStatistics, summarise } from './trace/statistics.ts';
import { decodeFile, dumpFile, readTraceFile, type TraceFile } from './trace/trace.ts';
import type { Block } from './view/doc.ts';
import { text } from './view/doc.ts';

type TraceInvocation = Extract<Invocation, { mode: 'dump' | 'records' | 'stat' }>;

/** Runs the mode; the exit code: 2 for a file that cannot be opened, 5 for one that is no trace. */
export async function runTrace(invocation: TraceInvocation, options: CommonOptions, port: BatchPort): Promise<number> {
  const read = readBytes(invocation.file);
  if (read.isErr()) {
    port.err(`spesh: ${invocation.file}: ${read.error.message}\n`);
    return EXIT.usage;
  }
  const file = readTraceFile(read.value.bytes);
  if (file.isErr()) {
    port.err(
      `${invocation.file}: byte ${file.error.offset}: invalid [trace]: ${file.error.message}\n  hint: a trace is a raw AUX file or a perf.data\n`,
    );
    return EXIT.invalid;
  }
  for (const warning of file.value.warnings) port.err(`${invocation.file}: byte ${warning.offset}: ${warning.message}\n`);
  switch (invocation.mode) {
    case 'dump': {
      const { perf } = invocation;
      if (perf !== '6.1' && perf !== '6.12' && perf !== '7.3') throw new Error(`no perf ${perf}`);
      for (const piece of dumpFile(file.value, perf)) await writeOut(piece);
      return EXIT.ok;
    }
    case 'records':
      await printRecords(file.value, invocation.csv ? 'csv' : options.json ? 'json' : 'text');
      return EXIT.ok;
    case 'stat':
      port.out(statText(file.value, invocation.counts, options.json, port));
      return EXIT.ok;
  }
}

const FIELDS: readonly (keyof TraceRecord)[] = [
  'pc',
  'el',
  'ns',
  'op',
  'events',
  'issue',
  'total',
  'xlat',
  'va',
  'pa',
  'target',
  'source',
  'context',
  'ts',
  'partial',
];
const BATCH_TEXT = 64 * 1024;

const csvCell = (value: unknown): string => {
  const cell = value === undefined ? '' : String(value);
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
};

function recordLine(record: TraceRecord, form: 'csv' | 'json' | 'text'): string {
  if (form === 'json') return `${JSON.stringify(record)}\n`;
  if (form === 'csv') return `${FIELDS.map((f) => csvCell(record[f])).join(',')}\n`;
  return `${FIELDS.flatMap((f) => (record[f] === undefined ? [] : [`${f}=${/\s/.test(String(record[f])) ? `"${record[f]}"` : record[f]}`])).join(' ')}\n`;
}

async function printRecords(file: TraceFile, form: 'csv' | 'json' | 'text'): Promise<void> {
  let out = form === 'csv' ? `${FIELDS.join(',')}\n` : '';
  for (const { decoder, midr } of decodeFile(file)) {
    for (let row = 0; row < decoder.columns.rows; row++) {
      out += recordLine(recordAt(decoder.columns, row, { perf: '7.3', ...(midr === undefined ? {} : { midr }) }), form);
      if (out.length < BATCH_TEXT) continue;
      await writeOut(out);
      out = '';
    }
  }
  await writeOut(out);
}

/** Counts; then what the records say. */
function statText(file: TraceFile, countsOnly: boolean, json: boolean, port: BatchPort): string {
  const statistics = newStatistics();
  const decoders = new Set<TraceDecoder>();
  for (const { decoder } of decodeFile(file)) {
    decoders.add(decoder);
    addRows(statistics, decoder.columns);
  }
  const sum = (count: (d: TraceDecoder) => number): number => [...decoders].reduce((all, d) => all + count(d), 0);
  const { records, partial, ...details } = summarise(statistics);
  const counts = {
    records,
    partial,
    packets: sum((d) => d.packets),
    bytes: sum((d) => d.position),
    packetBytes: sum((d) => d.packetBytes),
    paddingBytes: sum((d) => d.paddingBytes),
    badBytes: sum((d) => d.badBytes),
    buffers: file.buffers.length,
    lostEvents: file.lostEvents,
    truncatedBuffers: file.truncatedBuffers,
    collidedBuffers: file.collidedBuffers,
  };
  if (json) return `${JSON.stringify(countsOnly ? counts : { ...counts, ...details })}\n`;
  const doc: Block[] = [{ kind: 'pairs', rows: Object.entries(counts).map(([name, value]) => ({ name, value: String(value) })) }];
  if (!countsOnly) {
    doc.push(...bars('operations', details.operations), ...bars('events', details.events), ...bars('data sources', details.sources));
    doc.push(
      ...latency('total latency', details.total),
      ...latency('issue latency', details.issue),
      ...latency('translation latency', details.xlat),
    );
    doc.push(...bars('hot addresses', details.hot));
  }
  return port.render(doc, 'out');
}

const heading = (title: string): Block => text('', [{ text: title, role: 'heading' }]);

function bars(title: string, rows: readonly Counted[]): Block[] {
  if (rows.length === 0) return [];
  return [heading(title), { kind: 'bars', rows: rows.map(({ name, count }) => ({ label: name, value: count, text: String(count) })) }];
}

function latency(title: string, l: LatencySummary | null): Block[] {
  if (l === null) return [];
  const words = `${title}, cycles: mean ${l.mean.toFixed(1)}, median ${l.median}, p90 ${l.p90}, p99 ${l.p99}, max ${l.max}`;
  return bars(
    words,
    l.buckets.map(({ from, count }) => ({ name: `from ${from}`, count })),
  );
}
