// The small boxes under the transcript, as state: "save as" when leaving, and backward search. ink-text-input edits their text; keys of a
// burst that come before it listens, and the keys it does not know, come here. Pure.
import { type Entries, searchBack } from './history.ts';
import type { Press } from './keys.ts';

export type Box =
  | { readonly kind: 'save'; readonly value: string; readonly code: number; readonly error?: string }
  /** `at`: index of the entry found, −1 for none. */
  | { readonly kind: 'search'; readonly value: string; readonly at: number };

/** What becomes of a box: it stays, with another text; or it goes, and something is to be done. */
export type BoxStep =
  | { readonly kind: 'stay'; readonly box: Box }
  | { readonly kind: 'close' }
  | { readonly kind: 'leave'; readonly code: number }
  | { readonly kind: 'save'; readonly path: string; readonly box: Extract<Box, { kind: 'save' }> }
  /** A line from history, to run or to edit. */
  | { readonly kind: 'take'; readonly text: string; readonly run: boolean };

export const saveBox = (code: number): Box => ({ kind: 'save', value: '', code });
export const searchBox: Box = { kind: 'search', value: '', at: -1 };

/** Another text in the box; its first line end submits it. */
export function boxText(box: Box, text: string, entries: Entries): BoxStep {
  const [value, ...more] = text.split(/[\r\n]/);
  const next: Box = box.kind === 'save' ? { kind: 'save', value, code: box.code } : { ...box, value, at: searchBack(entries, value) };
  return more.length > 0 ? boxSubmit(next, entries) : { kind: 'stay', box: next };
}

/** Enter. */
export function boxSubmit(box: Box, entries: Entries): BoxStep {
  if (box.kind === 'search') return taken(box, entries, true);
  const path = box.value.trim();
  return path === '' ? { kind: 'leave', code: box.code } : { kind: 'save', path, box };
}

function taken(box: Extract<Box, { kind: 'search' }>, entries: Entries, run: boolean): BoxStep {
  const text = entries[box.at];
  return text === undefined ? { kind: 'close' } : { kind: 'take', text, run };
}

/** One press while a box is open. */
export function boxPress(box: Box, press: Press, entries: Entries): BoxStep {
  if ('text' in press) return boxText(box, box.value + press.text, entries);
  if ('paste' in press) return boxText(box, box.value + press.paste.split(/[\r\n]/)[0], entries);
  switch (press.chord) {
    case 'Enter':
      return boxSubmit(box, entries);
    case 'Escape':
    case 'C-g':
      return { kind: 'close' };
    case 'C-c':
    case 'C-d':
      return box.kind === 'search' ? { kind: 'close' } : { kind: 'leave', code: box.code };
    case 'Backspace':
      return boxText(box, Array.from(box.value).slice(0, -1).join(''), entries);
    default:
      break;
  }
  if (box.kind === 'search') {
    if (press.chord === 'C-r') {
      const older = box.at > 0 ? searchBack(entries, box.value, box.at) : -1;
      return { kind: 'stay', box: older === -1 ? box : { ...box, at: older } };
    }
    if (press.chord === 'Right' || press.chord === 'Tab' || press.chord === 'C-e' || press.chord === 'End')
      return taken(box, entries, false);
  }
  return { kind: 'stay', box };
}

/** Presses that ink-text-input does not take for text. */
export const belongsToBox = (press: Press): boolean =>
  'chord' in press && ['Escape', 'C-g', 'C-c', 'C-d', 'C-r', 'Tab', 'C-e', 'End'].includes(press.chord);
