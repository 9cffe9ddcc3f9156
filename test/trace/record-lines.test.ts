// Lines of records are those that the records themselves give, for any bytes.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTrace } from '../../src/trace/decode.ts';
import { exportFormOf, exportLines } from '../../src/trace/export.ts';
import { timeConversion, timeOfCounter, timeText } from '../../src/trace/perf-data/clock.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { linesHeader, linesOf, newRecordLines, RECORD_FIELDS } from '../../src/trace/record-lines.ts';
import { recordsOf, type TraceRecord } from '../../src/trace/records.ts';
import { openTrace } from '../../src/trace/trace.ts';
import { fileOf, recordingOf } from './perf-data-scene.ts';
import { damagedRecords, dice, randomRecords } from './random-packets.ts';

const N1 = 0x413fd0c1;
const text = (pieces: Iterable<Uint8Array>): string => Buffer.concat([...pieces]).toString();

function cell(record: TraceRecord, name: string): string {
  const value = record[name as keyof TraceRecord];
  const shown = value === undefined ? '' : String(value);
  return shown.includes(',') ? `"${shown}"` : shown;
}

test('CSV and NDJSON say what the records are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(undefined, N1), (seed, midr) => {
      const bytes =
        seed % 2 === 0 ? damagedRecords(dice(seed), 20) : randomRecords(dice(seed), 20, { contexts: [0, 7], code: null, clock: null });
      const { columns } = decodeTrace(bytes);
      const records = recordsOf(columns, { perf: '7.3', ...(midr === undefined ? {} : { midr }) });
      expect(text(linesOf(newRecordLines('ndjson'), columns, midr))).toBe(records.map((r) => `${JSON.stringify(r)}\n`).join(''));
      expect(text(linesOf(newRecordLines('csv'), columns, midr))).toBe(
        records.map((r) => `${RECORD_FIELDS.map((f) => cell(r, f)).join(',')}\n`).join(''),
      );
    }),
  );
});

test('CSV begins with its names, NDJSON with its first record', () => {
  expect(text([linesHeader(newRecordLines('csv'))])).toBe('pc,el,ns,op,events,issue,total,xlat,va,pa,target,source,context,ts,partial\n');
  expect(linesHeader(newRecordLines('ndjson')).length).toBe(0);
});

test('a perf.data of two CPUs, larger than a piece: every record once', () => {
  const streams = [
    randomRecords(dice(1), 6000, { contexts: [7], code: null, clock: null }),
    randomRecords(dice(2), 6000, { contexts: [7], code: null, clock: null }),
  ];
  const source = openTrace(readAtBytes(fileOf(recordingOf(streams.map((s) => [s])))))._unsafeUnwrap();
  const lines = text(exportLines(source, 'ndjson')).split('\n').slice(0, -1);
  const clock = timeConversion(1_000_000_000n);
  const want = streams.flatMap((s, cpu) =>
    recordsOf(decodeTrace(s).columns, { perf: '7.3', midr: N1 }).map((r) => {
      const time = r.ts === undefined ? {} : { time: timeText(timeOfCounter(clock, BigInt(r.ts))) };
      return JSON.stringify({ ...r, cpu, ...time });
    }),
  );
  // The last records of a stream wait for its end, which is known when the file ends.
  expect(lines.length).toBe(want.length);
  expect([...lines].sort()).toEqual([...want].sort());
});

test('the ending of a name says the form', () => {
  expect(['a.data', 'b/c.AUX', 'x.csv', 'y.ndjson', 'z.parquet', 'data', 'a.data/x'].map(exportFormOf)).toEqual([
    'data',
    'aux',
    'csv',
    'ndjson',
    'parquet',
    null,
    null,
  ]);
});
