// The Parquet of commands/trace.md before DuckDB: the notebook's question has the notebook's answer, and every column has its values.
// Skipped where the optional package @duckdb/node-api is not installed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeParquet } from '../../src/export-parquet.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { recordsOf } from '../../src/trace/records.ts';
import { decodeSource, openTrace } from '../../src/trace/trace.ts';

interface Answer {
  columnNames(): string[];
  getRowsJson(): unknown[][];
}
interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string): Promise<{ connect(): Promise<{ runAndReadAll(sql: string): Promise<Answer> }> }>;
  };
}

const PACKAGE = '@duckdb/node-api'; // not written into the import: it need not be there
const duckdb = await (import(PACKAGE) as Promise<DuckDb>).catch(() => null);
const ROOT = join(import.meta.dirname, '../..');
const trace = (): ReturnType<typeof openTrace> => openTrace(readAtBytes(readFileSync(join(ROOT, 'fixtures/traces/two-cpus.data'))));

/** Lines of CSV, as the notebook shows them. */
async function ask(sql: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'spesh-duckdb-'));
  try {
    const pieces: Uint8Array[] = [];
    writeParquet(trace()._unsafeUnwrap(), (piece) => pieces.push(piece), {});
    const file = join(folder, 'two-cpus.parquet');
    writeFileSync(file, Buffer.concat(pieces));
    if (duckdb === null) throw new Error('no DuckDB');
    const connection = await (await duckdb.DuckDBInstance.create(':memory:')).connect();
    const answer = await connection.runAndReadAll(sql.replaceAll("'two-cpus.parquet'", `'${file}'`));
    return [answer.columnNames(), ...answer.getRowsJson()].map((row) => row.join(','));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.skipIf(duckdb === null)('the question of the notebook (needs @duckdb/node-api)', async () => {
  const notebook = readFileSync(join(ROOT, 'commands/trace.md'), 'utf8');
  const [, sql = '', csv = ''] = /^```sql\n([\s\S]*?)^```[\s\S]*?^```csv\n([\s\S]*?)^```/m.exec(notebook) ?? [];
  expect(sql).toContain('two-cpus.parquet');
  expect(await ask(sql)).toEqual(csv.trim().split('\n'));
});

test.skipIf(duckdb === null)('addresses and timestamps come back whole (needs @duckdb/node-api)', async () => {
  const wanted: string[] = [];
  for (const { decoder } of decodeSource(trace()._unsafeUnwrap())) {
    for (const { pc = '', va, ts = '' } of recordsOf(decoder.columns)) {
      wanted.push([BigInt(pc), va === undefined ? '' : BigInt(va), BigInt(ts)].join(','));
    }
  }
  expect(wanted).toHaveLength(48);
  expect((await ask("select pc, va, ts from 'two-cpus.parquet'")).slice(1)).toEqual(wanted);
});
