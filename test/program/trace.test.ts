// Trace files through the whole program: threads, forms of export, files that are none, names with control characters.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damagedRecords, dice, randomRecords } from '../trace/random-packets.ts';
import { openProgram, type Program, ROOT } from './spesh.ts';

let program: Program;
const path = (name: string): string => join(program.directory, name);

beforeAll(() => {
  program = openProgram();
  const shape = { contexts: [7], code: { start: 0x40080000n, size: 4096, el: 1 }, clock: { now: 1000n, step: 99 } };
  const good = randomRecords(dice(1), 4000, shape);
  const parts: Uint8Array[] = [];
  // Damage everywhere, a stretch without records, and a length that is no multiple of 8.
  for (let i = 0; i < 4; i++)
    parts.push(good, damagedRecords(dice(i), 300), i === 2 ? new Uint8Array(700_000).fill(0xff) : new Uint8Array(i));
  writeFileSync(path('big.aux'), Buffer.concat([...parts, Buffer.from([0x71, 1, 2])]));
  writeFileSync(path('small.aux'), good.subarray(0, 3000));
}, 60_000); // bundling takes longer on a busy machine
afterAll(() => program.dispose());

const spesh = (...args: readonly string[]) => {
  const ended = program.run(args);
  expect([args.join(' '), ended.code, ended.err]).toEqual([args.join(' '), 0, '']);
  return ended.out;
};

describe('threads change nothing', () => {
  test.each([
    ['dump', 'big.aux'],
    ['dump', 'big.aux', '--perf', '7.3'],
    ['records', '--csv', 'big.aux'],
    ['records', 'big.aux'],
    ['--json', 'records', 'big.aux'],
    ['stat', '--counts', 'big.aux'],
  ])('%j', (...args) => {
    const alone = spesh(...args, '--workers', '1');
    expect(alone.length).toBeGreaterThan(100);
    expect(spesh(...args, '--workers', args[0] === 'dump' ? '3' : '2') === alone).toBe(true);
  });

  test('nor does a perf.data of several buffers', () => {
    spesh('export', 'big.aux', '-o', 'big.data');
    expect(spesh('dump', 'big.data', '--workers', '3') === spesh('dump', 'big.data', '--workers', '1')).toBe(true);
  });
});

