// Statistics against counting the records one by one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHexBytes } from '../../src/base/hex.ts';
import { countAddress, mostFrequent, newAddressCounts } from '../../src/trace/address-counts.ts';
import { decodeColumns } from '../../src/trace/decode.ts';
import { recordsOf } from '../../src/trace/records.ts';
import { addRows, newStatistics, summarise } from '../../src/trace/statistics.ts';
import { RECORD_VECTORS } from '../arch/spe-vectors.ts';

const vectors = RECORD_VECTORS.map((v) => parseHexBytes(v.hex) ?? new Uint8Array(0));

describe('R1 to R12', () => {
  const s = newStatistics();
  for (const bytes of vectors) addRows(s, decodeColumns(bytes));
  const summary = summarise(s);

  test('records, operations, sources', () => {
    expect(summary).toMatchObject({ records: 11, partial: 1, loads: 7, stores: 0, branches: 2, others: 1 });
    expect(summary.operations[0]).toEqual({ name: 'LD GP-REG', count: 6 });
    expect(summary.sources).toMatchObject([
      { name: '0x0', count: 1 },
      { name: '0x8', count: 2 },
      { name: '0xb', count: 1 },
      { name: '0xc', count: 1 },
    ]);
    expect(summary.events.find((e) => e.name === 'MISPRED')).toEqual({ name: 'MISPRED', count: 1 });
  });

  test('the hot address is R1’s, R8’s and R11’s', () => {
    expect(summary.hot[0]).toEqual({ name: '0xffffba66eda1c2d0', count: 3 });
  });

  test('total latency: 0 3 3 12 12 12 13 17 501 4660', () => {
    expect(summary.total).toEqual({
      count: 10,
      mean: 523.3,
      median: 12,
      p90: 501,
      p99: 4660,
      max: 4660,
      buckets: [
        { from: 0, count: 1 },
        { from: 1, count: 0 },
        { from: 2, count: 2 },
        { from: 4, count: 0 },
        { from: 8, count: 4 },
        { from: 16, count: 1 },
        { from: 32, count: 0 },
        { from: 64, count: 0 },
        { from: 128, count: 0 },
        { from: 256, count: 1 },
        { from: 512, count: 0 },
        { from: 1024, count: 0 },
        { from: 2048, count: 0 },
        { from: 4096, count: 1 },
      ],
    });
    expect([summary.firstTs, summary.lastTs]).toEqual(['0x5f5e100', '0x807060504030201']);
  });
});

test('an empty trace has no latencies', () => {
  expect(summarise(newStatistics())).toMatchObject({ records: 0, total: null, hot: [], firstTs: null });
});

test('any records: the sums are those of the list', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...vectors), { maxLength: 40, size: 'max' }), (parts) => {
      const columns = decodeColumns(new Uint8Array(parts.flatMap((p) => [...p])));
      const s = newStatistics();
      addRows(s, columns);
      const summary = summarise(s, 1000);
      const records = recordsOf(columns);
      expect(summary.records + summary.partial).toBe(records.length);
      expect(summary.total?.count ?? 0).toBe(records.filter((r) => r.total !== undefined).length);
      expect(summary.hot.reduce((sum, h) => sum + h.count, 0)).toBe(records.filter((r) => r.pc !== undefined).length);
      for (const { name, count } of summary.events) {
        expect(count).toBe(records.filter((r) => r.events?.split(' ').includes(name)).length);
      }
    }),
  );
});

test('address counts are a map’s', () => {
  const address = fc.record({ high: fc.constantFrom(0, 1, 0xffff0000), low: fc.integer({ min: 0, max: 50 }).map((n) => n * 4096) });
  fc.assert(
    fc.property(fc.array(address, { maxLength: 300, size: 'max' }), (list) => {
      const t = newAddressCounts(4);
      const map = new Map<string, number>();
      for (const { high, low } of list) {
        countAddress(t, high, low);
        map.set(`${high}:${low}`, (map.get(`${high}:${low}`) ?? 0) + 1);
      }
      const got = mostFrequent(t, 1000);
      expect(new Map(got.map((g) => [`${g.high}:${g.low}`, g.count]))).toEqual(map);
      for (let i = 1; i < got.length; i++) expect(got[i - 1].count).toBeGreaterThanOrEqual(got[i].count);
    }),
  );
});
