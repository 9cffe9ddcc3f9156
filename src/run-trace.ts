// `spesh dump`, `records`, `stat`: a trace file as text, streamed. Part of main.
import type { CommonOptions, Invocation } from './io/arguments.ts';
import { readBytes } from './io/files.ts';
import { writeOut } from './io/output.ts';
import type { BatchPort } from './shell/batch.ts';
import { EXIT } from './shell/exit-code.ts';
import { ADDRESSES, COUNTERS, HAS_PC, HAS_SOURCE, HAS_TOTAL } from './trace/columns.ts';
import { recordAt, type TraceRecord } from './trace/records.ts';
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

const HOTTEST = 10;

/** Counts; then where the records lie: latency by powers of two, addresses, data sources. */
function statText(file: TraceFile, countsOnly: boolean, json: boolean, port: BatchPort): string {
  const totals = new Map<unknown, Record<string, number>>();
  const latency = new Map<number, number>();
  const addresses = new Map<string, number>();
  const sources = new Map<number, number>();
  const count = <K>(map: Map<K, number>, key: K): Map<K, number> => map.set(key, (map.get(key) ?? 0) + 1);
  for (const { decoder } of decodeFile(file)) {
    const { position, packets, packetBytes, paddingBytes, badBytes, records, partialRecords } = decoder;
    totals.set(decoder, { bytes: position, packets, packetBytes, paddingBytes, badBytes, records, partialRecords });
    const c = decoder.columns;
    for (let row = 0; row < c.rows && !countsOnly; row++) {
      if (c.present[row] & HAS_TOTAL) count(latency, Math.floor(Math.log2(Math.max(1, c.counter[row * COUNTERS]))));
      if (c.present[row] & HAS_PC) count(addresses, recordAt(c, row).pc ?? `${c.addressLo[row * ADDRESSES]}`);
      if (c.present[row] & HAS_SOURCE) count(sources, c.source[row]);
    }
  }
  const counts: Record<string, number> = { buffers: file.buffers.length };
  for (const own of totals.values()) for (const [key, value] of Object.entries(own)) counts[key] = (counts[key] ?? 0) + value;
  counts['lostEvents'] = file.lostEvents;
  counts['truncatedBuffers'] = file.truncatedBuffers;
  counts['collidedBuffers'] = file.collidedBuffers;
  const hottest = [...addresses].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, HOTTEST);
  const bySource = [...sources].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const byLatency = [...latency].sort((a, b) => a[0] - b[0]);
  if (json) {
    const more = {
      latency: byLatency.map(([log2, n]) => ({ from: 2 ** log2, records: n })),
      hot: hottest.map(([pc, n]) => ({ pc, records: n })),
      sources: bySource.map(([source, n]) => ({ source, records: n })),
    };
    return `${JSON.stringify(countsOnly ? counts : { ...counts, ...more })}\n`;
  }
  const bars = (title: string, rows: readonly (readonly [string, number])[]): Block[] =>
    rows.length === 0
      ? []
      : [
          text('', [{ text: title, role: 'heading' }]),
          { kind: 'bars', rows: rows.map(([label, n]) => ({ label, value: n, text: String(n) })) },
        ];
  const doc: Block[] = [{ kind: 'pairs', rows: Object.entries(counts).map(([name, value]) => ({ name, value: String(value) })) }];
  if (!countsOnly) {
    doc.push(
      ...bars(
        'total latency, cycles from',
        byLatency.map(([log2, n]) => [String(2 ** log2), n]),
      ),
    );
    doc.push(...bars('addresses', hottest));
    doc.push(
      ...bars(
        'data sources',
        bySource.map(([source, n]) => [`0x${source.toString(16)}`, n]),
      ),
    );
  }
  return port.render(doc, 'out');
}
