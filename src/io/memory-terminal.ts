// A terminal that is not there: streams for the interactive shell that hand what is written to a function. For recordings, without a tty.
import { PassThrough, Writable } from 'node:stream';

export interface MemoryTerminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  resize(columns: number, rows: number): void;
}

/** `onWrite` calls back when the text has been taken. */
export function memoryTerminal(columns: number, rows: number, onWrite: (text: string, taken: () => void) => void): MemoryTerminal {
  const stdout = Object.assign(
    new Writable({
      decodeStrings: false,
      write: (chunk: string | Uint8Array, _encoding, taken) =>
        onWrite(typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk), taken),
    }),
    { isTTY: true, columns, rows, getColorDepth: () => 24 },
  );
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {}, ref: () => {}, unref: () => {} });
  return {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    resize: (toColumns, toRows) => {
      Object.assign(stdout, { columns: toColumns, rows: toRows });
      stdout.emit('resize');
    },
  };
}
