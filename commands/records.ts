// records: the decoded rows of what the SPUs wrote, or of an open trace file (language.md §3, group spe).
import { err, ok, type Result } from 'neverthrow';
import type { Argument } from '../src/session/command.ts';
import { counted } from '../src/session/enter.ts';
import { done, type Outcome, type Unmet, unmet } from '../src/session/outcome.ts';
import { traceOf } from '../src/session/records.ts';
import { constantIn, type RowColumns, rowFilter } from '../src/session/row-filter.ts';
import type { Context } from '../src/session/session.ts';
import { symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { appendRow, keepLastRows, newColumns, type TraceColumns } from '../src/trace/columns.ts';
import { decodeColumns } from '../src/trace/decode.ts';
import type { TimeConversion } from '../src/trace/perf-data/clock.ts';
import { readAtBytes } from '../src/trace/perf-data/read-at.ts';
import { linesHeader, linesOf, newRecordLines } from '../src/trace/record-lines.ts';
import { type AddressForm, recordAt, type TraceRecord } from '../src/trace/records.ts';
import { type Row as ColumnRow, OPERATION_WORDS, type RowTest, rowValues } from '../src/trace/row-values.ts';
import { decodeSource, openTrace, TRACE_HINT } from '../src/trace/trace.ts';
import { type Doc, type Line, text } from '../src/view/doc.ts';

const DEFAULT_COUNT = 10;

type Row = TraceRecord & { readonly vcpu?: string; readonly cpu?: number; readonly symbol?: string };

const whose = (r: Row): string => r.vcpu ?? (r.cpu === undefined ? '' : `cpu${r.cpu}`);

/** Two lines a record: where and how long, then what happened; both aligned over all rows. */
function lines(rows: readonly Row[], several: boolean): readonly Line[] {
  const cells = rows.map((r) => ({
    where: `${several ? `${whose(r)} ` : ''}${r.pc ?? '-'}${r.symbol === undefined ? '' : ` <${r.symbol}>`}`,
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

/** Rows that were chosen, each with whose it is. */
interface Chosen {
  readonly columns: TraceColumns;
  readonly whose: { readonly vcpu?: string; readonly cpu?: number; readonly midr?: number }[];
  /** Rows that matched, and rows there are. */
  matched: number;
  of: number;
  bytes: number;
  readonly form: AddressForm;
}

/** The last `most` rows that match, of the open trace or of the session's log. */
function choose(context: Context, test: RowTest | null, most: number, form: AddressForm): Result<Chosen, Unmet> {
  const chosen: Chosen = { columns: newColumns(64), whose: [], matched: 0, of: 0, bytes: 0, form };
  const { trace } = context;
  if (trace === null) {
    const { records: all } = context.log;
    // Without a test the last ones are enough.
    const log = test === null ? all.slice(Math.max(0, all.length - most)) : all;
    const bytes = traceOf(log);
    chosen.bytes = bytes.length;
    takeRows(
      chosen,
      decodeColumns(bytes),
      test,
      most,
      (row) => ({ vcpu: log[row]?.vcpu ?? '' }),
      (row) => log[row]?.cpu,
    );
    return ok({ ...chosen, of: all.length });
  }
  const source = openTrace(readAtBytes(trace.bytes));
  if (source.isErr()) return err({ code: 'invalid-trace', message: `${trace.path}: ${source.error.message}`, hint: TRACE_HINT });
  for (const { decoder, cpu, midr, clock, bytes } of decodeSource(source.value)) {
    const whose = { ...(cpu < 0 ? {} : { cpu }), ...(midr === undefined ? {} : { midr }) };
    chosen.bytes += bytes;
    takeRows(
      chosen,
      decoder.columns,
      test,
      most,
      () => whose,
      () => cpu,
      clock,
    );
  }
  return ok(chosen);
}

function takeRows(
  to: Chosen,
  columns: TraceColumns,
  test: RowTest | null,
  most: number,
  whose: (row: number) => Chosen['whose'][number],
  cpuOf: (row: number) => number | undefined,
  clock: TimeConversion | null = null,
): void {
  const at: ColumnRow = { columns, row: 0, clock };
  to.of += columns.rows;
  for (; at.row < columns.rows; at.row++) {
    at.cpu = cpuOf(at.row) ?? -1;
    if (test !== null && !test(at)) continue;
    to.matched += 1;
    appendRow(to.columns, columns, at.row);
    to.whose.push(whose(at.row));
    if (to.columns.rows > 2 * most + 1024) keepLast(to, most);
  }
  keepLast(to, most);
}

function keepLast(to: Chosen, most: number): void {
  keepLastRows(to.columns, most);
  if (to.whose.length > most) to.whose.splice(0, to.whose.length - most);
}

/** Those for which `--where` is true; null: every row. */
export function testOf(context: Context, where: Argument | undefined, form: AddressForm): Result<RowTest | null, Unmet> {
  if (where?.kind !== 'expression') return ok(null);
  const values = rowValues(form);
  const columns: RowColumns<ColumnRow> = {
    column: (name) => values.get(name),
    word: (column, word) => (column === 'op' ? OPERATION_WORDS.get(word) : undefined),
  };
  return rowFilter(constantIn(context), where.expression, columns);
}

function rowsOf(context: Context, { columns, whose, form }: Chosen): Row[] {
  return whose.map(({ midr, ...who }, row) => {
    const record = recordAt(columns, row, { perf: '7.3', ...(midr === undefined ? {} : { midr }) }, form);
    const symbol = record.pc === undefined ? null : symbolAt(context, BigInt(record.pc));
    return { ...who, ...record, ...(symbol === null ? {} : { symbol }) };
  });
}

function showRecords(context: Context, count: number, where: Argument | undefined, csv: string): Outcome {
  const form = context.trace === null ? 'canonical' : 'perf';
  const chosen = testOf(context, where, form).andThen((test) => choose(context, test, count, form));
  if (chosen.isErr()) return unmet(chosen.error.code, chosen.error.message, chosen.error.hint);
  const { matched, of, bytes, columns } = chosen.value;
  const filtered = where === undefined ? {} : { matched };
  if (csv === '') return done({ records: rowsOf(context, chosen.value), of, ...filtered, bytes });
  const lines = newRecordLines('csv', null, undefined, form);
  const parts = [linesHeader(lines), ...linesOf(lines, columns, undefined)];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return done({ file: csv, rows: columns.rows, of, ...filtered }, { writes: [{ path: csv, bytes: file }] });
}

export const records = family({
  name: 'records',
  group: 'spe',
  summary: 'decoded sample records',
  details: [
    'The last N records (10) of the session’s record log: every record an SPU completed, in order; between `trace open` and `trace close` those of the file. Addresses as the program used them, latencies in cycles, `op` and `events` in perf’s words.',
    "`--where` is an expression over the columns: pc el ns op events issue total xlat va pa target source context ts, previous (target of the branch before) tag (of the va) cpu offset partial, time (ns, of a perf.data). `op` compares with LD ST B OTHER; events are also names of their own, 1 or 0, with _ for -: `--where 'op == LD && L1D_REFILL && total > 100'`. A record without a column that is asked for does not match.",
    '`--csv FILE` writes them (all, unless N says) as `spesh records --csv` prints them.',
  ],
  see: ['sample', 'buffer', 'stat', 'trace'],
  forms: [
    {
      id: 'records',
      syntax: 'records [<count:EXPR>] [--where <where:REST>] [--csv <file:OUT>]',
      about: 'Show the last N records, or those that match.',
      words: { '--where': 'an expression that must hold of a record', '--csv': 'write them to a file' },
      effect: 'pure',
      run: (context, args) => {
        const csv = context.word(args['file']);
        const most = csv === '' ? DEFAULT_COUNT : Number.MAX_SAFE_INTEGER;
        return counted(context, args['count'], most, (count) => showRecords(context, count, args['where'], csv));
      },
      show: ({ data }): Doc => {
        if (data?.['file'] !== undefined)
          return [text(`${Number(data['rows']).toLocaleString('en-US')} records in ${String(data['file'])}`)];
        const rows = (data?.['records'] ?? []) as readonly Row[];
        const matched = data?.['matched'];
        const count =
          matched === undefined
            ? []
            : [text(`${Number(matched).toLocaleString('en-US')} of ${Number(data?.['of']).toLocaleString('en-US')} records match`)];
        if (rows.length === 0) return matched === undefined ? [text('no records')] : count;
        return [...count, text(...lines(rows, new Set(rows.map(whose)).size > 1))];
      },
    },
  ],
});
