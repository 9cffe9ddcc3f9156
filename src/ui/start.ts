// Starts the interactive shell. Loaded (with Ink and React behind it) only when stdin and stdout are terminals.
import { render } from 'ink';
import { createElement } from 'react';
import type { ColourTheme } from '../view/themes.ts';
import { App } from './app.tsx';
import { wrapText } from './graphemes.ts';
import { painter } from './paint.ts';
import type { HistoryStore, ShellPort } from './port.ts';
import { createShell } from './shell.ts';
import { LOOP_CLOCK } from './slices.ts';
import { processTerminal, RESTORE, type Terminal } from './terminal.ts';

export interface StartOptions {
  readonly port: ShellPort;
  /** Colours in the live region; what `port.present` returns is the port's own. */
  readonly colour: boolean;
  /** Of the live region, asked whenever it is drawn. */
  readonly theme?: () => ColourTheme;
  /** Linear output for screen readers: no colours, nothing under the line; candidates are printed. */
  readonly plain?: boolean;
  /** The terminal is not UTF-8: no `…`. */
  readonly ascii?: boolean;
  readonly history?: HistoryStore;
  /** A few lines above the first prompt. */
  readonly greeting?: string;
  readonly terminal?: Terminal;
}

const CODES = { SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Runs the shell until the person leaves, and resolves to the exit code: 0 or that of `quit`, 143 after SIGTERM, 129 when the terminal is gone.
 * Rejects with what was thrown when it was a bug of ours. The terminal is as it was before, either way.
 */
export async function startShell(options: StartOptions): Promise<number> {
  const { port, history, plain = false, terminal = processTerminal() } = options;
  const { stdin, stdout } = terminal;
  const paint = painter(options.colour && !plain, options.theme);
  const shell = createShell({
    port,
    history,
    paint,
    clock: LOOP_CLOCK,
    linear: plain,
    width: () => stdout.columns || 80,
    greeting: wrapText(options.greeting ?? '', stdout.columns || 80),
  });
  const restore = (): void => {
    if (!stdout.destroyed && stdout.writable) stdout.write(RESTORE);
  };
  const unlisten = terminal.listen((signal) => {
    if (signal === 'SIGINT') shell.interrupt();
    else if (signal === 'SIGTSTP') shell.suspend();
    else shell.terminate(CODES[signal]);
  }, shell.fail);
  process.on('exit', restore);
  const look = { paint, cut: options.ascii === true ? '...' : '…', hints: !plain };
  try {
    // Ink turns raw mode on only after its first frame; a key pressed on seeing the prompt would go to the line discipline.
    if (stdin.isTTY) stdin.setRawMode(true);
    const ink = render(createElement(App, { shell, port, look, terminal }), {
      stdin,
      stdout,
      exitOnCtrlC: false,
      patchConsole: false,
      interactive: true,
      maxFps: 120,
      incrementalRendering: true,
    });
    const failed = ink.waitUntilExit().then(
      () => shell.fail(new Error('Ink ended by itself')),
      (error: unknown) => shell.fail(error),
    );
    const ending = await shell.ending;
    // The last frame has no live region, so that the prompt is not left behind.
    await ink.waitUntilRenderFlush();
    ink.unmount();
    await failed;
    if (ending.kind === 'bug') throw ending.error;
    return ending.code;
  } finally {
    restore();
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.unref();
    process.off('exit', restore);
    unlisten();
  }
}
