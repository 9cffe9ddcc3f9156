// Where spesh's own files are (fixtures, beside src/ or dist/) and where it keeps what it must not lose (the XDG state directory).
import { appendFileSync, readdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { err, ok, type Result } from 'neverthrow';
import { type FileBytes, type FileFault, fileExists, makeDirectory, readBytes, readText, writeBytes } from './files.ts';

/** The directory that holds `fixtures/`: the parent of dist/ (the bundle) or of src/. */
export function projectRoot(moduleUrl: string): string {
  let at = dirname(fileURLToPath(moduleUrl));
  for (let i = 0; i < 4; i++, at = dirname(at)) if (fileExists(join(at, 'fixtures', 'hosts', 'two-spu.toml'))) return at;
  return dirname(dirname(fileURLToPath(moduleUrl)));
}

export interface Fixtures {
  hostNames(): readonly string[];
  /** Path and text of a host fixture of the project. */
  hostText(name: string): { readonly path: string; readonly text: string } | undefined;
  guestNames(): readonly string[];
  /** Text of the notebook that `tutorial` goes through. */
  tutorial(): string | undefined;
  /** Text of the notebook beside a command's module. */
  notebook(family: string): string | undefined;
  /** A guest of the project by name, else the file of that path. */
  guest(name: string): Result<FileBytes, FileFault>;
}

const NAME = /^[\w.-]+$/;

export function projectFixtures(root: string): Fixtures {
  const hosts = join(root, 'fixtures', 'hosts');
  const guests = join(root, 'fixtures', 'guests');
  const namesIn = (directory: string, ending: string): string[] =>
    readdirSync(directory)
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length))
      .sort();
  return {
    hostNames: () => namesIn(hosts, '.toml'),
    guestNames: () => namesIn(guests, '.elf'),
    tutorial: () => readText(join(root, 'fixtures', 'sessions', 'tutorial.md')).unwrapOr(undefined),
    notebook: (family) => (NAME.test(family) ? readText(join(root, 'commands', `${family}.md`)).unwrapOr(undefined) : undefined),
    hostText: (name) => {
      const path = join(hosts, `${name}.toml`);
      if (!NAME.test(name)) return undefined;
      return readText(path).match(
        (text) => ({ path, text }),
        () => undefined,
      );
    },
    guest: (name) => {
      const own = NAME.test(name) ? [`${name}.elf`, name].map((file) => join(guests, file)).find(fileExists) : undefined;
      return own === undefined ? readBytes(name) : readBytes(own);
    },
  };
}

/** `$XDG_CONFIG_HOME/spesh`; it need not be there. */
export function configDirectory(): string {
  const base = process.env['XDG_CONFIG_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.config'), 'spesh');
}

/** Whether the person has configured anything. */
export const hasConfiguration = (): boolean => ['config.toml', 'init.spe'].some((name) => fileExists(join(configDirectory(), name)));

/** `$XDG_STATE_HOME/spesh`, made where it is missing; the temporary directory where that cannot be. */
export function stateDirectory(): string {
  const base = process.env['XDG_STATE_HOME'];
  const path = join(base?.startsWith('/') ? base : join(homedir(), '.local', 'state'), 'spesh');
  return makeDirectory(path).isOk() ? path : tmpdir();
}

/** Keeps a text where the person finds it after a crash or a signal; its path, or why not. */
export function keepText(name: string, text: string): Result<string, FileFault> {
  for (const directory of [stateDirectory(), tmpdir()]) {
    const path = join(directory, name);
    if (writeBytes(path, text).isOk()) return ok(path);
  }
  return err({ message: 'neither the state directory nor the temporary directory can be written' });
}

const LONGEST_HISTORY = 10_000;

/** What was typed, from session to session: one JSON string a line, appended, so that two shells do not lose each other's. */
export function historyFile(): { load(): readonly string[]; append(text: string): void } {
  const path = join(stateDirectory(), 'history');
  return {
    load: () =>
      readText(path)
        .unwrapOr('')
        .split('\n')
        .slice(-LONGEST_HISTORY)
        .flatMap((line) => {
          try {
            const text: unknown = JSON.parse(line);
            return typeof text === 'string' ? [text] : [];
          } catch {
            return [];
          }
        }),
    append: (text) => {
      try {
        appendFileSync(path, `${JSON.stringify(text)}\n`, { mode: 0o600 });
      } catch {
        // A history that cannot be written is not worth a word.
      }
    },
  };
}
