// The prompt while a line is being typed: (state, press) to state, and what is to be done about it. Pure; the shell's loop does the effects.
import { type EditorEvent, type EditorState, EMPTY, edit, textOf } from './editor.ts';
import { type Entries, shown, startWalk, step, suggestion, type Walk } from './history.ts';
import { type Action, meaning, type Press } from './keys.ts';
import { choose, completionAt, type Menu, openMenu } from './menu.ts';
import { withoutPrompts } from './paste.ts';
import type { Completion } from './port.ts';

export interface PromptState {
  readonly editor: EditorState;
  readonly walk?: Walk;
  readonly menu?: Menu;
  /** C-x was pressed. */
  readonly prefix?: string;
  /** An interrupt on an empty line: the next one leaves. */
  readonly leaving: boolean;
}

export const FRESH: PromptState = { editor: EMPTY, leaving: false };

export type Effect =
  | { readonly kind: 'submit'; readonly text: string }
  | { readonly kind: 'leave' | 'search' | 'clear-screen' | 'suspend' | 'open-editor' };

export interface Surroundings {
  readonly entries: Entries;
  complete(line: string, cursor: number): Completion;
}

export interface Pressed {
  readonly state: PromptState;
  readonly effect?: Effect;
}

/** The line with another editor state; the walk and the menu end. */
const typed = (editor: EditorState): PromptState => ({ editor, leaving: false });

const atEnd = (editor: EditorState): boolean => editor.cursor === editor.graphemes.length;

/** The grey suggestion behind the cursor; '' where there is none. */
export function ghost(state: PromptState, entries: Entries): string {
  if (state.menu !== undefined || state.walk !== undefined || !atEnd(state.editor)) return '';
  return suggestion(entries, textOf(state.editor));
}

function walk(state: PromptState, direction: -1 | 1, { entries }: Surroundings): PromptState {
  const text = textOf(state.editor);
  const begun = state.walk ?? startWalk(entries, text);
  const next = step(entries, begun, direction);
  if (next === undefined) return { ...state, leaving: false };
  return { editor: edit(state.editor, { kind: 'set', text: shown(entries, next) }), walk: next, leaving: false };
}

/** An odd number of backslashes at the end: the line goes on. */
const goesOn = (text: string): boolean => /(^|[^\\])(\\\\)*\\$/.test(text);

function accept(state: PromptState): Pressed {
  if (state.menu !== undefined && state.menu.chosen >= 0) return { state: typed(state.editor) };
  const text = textOf(state.editor);
  if (goesOn(text)) return { state: typed(edit(edit(state.editor, { kind: 'move', to: 'end' }), { kind: 'insert', text: '\n' })) };
  return { state: { editor: { ...EMPTY, ring: state.editor.ring }, leaving: false }, effect: { kind: 'submit', text } };
}

function tab(state: PromptState, direction: -1 | 1, around: Surroundings): PromptState {
  if (state.menu !== undefined) return { ...choose(state.menu, direction), leaving: false };
  return { ...openMenu(state.editor, around.complete), leaving: false };
}

/** The menu follows what is typed: it is asked for anew, and closed when nothing fits. */
function editing(state: PromptState, event: EditorEvent, around: Surroundings): PromptState {
  const editor = edit(state.editor, event);
  const follows = (event.kind === 'insert' && !/\s/.test(event.text)) || event.kind === 'delete';
  if (state.menu === undefined || !follows) return typed(editor);
  const { items, replace } = completionAt(editor, around.complete);
  if (items.length === 0 || editor.graphemes.length === 0) return typed(editor);
  return { editor, menu: { base: editor, from: replace[0], to: replace[1], items, chosen: -1 }, leaving: false };
}

function takeGhost(state: PromptState, otherwise: EditorEvent, around: Surroundings): PromptState {
  const rest = ghost(state, around.entries);
  return rest === '' ? typed(edit(state.editor, otherwise)) : typed(edit(state.editor, { kind: 'insert', text: rest }));
}

function vertical(state: PromptState, direction: -1 | 1, around: Surroundings): PromptState {
  if (state.menu !== undefined) return { ...choose(state.menu, direction), leaving: false };
  if (state.walk === undefined) {
    const moved = edit(state.editor, { kind: 'move', to: direction === -1 ? 'up' : 'down' });
    if (moved.cursor !== state.editor.cursor) return typed(moved);
  }
  return walk(state, direction, around);
}

function act(state: PromptState, action: Action, around: Surroundings): Pressed {
  const empty = state.editor.graphemes.length === 0;
  switch (action) {
    case 'accept':
      return accept(state);
    case 'interrupt':
      if (!empty) return { state: typed(edit(state.editor, { kind: 'clear' })) };
      return state.leaving ? { state, effect: { kind: 'leave' } } : { state: { ...state, leaving: true } };
    case 'delete-or-leave':
      if (empty) return { state, effect: { kind: 'leave' } };
      return { state: editing(state, { kind: 'delete', to: 'right' }, around) };
    case 'earlier':
    case 'later':
      return { state: walk({ ...state, menu: undefined }, action === 'earlier' ? -1 : 1, around) };
    case 'line-up':
    case 'line-down':
      return { state: vertical(state, action === 'line-up' ? -1 : 1, around) };
    case 'complete':
    case 'complete-back':
      return { state: tab(state, action === 'complete' ? 1 : -1, around) };
    case 'close':
      return { state: typed(state.menu?.base ?? state.editor) };
    case 'right':
      return { state: takeGhost(state, { kind: 'move', to: 'right' }, around) };
    case 'line-end':
      return { state: takeGhost(state, { kind: 'move', to: 'line-end' }, around) };
    case 'search-newer': // nothing is newer than the line being typed
      return { state: { ...state, leaving: false } };
    case 'search':
    case 'clear-screen':
    case 'suspend':
    case 'open-editor':
      return { state: { ...state, leaving: false }, effect: { kind: action } };
  }
}

/** One press at the prompt. */
export function press(state: PromptState, pressed: Press, around: Surroundings): Pressed {
  if ('paste' in pressed) return { state: typed(edit(state.editor, { kind: 'insert', text: withoutPrompts(pressed.paste) })) };
  // A question mark where a command begins asks for help.
  if ('text' in pressed && pressed.text === '?' && state.editor.graphemes.length === 0) {
    return { state: typed(edit(state.editor, { kind: 'insert', text: 'help ' })) };
  }
  if ('text' in pressed) return { state: editing(state, { kind: 'insert', text: pressed.text }, around) };
  const chord = state.prefix === undefined ? pressed.chord : `${state.prefix} ${pressed.chord}`;
  const does = meaning(chord);
  if (does === 'prefix') return { state: { ...state, prefix: pressed.chord } };
  const { prefix: _, ...now } = state;
  // Escape and the next key in one chunk arrive as one chord with Alt; where that means nothing, they are two keys.
  if (does === undefined && state.prefix === undefined && /(^|-)M-/.test(chord)) {
    const closed = press(now, { chord: 'Escape' }, around);
    const rest = chord.replace('M-', '');
    return press(closed.state, rest.length === 1 ? { text: rest } : { chord: rest }, around);
  }
  if (does === undefined) return { state: { ...now, leaving: false } };
  return typeof does === 'string' ? act(now, does, around) : { state: editing(now, does, around) };
}
