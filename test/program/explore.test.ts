// `spesh explore` as a program: report, JSON lines, rows, shards, threads, scripts, exit codes.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProgram, type Program, ROOT } from './spesh.ts';

let spesh: Program;
beforeAll(() => {
  spesh = openProgram();
  writeFileSync(join(spesh.directory, 'wrong.toml'), 'about = "x"\n[[call]]\nname = "a"\ndo = "vcpu 0 atr"\n');
  writeFileSync(join(spesh.directory, 'guest.toml'), 'about = "x"\nsetup = ["up forever"]\n[[call]]\nname = "a"\ndo = "run --ops 9"\n');
  writeFileSync(
    join(spesh.directory, 'holds.toml'),
    'about = "x"\nsetup = ["up --bare"]\n[[call]]\nname = "a"\ndo = "vcpu 0 run --ops 0"\n',
  );
});
afterAll(() => spesh.dispose());

const file = (name: string): string => join(ROOT, 'fixtures', 'explore', `${name}.toml`);
const objects = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('spesh explore', () => {
  test('reports states, transitions, what each call can answer, and a script that runs', () => {
    const { code, out, err } = spesh.run(['explore', file('mask-order')]);
    expect(err).toBe('');
    expect(code).toBe(1);
    expect(out).toContain('states       9   8 distinct worlds\n');
    expect(out).toContain('transitions  24  24 of a world by a call, each run once\n');
    expect(out).toMatch(/^fails {2}cpu-left {6}two successful choices leave a CPU to run on$/m);
    const script = out.slice(out.indexOf('host load'));
    expect(spesh.run(['run', '-'], { input: script })).toMatchObject({ code: 0, err: '' });
  });

  test('says it in JSON lines too, and writes the scripts', () => {
    const { code, out } = spesh.run(['explore', file('mask-order'), '--json', '--scripts', '.']);
    expect(code).toBe(1);
    const lines = objects(out);
    expect(lines[0]).toMatchObject({ v: 1, kind: 'exploration', host: 'two-spu', calls: 8, states: 9, transitions: 24, holds: false });
    expect(lines.filter((l) => l['kind'] === 'call')).toHaveLength(8);
    expect(lines.find((l) => l['name'] === 'cpu-left')).toMatchObject({ kind: 'invariant', holds: false });
    const script = lines.find((l) => l['name'] === 'cpu-left')?.['script'];
    expect(readFileSync(join(spesh.directory, 'two-spu.cpu-left.spe'), 'utf8')).toBe(script);
    expect(spesh.run(['run', 'two-spu.cpu-left.spe']).code).toBe(0);
  });

  test('finds the same with threads; rows of shards are the rows of the whole', () => {
    const rows = (...args: string[]): string[] => {
      const { out, err } = spesh.run(['explore', file('init-order'), '--rows', '-', ...args]);
      expect(err).toContain('What each call can answer');
      return out.trimEnd().split('\n');
    };
    const whole = rows('--workers', '2');
    expect(new Set(rows('--workers', '1'))).toEqual(new Set(whole));
    expect(new Set([...rows('--shard', '1/2'), ...rows('--shard', '2/2')])).toEqual(new Set(whole));
    expect(JSON.parse(whole[0])).toMatchObject({ depth: 1, call: 'features', result: 'ok' });
    expect(spesh.run(['explore', file('init-order'), '--rows', 'states.ndjson', '--each', 'state', '--json']).out).toContain(
      '"states":5350',
    );
    expect(objects(readFileSync(join(spesh.directory, 'states.ndjson'), 'utf8'))).toHaveLength(5350);
  });

  test('an invariant that does not hold at the start fails after no call, in report, rows and script alike', () => {
    writeFileSync(
      join(spesh.directory, 'never.toml'),
      'about = "a"\nsetup = ["vm create"]\n[[call]]\nname = "a"\ndo = "vcpu create 0"\n[[invariant]]\nname = "never"\nholds = "0"\n',
    );
    expect(spesh.run(['explore', 'never.toml']).out).toMatch(/first after 0 calls: [\s\S]*does not hold after 0 calls/);
    expect(objects(spesh.run(['explore', 'never.toml', '--json']).out).at(-1)).toMatchObject({ name: 'never', holds: false, calls: [] });
  });

  test.each<[string, string[], number, string]>([
    ['every invariant holds', ['holds.toml'], 0, ''],
    ['no such file', ['none.toml'], 2, 'none.toml: no such file'],
    ['no such shard', ['holds.toml', '--shard', '3/2'], 2, "'3/2' is no shard"],
    ['a command that does not parse', ['wrong.toml'], 5, ": invalid [explore]: call a: 'vcpu 0 atr': "],
    ['a call that lets the guest run', ['guest.toml'], 5, "cannot let the guest run, unless the file says 'ticks = true'"],
    ['the same in a thread', ['guest.toml', '--workers', '2'], 5, "cannot let the guest run, unless the file says 'ticks = true'"],
  ])('%s', (_what, args, code, message) => {
    const ended = spesh.run(['explore', ...args]);
    expect(ended.err).toContain(message);
    expect(ended.code).toBe(code);
  });
});
