// The shell on the screen: finished cells through <Static>, the live region under them, the boxes of ink-text-input. It holds no state of its own.
import { Box, Static, Text, useApp, useCursor, useInput, usePaste, useStdout, useWindowSize } from 'ink';
import { type ReactNode, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { Cell } from './cells.ts';
import { InputBox } from './input-box.tsx';
import { presses } from './keys.ts';
import type { Live, Screen } from './layout.ts';
import { liveOf } from './live.ts';
import type { Paint } from './paint.ts';
import type { ShellPort } from './port.ts';
import type { Shell } from './shell-state.ts';
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
  readonly terminal: Pick<Terminal, 'stop' | 'editText' | 'pageText'>;
}

/** A row must not be empty: Ink gives an empty Text no height. */
const Row = ({ text }: { readonly text: string }): ReactNode => <Text wrap="truncate-end">{text === '' ? ' ' : text}</Text>;

/** Cells are as wide as their lines: the terminal wraps them, so that they copy and reflow as they were printed. */
const printed = (cell: Cell): ReactNode => (
  <Box key={cell.id} width={cell.width} flexDirection="column">
    <Text>{cell.text}</Text>
  </Box>
);

/** The prompt and what stands under it; the real cursor in its place. */
function LiveRegion({ live }: { readonly live: Live }): ReactNode {
  const { setCursorPosition } = useCursor();
  setCursorPosition(live.cursor);
  // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name than their place
  return live.rows.map((row, i) => <Row key={i} text={row} />);
}

/** The whole screen. */
export function App({ shell, port, look, terminal }: AppProps): ReactNode {
  const state = useSyncExternalStore(shell.subscribe, shell.state);
  const { columns, rows } = useWindowSize();
  const { write } = useStdout();
  const { suspendTerminal, waitUntilRenderFlush } = useApp();

  useInput((input, key) => shell.press(presses(input, key)));
  usePaste((text) => shell.press([{ paste: text }]));

  useEffect(() => {
    let away: Promise<void> | undefined;
    const handOver = (to: () => Promise<void>): Promise<void> => {
      if (away !== undefined) return away;
      away = suspendTerminal(to).then(
        () => {
          away = undefined;
        },
        (error: unknown) => shell.fail(error),
      );
      return away;
    };
    shell.attach({
      // What is visible goes up into the scrollback line by line; nothing is erased. The prompt stands in the second row: what Ink erases from
      // the first row on, tmux takes for the whole screen, and keeps a copy of the prompt in the scrollback (tmux(1), scroll-on-clear).
      clearScreen: () => write(`${'\n'.repeat(Math.max(0, rows - 1))}\u001b[2;1H`),
      printLong: async (text) => {
        await waitUntilRenderFlush();
        // While the terminal is handed over, Ink would drop the text.
        await away;
        write(`${text}\n`);
      },
      openPager: async (text) => {
        await waitUntilRenderFlush();
        await away;
        let paged = false;
        await handOver(async () => {
          paged = await terminal.pageText(text);
        });
        return paged;
      },
      // An editor or pager that has the terminal stopped by itself: it gave the terminal back as it was, and only spesh is still to stop.
      suspend: () => void (away === undefined ? handOver(() => terminal.stop()) : terminal.stop()),
      openEditor: (text) =>
        void handOver(async () => {
          const edited = await terminal.editText(text);
          if (edited !== undefined) shell.setText(edited.replace(/\n$/, ''));
        }),
    });
  }, [shell, write, suspendTerminal, waitUntilRenderFlush, terminal, rows]);

  const screen: Screen = useMemo(() => ({ columns, rows, paint: look.paint, cut: look.cut }), [columns, rows, look]);
  const live = useMemo(() => liveOf(state, port, screen, look), [state, port, screen, look]);
  return (
    <>
      <Static key={state.batch} items={state.cells as Cell[]}>
        {printed}
      </Static>
      {state.box !== undefined ? <InputBox box={state.box} entries={state.entries} screen={screen} /> : <LiveRegion live={live} />}
    </>
  );
}
