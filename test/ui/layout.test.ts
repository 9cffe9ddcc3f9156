// The live region: never higher than its budget, never as wide as the terminal, the cursor always within; and what it says.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY, edit } from '../../src/ui/editor.ts';
import { columnsOfText } from '../../src/ui/graphemes.ts';
import { budget, type Live, layoutPrompt, layoutRunning, type Screen } from '../../src/ui/layout.ts';
import { painter } from '../../src/ui/paint.ts';

const screen = (columns: number, rows: number): Screen => ({ columns, rows, paint: painter(false), cut: '…' });
const typed = (text: string, cursor = text.length, ghost = '') => {
  const { graphemes } = edit(EMPTY, { kind: 'insert', text });
  return { graphemes, cursor: Math.min(cursor, graphemes.length), prompt: 'spe> ', more: '...> ', role: () => 'plain' as const, ghost };
};
const items = Array.from({ length: 30 }, (_, i) => ({
  label: `word${i}`,
  insert: `word${i}`,
  detail: 'a description that is somewhat longer than a narrow terminal is wide',
}));
const menu = (chosen: number, count = items.length) => ({ base: EMPTY, from: 0, to: 0, items: items.slice(0, count), chosen });
const hint = { text: 'vcpu N attr set|get|has ATTR [VALUE]', role: 'dim' as const };

const fits = (live: Live, { columns, rows }: Screen): void => {
  expect(live.rows.length).toBeLessThanOrEqual(budget(rows));
  expect(budget(rows)).toBeLessThanOrEqual(Math.max(1, Math.min(rows - 2, 16)));
  for (const row of live.rows) expect(columnsOfText(row)).toBeLessThan(columns);
  if (live.cursor === undefined) return;
  expect(live.cursor.y).toBeLessThan(live.rows.length);
  expect(live.cursor.x).toBeLessThan(columns);
};

test('whatever is typed, the region fits', () => {
  const text = fc
    .array(fc.constantFrom('word', ' ', '漢字', '😀', '\n', 'e\u0301', 'a-rather-long-word-without-any-blank'), { maxLength: 60 })
    .map((parts) => parts.join(''));
  const size = fc.constantFrom(screen(80, 24), screen(40, 10), screen(20, 5), screen(120, 40), screen(10, 3));
  fc.assert(
    fc.property(
      text,
      fc.nat(300),
      size,
      fc.integer({ min: -1, max: 29 }),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (words, cursor, at, chosen, withMenu, withHint, withNotice) => {
        const parts = {
          text: typed(words, cursor, 'and a suggestion'),
          menu: withMenu ? menu(chosen) : undefined,
          hint: withHint ? hint : undefined,
          notice: withNotice ? 'press Ctrl-C again or Ctrl-D to exit' : undefined,
        };
        const live = layoutPrompt(parts, at);
        fits(live, at);
        if (withNotice && budget(at.rows) > 1) expect(live.rows.at(-1)).toMatch(/^press /);
        fits(layoutRunning(words, 123_456_789, at), at);
      },
    ),
  );
});

test('80 by 24: prompt, hint, eight rows of menu, the chosen one marked', () => {
  const { rows, cursor } = layoutPrompt({ text: typed('wo'), menu: menu(1), hint }, screen(80, 24));
  expect(rows.slice(0, 4)).toEqual([
    'spe> wo',
    'vcpu N attr set|get|has ATTR [VALUE]',
    '  word0  a description that is somewhat longer than a narrow terminal is wide',
    '> word1  a description that is somewhat longer than a narrow terminal is wide',
  ]);
  expect(rows.at(-1)).toBe('  2 of 30 candidates');
  expect(rows).toHaveLength(2 + 8);
  expect(cursor).toEqual({ x: 7, y: 0 });
});

test('20 by 5: three rows, the menu before the hint', () => {
  const { rows } = layoutPrompt({ text: typed('wo'), menu: menu(9), hint }, screen(20, 5));
  expect(rows).toEqual(['spe> wo', '> word9  a descrip…', '  10 of 30 candida…']);
});

test('a text of many lines shows the ones around the cursor', () => {
  const text = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n');
  const { rows, cursor } = layoutPrompt({ text: typed(text, 'line 0\nline 1'.length) }, screen(80, 24));
  expect(rows).toEqual(['spe> line 0', ...[1, 2, 3, 4, 5].map((i) => `...> line ${i}`)]);
  expect(cursor).toEqual({ x: 11, y: 1 });
});

test('a long line goes on in the next row, wide characters are not cut in half', () => {
  const { rows, cursor } = layoutPrompt({ text: typed(`${'a'.repeat(13)}漢字`) }, screen(20, 10));
  expect(rows).toEqual([`spe> ${'a'.repeat(13)}`, '漢字']);
  expect(cursor).toEqual({ x: 4, y: 1 });
});

test('running: the command and its operations', () => {
  expect(layoutRunning('run', 1_234_567, screen(80, 24)).rows).toEqual(['run … 1,234,567 operations (Ctrl-C interrupts)']);
  expect(layoutRunning('run --ops 100000000', 1_234_567, screen(40, 10)).rows[0]).toBe('… 1,234,567 operations (Ctrl-C interru…');
});
