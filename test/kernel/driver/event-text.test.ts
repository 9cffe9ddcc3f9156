// The event text of perf: terms by the sysfs format/ files, perf's own terms, modifiers, and what is wrong in perf's words.
import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FORMAT_FILES } from '../../../src/abi/spe-sysfs.ts';
import { type EventPmu, eventFaultLines, parseEvent } from '../../../src/kernel/driver/event-text.ts';
import { formatMaximum, formatValue, parseFormat, withFormat } from '../../../src/kernel/driver/format.ts';

const formats = FORMAT_FILES.flatMap((f) => parseFormat(f.name, `${f.text}\n`) ?? []);
const N1_TERMS = [
  'ts_enable',
  'pa_enable',
  'pct_enable',
  'jitter',
  'branch_filter',
  'load_filter',
  'store_filter',
  'event_filter',
  'min_latency',
];
const SPE_0: EventPmu = { name: 'arm_spe_0', formats: formats.filter((f) => N1_TERMS.includes(f.name)) };
const SPE_1: EventPmu = { name: 'arm_spe_1', formats };
/** perf's own, as perf 6.12 lists them. */
const PERF_TERMS =
  'config,config1,config2,config3,name,period,freq,branch_type,time,call-graph,stack-size,no-inherit,inherit,max-stack,nr,no-overwrite,overwrite,driver-config,percore,aux-output,aux-sample-size,metric-id,raw,legacy-cache,hardware';
const read = (text: string) => parseEvent(text, [SPE_0, SPE_1]);
const config = (text: string): string[] =>
  read(text)
    ._unsafeUnwrap()
    .config.map((w) => w.toString(16));
const said = (text: string): string[] => eventFaultLines(read(text)._unsafeUnwrapErr());

describe('format files (§6.2)', () => {
  test('every file of the table is a field of a config word', () => {
    expect(formats).toHaveLength(FORMAT_FILES.length);
    const at = (name: string): string => {
      const f = formats.find((x) => x.name === name);
      return `${f?.word}:${f?.low}-${f?.high}`;
    };
    expect(
      ['ts_enable', 'jitter', 'load_filter', 'event_filter', 'min_latency', 'inv_event_filter', 'inv_data_src_filter'].map(at),
    ).toEqual(['0:0-0', '0:16-16', '0:33-33', '1:0-63', '2:0-11', '3:0-63', '4:0-63']);
  });
  test('what is not of that form is none', () => {
    for (const text of ['', 'config', 'config5:0', 'config:64', 'config:7-3', 'data:0', 'config:0,4-5'])
      expect(parseFormat('x', text)).toBeNull();
  });
  test('setting and reading a field', () => {
    fc.assert(
      fc.property(fc.constantFrom(...formats), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (f, x) => {
        const value = x & formatMaximum(f);
        const all = new Array<bigint>(5).fill((1n << 64n) - 1n);
        expect(formatValue(withFormat(all, f, value), f)).toBe(value);
        expect(withFormat(withFormat(all, f, value), f, formatMaximum(f))).toEqual(all);
      }),
    );
  });
});

