// records --where, stat, perf data, trace open and export, as a person drives them; statistics against the truth that the machine kept.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SampledOperation } from '../../src/machine/spu/operation.ts';
import type { SampleRecord } from '../../src/session/records.ts';
import { timeConversion } from '../../src/trace/perf-data/clock.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import type { TraceRecord } from '../../src/trace/records.ts';
import { addRows, newStatistics, type StatisticsSummary, summarise } from '../../src/trace/statistics.ts';
import { decodeSource, openTrace } from '../../src/trace/trace.ts';
import { newShell, type Ran, type Shell } from './shell.ts';

const MISPREDICTED = 1 << 7;
const NOT_TAKEN = 1 << 6;
const NAMES: Readonly<Record<string, number>> = {
  RETIRED: 1,
  'L1D-ACCESS': 2,
  'L1D-REFILL': 3,
  'TLB-ACCESS': 4,
  'NOT-TAKEN': 6,
  MISPRED: 7,
};

function recordsOf(ran: Ran): TraceRecord[] {
  return (ran.outcome.data?.['records'] ?? []) as TraceRecord[];
}

const truthsOf = (records: readonly SampleRecord[]): SampledOperation[] => records.map((r) => r.truth);

/** What the statistics must say, counted from the truth. */
function expectTruth(summary: StatisticsSummary, truths: readonly SampledOperation[]): void {
  const count = (test: (t: SampledOperation) => boolean): number => truths.filter(test).length;
  expect(summary).toMatchObject({
    records: truths.length,
    partial: 0,
    loads: count((t) => t.class === 1 && (t.subclass & 1) === 0),
    stores: count((t) => t.class === 1 && (t.subclass & 1) === 1),
    branches: count((t) => t.class === 2),
    others: count((t) => t.class === 0),
    branchRecords: count((t) => t.class === 2),
    mispredicted: count((t) => t.class === 2 && (t.events & MISPREDICTED) !== 0),
  });
  for (const [name, bit] of Object.entries(NAMES)) {
    expect([name, summary.events.find((e) => e.name === name)?.count ?? 0]).toEqual([name, count((t) => ((t.events >> bit) & 1) === 1)]);
  }
  for (const { name, count: records, cycles } of summary.sources) {
    const own = truths.filter((t) => t.source === Number(name));
    expect([name, records]).toEqual([name, own.length]);
    expect(cycles).toBeCloseTo(own.reduce((sum, t) => sum + t.totalLatency, 0) / own.length, 9);
  }
  expect(summary.sources.reduce((sum, s) => sum + s.count, 0)).toBe(count((t) => t.source >= 0));
  expect(summary.total?.mean).toBeCloseTo(truths.reduce((sum, t) => sum + t.totalLatency, 0) / truths.length, 9);
  expect(summary.issue?.max).toBe(Math.max(...truths.map((t) => t.issueLatency)));
  expect(summary.xlat?.count ?? 0).toBe(count((t) => t.translationLatency >= 0));
  for (const b of summary.mispredictions) {
    const own = truths.filter((t) => t.class === 2 && BigInt(b.pc.split(' ')[0]) % (1n << 56n) === t.pc);
    expect([b.count, b.mispredicted, b.notTaken]).toEqual([
      own.length,
      own.filter((t) => t.events & MISPREDICTED).length,
      own.filter((t) => t.events & NOT_TAKEN).length,
    ]);
  }
}

