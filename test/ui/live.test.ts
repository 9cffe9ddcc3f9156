// What is shown of a text of several lines while it is typed: errors where the cursor is not, and lines that a backslash joins.
import { expect, test } from 'vitest';
import { offsetOf, textOf } from '../../src/ui/editor.ts';
import { liveOf } from '../../src/ui/live.ts';
import { completionAt } from '../../src/ui/menu.ts';
import type { Paint } from '../../src/ui/paint.ts';
import { FRESH, press } from '../../src/ui/prompt.ts';
import { createStore } from '../../src/ui/store.ts';
import { fakePort } from './fake-port.ts';

const port = fakePort();
/** Brackets around what is underlined. */
const paint: Paint = (role, text) => (role === 'bad' ? `<${text}>` : text);
const typed = (text: string) => press(FRESH, { paste: text }, { entries: [], complete: port.complete }).state;
const rows = (text: string): readonly string[] =>
  liveOf({ ...createStore('', []).state(), prompt: typed(text) }, port, { columns: 80, rows: 24, paint, cut: '…' }, { hints: true }).rows;

test('a line that does not parse is underlined also where the cursor is in another', () => {
  expect(rows('say one\nbogus 3\nsay two').slice(0, 3)).toEqual(['spe> say one', '...> <bogus> 3', '...> say two']);
});

test('completion is asked about the line with those that a backslash joins to it', () => {
  const { editor } = typed('say one\nvcpu 0 \\\nattr s');
  const asked: unknown[] = [];
  const found = completionAt(editor, (line, cursor) => {
    asked.push(line, cursor);
    return { replace: [cursor - 1, cursor], items: [] };
  });
  expect(asked).toEqual(['vcpu 0 \\\nattr s', 15]);
  expect(textOf(editor).slice(...found.replace)).toBe('s');
  expect(found.replace[1]).toBe(offsetOf(editor));
});
