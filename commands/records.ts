// records: the decoded rows of what the SPUs wrote (language.md §3, group spe).
import { counted } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import { traceOf } from '../src/session/records.ts';
import { symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { decodeColumns } from '../src/trace/decode.ts';
import { recordsOf, type TraceRecord } from '../src/trace/records.ts';
import { type Doc, type Line, text } from '../src/view/doc.ts';

const DEFAULT_COUNT = 10;

type Row = TraceRecord & { readonly vcpu: string; readonly symbol?: string };

/** Two lines a record: where and how long, then what happened; both aligned over all rows. */
function lines(rows: readonly Row[], several: boolean): readonly Line[] {
  const cells = rows.map((r) => ({
    where: `${several ? `${r.vcpu} ` : ''}${r.pc ?? '-'}${r.symbol === undefined ? '' : ` <${r.symbol}>`}`,
    op: r.op ?? '',
    latency: [`total ${r.total ?? '-'}`, `issue ${r.issue ?? '-'}`, ...(r.xlat === undefined ? [] : [`xlat ${r.xlat}`])].join(', '),
    address: r.va !== undefined ? `va ${r.va}` : r.target !== undefined ? `target ${r.target}` : '',
  }));
  const width = (cell: (c: (typeof cells)[number]) => string): number => Math.max(...cells.map((c) => cell(c).length));
  const where = width((c) => c.where);
  const op = width((c) => c.op);
  return cells.flatMap((c, i): Line[] => {
    const r = rows[i];
    const more = [c.address, r.source === undefined ? '' : `source ${r.source}`, r.ts === undefined ? '' : `ts ${r.ts}`].filter(
      (t) => t !== '',
    );
    return [
      [{ text: c.where.padEnd(where), role: 'address' }, { text: `  ${c.op.padEnd(op)}  ${c.latency}` }],
      [{ text: `  ${[r.events ?? '', ...more].filter((t) => t !== '').join('; ')}`, role: 'dim' }],
    ];
  });
}

export const records = family({
  name: 'records',
  group: 'spe',
  summary: 'decoded sample records',
  details: [
    'The last N records (10) of the session’s record log: every record an SPU completed, in order. Addresses as the program used them, latencies in cycles, `op` and `events` in perf’s words.',
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
          const bytes = traceOf(last);
          const decoded = recordsOf(decodeColumns(bytes), undefined, 'canonical').map((record, i): Row => {
            const symbol = record.pc === undefined ? null : symbolAt(context, BigInt(record.pc));
            return { vcpu: last[i].vcpu, ...record, ...(symbol === null ? {} : { symbol }) };
          });
          return done({ records: decoded, of: log.length, bytes: bytes.length });
        }),
      show: ({ data }): Doc => {
        const rows = (data?.['records'] ?? []) as readonly Row[];
        if (rows.length === 0) return [text('no records')];
        return [text(...lines(rows, new Set(rows.map((r) => r.vcpu)).size > 1))];
      },
    },
  ],
});
