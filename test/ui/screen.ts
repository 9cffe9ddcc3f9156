// A terminal to look at: streams for Ink whose output goes through a terminal emulator (@xterm/headless), so that a test sees what a person sees.
import { PassThrough, Writable } from 'node:stream';
import xterm from '@xterm/headless';
import type { Terminal as ShellTerminal, Signal } from '../../src/ui/terminal.ts';

export interface Screen {
  readonly terminal: ShellTerminal;
  /** Types, as the keyboard would: one write is one chunk. */
  type(text: string): void;
  resize(columns: number, rows: number): void;
  signal(name: Signal): void;
  /** Visible rows, without blanks at their ends. */
  visible(): string[];
  /** Scrollback and visible rows; rows that the terminal wrapped are joined. */
  everything(): string[];
  cursor(): { readonly x: number; readonly y: number };
  /** All bytes written so far. */
  written(): string;
  rawMode(): boolean;
  /** Resolves when the condition holds; rejects with the screen's text after ten seconds. */
  until(condition: string | RegExp | (() => boolean)): Promise<void>;
}

export function openScreen(columns = 80, rows = 24): Screen {
  const emulator = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 50_000,
    allowProposedApi: true,
    convertEol: true,
    logLevel: 'off',
  });
  let bytes = '';
  let raw = false;
  let onSignal: (signal: Signal) => void = () => {};
  const stdout = Object.assign(
    new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, callback) {
        bytes += chunk;
        emulator.write(chunk, () => callback());
      },
    }),
    { isTTY: true, columns, rows, getColorDepth: () => 24 },
  );
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(on: boolean) {
      raw = on;
    },
    ref() {},
    unref() {},
  });
  const rowText = (y: number): string => emulator.buffer.active.getLine(y)?.translateToString(true).trimEnd() ?? '';
  const visible = (): string[] => Array.from({ length: emulator.rows }, (_, y) => rowText(emulator.buffer.active.baseY + y));
  function everything(): string[] {
    const out: string[] = [];
    const { active } = emulator.buffer;
    for (let y = 0; y < active.length; y++) {
      const line = active.getLine(y);
      if (line?.isWrapped === true && out.length > 0) out[out.length - 1] += line.translateToString(true);
      else out.push(line?.translateToString(true) ?? '');
    }
    while (out.length > 0 && out.at(-1) === '') out.pop();
    return out;
  }
  return {
    terminal: {
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      listen(handler) {
        onSignal = handler;
        return () => {};
      },
      stop: () => Promise.resolve(),
      editText: (text) => Promise.resolve(`${text} edited\n`),
      pageText: () => Promise.resolve(false),
    },
    type: (text) => void stdin.write(text),
    resize(toColumns, toRows) {
      emulator.resize(toColumns, toRows);
      Object.assign(stdout, { columns: toColumns, rows: toRows });
      stdout.emit('resize');
    },
    signal: (name) => onSignal(name),
    visible,
    everything,
    cursor: () => ({ x: emulator.buffer.active.cursorX, y: emulator.buffer.active.cursorY }),
    written: () => bytes,
    rawMode: () => raw,
    async until(condition) {
      const holds = (): boolean => {
        if (typeof condition === 'function') return condition();
        const text = visible().join('\n');
        return typeof condition === 'string' ? text.includes(condition) : condition.test(text);
      };
      const deadline = performance.now() + 10_000;
      while (!holds()) {
        if (performance.now() > deadline) throw new Error(`not on the screen: ${String(condition)}\n${visible().join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  };
}
