// Explorations of a file's text, opened as the program opens them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { families } from '../commands/table.ts';
import { openExplorer, readExploration } from '../src/explore-open.ts';
import { openHome } from '../src/home.ts';
import { NO_CACHE } from '../src/host-cache.ts';
import type { CommonOptions } from '../src/io/arguments.ts';
import { localExecutor } from '../src/session/explore/executor.ts';
import type { Explorer } from '../src/session/explore/explorer.ts';
import type { ExploreFile } from '../src/session/explore/file.ts';
import { type SearchOptions, type SearchResult, search } from '../src/session/explore/search.ts';
import { readScript } from '../src/shell/script.ts';
import { newShellState } from '../src/shell/state.ts';
import { renderPlain } from '../src/view/plain.ts';
import { openSession, run } from './session-by-text.ts';

export const projectDirectory = join(import.meta.dirname, '..');

export const OPTIONS: CommonOptions = {
  host: null,
  seed: null,
  json: false,
  quiet: false,
  echo: false,
  keepGoing: false,
  color: 'never',
  width: null,
  plain: false,
  init: null,
  noInit: true,
  plugins: [],
  batch: true,
  interactive: false,
};

export interface Opened {
  readonly file: ExploreFile;
  readonly explorer: Explorer;
  readonly path: string;
}

/** Opens a file of the project. Throws what the program would print. */
export function openFile(path: string, host?: string): Opened {
  const home = openHome(projectDirectory, OPTIONS, NO_CACHE);
  const read = readExploration(path);
  const opened = read.andThen((file) =>
    openExplorer(home, path, file, host ?? file.hosts[0]).map((explorer) => ({ file, explorer, path })),
  );
  if (opened.isErr()) throw new Error(renderPlain(opened.error.doc, { width: 1000 }).trimEnd());
  return opened.value;
}

export const fixture = (name: string): string => join(projectDirectory, 'fixtures', 'explore', `${name}.toml`);

/** Opens an exploration by its text. */
export function openText(text: string, host?: string): Opened {
  const directory = mkdtempSync(join(tmpdir(), 'explore-'));
  const path = join(directory, 'test.toml');
  writeFileSync(path, text);
  try {
    return openFile(path, host);
  } catch (problem) {
    throw problem instanceof Error ? new Error(problem.message.replaceAll(path, 'test.toml')) : problem;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Searches it whole, in this thread. */
export function searchAll({ file, explorer }: Opened, more: Partial<SearchOptions> = {}): Promise<SearchResult> {
  const pause = (): Promise<void> => Promise.resolve();
  return search({
    slots: file.calls.map((c) => c.slot),
    invariants: explorer.invariants.length,
    depth: file.depth ?? Number.POSITIVE_INFINITY,
    executors: [localExecutor(explorer, pause)],
    shard: null,
    pause,
    stopping: () => false,
    ...more,
  });
}

/** Runs a script as `spesh run` does: every command must come to what it expects. Throws where one does not. */
export function runScript(script: string, host: string): void {
  const { table } = newShellState(families);
  const session = openSession(host);
  for (const { command } of readScript({ file: 'script', text: script }, table, { prefixes: false })._unsafeUnwrap()) {
    const outcome = run(session, command.text);
    if (!outcome.ok || outcome.unmet !== undefined) throw new Error(`${command.text}: ${outcome.got ?? outcome.unmet?.message}`);
  }
}
