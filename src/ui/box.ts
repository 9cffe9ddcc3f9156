// The small boxes under the transcript, as state: "save as" when leaving, and backward search. Pure. The shell's own reducer takes their keys
// (ink-text-input, which draws them, loses keys that come in one tick, and takes Ctrl-R for the letter r).
import { type EditorState, EMPTY, edit, textOf } from './editor.ts';
import { type Entries, search } from './history.ts';
import { meaning, type Press } from './keys.ts';

export type Box =
  | { readonly kind: 'save'; readonly editor: EditorState; readonly code: number; readonly error?: string }
  /** `at`: index of the entry found, −1 for none. */
  | { readonly kind: 'search'; readonly editor: EditorState; readonly at: number };

/** What becomes of a box: it stays, with another text; or it goes, and something is to be done. */
export type BoxStep =
  | { readonly kind: 'stay'; readonly box: Box }
  | { readonly kind: 'close' }
  | { readonly kind: 'leave'; readonly code: number }
  | { readonly kind: 'save'; readonly path: string; readonly box: Extract<Box, { kind: 'save' }> }
  /** A line from history, to run or to edit. */
  | { readonly kind: 'take'; readonly text: string; readonly run: boolean };

export const saveBox = (code: number): Box => ({ kind: 'save', editor: EMPTY, code });
export const SEARCH_BOX: Box = { kind: 'search', editor: EMPTY, at: -1 };

function changed(box: Box, editor: EditorState, entries: Entries): BoxStep {
  if (box.kind === 'save') return { kind: 'stay', box: { kind: 'save', editor, code: box.code } };
  const same = textOf(editor) === textOf(box.editor);
  return { kind: 'stay', box: { kind: 'search', editor, at: same ? box.at : search(entries, textOf(editor)) } };
}

function taken(box: Extract<Box, { kind: 'search' }>, entries: Entries, run: boolean): BoxStep {
  const text = entries[box.at];
  return text === undefined ? { kind: 'close' } : { kind: 'take', text, run };
}

/** The found entry before (-1) or behind (+1) the one shown; where there is none, it stays. */
function further(box: Box, entries: Entries, direction: -1 | 1): BoxStep {
  if (box.kind === 'save') return { kind: 'stay', box };
  const at = box.at === -1 ? -1 : search(entries, textOf(box.editor), box.at, direction);
  return { kind: 'stay', box: at === -1 ? box : { ...box, at } };
}

function submit(box: Box, entries: Entries): BoxStep {
  if (box.kind === 'search') return taken(box, entries, true);
  const path = textOf(box.editor).trim();
  return path === '' ? { kind: 'leave', code: box.code } : { kind: 'save', path, box };
}

/** One press while a box is open. A box holds one line: of pasted lines it takes the first. */
export function boxPress(box: Box, press: Press, entries: Entries): BoxStep {
  if ('text' in press) return changed(box, edit(box.editor, { kind: 'insert', text: press.text }), entries);
  if ('paste' in press) return changed(box, edit(box.editor, { kind: 'insert', text: press.paste.split(/[\r\n]/)[0] }), entries);
  const does = meaning(press.chord);
  if (typeof does === 'object') return does.kind === 'insert' ? { kind: 'stay', box } : changed(box, edit(box.editor, does), entries);
  const atEnd = box.editor.cursor === box.editor.graphemes.length;
  switch (does) {
    case 'accept':
      return submit(box, entries);
    case 'close':
      return { kind: 'close' };
    case 'interrupt':
      return box.kind === 'search' ? { kind: 'close' } : { kind: 'leave', code: box.code };
    case 'delete-or-leave':
      if (box.editor.graphemes.length > 0) return changed(box, edit(box.editor, { kind: 'delete', to: 'right' }), entries);
      return box.kind === 'search' ? { kind: 'close' } : { kind: 'leave', code: box.code };
    case 'search':
    case 'line-up':
    case 'earlier':
      return further(box, entries, -1);
    case 'search-newer':
    case 'line-down':
    case 'later':
      return further(box, entries, 1);
    case 'complete':
      return box.kind === 'search' ? taken(box, entries, false) : { kind: 'stay', box };
    case 'right':
    case 'line-end':
      if (atEnd && box.kind === 'search') return taken(box, entries, false);
      return changed(box, edit(box.editor, { kind: 'move', to: does }), entries);
    default:
      return { kind: 'stay', box };
  }
}
