// The keys of the prompt, as a table: what each does and its help line (GNU Readline's Emacs set; ux.md's contract for the rest).
// Chords are written C-a (Ctrl), M-b (Alt), S-Tab (Shift), and C-x C-e for two in a row.
import type { Key } from 'ink';
import type { EditorEvent } from './editor.ts';

/** What keys do beyond editing text. */
export type Action =
  | 'accept' // run the line, or take the menu's choice
  | 'interrupt'
  | 'delete-or-leave'
  | 'earlier'
  | 'later'
  | 'line-up'
  | 'line-down'
  | 'complete'
  | 'complete-back'
  | 'close'
  | 'right'
  | 'line-end'
  | 'search'
  | 'search-newer'
  | 'clear-screen'
  | 'suspend'
  | 'open-editor';

export interface KeyRow {
  readonly chords: readonly string[];
  readonly does: Action | EditorEvent;
  readonly about: string;
}

const move = (to: Extract<EditorEvent, { kind: 'move' }>['to']): EditorEvent => ({ kind: 'move', to });
const kill = (to: Extract<EditorEvent, { kind: 'kill' }>['to']): EditorEvent => ({ kind: 'kill', to });
const remove = (to: Extract<EditorEvent, { kind: 'delete' }>['to']): EditorEvent => ({ kind: 'delete', to });

export const KEYS: readonly KeyRow[] = [
  { chords: ['Enter', 'C-j'], does: 'accept', about: 'run the line; on an empty line, repeat step or sample, or go on with x or dis' },
  { chords: ['M-Enter'], does: { kind: 'insert', text: '\n' }, about: 'new line; a backslash at the end of a line and Enter do the same' },
  { chords: ['Tab'], does: 'complete', about: 'complete; again: the next of the menu' },
  { chords: ['S-Tab'], does: 'complete-back', about: 'the one before in the menu' },
  { chords: ['Escape', 'C-g'], does: 'close', about: 'close the menu' },
  { chords: ['C-c'], does: 'interrupt', about: 'clear the line; stop a running command; twice on an empty line: leave' },
  { chords: ['C-d'], does: 'delete-or-leave', about: 'delete the character at the cursor; on an empty line: leave' },
  { chords: ['Up'], does: 'line-up', about: 'line above; else the earlier command that begins like this one' },
  { chords: ['Down'], does: 'line-down', about: 'line below; else the later command that begins like this one' },
  { chords: ['C-p'], does: 'earlier', about: 'earlier command that begins like this one' },
  { chords: ['C-n'], does: 'later', about: 'later command that begins like this one' },
  { chords: ['C-r'], does: 'search', about: 'search the history backwards; again: one further back; Enter runs, Tab takes' },
  { chords: ['C-s'], does: 'search-newer', about: 'while searching: one less far back' },
  { chords: ['C-a', 'Home'], does: move('line-start'), about: 'start of the line' },
  { chords: ['C-e', 'End'], does: 'line-end', about: 'end of the line; there: take the grey suggestion' },
  { chords: ['C-b', 'Left'], does: move('left'), about: 'one character back' },
  { chords: ['C-f', 'Right'], does: 'right', about: 'one character forward; at the end: take the grey suggestion' },
  { chords: ['M-b', 'C-Left', 'M-Left'], does: move('word-left'), about: 'one word back' },
  { chords: ['M-f', 'C-Right', 'M-Right'], does: move('word-right'), about: 'one word forward' },
  { chords: ['M-<'], does: move('start'), about: 'start of the text' },
  { chords: ['M->'], does: move('end'), about: 'end of the text' },
  { chords: ['Backspace', 'C-h'], does: remove('left'), about: 'delete the character before the cursor' },
  { chords: ['Delete'], does: remove('right'), about: 'delete the character at the cursor' },
  { chords: ['C-w'], does: kill('blank-left'), about: 'kill back to the blank before' },
  { chords: ['M-Backspace'], does: kill('word-left'), about: 'kill the word before the cursor' },
  { chords: ['M-d', 'C-Delete'], does: kill('word-right'), about: 'kill the word behind the cursor' },
  { chords: ['C-k'], does: kill('line-rest'), about: 'kill to the end of the line' },
  { chords: ['C-u'], does: kill('line-start'), about: 'kill to the start of the line' },
  { chords: ['C-y'], does: { kind: 'yank' }, about: 'put back what was killed last' },
  { chords: ['M-y'], does: { kind: 'yank-pop' }, about: 'after Ctrl-Y: the kill before it instead' },
  { chords: ['C-t'], does: { kind: 'transpose' }, about: 'exchange the two characters around the cursor' },
  { chords: ['M-u'], does: { kind: 'case', to: 'upper' }, about: 'word in capitals' },
  { chords: ['M-l'], does: { kind: 'case', to: 'lower' }, about: 'word in small letters' },
  { chords: ['M-c'], does: { kind: 'case', to: 'capital' }, about: 'word with a capital' },
  { chords: ['C-_', 'C-x C-u'], does: { kind: 'undo' }, about: 'undo in the line' },
  { chords: ['C-x C-e'], does: 'open-editor', about: 'edit the text in $VISUAL or $EDITOR' },
  { chords: ['C-l'], does: 'clear-screen', about: 'scroll the screen away; scrollback keeps it' },
  { chords: ['C-z'], does: 'suspend', about: 'stop spesh, back to the shell that started it' },
];

