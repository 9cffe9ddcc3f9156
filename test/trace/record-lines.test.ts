// Lines of records are those that the records themselves give, for any bytes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeChunk, decodeTrace, endBuffer, newTraceDecoder } from '../../src/trace/decode.ts';
import { exportFormOf, exportLines } from '../../src/trace/export.ts';
import { FULL_TEXT } from '../../src/trace/loop-memory.ts';
import { newPacketLoop } from '../../src/trace/packet-loop.ts';
import { type TimeConversion, timeConversion, timeOfCounter, timeText } from '../../src/trace/perf-data/clock.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { linesHeader, linesOf, newRecordLines, RECORD_FIELDS, type RecordLines } from '../../src/trace/record-lines.ts';
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

describe('CSV through the quick loops is CSV without them', () => {
  const loop = newPacketLoop();
  if (loop === null) throw new Error('no memory for the loop');
  const { columns } = loop;
  const wide = fc.bigInt(0n, (1n << 64n) - 1n);
  const clock: fc.Arbitrary<TimeConversion | null> = fc.option(
    fc.oneof(
      fc.record({ shift: fc.bigInt(0n, 70n), mult: wide, zero: wide, cycles: wide, mask: wide, short: fc.boolean() }),
      fc.tuple(fc.bigInt(1n, 3_000_000_000n), wide).map(([frequency, zero]) => timeConversion(frequency, zero)),
    ),
  );
  const perfData = fc.option(fc.record({ clock }));

  /** Both forms of the rows that are in the columns now. */
  function both(perfData: RecordLines['perfData'], midr: number | undefined, cpu: number): { quick: string; slow: string } {
    const quick = text(linesOf(newRecordLines('csv', perfData), columns, midr, cpu, loop));
    return { quick, slow: text(linesOf(newRecordLines('csv', perfData), { ...columns }, midr, cpu, loop)) };
  }

  test('records of every kind and damaged ones, of every CPU and clock', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom(undefined, N1),
        perfData,
        fc.constantFrom(-1, 0, 7, 999, 1000, 65535),
        (seed, midr, perfData, cpu) => {
          columns.rows = 0;
          columns.present[0] = 0;
          const decoder = newTraceDecoder(columns, loop);
          const roll = dice(seed);
          decodeChunk(
            decoder,
            seed % 2 === 0 ? damagedRecords(roll, 20) : randomRecords(roll, 20, { contexts: [0, 7], code: null, clock: null }),
          );
          endBuffer(decoder);
          const { quick, slow } = both(perfData, midr, cpu);
          expect(quick).toBe(slow);
          const conversion = perfData?.clock;
          if (conversion === null || conversion === undefined) return;
          const times = recordsOf(columns, { perf: '7.3' }).map((r) =>
            r.ts === undefined ? '' : timeText(timeOfCounter(conversion, BigInt(r.ts))),
          );
          expect(slow.split('\n').map((line) => line.slice(line.lastIndexOf(',') + 1))).toEqual([...times, '']);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('any bits in every column, more rows than one text holds', () => {
    const roll = dice(20251114);
    for (const column of Object.values(columns)) {
      if (typeof column === 'number' || column instanceof Float64Array) continue;
      for (let i = 0; i < 6000 * 5; i++) column[i] = roll.below(2 ** 32) >>> roll.below(32);
    }
    for (let i = 0; i < 6000; i++) columns.operation[i] &= 0x1fff; // indices have five bits
    columns.rows = 6000;
    for (const midr of [undefined, N1, undefined]) {
      const { quick, slow } = both({ clock: timeConversion(100_000_000n, 5n) }, midr, 3);
      expect(slow.length).toBeGreaterThan(2 * FULL_TEXT);
      expect(quick).toBe(slow);
    }
  });
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