describe('export', () => {
  test('to perf.data and back gives the same bytes', () => {
    spesh('export', 'big.aux', '-o', 'there.data', '--midr', '0x410fd490', '--frequency', '25000000');
    spesh('export', 'there.data', '-o', 'back.aux');
    expect(readFileSync(path('back.aux')).equals(readFileSync(path('big.aux')))).toBe(true);
  });

  test('the other forms, and nothing else in the directory', () => {
    mkdirSync(path('out'));
    for (const form of ['csv', 'ndjson', 'parquet', 'svg', 'aux', 'data']) spesh('export', 'small.aux', '-o', `out/x.${form}`);
    expect(readdirSync(path('out')).sort()).toEqual(['x.aux', 'x.csv', 'x.data', 'x.ndjson', 'x.parquet', 'x.svg']);
    expect(readFileSync(path('out/x.csv'), 'utf8')).toBe(spesh('records', '--csv', 'small.aux'));
    expect(readFileSync(path('out/x.ndjson'), 'utf8')).toBe(spesh('records', 'small.aux', '--json'));
    expect(readFileSync(path('out/x.parquet')).subarray(0, 4).toString()).toBe('PAR1');
    expect(readFileSync(path('out/x.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });

  test('an unknown ending is exit 2 and writes nothing', () => {
    expect(program.run(['export', 'small.aux', '-o', 'x.png'])).toMatchObject({ code: 2, out: '' });
    expect(existsSync(path('x.png'))).toBe(false);
    expect(program.run(['export', 'small.aux', '-o', 'no/where.csv'])).toMatchObject({
      code: 2,
      err: 'spesh: no/where.csv: no such file\n',
    });
  });
});

describe('--where', () => {
  interface Row {
    readonly op?: string;
    readonly total?: number;
    readonly cpu?: number;
    readonly time?: string;
  }
  const rows = (...args: string[]): Row[] =>
    spesh('--json', 'records', ...args)
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Row);

  test('chooses the records that match, of a raw file and of a perf.data', () => {
    const all = rows('big.aux');
    const slow = all.filter((r) => r.op?.startsWith('LD') === true && (r.total ?? 0) > 100);
    expect(slow.length).toBeGreaterThan(100);
    expect(rows('big.aux', '--where', 'op == LD && total > 100')).toEqual(slow);
    expect(spesh('records', '--csv', 'big.aux', '--where', 'op == LD && total > 100').split('\n')).toHaveLength(slow.length + 2);
    spesh('export', 'big.aux', '-o', 'where.data');
    expect(rows('where.data', '--where', 'op == LD && total > 100 && cpu == 0')).toHaveLength(slow.length);
    expect(rows('where.data', '--where', 'cpu == 1')).toEqual([]);
  });

  test('the columns of a line are columns to choose by, the time too', () => {
    spesh('export', 'big.aux', '-o', 'times.data', '--frequency', '100000000');
    const header = spesh('records', '--csv', 'times.data', '--where', 'ts == 0').split('\n')[0].split(',');
    expect(rows('times.data', '--where', header.map((column) => `${column} == 0`).join(' || ')).length).toBeGreaterThan(10);
    const all = rows('times.data');
    const early = all.filter((r) => r.time !== undefined && BigInt(r.time.replace('.', '')) < 20_000n);
    expect(early.length).toBeGreaterThan(10);
    expect(early.length).toBeLessThan(all.length);
    expect(rows('times.data', '--where', 'time < 20000')).toEqual(early);
    expect(rows('big.aux', '--where', 'time < 20000')).toEqual([]);
  });

  test('statistics of those alone, beside the counts of all', () => {
    const stat = (...args: string[]) => JSON.parse(spesh('--json', 'stat', 'big.aux', ...args)) as Record<string, number>;
    const loads = rows('big.aux', '--where', 'op == LD').length;
    expect(stat('--where', 'op == LD')).toMatchObject({
      records: stat()['records'],
      matched: loads,
      loads: stat()['loads'],
      stores: 0,
      branches: 0,
    });
  });

  test('what is no expression, or no column, is exit 2 and says what there is', () => {
    const cut = program.run(['records', 'small.aux', '--where', 'total >']);
    expect([cut.code, cut.out, cut.err]).toEqual([2, '', expect.stringMatching(/^spesh: --where: .*, at character 8\n$/)]);
    const unknown = program.run(['stat', 'small.aux', '--where', 'chase > 1']);
    expect([unknown.code, unknown.err]).toEqual([
      2,
      expect.stringMatching(/^spesh: --where: no column 'chase'\n {2}hint: columns are pc el /),
    ]);
    expect(program.run(['stat', 'small.aux', '--counts', '--where', 'op == LD']).code).toBe(2);
  });
});

test('files that are no traces', () => {
  writeFileSync(path('bad.data'), 'PERFILE2');
  const bad = program.run(['stat', 'bad.data']);
  expect(bad.code).toBe(5);
  expect(bad.err).toMatch(/^bad\.data: byte 8: invalid \[trace\]: the file ends in its header\n {2}hint: /);
  expect(program.run(['dump', 'missing.aux'])).toMatchObject({ code: 2, err: 'spesh: missing.aux: no such file\n' });
  expect(program.run(['dump', '.'])).toMatchObject({ code: 2, err: 'spesh: .: it is a directory\n' });
});

test('control characters in names are shown, not sent', () => {
  const name = 'a\x1b]0;title\x07.data';
  writeFileSync(path(name), 'PERFILE2');
  const ended = program.run(['dump', name]);
  expect(ended.code).toBe(5);
  expect(ended.err).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
});

test('a pipe is read whole', () => {
  const ended = spawnSync('sh', ['-c', `printf 'I\\000\\001' | '${process.execPath}' '${program.main}' records /dev/stdin --csv`], {
    encoding: 'utf8',
  });
  expect([ended.status, ended.stderr]).toEqual([0, '']);
  expect(ended.stdout.split('\n')[1]).toBe(',,,LD GP-REG,,,,,,,,,,,');
});

test('symbols name code', () => {
  const out = spesh('stat', 'small.aux', '--symbols', join(ROOT, 'fixtures/guests/pointer-chase.elf'));
  expect(out).toMatch(/0x[0-9a-f]+40080[0-9a-f]{3} <\w+/);
});
