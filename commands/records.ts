// records: the decoded rows of what the SPUs wrote (language.md §3, group spe).
import { counted } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import type { SampleRecord } from '../src/session/records.ts';
import { symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { decodeColumns } from '../src/trace/decode.ts';
import { recordsOf, type TraceRecord } from '../src/trace/records.ts';
import { type Doc, text } from '../src/view/doc.ts';

const DEFAULT_COUNT = 10;

/** The bytes of records as one trace. */
function joined(records: readonly SampleRecord[]): Uint8Array {
  const out = new Uint8Array(records.reduce((sum, r) => sum + r.bytes.length, 0));
  let at = 0;
  for (const r of records) {
    out.set(r.bytes, at);
    at += r.bytes.length;
  }
  return out;
}

type Row = TraceRecord & { readonly vcpu: string; readonly symbol?: string };

const COLUMNS: readonly { readonly title: string; readonly align?: 'right'; cell(r: Row): string }[] = [
  { title: 'vcpu', cell: (r) => r.vcpu },
  { title: 'pc', cell: (r) => r.pc ?? '' },
  { title: 'symbol', cell: (r) => r.symbol ?? '' },
  { title: 'op', cell: (r) => r.op ?? '' },
  { title: 'events', cell: (r) => r.events ?? '' },
  { title: 'total', align: 'right', cell: (r) => String(r.total ?? '') },
  { title: 'issue', align: 'right', cell: (r) => String(r.issue ?? '') },
  { title: 'xlat', align: 'right', cell: (r) => String(r.xlat ?? '') },
  { title: 'va', cell: (r) => r.va ?? '' },
  { title: 'target', cell: (r) => r.target ?? '' },
  { title: 'source', align: 'right', cell: (r) => String(r.source ?? '') },
  { title: 'ts', cell: (r) => r.ts ?? '' },
];

export const records = family({
  name: 'records',
  group: 'spe',
  summary: 'decoded sample records',
  details: [
    'The last N records (10) of the session’s record log: every record an SPU completed, in order. Addresses as perf gives them to its users, latencies in cycles, `op` and `events` in perf’s words.',
  ],
  see: ['sample', 'buffer', 'stat'],
  forms: [
    {
      id: 'records',
      syntax: 'records [<count:EXPR>]',
      about: 'Show the last N records.',
      effect: 'pure',
      run: (context, args) =>
        counted(context, args['count'], DEFAULT_COUNT, (count) => {
          const log = context.log.records;
          const last = count === 0 ? [] : log.slice(-count);
          const decoded = last.map((r): Row => {
            const [record] = recordsOf(decodeColumns(r.bytes));
            const symbol = record?.pc === undefined ? null : symbolAt(context, BigInt(record.pc));
            return { vcpu: r.vcpu, ...record, ...(symbol === null ? {} : { symbol }) };
          });
          return done({ records: decoded, of: log.length, bytes: joined(last).length });
        }),
      show: ({ data }): Doc => {
        const rows = (data?.['records'] ?? []) as readonly Row[];
        if (rows.length === 0) return [text('no records')];
        const columns = COLUMNS.filter((c) => rows.some((r) => c.cell(r) !== ''));
        return [
          {
            kind: 'table',
            columns: columns.map((c) => ({ title: c.title, ...(c.align ? { align: c.align } : {}) })),
            rows: rows.map((r) => columns.map((c) => c.cell(r))),
          },
        ];
      },
    },
  ],
});
