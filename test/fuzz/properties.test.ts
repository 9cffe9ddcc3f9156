// Every property of the fast suite, from seeds it does not use. `npm run fuzz -- properties`
// SPESH_FUZZ_SEEDS: how many (10 unless given); SPESH_FUZZ_SEED: the first. A failure prints the property's own report, its seed in it.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const SEEDS = Number(process.env['SPESH_FUZZ_SEEDS'] ?? 10);
const FIRST = Number(process.env['SPESH_FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const ROOT = new URL('../../', import.meta.url).pathname;

const files = readdirSync(`${ROOT}test`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts') && !/^(oracle|fuzz)\//.test(name))
  .map((name) => `test/${name}`)
  .filter((name) => readFileSync(`${ROOT}${name}`, 'utf8').includes("from 'fast-check'"));

test.each(Array.from({ length: SEEDS }, (_, i) => FIRST + i))(`${files.length} files of properties from seed %i`, (seed) => {
  const run = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--testTimeout', '120000', ...files],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, SPESH_PROPERTY_SEED: String(seed), NO_COLOR: '1', CI: '' },
    },
  );
  if (run.status !== 0) console.log(run.stdout + run.stderr);
  expect(run.status).toBe(0);
});