describe.each(['pointer-chase', 'branchy', 'mix'])('%s', (guest) => {
  let shell: Shell;
  let truths: SampledOperation[];

  beforeAll(() => {
    shell = newShell();
    shell.all(`up ${guest}`, 'run --ops 600000');
    truths = truthsOf(shell.session.context.log.records);
  });

  test('stat is the truth', () => {
    expect(truths.length).toBeGreaterThan(100);
    expectTruth(shell.run('stat').outcome.data as unknown as StatisticsSummary, truths);
  });

  test('so it is of the perf.data that perf data writes', () => {
    const [file] = shell.run('perf data x.data').outcome.writes ?? [];
    const source = openTrace(readAtBytes(file.bytes))._unsafeUnwrap();
    const frequency = BigInt(shell.session.context.world.world.host.cntfrq);
    expect(source.perfData).toMatchObject({ clock: timeConversion(frequency), warnings: [] });
    const statistics = newStatistics();
    for (const piece of decodeSource(source)) addRows(statistics, piece.decoder.columns, piece);
    expectTruth(summarise(statistics), truths);
  });

  test('--where chooses what JavaScript chooses', () => {
    const all = recordsOf(shell.run('records 100000'));
    const chosen = (where: string): TraceRecord[] => recordsOf(shell.run(`records 100000 --where '${where}'`));
    expect(chosen('op == LD')).toEqual(all.filter((r) => r.op?.startsWith('LD')));
    expect(chosen('op != B')).toEqual(all.filter((r) => !r.op?.startsWith('B')));
    expect(chosen('total > 20 && issue < 10')).toEqual(all.filter((r) => (r.total ?? 0) > 20 && (r.issue ?? 99) < 10));
    expect(chosen('L1D_REFILL || MISPRED')).toEqual(all.filter((r) => /L1D-REFILL|MISPRED/.test(r.events ?? '')));
    expect(chosen('va & 0xf == 0')).toEqual(chosen('va & (0xf == 0)'));
    expect(chosen('(va & 0xf) == 0')).toEqual(all.filter((r) => r.va !== undefined && BigInt(r.va) % 16n === 0n));
    expect(chosen('!(source == 0)')).toEqual(all.filter((r) => r.source !== undefined && r.source !== 0));
    expect(chosen(`ts >= ${all[50].ts} && el == 1 && ns == 1`)).toEqual(all.filter((r) => BigInt(r.ts ?? 0) >= BigInt(all[50].ts ?? 0)));
    expect(chosen('target <= pc')).toEqual(all.filter((r) => r.target !== undefined && BigInt(r.target) <= BigInt(r.pc ?? 0)));
    expect(chosen('pa / 0')).toEqual([]);
    expect(chosen('previous == previous')).toEqual([]);
    expect(chosen('tag == va >> 56')).toEqual(all.filter((r) => r.va !== undefined));
    expect(chosen('partial || cpu != 0')).toEqual([]);
    expect(chosen('offset >= 64')).toEqual(all.slice(1));
  });

  test('stat --where is stat of those records', () => {
    const loads = recordsOf(shell.run("records 100000 --where 'op == LD && el == 1'"));
    const { data } = shell.run("stat --where 'op == LD && el == 1'").outcome;
    expect(data).toMatchObject({ records: loads.length, loads: loads.length, stores: 0, branches: 0, of: truths.length });
    expect(shell.run("stat --where 'total > 1000000'").out[0]).toBe(`0 of ${truths.length.toLocaleString('en-US')} records match`);
  });

  test('--csv writes them all, or as many as asked for', () => {
    const lines = (text: string): string[] => {
      const [file] = shell.run(text).outcome.writes ?? [];
      return new TextDecoder().decode(file.bytes).split('\n').slice(0, -1);
    };
    const all = lines('records --csv x.csv');
    expect(all.length).toBe(truths.length + 1);
    expect(all[0]).toMatch(/^pc,el,ns,op,/);
    expect(all.slice(1).map((l) => BigInt(l.split(',')[0]))).toEqual(truths.map((t) => t.pc));
    expect(lines('records 3 --csv x.csv').slice(1)).toEqual(all.slice(-3));
  });
});

test('what a filter cannot mean is Unmet', () => {
  const shell = newShell();
  shell.all('up pointer-chase', 'run --ops 100000');
  expect(shell.run("records --where 'nothing > 1'").err.join(' ')).toContain("no register or symbol 'nothing'");
  expect(shell.misread("records --where 'op =='")).not.toBeNull();
});

describe('trace open', () => {
  const path = 'fixtures/traces/two-cpus.data';
  const bytes = readFileSync(join(import.meta.dirname, '../..', path));

  function opened(): Shell {
    const shell = newShell('two-spu', { [path]: bytes });
    shell.run(`trace open ${path}`);
    return shell;
  }

  test('records, stat and buffer dump speak of the file, until close', () => {
    const shell = opened();
    expect(recordsOf(shell.run('records 100')).length).toBe(48);
    expect(shell.run('stat').outcome.data).toMatchObject({ records: 48, sharing: [{ line: '0x890000000', cpus: [0, 1], writer: 1 }] });
    expect(shell.run('buffer dump').out.filter((l) => /PC 0x/.test(l)).length).toBe(48);
    shell.run('trace close');
    expect(shell.run('records').out).toEqual(['no records']);
    expect(shell.run('trace close').outcome.unmet?.code).toBe('no-trace');
  });

  test('export gives the bytes back', () => {
    const shell = opened();
    const [aux] = shell.run('trace export x.aux').outcome.writes ?? [];
    expect(aux.bytes.length).toBe(48 * 64);
    const [data] = shell.run('trace export x.data').outcome.writes ?? [];
    const again = openTrace(readAtBytes(data.bytes))._unsafeUnwrap();
    expect(again.perfData?.counts).toMatchObject({ buffers: 2, auxBytes: 48 * 64 });
    expect(shell.run('trace export x.parquet').outcome.unmet?.hint).toContain('spesh export');
  });

  test('a file that is no trace leaves the session as it was', () => {
    const shell = newShell('two-spu', { 'bad.data': 'PERFILE2 and then nothing' });
    expect(shell.run('trace open bad.data').outcome.unmet?.code).toBe('invalid-trace');
    expect(shell.session.context.trace).toBeNull();
  });
});
