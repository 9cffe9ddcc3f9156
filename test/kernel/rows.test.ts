// Every row of the decision tables (kvm-spe-abi.md §7) and of the vGIC's error rows (vgic.md §1.9) is a test of this folder under its id.
// The list is printed, so that a run of this folder names them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const TABLES = { CAP: 6, FEA: 10, GEN: 20, IRQ: 32, SPU: 33, CPU: 13, MBS: 17, INI: 15, RUN: 18, REG: 10, INT: 12 } as const;
const VGIC_ROWS = 45;

const rows = Object.entries(TABLES).map(([table, count]) =>
  Array.from({ length: count }, (_, n) => `${table}-${String(n + 1).padStart(2, '0')}`),
);
const vgicRows = Array.from({ length: VGIC_ROWS }, (_, n) => `E${n + 1}`);

/** The texts of this folder's tests, comments left out. */
const texts = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.test.ts') && file !== 'rows.test.ts')
  .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8').replaceAll(/^\s*\/\/.*$/gm, ''))
  .join('\n');

const named = (id: string): boolean => new RegExp(`['"\`][^'"\`\\n]*\\b${id}\\b`).test(texts);

test('186 rows of the decision tables and 45 of the vGIC are tests', () => {
  const all = rows.flat();
  expect(all).toHaveLength(186);
  expect([...all, ...vgicRows].filter((id) => !named(id))).toEqual([]);
  const lines = rows.map((ids) => `  ${ids.join(' ')}`);
  console.log(
    [`${all.length} rows of kvm-spe-abi.md §7:`, ...lines, `${vgicRows.length} rows of vgic.md §1.9:`, `  ${vgicRows.join(' ')}`].join(
      '\n',
    ),
  );
});
