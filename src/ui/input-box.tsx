// A box on the screen: a line that says what it is, and its text, drawn by ink-text-input. The real cursor stands in it.
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

/** The line above the text: a question, an error, or what was found. */
function aboveOf(box: BoxState, entries: Entries): string {
  if (box.kind === 'save') return box.error ?? 'Save the session? A file name; Enter alone leaves without, Esc stays.';
  return entries[box.at] ?? (textOf(box.editor) === '' ? 'earlier commands that hold:' : 'nothing found');
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
  const two = budget(screen.rows) > 1;
  setCursorPosition({ x: label.length + column, y: two ? 1 : 0 });
  return (
    <Box flexDirection="column">
      {two && (
        <Text wrap="truncate-end">
          {plainRow(aboveOf(box, entries).replace(/\n/g, ' '), box.kind === 'save' ? 'plain' : 'strong', screen)}
        </Text>
      )}
      <Box>
        <Text>{label}</Text>
        <TextInput focus={false} value={text} onChange={() => {}} />
      </Box>
    </Box>
  );
}
