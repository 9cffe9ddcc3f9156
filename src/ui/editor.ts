// The line editor: a pure reducer of (state, event), with the Emacs keys' vocabulary (GNU Readline manual, "Bindable Readline Commands").
// Text is an array of grapheme clusters; no time, no terminal, no React here. Motions are in motions.ts.
import { cleanText, graphemesOf } from './graphemes.ts';
import { type Motion, target, wordSpan } from './motions.ts';

interface Snapshot {
  readonly graphemes: readonly string[];
  readonly cursor: number;
}

export interface EditorState extends Snapshot {
  /** Always equal to the grapheme clusters of their own concatenation. */
  readonly graphemes: readonly string[];
  /** Index into graphemes, 0 … graphemes.length. */
  readonly cursor: number;
  /** Killed texts, the latest first. */
  readonly ring: readonly string[];
  /** Earlier states, the latest last. */
  readonly past: readonly Snapshot[];
  /** What the last event was, for runs of insertions and of kills. */
  readonly last: 'insert' | 'kill' | 'yank' | 'other';
  /** The text that the last yank put in: where it begins and ends, and which entry of the ring it was. */
  readonly yanked?: { readonly from: number; readonly to: number; readonly entry: number };
}

export type EditorEvent =
  | { readonly kind: 'insert'; readonly text: string }
  | { readonly kind: 'move'; readonly to: Motion }
  | { readonly kind: 'delete'; readonly to: Motion }
  | { readonly kind: 'kill'; readonly to: Motion }
  | { readonly kind: 'yank' }
  | { readonly kind: 'yank-pop' }
  | { readonly kind: 'transpose' }
  | { readonly kind: 'case'; readonly to: 'upper' | 'lower' | 'capital' }
  | { readonly kind: 'undo' }
  /** Another text, from history; the cursor goes to its end. */
  | { readonly kind: 'set'; readonly text: string }
  /** Replaces UTF-16 units `from` … `to` of the text, from completion; the cursor goes behind what was put in. */
  | { readonly kind: 'replace'; readonly from: number; readonly to: number; readonly text: string }
  /** Ctrl-C: the text goes to the kill ring. */
  | { readonly kind: 'clear' };

const RING = 32;
const PAST = 500;

export const EMPTY: EditorState = { graphemes: [], cursor: 0, ring: [], past: [], last: 'other' };

export const textOf = (state: EditorState): string => state.graphemes.join('');

/** UTF-16 units before the cursor. */
export const offsetOf = (state: EditorState, index = state.cursor): number => unitsOf(state.graphemes, index);

const unitsOf = (graphemes: readonly string[], index: number): number => {
  let units = 0;
  for (let i = 0; i < index; i++) units += graphemes[i].length;
  return units;
};

/** First grapheme boundary at or behind `units`. */
function indexOf(graphemes: readonly string[], units: number): number {
  let at = 0;
  let index = 0;
  while (at < units && index < graphemes.length) at += graphemes[index++].length;
  return index;
}

/** Puts `text` in place of graphemes from … to. What was apart may join there (combining marks), so the whole is segmented anew unless it is ASCII. */
function splice(state: EditorState, from: number, to: number, text: string): Snapshot {
  const { graphemes } = state;
  const middle = graphemesOf(text);
  const whole = [...graphemes.slice(0, from), ...middle, ...graphemes.slice(to)];
  const simple = (g: string | undefined): boolean => g === undefined || (g.length === 1 && g <= '~');
  const edges = [graphemes[from - 1], middle[0], middle.at(-1), graphemes[to]];
  if (edges.every(simple)) return { graphemes: whole, cursor: from + middle.length };
  const units = unitsOf(whole, from + middle.length);
  const again = graphemesOf(whole.join(''));
  return { graphemes: again, cursor: indexOf(again, units) };
}

function changed(
  state: EditorState,
  next: Snapshot,
  last: EditorState['last'],
  more: Partial<EditorState> = {},
  joins = false,
): EditorState {
  const past = joins ? state.past : [...state.past.slice(-PAST + 1), { graphemes: state.graphemes, cursor: state.cursor }];
  return { graphemes: next.graphemes, cursor: next.cursor, ring: state.ring, past, last, ...more };
}

