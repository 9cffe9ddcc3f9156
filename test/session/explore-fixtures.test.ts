// The project's own explorations: what each finds, and that its counterexamples run.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { counterexample } from '../../src/session/explore/script.ts';
import type { SearchResult } from '../../src/session/explore/search.ts';
import { fixture, type Opened, openFile, projectDirectory, runScript, searchAll } from '../explore-by-text.ts';

/** By host: the invariants that fail, each with the calls of its shortest counterexample. */
const FOUND: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>> = {
  'pmu-spu': { 'two-spu': { 'cpu-left': 2 } },
  'mask-order': { 'two-spu': { 'cpu-left': 2 } },
  'init-order': { 'two-spu': { alive: 3, 'initialised-runs': 8 } },
  revisions: { 'rfc-v4': { 'mask-shrinks': 2 }, 'rfc-v5': { 'mask-shrinks': 2 }, 'two-spu': { 'cpu-left': 2 } },
};

const failing = ({ explorer }: Opened, { failures }: SearchResult): Record<string, number> =>
  Object.fromEntries(failures.flatMap((f, i) => (f === null ? [] : [[explorer.invariants[i].name, f.path.length] as const])));

test('each file is held here', () => {
  const files = readdirSync(join(projectDirectory, 'fixtures', 'explore')).filter((name) => name.endsWith('.toml'));
  expect(files.map((name) => name.replace('.toml', '')).sort()).toEqual(Object.keys(FOUND).sort());
});

describe.each(Object.entries(FOUND).flatMap(([name, hosts]) => Object.entries(hosts).map(([host, found]) => ({ name, host, found }))))(
  '$name on $host',
  ({ name, host, found }) => {
    test('fails where it is known to, and the counterexamples run', async () => {
      const opened = openFile(fixture(name), host);
      const result = await searchAll(opened);
      expect(result.complete).toBe(true);
      expect(failing(opened, result)).toEqual(found);
      if (name === 'pmu-spu') expect(result.transitions).toBeGreaterThan(1_000_000);
      for (const [i, failure] of result.failures.entries()) {
        if (failure === null) continue;
        runScript(counterexample({ ...opened, host, seed: opened.file.seed }, failure.path, i).script, host);
      }
    });
  },
);