describe('events', () => {
  test('no terms', () => expect(config('arm_spe_0//')).toEqual(['0', '0', '0', '0', '0']));
  test('terms in their places, a bare one is 1, hexadecimal and decimal', () => {
    expect(config('arm_spe_0/ts_enable=1,pa_enable,jitter=0x1/')).toEqual(['10003', '0', '0', '0', '0']);
    expect(config('arm_spe_0/load_filter=1,store_filter=1,min_latency=50/')).toEqual(['600000000', '0', '32', '0', '0']);
    expect(config('arm_spe_1/event_filter=0x28,inv_event_filter=0x80,inv_data_src_filter=0x4000/')).toEqual(['0', '28', '0', '80', '4000']);
  });
  test('the last of a term given twice counts', () => expect(config('arm_spe_0/load_filter=1,load_filter=0/')[0]).toBe('0'));
  test('config words as numbers', () =>
    expect(config('arm_spe_0/config=0x200000001,config2=0x10/')).toEqual(['200000001', '0', '10', '0', '0']));
  test('period, freq and name are perf’s own', () => {
    const e = read('arm_spe_0/period=2048,freq=100,name=mine/')._unsafeUnwrap();
    expect([e.period, e.frequency, e.given]).toEqual([2048n, 100n, []]);
  });
  test('modifiers leave the other levels out', () => {
    const levels = (text: string): boolean[] => {
      const e = read(text)._unsafeUnwrap();
      return [e.excludeUser, e.excludeKernel, e.excludeHypervisor, e.excludeIdle];
    };
    expect(levels('arm_spe_0//')).toEqual([false, false, false, false]);
    expect(levels('arm_spe_0//u')).toEqual([false, true, true, false]);
    expect(levels('arm_spe_0//k')).toEqual([true, false, true, false]);
    expect(levels('arm_spe_0//uk')).toEqual([false, false, true, false]);
    expect(levels('arm_spe_0//I')).toEqual([false, false, false, true]);
  });
  test('arm_spe// is any PMU of that family, the first one', () => {
    expect(read('arm_spe/load_filter=1/').isOk()).toBe(true);
    expect(read('arm_spe/inv_event_filter=1/').isErr()).toBe(true);
  });
});

describe('faults in perf’s words', () => {
  test('an unknown PMU', () => {
    expect(said('arm_spe_7//')).toEqual([
      "event syntax error: 'arm_spe_7//'",
      "                     \\___ Cannot find PMU `arm_spe_7'. Missing kernel support?",
    ]);
  });
  test('an unknown term names those there are', () => {
    const lines = said('arm_spe_0/foo=1/');
    expect(lines.slice(0, 3)).toEqual([
      "event syntax error: 'arm_spe_0/foo=1/'",
      "                               \\___ unknown term 'foo' for pmu 'arm_spe_0'",
      '',
    ]);
    expect(lines[3]).toBe(`valid terms: ${[...N1_TERMS].sort().join(',')},${PERF_TERMS}`);
  });
  test('perf’s parser points at what stands before the place where it cannot go on', () => {
    const rows: readonly (readonly [text: string, at: number, message: string])[] = [
      ['arm_spe_0/ts_enable=/', 19, 'parser error'],
      ['arm_spe_0/ts_enable=1,/', 21, 'parser error'],
      ['arm_spe_0/ts_enable=0x/', 20, 'parser error'],
      ['arm_spe_0/ts_enable=1', 19, 'parser error'],
      ['arm_spe_0/,ts_enable=1/', 9, 'parser error'],
      ['arm_spe_0/ts_enable=1/x', 21, 'parser error'],
      ['arm_spe_0/ts_enable=1/uu', 22, 'Bad modifier'],
      ['arm_spe_0/period=99999999999999999999/', 16, 'parser error'],
      ['arm_spe_0/name=1/', 15, 'expected string value'],
      ['arm_spe_0/foo,period=abc/', 21, 'expected numeric value'],
      ['arm_spe_0/foo,,/', 13, 'parser error'],
      ['arm_spe_0/time=2/', 15, 'expected 0 or 1'],
    ];
    for (const [text, at, message] of rows) expect(read(text)._unsafeUnwrapErr(), text).toMatchObject({ at, message });
    expect(config(' arm_spe_0 / ts_enable = 1 , jitter /')).toEqual(['10001', '0', '0', '0', '0']);
  });
  test('a term that perf knows is not unknown, played or not', () => {
    expect(read('arm_spe_0/ts_enable=1,no-inherit,call-graph=fp/')._unsafeUnwrap().notPlayed).toEqual(['no-inherit', 'call-graph']);
  });
  test('a long text is cut to the line', () => {
    expect(said(`arm_spe_0/${'x'.repeat(80)}/`)[0]).toBe(`event syntax error: 'arm_spe_0/${'x'.repeat(46)}..'`);
  });
  test('a term of another unit is unknown', () =>
    expect(said('arm_spe_0/inv_event_filter=1/')[1]).toMatch(/unknown term 'inv_event_filter'/));
  test('values that do not fit', () => {
    expect(said('arm_spe_0/ts_enable=2/')).toEqual([
      "event syntax error: '../ts_enable=2/'",
      '                                  \\___ value too big for format (ts_enable), maximum is 1',
    ]);
    expect(said('arm_spe_0/min_latency=4096/')[1]).toMatch(/value too big for format \(min_latency\), maximum is 4095$/);
    expect(read('arm_spe_0/min_latency=4095/').isOk()).toBe(true);
    expect(read(`arm_spe_0/event_filter=0x${'f'.repeat(16)}/`).isOk()).toBe(true);
  });
  test('what is no number, and what is no event', () => {
    expect(said('arm_spe_0/ts_enable=abc/')[1]).toMatch(/expected numeric value$/);
    for (const text of [
      'arm_spe_0',
      'arm_spe_0/ts_enable',
      'arm_spe_0/ts_enable=/',
      'arm_spe_0/,/',
      'arm_spe_0//x',
      'arm_spe_0/=1/',
      '/x/',
      'arm_spe_0/ts_enable=-1/',
    ]) {
      expect(said(text)[1], text).toMatch(/parser error$/);
    }
  });
  test('nothing is thrown, and the place lies in the text', () => {
    const piece = fc.constantFrom('arm_spe_0', 'arm_spe', '/', ',', '=', 'ts_enable', 'load_filter', '1', '0x', 'x', 'u', '-', ' ', 'é');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const done = parseEvent(pieces.join(''), [SPE_0]);
        if (done.isErr()) expect(done.error.at).toBeLessThanOrEqual(pieces.join('').length);
      }),
    );
  });
});

