// Host fixtures: all that language.md §5 names parse, and a unit of each SPE version; a broken one says where and what was expected.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseHost } from '../../src/kernel/host-schema.ts';
import { hostOf } from './bench.ts';

const NAMES = [
  'two-spu',
  'one-spu',
  'partial-spe',
  'limited-buffer',
  'n1-metal',
  'spe-v1p2',
  'spe-v1p3',
  'spe-v1p4',
  'spe-v1p5',
  'spe-unaligned',
  'far-memory',
  'four-sockets',
  'small-cache',
  'fault-impdef',
  'no-spe',
  'config-off',
  'nvhe',
  'pkvm',
  'nested',
  'kpti',
  'rfc-v5',
  'rfc-v4',
  'mainline',
];

test('every named host parses, and there is no other', () => {
  const files = readdirSync(new URL('../../fixtures/hosts', import.meta.url)).map((f) => f.replace('.toml', ''));
  expect(files.sort()).toEqual([...NAMES].sort());
  for (const name of NAMES) expect(hostOf(name).name).toBe(name);
});

test('a host is frozen, so that clones share it', () => {
  const text = readFileSync(new URL('../../fixtures/hosts/two-spu.toml', import.meta.url), 'utf8');
  const host = parseHost('two-spu.toml', text)._unsafeUnwrap();
  expect(Object.isFrozen(host) && Object.isFrozen(host.spus) && Object.isFrozen(host.spus[0]) && Object.isFrozen(host.knobs)).toBe(true);
});

const TWO = readFileSync(new URL('../../fixtures/hosts/two-spu.toml', import.meta.url), 'utf8');
const wrong = (text: string) => parseHost('hosts/broken.toml', text, (name) => (name === 'two-spu' ? TWO : undefined))._unsafeUnwrapErr();
const line = (text: string, part: string, nth = 0): number => text.split('\n').flatMap((l, i) => (l.includes(part) ? [i + 1] : []))[nth];

describe('broken fixtures', () => {
  test('overlapping CPUs of two SPUs', () => {
    const text = TWO.replace('cpus = "4-7"', 'cpus = "3-7"');
    expect(wrong(text)).toEqual({
      file: 'hosts/broken.toml',
      path: 'spu.1.cpus',
      expected: 'CPUs that no other SPU has',
      message: 'arm_spe_1 overlaps another one on CPUs 3',
      line: line(text, 'cpus = "3-7"'),
    });
  });
  test('a type given twice', () => {
    expect(wrong(TWO.replace('type = 11', 'type = 8'))).toMatchObject({ path: 'pmu.0.type', expected: 'a type of its own' });
  });
  test('CPUs that do not exist', () => {
    expect(wrong(TWO.replace('cpus = "4-7"', 'cpus = "4-9"'))).toMatchObject({
      path: 'spu.1.cpus',
      expected: 'CPUs 0-7',
      message: 'arm_spe_1 has CPUs 8-9',
    });
  });
  test('no CPU list', () => {
    expect(wrong(TWO.replace('cpus = "0-3"', 'cpus = "0-"'))).toMatchObject({ path: 'spu.0.cpus', expected: 'a CPU list such as "0-3,8"' });
  });
  test('a wrong type of value', () => {
    expect(wrong(TWO.replace('cpus = 8', 'cpus = "eight"'))).toMatchObject({
      path: 'cpus',
      expected: 'number',
      line: line(TWO, 'cpus = 8'),
    });
  });
  test('a missing field', () => {
    expect(wrong(TWO.replace('hz = 250\n', ''))).toMatchObject({ path: 'kernel.hz' });
  });
  test('an unknown field', () => {
    expect(wrong(TWO.replace('kpti', 'ktpi'))).toMatchObject({ path: expect.stringMatching(/kernel\.(kpti|ktpi)/) });
  });
  test('an unknown revision names the known ones', () => {
    expect(wrong(TWO.replace('"rfc-v6"', '"rfc-v7"'))).toMatchObject({
      path: 'kernel.revision',
      expected: 'rfc-v6 | rfc-v5 | rfc-v4 | mainline',
    });
  });
  test('an unknown knob, and a value that is none', () => {
    expect(wrong(`${TWO}\n[knobs]\nhasErno = "ENXIO"\n`)).toMatchObject({ path: 'knobs.hasErno', message: 'there is no knob hasErno' });
    expect(wrong(`${TWO}\n[knobs]\nhasErrno = "EPERM"\n`)).toMatchObject({ path: 'knobs.hasErrno', expected: 'ENODEV | ENXIO' });
  });
  test('text that is not TOML', () => {
    expect(wrong('cpus = = 3')).toMatchObject({ expected: 'TOML', line: 1 });
  });
  test('a parent that does not exist', () => {
    expect(wrong('extends = "three-spu"')).toMatchObject({ path: 'extends', message: 'there is no host three-spu' });
  });
  test('a timing geometry that does not fit', () => {
    expect(wrong(`${TWO}\n[timing]\nl1Ways = 3\n`)).toMatchObject({ path: 'timing.l1Bytes' });
  });
});
