// A real pseudo terminal with a program in it, seen through a terminal emulator.
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { build } from 'esbuild';

/** Bundles an entry as src/build.mjs does, into a directory of its own; the path of the program. */
export async function bundle(entry: string): Promise<string> {
  const root = new URL('../..', import.meta.url).pathname;
  const directory = mkdtempSync(join(tmpdir(), 'spesh-pty-'));
  for (const name of ['fixtures', 'package.json']) symlinkSync(join(root, name), join(directory, name));
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: join(directory, 'dist'),
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: true,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    platform: 'node',
    target: 'node22',
    jsx: 'automatic',
    logLevel: 'warning',
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    plugins: [
      {
        name: 'no-devtools',
        setup(b) {
          b.onResolve({ filter: /^react-devtools-core$/ }, (a) => ({ path: a.path, namespace: 'empty' }));
          b.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {}' }));
        },
      },
    ],
  });
  return join(directory, 'dist', basename(entry).replace(/\.ts$/, '.mjs'));
}

export interface Pty {
  readonly process: IPty;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  visible(): string[];
  everything(): string[];
  written(): string;
  /** Resolves when the condition holds, within the same turn in which the terminal got it; rejects with the screen after 30 s. */
  until(condition: string | RegExp | (() => boolean)): Promise<void>;
  readonly exit: Promise<{ readonly exitCode: number; readonly signal?: number }>;
}

/** Runs a command in a new pseudo terminal. `CI` is not handed down, unless the environment asks for it. */
export function openPty(command: string, args: readonly string[], columns = 80, rows = 24, env: Record<string, string> = {}): Pty {
  const { CI: _, ...outer } = process.env;
  const child = spawn(command, [...args], { cols: columns, rows, name: 'xterm-256color', env: { ...outer, ...env } });
  const emulator = new xterm.Terminal({ cols: columns, rows, scrollback: 50_000, allowProposedApi: true, logLevel: 'off' });
  let bytes = '';
  const waiting = new Set<() => void>();
  child.onData((data) => {
    bytes += data;
    emulator.write(data, () => {
      for (const check of [...waiting]) check();
    });
  });
  const lines = (from: number, to: number): string[] =>
    Array.from(
      { length: to - from },
      (_unused, i) =>
        emulator.buffer.active
          .getLine(from + i)
          ?.translateToString(true)
          .trimEnd() ?? '',
    );
  const visible = (): string[] => lines(emulator.buffer.active.baseY, emulator.buffer.active.baseY + emulator.rows);
  return {
    process: child,
    type: (text) => child.write(text),
    resize(toColumns, toRows) {
      emulator.resize(toColumns, toRows);
      child.resize(toColumns, toRows);
    },
    visible,
    everything: () => lines(0, emulator.buffer.active.length),
    written: () => bytes,
    until(condition) {
      const holds = (): boolean => {
        if (typeof condition === 'function') return condition();
        const text = visible().join('\n');
        return typeof condition === 'string' ? text.includes(condition) : condition.test(text);
      };
      return new Promise((resolve, reject) => {
        const finish = (): void => {
          waiting.delete(check);
          clearTimeout(timer);
        };
        const timer = setTimeout(() => {
          finish();
          reject(new Error(`not on the screen: ${String(condition)}\n${visible().join('\n')}`));
        }, 30_000);
        const check = (): void => {
          if (!holds()) return;
          finish();
          resolve();
        };
        waiting.add(check);
        check();
      });
    },
    // What it wrote last is on the screen by then.
    exit: new Promise((resolve) => child.onExit((ended) => emulator.write('', () => resolve(ended)))),
  };
}
