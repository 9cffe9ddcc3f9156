// The whole program, as it is built (built.ts), for the tests that start it; each file has a directory of its own.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';

export const ROOT = join(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Program {
  /** The bundle's main.js. */
  readonly main: string;
  /** An empty directory: the working directory, and where state is kept. */
  readonly directory: string;
  run(args: readonly string[], options?: RunOptions): Ended;
  /** Starts it; sends the signal when standard output has shown `when`. */
  interrupted(args: readonly string[], when: string, signal: NodeJS.Signals): Promise<Ended>;
  dispose(): void;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of node itself. */
  readonly node?: readonly string[];
}

/** The program, and an empty directory for it to run in. */
export function openProgram(): Program {
  const main = inject('spesh');
  const directory = mkdtempSync(join(tmpdir(), 'spesh-'));
  const environment = (more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => {
    const { FORCE_COLOR: _force, NO_COLOR: _no, ...rest } = process.env;
    return { ...rest, XDG_STATE_HOME: join(directory, 'state'), ...more };
  };
  return {
    main,
    directory,
    run: (args, options = {}) => {
      const ended = spawnSync(process.execPath, [...(options.node ?? []), main, ...args], {
        cwd: directory,
        encoding: 'utf8',
        input: options.input ?? '',
        env: environment(options.env),
        timeout: 50_000,
        maxBuffer: 1 << 28,
      });
      return { code: ended.status, out: ended.stdout, err: ended.stderr };
    },
    interrupted: (args, when, signal) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [main, ...args], { cwd: directory, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
        let out = '';
        let err = '';
        let sent = false;
        child.stdout.on('data', (part: Buffer) => {
          out += part.toString();
          if (sent || !out.includes(when)) return;
          sent = true;
          child.kill(signal);
        });
        child.stderr.on('data', (part: Buffer) => {
          err += part.toString();
        });
        child.on('close', (code) => resolve({ code, out, err }));
      }),
    dispose: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
