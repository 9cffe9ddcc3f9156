// The shell on the screen: finished cells through <Static>, the live region under them, the boxes of ink-text-input. It holds no state of its own.
import { Box, Static, Text, useApp, useCursor, useInput, usePaste, useStdout, useWindowSize } from 'ink';
import TextInput from 'ink-text-input';
import { type ReactNode, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { type Box as BoxState, belongsToBox } from './box.ts';
import type { Cell } from './cells.ts';
import { presses } from './keys.ts';
import { budget, plainRow, type Screen } from './layout.ts';
import { liveOf } from './live.ts';
import type { Paint } from './paint.ts';
import type { ShellPort } from './port.ts';
import type { Shell } from './shell.ts';
import type { Terminal } from './terminal.ts';

export interface Look {
  readonly paint: Paint;
  readonly cut: string;
  readonly hints: boolean;
}

export interface AppProps {
  readonly shell: Shell;
  readonly port: ShellPort;
  readonly look: Look;
  readonly terminal: Pick<Terminal, 'stop' | 'editText'>;
}

/** A row must not be empty: Ink gives an empty Text no height. */
const Row = ({ text }: { readonly text: string }): ReactNode => <Text wrap="truncate-end">{text === '' ? ' ' : text}</Text>;

/** Cells are as wide as their lines: the terminal wraps them, so that they copy and reflow as they were printed. */
const printed = (cell: Cell): ReactNode => (
  <Box key={cell.id} width={cell.width} flexShrink={0} flexDirection="column">
    <Text>{cell.text}</Text>
  </Box>
);

interface InputBoxProps {
  readonly box: BoxState;
  readonly shell: Shell;
  readonly screen: Screen;
  /** Called with true while ink-text-input listens to the keyboard. */
  onListening(listening: boolean): void;
}

/** "save as" and backward search: a line that says what it is, and ink-text-input. */
function InputBox({ box, shell, screen, onListening }: InputBoxProps): ReactNode {
  useEffect(() => {
    onListening(true);
    return () => onListening(false);
  }, [onListening]);
  const save = box.kind === 'save';
  const found = save ? undefined : (shell.state().entries[box.at] ?? (box.value === '' ? '' : 'nothing found'));
  const above = save ? (box.error ?? 'Save the session? A file name; Enter alone leaves without, Esc stays.') : found;
  return (
    <Box flexDirection="column">
      {above !== undefined && budget(screen.rows) > 1 && (
        <Row text={plainRow(above.replace(/\n/g, ' '), save ? 'plain' : 'strong', screen)} />
      )}
      <Box height={1} overflow="hidden">
        <Text>{save ? 'save as: ' : 'search back: '}</Text>
        <TextInput value={box.value} onChange={shell.boxText} onSubmit={shell.boxSubmit} />
      </Box>
    </Box>
  );
}

/** The whole screen. */
export function App({ shell, port, look, terminal }: AppProps): ReactNode {
  const state = useSyncExternalStore(shell.subscribe, shell.state);
  const { columns, rows } = useWindowSize();
  const { write } = useStdout();
  const { suspendTerminal } = useApp();
  const { setCursorPosition } = useCursor();
  const boxListens = useRef(false);
  const onListening = useRef((listening: boolean) => {
    boxListens.current = listening;
  }).current;

  useInput((input, key) => {
    const got = presses(input, key);
    shell.press(boxListens.current ? got.filter(belongsToBox) : got);
  });
  usePaste((text) => shell.press([{ paste: text }]));

  useEffect(() => {
    shell.attach({
      // What is visible goes up into the scrollback line by line; nothing is erased.
      clearScreen: () => write(`${'\n'.repeat(Math.max(0, rows - 1))}\u001b[H`),
      suspend: () => void suspendTerminal(() => terminal.stop()),
      openEditor: (text) =>
        void suspendTerminal(async () => {
          const edited = await terminal.editText(text);
          if (edited !== undefined) shell.setText(edited.replace(/\n$/, ''));
        }),
    });
  }, [shell, write, suspendTerminal, terminal, rows]);

  const screen: Screen = useMemo(() => ({ columns, rows, paint: look.paint, cut: look.cut }), [columns, rows, look]);
  const live = useMemo(() => liveOf(state, port, screen, look), [state, port, screen, look]);
  setCursorPosition(state.box === undefined ? live.cursor : undefined);
  return (
    <>
      <Static items={state.cells as Cell[]}>{printed}</Static>
      {state.box !== undefined && !state.ended ? (
        <InputBox key={state.box.kind} box={state.box} shell={shell} screen={screen} onListening={onListening} />
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name than their place
        live.rows.map((row, i) => <Row key={i} text={row} />)
      )}
    </>
  );
}
