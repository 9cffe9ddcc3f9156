// Where the cursor goes: Emacs motions over an array of graphemes (GNU Readline manual, "Commands For Moving").
import { columnsOf } from './graphemes.ts';

export type Motion =
  | 'left'
  | 'right'
  | 'word-left'
  | 'word-right'
  /** Words parted by blanks alone, as Ctrl-W takes them. */
  | 'blank-left'
  | 'line-start'
  | 'line-end'
  /** End of the line, or the next line when already there: Ctrl-K. */
  | 'line-rest'
  | 'start'
  | 'end'
  | 'up'
  | 'down';

interface Text {
  readonly graphemes: readonly string[];
  readonly cursor: number;
}

const isWord = (grapheme: string): boolean => /^[\p{L}\p{N}_]/u.test(grapheme);
const isBlank = (grapheme: string): boolean => /^\s/.test(grapheme);

const lineStart = (g: readonly string[], from: number): number => (from === 0 ? 0 : g.lastIndexOf('\n', from - 1) + 1);
function lineEnd(g: readonly string[], from: number): number {
  const at = g.indexOf('\n', from);
  return at === -1 ? g.length : at;
}

function skip(g: readonly string[], from: number, step: 1 | -1, test: (grapheme: string) => boolean): number {
  let at = from;
  while (step === 1 ? at < g.length && test(g[at]) : at > 0 && test(g[at - 1])) at += step;
  return at;
}

/** Same column, one line up or down; the cursor itself where there is no such line. */
function vertical(g: readonly string[], cursor: number, step: 1 | -1): number {
  const start = lineStart(g, cursor);
  const other = step === 1 ? lineEnd(g, cursor) + 1 : lineStart(g, Math.max(0, start - 1));
  if ((step === -1 && start === 0) || other > g.length) return cursor;
  let column = 0;
  for (let i = start; i < cursor; i++) column += columnsOf(g[i]);
  let at = other;
  const end = lineEnd(g, other);
  for (let used = 0; at < end && used + columnsOf(g[at]) <= column; at++) used += columnsOf(g[at]);
  return at;
}

/** Index the motion leads to, always within 0 … length. */
export function target({ graphemes: g, cursor }: Text, motion: Motion): number {
  switch (motion) {
    case 'left':
      return Math.max(0, cursor - 1);
    case 'right':
      return Math.min(g.length, cursor + 1);
    case 'word-left':
      return skip(
        g,
        skip(g, cursor, -1, (x) => !isWord(x)),
        -1,
        isWord,
      );
    case 'word-right':
      return skip(
        g,
        skip(g, cursor, 1, (x) => !isWord(x)),
        1,
        isWord,
      );
    case 'blank-left':
      return skip(g, skip(g, cursor, -1, isBlank), -1, (x) => !isBlank(x));
    case 'line-start':
      return lineStart(g, cursor);
    case 'line-end':
      return lineEnd(g, cursor);
    case 'line-rest':
      return g[cursor] === '\n' ? cursor + 1 : lineEnd(g, cursor);
    case 'start':
      return 0;
    case 'end':
      return g.length;
    case 'up':
      return vertical(g, cursor, -1);
    case 'down':
      return vertical(g, cursor, 1);
  }
}

/** The word from the cursor on, or the next one: [from, to). */
export function wordSpan({ graphemes, cursor }: Text): readonly [number, number] {
  const from = skip(graphemes, cursor, 1, (x) => !isWord(x));
  return [from, skip(graphemes, from, 1, isWord)];
}
