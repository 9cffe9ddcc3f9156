// A Parquet file of a trace, read back by another library: the rows are the records.
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { writeParquet } from '../../src/export-parquet.ts';
import { decodeTrace } from '../../src/trace/decode.ts';
import { ROW_GROUP } from '../../src/trace/parquet-columns.ts';
import { timeConversion, timeOfCounter } from '../../src/trace/perf-data/clock.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { recordsOf } from '../../src/trace/records.ts';
import { openTrace } from '../../src/trace/trace.ts';
import { fileOf, recordingOf } from './perf-data-scene.ts';
import { damagedRecords, dice, randomRecords } from './random-packets.ts';

function parquetOf(bytes: Uint8Array): ArrayBuffer {
  const pieces: Uint8Array[] = [];
  writeParquet(openTrace(readAtBytes(bytes))._unsafeUnwrap(), (piece) => pieces.push(piece), {});
  const all = Buffer.concat(pieces);
  return all.buffer.slice(all.byteOffset, all.byteOffset + all.length);
}

const big = (text: string | undefined): bigint | null => (text === undefined ? null : BigInt(text));
const unsigned = (x: unknown): unknown => (typeof x === 'bigint' ? BigInt.asUintN(64, x) : x);

test('every column of every record', async () => {
  const bytes = damagedRecords(dice(11), 400);
  const rows = await parquetReadObjects({ file: parquetOf(bytes) });
  const records = recordsOf(decodeTrace(bytes).columns);
  expect(rows.length).toBe(records.length);
  for (const [i, r] of records.entries()) {
    const row = Object.fromEntries(Object.entries(rows[i]).map(([name, value]) => [name, unsigned(value)]));
    expect(row).toMatchObject({
      pc: big(r.pc),
      el: r.el ?? null,
      ns: r.ns ?? null,
      op: r.op ?? null,
      events: r.events ?? null,
      issue: r.issue ?? null,
      total: r.total ?? null,
      xlat: r.xlat ?? null,
      va: big(r.va),
      pa: big(r.pa),
      target: big(r.target),
      source: r.source ?? null,
      context: r.context ?? null,
      ts: big(r.ts),
      partial: r.partial === true,
      cpu: null,
      time_ns: null,
    });
  }
});

test('a perf.data gives the CPU and the time', async () => {
  const stream = randomRecords(dice(3), 50, { contexts: [7], code: null, clock: { now: 1000n, step: 50 } });
  const rows = await parquetReadObjects({ file: parquetOf(fileOf(recordingOf([[new Uint8Array(0)], [stream]]))) });
  const clock = timeConversion(1_000_000_000n);
  expect(rows.length).toBe(50);
  for (const row of rows) {
    expect(row['cpu']).toBe(1);
    const ts = row['ts'] as bigint | null;
    expect(row['time_ns']).toBe(ts === null ? null : timeOfCounter(clock, ts));
  }
});

test('row groups are bounded, whatever the trace', () => {
  const record = new Uint8Array([0x49, 0x00, 0x01]);
  const bytes = new Uint8Array(3 * (2 * ROW_GROUP + 5));
  for (let at = 0; at < bytes.length; at += 3) bytes.set(record, at);
  const { row_groups, num_rows } = parquetMetadata(parquetOf(bytes));
  expect(row_groups.map((g) => Number(g.num_rows))).toEqual([ROW_GROUP, ROW_GROUP, 5]);
  expect(Number(num_rows)).toBe(2 * ROW_GROUP + 5);
});
