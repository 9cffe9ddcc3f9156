// The completion menu: what Tab does with the candidates of a position. The choice is shown in the line while it is being made.
import { type EditorState, edit, offsetOf, textOf } from './editor.ts';
import { linesOf } from './paste.ts';
import type { Completion, Item } from './port.ts';

export interface Menu {
  /** The line before a choice was put in. */
  readonly base: EditorState;
  /** UTF-16 units of base that a choice replaces. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Item[];
  /** -1: none chosen yet. */
  readonly chosen: number;
}

type Complete = (line: string, cursor: number) => Completion;

/** Completion of the line in which the cursor stands, with those that a backslash joins to it; in units of the whole text. */
export function completionAt(editor: EditorState, complete: Complete): Completion {
  const text = textOf(editor);
  const cursor = offsetOf(editor);
  const line = linesOf(text).findLast(({ from }) => from <= cursor);
  const start = line?.from ?? 0;
  const found = complete(line?.text ?? '', cursor - start);
  if (start === 0) return found;
  return {
    ...found,
    replace: [found.replace[0] + start, found.replace[1] + start],
    diagnostics: found.diagnostics?.map((d) => ({ ...d, from: d.from + start, to: d.to + start })),
  };
}

function commonPrefix(items: readonly Item[]): string {
  let prefix = items[0].insert;
  for (const { insert } of items) {
    let n = 0;
    while (n < prefix.length && prefix[n] === insert[n]) n++;
    prefix = prefix.slice(0, n);
  }
  return prefix.replace(/\p{Surrogate}/gu, '');
}

/** Those that begin with what is typed; else those that do when letters' case is let go; else all. */
function closest(typed: string, items: readonly Item[]): readonly Item[] {
  const begin = items.filter((item) => item.insert.startsWith(typed));
  if (begin.length > 0) return begin;
  const alike = items.filter((item) => item.insert.toLowerCase().startsWith(typed.toLowerCase()));
  return alike.length > 0 ? alike : items;
}

/** A blank behind the one candidate, unless the word can go on: directories, registers with fields. */
function endWord(editor: EditorState, word: string, complete: Complete): EditorState {
  if (editor.cursor < editor.graphemes.length || !/[\w)\]]$/.test(word)) return editor;
  const dotted = completionAt(edit(editor, { kind: 'insert', text: '.' }), complete);
  if (dotted.items.some((item) => item.insert.startsWith(`${word}.`))) return editor;
  return edit(editor, { kind: 'insert', text: ' ' });
}

/** The line with the one candidate, or what all have in common, put in; and the menu where a choice is left. */
export function openMenu(editor: EditorState, complete: Complete): { readonly editor: EditorState; readonly menu: Menu | undefined } {
  const found = completionAt(editor, complete);
  const [from, to] = found.replace;
  if (found.items.length === 0) return { editor, menu: undefined };
  const typed = textOf(editor).slice(from, to);
  const items = closest(typed, found.items);
  const common = items.length === 1 ? items[0].insert : commonPrefix(items);
  const longer =
    items.length === 1 ? common !== typed : common.length > typed.length && common.toLowerCase().startsWith(typed.toLowerCase());
  const next = longer ? edit(editor, { kind: 'replace', from, to, text: common }) : editor;
  if (items.length === 1) return { editor: endWord(next, common, complete), menu: undefined };
  return { editor: next, menu: { base: next, from, to: longer ? from + common.length : to, items, chosen: -1 } };
}

/** The next (or the one before) candidate, put into the line. */
export function choose(menu: Menu, direction: -1 | 1): { readonly editor: EditorState; readonly menu: Menu } {
  const count = menu.items.length;
  const chosen = menu.chosen === -1 ? (direction === 1 ? 0 : count - 1) : (menu.chosen + direction + count) % count;
  const editor = edit(menu.base, { kind: 'replace', from: menu.from, to: menu.to, text: menu.items[chosen].insert });
  return { editor, menu: { ...menu, chosen } };
}