// The real perf says the same of a PMU that every Linux machine has; 6.1 leaves the term's name out of "too big".
const perf = spawnSync('perf', ['--version']).status === 0 && spawnSync('ls', ['/sys/bus/event_source/devices/uprobe/format']).status === 0;
describe.skipIf(!perf)('beside the installed perf, on the PMU uprobe', () => {
  const file = (name: string): string => execFileSync('cat', [`/sys/bus/event_source/devices/uprobe/format/${name}`], { encoding: 'utf8' });
  const uprobe = (): EventPmu => ({
    name: 'uprobe',
    formats: ['retprobe', 'ref_ctr_offset'].flatMap((name) => parseFormat(name, file(name)) ?? []),
  });
  for (const text of [
    'uprobe/retprobe=2/',
    'uprobe/retprobe=/',
    'uprobe/retprobe=1',
    'uprobe/retprobe=1,,/',
    'uprobe/retprobe=1/ux',
    'uprobe/retprobe=1/uu',
    'uprobe/ retprobe = 0x/',
    'uprobe/foo,period=abc/',
    'uprobe/name/',
    'uprobe/foo=1/',
    'uprobe/retprobe=1,foo/',
    'uprobe/retprobe=abc/',
    'uprobe/ref_ctr_offset=0x100000000/',
    'nobody//',
  ]) {
    test(text, () => {
      const { stderr } = spawnSync('perf', ['record', '-o', '/dev/null', '-e', text, 'true'], { encoding: 'utf8' });
      const theirs = stderr.split('\n').slice(0, 2);
      const ours = eventFaultLines(parseEvent(text, [uprobe()])._unsafeUnwrapErr()).slice(0, 2);
      const plain = (lines: string[]): string[] => lines.map((l) => l.replace(/ \((retprobe|ref_ctr_offset)\)(?=, maximum)/, ''));
      expect(plain(ours)).toEqual(plain(theirs));
    });
  }
});
