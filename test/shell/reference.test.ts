// README.md holds the reference that the command table gives. `npm run reference` writes it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { families } from '../../commands/table.ts';
import { commandsData, referenceMarkdown, withReference } from '../../src/shell/reference.ts';
import { newShellState } from '../../src/shell/state.ts';

const { table } = newShellState(families);

test('README.md is up to date: npm run reference', () => {
  const text = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  expect(withReference(text, table) === text).toBe(true);
});

test('as data it has every form, with its usage and what it may change', () => {
  const forms = commandsData(table, null).flatMap((command) => command.forms);
  expect(forms).toHaveLength([...table.behaviours.values()].length);
  expect(commandsData(table, 'undo')).toMatchObject([{ name: 'undo', group: 'time', forms: [{ usage: 'undo', effect: 'session' }] }]);
  expect(forms).toContainEqual(expect.objectContaining({ usage: 'diff A [B]', effect: 'pure' }));
});

test('every family is in it, once, as one row of a table, with a notebook that is there', () => {
  const rows = referenceMarkdown(table).trimEnd().split('\n').slice(2);
  const names = rows.map((row) => /\[([\w-]+)\]\(commands\/\1\.md\)/.exec(row)?.[1]);
  expect([...names].sort()).toEqual(table.families.map((f) => f.name).sort());
  for (const row of rows) expect(row.replace(/\\\|/g, '').split('|')).toHaveLength(5);
});

test('what is around the markers stays; without markers there is nothing to do', () => {
  const once = withReference('a\n<!-- reference:begin -->\nold\n<!-- reference:end -->\nb\n', table) ?? '';
  expect(once).toMatch(/^a\n<!-- reference:begin -->\n\| Group [\s\S]*\|\n<!-- reference:end -->\nb\n$/);
  expect(withReference(once, table)).toBe(once);
  expect(withReference('nothing', table)).toBeNull();
});
