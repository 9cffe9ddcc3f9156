// A box on the screen: its text, drawn by ink-text-input, and a line that says what it is for. The real cursor stands in it.
import { Box, Text, useCursor } from 'ink';
import TextInput from 'ink-text-input';
import type { ReactNode } from 'react';
import type { Box as BoxState } from './box.ts';
import { textOf } from './editor.ts';
import { columnsOf } from './graphemes.ts';
import type { Entries } from './history.ts';
import { budget, plainRow, type Screen } from './layout.ts';

interface InputBoxProps {
  readonly box: BoxState;
  readonly entries: Entries;
  readonly screen: Screen;
}

const LABELS = { save: 'save as: ', search: 'search back: ' } as const;

/** The line under the text: a question, an error, or what was found. */
function underOf(box: BoxState, entries: Entries): string {
  if (box.kind === 'save') return box.error ?? 'Save the session? A file name; Enter alone leaves without, Esc stays.';
  return entries[box.at] ?? (textOf(box.editor) === '' ? 'part of an earlier command' : 'nothing found');
}

/** The part of the text that fits, around the cursor, and the cursor's column within it. */
function part(box: BoxState, room: number): { readonly text: string; readonly column: number } {
  const { graphemes, cursor } = box.editor;
  let from = cursor;
  let column = 0;
  while (from > 0 && column + columnsOf(graphemes[from - 1]) < room) column += columnsOf(graphemes[--from]);
  let to = cursor;
  let used = column;
  while (to < graphemes.length && used + columnsOf(graphemes[to]) < room) used += columnsOf(graphemes[to++]);
  return { text: graphemes.slice(from, to).join(''), column };
}

/** "save as" and backward search. */
export function InputBox({ box, entries, screen }: InputBoxProps): ReactNode {
  const { setCursorPosition } = useCursor();
  const label = LABELS[box.kind];
  const { text, column } = part(box, Math.max(2, screen.columns - 1 - label.length));
  // The cursor's row is the first, as at the prompt: when the terminal is resized, what is above the cursor is the transcript's.
  setCursorPosition({ x: label.length + column, y: 0 });
  return (
    <Box flexDirection="column">
      <Box>
        <Text>{label}</Text>
        <TextInput focus={false} value={text} onChange={() => {}} />
      </Box>
      {budget(screen.rows) > 1 && (
        <Text wrap="truncate-end">
          {plainRow(underOf(box, entries).replace(/\n/g, ' '), box.kind === 'save' ? 'dim' : 'strong', screen)}
        </Text>
      )}
    </Box>
  );
}