const rest = (state: EditorState, cursor = state.cursor): EditorState => ({ ...state, cursor, last: 'other', yanked: undefined });

function kill(state: EditorState, to: number): EditorState {
  if (to === state.cursor) return { ...rest(state), last: state.last === 'kill' ? 'kill' : 'other' };
  const from = Math.min(state.cursor, to);
  const end = Math.max(state.cursor, to);
  const text = state.graphemes.slice(from, end).join('');
  const [top = '', ...others] = state.ring;
  const ring = state.last === 'kill' ? [to > state.cursor ? top + text : text + top, ...others] : [text, ...state.ring].slice(0, RING);
  return changed(state, splice(state, from, end, ''), 'kill', { ring });
}

function yankPop(state: EditorState): EditorState {
  if (state.last !== 'yank' || state.yanked === undefined || state.ring.length === 0) return rest(state);
  const entry = (state.yanked.entry + 1) % state.ring.length;
  const next = splice(state, state.yanked.from, state.yanked.to, state.ring[entry]);
  return changed(state, next, 'yank', { yanked: { from: state.yanked.from, to: next.cursor, entry } }, true);
}

/** Ctrl-T: the characters before and at the cursor change places; at the end of the line, the last two. */
function transpose(state: EditorState): EditorState {
  const { graphemes } = state;
  const right = state.cursor === graphemes.length || graphemes[state.cursor] === '\n' ? state.cursor - 1 : state.cursor;
  if (right < 1 || graphemes[right] === '\n' || graphemes[right - 1] === '\n') return rest(state);
  return changed(state, splice(state, right - 1, right + 1, graphemes[right] + graphemes[right - 1]), 'other');
}

function changeCase(state: EditorState, to: 'upper' | 'lower' | 'capital'): EditorState {
  const [from, end] = wordSpan(state);
  if (from === end) return rest(state, end);
  const word = state.graphemes.slice(from, end).join('');
  const text =
    to === 'upper'
      ? word.toUpperCase()
      : to === 'lower'
        ? word.toLowerCase()
        : word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
  return changed(state, splice(state, from, end, text), 'other');
}

/** One step of the editor. */
export function edit(state: EditorState, event: EditorEvent): EditorState {
  switch (event.kind) {
    case 'insert': {
      const text = cleanText(event.text);
      if (text === '') return rest(state);
      // A run of letters is one step of undo; a blank begins the next.
      const joins = state.last === 'insert' && !/^\s/.test(text) && !text.includes('\n');
      return changed(state, splice(state, state.cursor, state.cursor, text), 'insert', {}, joins);
    }
    case 'move':
      return rest(state, target(state, event.to));
    case 'delete': {
      const to = target(state, event.to);
      if (to === state.cursor) return rest(state);
      return changed(state, splice(state, Math.min(state.cursor, to), Math.max(state.cursor, to), ''), 'other');
    }
    case 'kill':
      return kill(state, target(state, event.to));
    case 'yank': {
      const [text] = state.ring;
      if (text === undefined) return rest(state);
      const next = splice(state, state.cursor, state.cursor, text);
      return changed(state, next, 'yank', { yanked: { from: state.cursor, to: next.cursor, entry: 0 } });
    }
    case 'yank-pop':
      return yankPop(state);
    case 'transpose':
      return transpose(state);
    case 'case':
      return changeCase(state, event.to);
    case 'undo': {
      const before = state.past.at(-1);
      if (before === undefined) return rest(state);
      return { ...rest(state), graphemes: before.graphemes, cursor: before.cursor, past: state.past.slice(0, -1) };
    }
    case 'set': {
      const graphemes = graphemesOf(cleanText(event.text));
      return changed(state, { graphemes, cursor: graphemes.length }, 'other');
    }
    case 'replace': {
      const from = indexOf(state.graphemes, event.from);
      const to = Math.max(from, indexOf(state.graphemes, event.to));
      return changed(state, splice(state, from, to, cleanText(event.text)), 'other');
    }
    case 'clear': {
      const text = textOf(state);
      return { ...EMPTY, ring: text === '' ? state.ring : [text, ...state.ring].slice(0, RING) };
    }
  }
}