const BY_CHORD = new Map(KEYS.flatMap((row) => row.chords.map((chord) => [chord, row.does] as const)));
const PREFIXES = new Set([...BY_CHORD.keys()].filter((chord) => chord.includes(' ')).map((chord) => chord.split(' ')[0]));

/** What a chord does; `prefix` when another must follow. */
export const meaning = (chord: string): Action | EditorEvent | 'prefix' | undefined =>
  BY_CHORD.get(chord) ?? (PREFIXES.has(chord) ? 'prefix' : undefined);

/** One thing that came from the keyboard. */
export type Press = { readonly chord: string } | { readonly text: string } | { readonly paste: string };

const NAMED: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'Up'],
  ['downArrow', 'Down'],
  ['leftArrow', 'Left'],
  ['rightArrow', 'Right'],
  ['pageUp', 'PageUp'],
  ['pageDown', 'PageDown'],
  ['home', 'Home'],
  ['end', 'End'],
  ['return', 'Enter'],
  ['escape', 'Escape'],
  ['tab', 'Tab'],
  ['backspace', 'Backspace'],
  ['delete', 'Delete'],
];

/** Control characters within a chunk: Ink hands on several keys that came at once as one string. */
function controlChord(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 13) return 'Enter';
  if (code === 9) return 'Tab';
  if (code === 27) return 'Escape';
  if (code === 8 || code === 127) return 'Backspace';
  return `C-${String.fromCharCode(code <= 26 ? code + 96 : code + 64)}`;
}

/** What Ink's useInput reports, as presses; every key of a chunk is kept, in order. */
export function presses(input: string, key: Key): Press[] {
  if (key.eventType === 'release') return [];
  const name = NAMED.find(([flag]) => key[flag] === true)?.[1];
  if (name !== undefined) {
    const shift = key.shift && (name === 'Tab' || name === 'Enter') ? 'S-' : '';
    return [{ chord: `${key.ctrl ? 'C-' : ''}${key.meta ? 'M-' : ''}${shift}${name}` }];
  }
  if (key.ctrl) return [{ chord: `${key.meta ? 'M-' : ''}C-${input}` }];
  if (key.meta) return [{ chord: `M-${input}` }];
  return (input.match(/[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/g) ?? []).map((part) =>
    part >= ' ' && part !== '\u007f' ? { text: part } : { chord: controlChord(part) },
  );
}
