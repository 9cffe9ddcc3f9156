// README.md's coverage table is what the dispatch tables say. SPESH_UPDATE=1 writes it anew:
//   SPESH_UPDATE=1 npm test -- kernel/coverage
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { IOCTLS } from '../../src/abi/ioctls.ts';
import { coverageMarkdown, coverageRows } from '../../src/kernel/coverage.ts';
import type { Host } from '../../src/kernel/host.ts';
import { fillKnobs } from '../../src/kernel/knobs.ts';
import { hostOf } from './bench.ts';

const README = new URL('../../README.md', import.meta.url);
const BETWEEN = /(<!-- coverage:begin[^>]*-->\n)([\s\S]*?)(\n<!-- coverage:end -->)/;

function under(revision: Host['kernel']['revision']): Host {
  const host = hostOf('two-spu');
  return { ...host, kernel: { ...host.kernel, revision }, knobs: fillKnobs(revision, {}) };
}
const rows = coverageRows(under);

test("README.md's coverage table is up to date", () => {
  const readme = readFileSync(README, 'utf8');
  const found = BETWEEN.exec(readme);
  expect(found, 'README.md needs <!-- coverage:begin --> and <!-- coverage:end -->').not.toBeNull();
  const table = `\n${coverageMarkdown(rows)}\n`;
  if (process.env['SPESH_UPDATE'] === '1')
    writeFileSync(
      README,
      readme.replace(BETWEEN, (_all, begin, _old, end) => begin + table + end),
    );
  else expect(found?.[2], 'SPESH_UPDATE=1 npm test -- kernel/coverage writes it anew').toBe(table);
});

test('every request has a row, every gap its reason, every row its evidence', () => {
  for (const { name } of IOCTLS) {
    const shown = /^KVM_(SET|GET|HAS)_DEVICE_ATTR$/.test(name) ? 'KVM_SET/GET/HAS_DEVICE_ATTR' : name;
    expect([name, rows.some((r) => r.what === shown)]).toEqual([name, true]);
  }
  for (const row of rows) {
    const reason = row.support === 'full' ? 'full' : Object.values(row.support)[0];
    expect(reason.length, row.what).toBeGreaterThan(3);
    expect(row.evidence, row.what).not.toBe('');
  }
});
