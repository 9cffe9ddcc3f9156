// README.md's coverage table of the hardware and of Linux's driver is the one in the code. SPESH_UPDATE=1 writes it anew:
//   SPESH_UPDATE=1 npm test -- kernel/spe-coverage
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SPE_COVERAGE, speCoverageMarkdown } from '../../src/kernel/spe/coverage.ts';

const root = join(import.meta.dirname, '..', '..');
const README = join(root, 'README.md');
const BETWEEN = /(<!-- spe-coverage:begin -->\n)([\s\S]*?)(<!-- spe-coverage:end -->)/;

test("README.md's table of the Statistical Profiling Extension is up to date", () => {
  const readme = readFileSync(README, 'utf8');
  const found = BETWEEN.exec(readme);
  expect(found, 'README.md needs <!-- spe-coverage:begin --> and <!-- spe-coverage:end -->').not.toBeNull();
  const table = `\n${speCoverageMarkdown(SPE_COVERAGE)}\n\n`;
  if (process.env['SPESH_UPDATE'] === '1')
    writeFileSync(
      README,
      readme.replace(BETWEEN, (_all, begin, _old, end) => begin + table + end),
    );
  else expect(found?.[2], 'SPESH_UPDATE=1 npm test -- kernel/spe-coverage writes it anew').toBe(table);
});

test('every section of the reference has rows, in its order', () => {
  const numbered = (chapter: number, last: number): string[] => Array.from({ length: last }, (_, i) => `${chapter}.${i + 1}`);
  const sections = [...numbered(1, 14), ...numbered(2, 3), ...numbered(3, 4), ...numbered(4, 13), '5', ...numbered(6, 12)];
  expect([...new Set(SPE_COVERAGE.map((r) => r.section))]).toEqual(sections);
});

test('what is there has tests that exist, what is not there its reason', () => {
  for (const { what, support, tests } of SPE_COVERAGE) {
    for (const name of tests) {
      const file = name.endsWith('.md') ? name : `test/${name}.test.ts`;
      expect([what, file, existsSync(join(root, file))]).toEqual([what, file, true]);
    }
    if (support === 'full') expect([what, tests.length > 0]).toEqual([what, true]);
    else expect(Object.values(support)[0].length, what).toBeGreaterThan(10);
    if (typeof support !== 'string' && 'none' in support) expect([what, tests]).toEqual([what, []]);
  }
});
