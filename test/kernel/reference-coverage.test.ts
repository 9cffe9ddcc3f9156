// README.md's coverage tables of the hardware, of Linux's driver and of KVM's vGIC are the ones in the code. SPESH_UPDATE=1 writes them anew:
//   SPESH_UPDATE=1 npm test -- kernel/reference-coverage
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ReferenceRow, referenceMarkdown } from '../../src/kernel/reference-coverage.ts';
import { SPE_COVERAGE } from '../../src/kernel/spe/coverage.ts';
import { VGIC_COVERAGE } from '../../src/kernel/vgic/coverage.ts';

const root = join(import.meta.dirname, '..', '..');
const README = join(root, 'README.md');

const numbered = (chapter: number, last: number): string[] => Array.from({ length: last }, (_, i) => `${chapter}.${i + 1}`);

interface Table {
  readonly marker: string;
  readonly rows: readonly ReferenceRow[];
  /** Every section of the reference that the table is of, in its order. */
  readonly sections: readonly string[];
}

const TABLES: readonly Table[] = [
  {
    marker: 'spe-coverage',
    rows: SPE_COVERAGE,
    sections: [...numbered(1, 14), ...numbered(2, 3), ...numbered(3, 4), ...numbered(4, 13), '5', ...numbered(6, 12)],
  },
  { marker: 'vgic-coverage', rows: VGIC_COVERAGE, sections: [...numbered(2, 9), '3', '4', ...numbered(4, 3), '8'] },
];

describe.each(TABLES)('$marker', ({ marker, rows, sections }) => {
  test("README.md's table is up to date", () => {
    const readme = readFileSync(README, 'utf8');
    const between = new RegExp(`(<!-- ${marker}:begin -->\\n)([\\s\\S]*?)(<!-- ${marker}:end -->)`);
    const found = between.exec(readme);
    expect(found, `README.md needs <!-- ${marker}:begin --> and <!-- ${marker}:end -->`).not.toBeNull();
    const table = `\n${referenceMarkdown(rows)}\n\n`;
    if (process.env['SPESH_UPDATE'] === '1')
      writeFileSync(
        README,
        readme.replace(between, (_all, begin, _old, end) => begin + table + end),
      );
    else expect(found?.[2], 'SPESH_UPDATE=1 npm test -- kernel/reference-coverage writes it anew').toBe(table);
  });

  test('every section of the reference has rows, in its order', () => {
    expect([...new Set(rows.map((r) => r.section))]).toEqual(sections);
  });

  test('what is there has tests that exist, what is not there its reason', () => {
    for (const { what, support, tests } of rows) {
      for (const name of tests) {
        const file = name.endsWith('.md') ? name : `test/${name}.test.ts`;
        expect([what, file, existsSync(join(root, file))]).toEqual([what, file, true]);
      }
      if (support === 'full') expect([what, tests.length > 0]).toEqual([what, true]);
      else expect(Object.values(support)[0].length, what).toBeGreaterThan(10);
      if (typeof support !== 'string' && 'none' in support) expect([what, tests]).toEqual([what, []]);
    }
  });
});
