// What every mode of spesh starts from: the project's fixtures, the host asked for, and drivers for fresh sessions on it. Part of main.
import { err, ok, type Result } from 'neverthrow';
import { families } from '../commands/table.ts';
import { mattersInSysfs, SYSFS_FILE_LIMIT } from './abi/sysfs-tree.ts';
import type { HostCache } from './host-cache.ts';
import type { CommonOptions } from './io/arguments.ts';
import { filesFrom, readBytes, readText, writeBytes } from './io/files.ts';
import { type Fixtures, keepText, projectFixtures } from './io/project.ts';
import { readTree, TREE_BOUNDS } from './io/tree.ts';
import type { Host } from './kernel/host.ts';
import { type FixtureError, parseHost } from './kernel/host-schema.ts';
import { createSession, finish } from './session/session.ts';
import type { Failure } from './shell/batch.ts';
import { diagnosticDoc, type Source } from './shell/diagnostic.ts';
import { createDriver, type Driver, type FilePort } from './shell/driver.ts';
import { EXIT, exitCodeOf } from './shell/exit-code.ts';
import type { Family } from './shell/family.ts';
import { didYouMean } from './shell/misread.ts';
import type { FrontMatter } from './shell/notebook.ts';
import { diagnosticOf, refusalDiagnostic } from './shell/outcome-diagnostic.ts';
import { present } from './shell/present.ts';
import { sessionCommands } from './shell/save.ts';
import { readScript } from './shell/script.ts';
import { type Finished, newShellState, type ShellState } from './shell/state.ts';
import { keysPage } from './ui/keys-page.ts';
import { type Doc, text } from './view/doc.ts';

export const DEFAULT_HOST = 'two-spu';

export interface Home {
  readonly fixtures: Fixtures;
  /** The configuration of the interactive shell adds to them. */
  options: CommonOptions;
  /** Command families of the person's own. */
  readonly plugins: Family[];
  readonly hosts: ReadonlyMap<string, Host>;
  readonly files: FilePort;
  readonly cache: HostCache;
  /** The driver made last: what a crash saves. */
  driver: Driver | null;
  /** A state that only its table was used of. */
  spare: ShellState | null;
}

/** A state whose table reads programs; the next session takes it over. */
export function spareState(home: Home): ShellState {
  home.spare ??= newShellState((state) => [...families(state), ...home.plugins], { keys: keysPage() });
  return home.spare;
}

function takeState(home: Home): ShellState {
  const state = spareState(home);
  home.spare = null;
  return state;
}

export function openHome(root: string, options: CommonOptions, cache: HostCache): Home {
  const fixtures = projectFixtures(root);
  const hosts = projectHosts(fixtures, cache);
  const files: FilePort = {
    read: (name, kind) => {
      if (kind === 'HOST' && hosts.has(name)) return ok(null);
      if (kind === 'DIR') return readTree(name, mattersInSysfs, { ...TREE_BOUNDS, bytes: SYSFS_FILE_LIMIT });
      if (kind !== 'GUEST') return readBytes(name);
      const guests = fixtures.guestNames();
      const hint = didYouMean(name, guests) ?? `guests are ${guests.join(', ')}, or a file`;
      return fixtures.guest(name).mapErr((fault) => (name.includes('/') ? fault : { ...fault, hint }));
    },
    write: writeBytes,
  };
  return { fixtures, options, plugins: [], hosts, files, cache, driver: null, spare: null };
}

/** `spesh: MESSAGE`, and a hint. */
export function failure(code: number, message: string, hint?: string): Failure {
  const lines = hint === undefined ? [] : [[{ text: `  hint: ${hint}`, role: 'dim' as const }]];
  return { code, doc: [text([{ text: 'spesh: ', role: 'bad' }, { text: message }], ...lines)] };
}

/** Reads a fixture of the project or of a file, from the cache where its text is known. */
function readHost(fixtures: Fixtures, cache: HostCache, path: string, source: string): Result<Host, FixtureError> {
  const bases: string[] = [];
  const base = (name: string): string | undefined => fixtures.hostText(name)?.text;
  // What a fixture extends is one line of it; both texts must be the known ones.
  const parent = /^\s*extends\s*=\s*"([\w.-]+)"/m.exec(source)?.[1];
  if (parent !== undefined) bases.push(base(parent) ?? '');
  const name = path.replace(/^.*[\\/]/, '').replace(/\.toml$/, '');
  const known = cache.get(name, [source, ...bases]);
  if (known !== undefined) return ok(known);
  const parsed = parseHost(path, source, base);
  if (parsed.isOk() && fixtures.hostText(name)?.path === path) cache.put(name, [source, ...bases], parsed.value);
  return parsed;
}

/** The project's hosts, each read when it is asked for. */
function projectHosts(fixtures: Fixtures, cache: HostCache): ReadonlyMap<string, Host> {
  const parsed = new Map<string, Host>();
  const get = (name: string): Host | undefined => {
    const known = parsed.get(name);
    if (known !== undefined) return known;
    const fixture = fixtures.hostText(name);
    if (fixture === undefined) return undefined;
    const host = readHost(fixtures, cache, fixture.path, fixture.text);
    if (host.isErr()) throw new Error(`${host.error.file}: ${host.error.path}: ${host.error.message}`);
    parsed.set(name, host.value);
    return host.value;
  };
  const all = (): Map<string, Host> =>
    new Map(fixtures.hostNames().flatMap((name) => (get(name) === undefined ? [] : [[name, parsed.get(name)] as [string, Host]])));
  return {
    get,
    has: (name) => fixtures.hostText(name) !== undefined,
    get size() {
      return fixtures.hostNames().length;
    },
    keys: () => all().keys(),
    values: () => all().values(),
    entries: () => all().entries(),
    forEach: (each) => {
      for (const [name, host] of all()) each(host, name, all());
    },
    [Symbol.iterator]: () => all()[Symbol.iterator](),
  };
}

/** Where in a file it is wrong: a line (1-based), a column and how many code points; all of the line where they are left out. */
interface PlaceInFile {
  readonly line: number;
  readonly column?: number;
  readonly length?: number;
}

/** Exit 5: what is wrong in a fixture or an exploration, at its place where that is known. `kind` is the diagnostic's code. */
export function invalidFile(kind: string, source: Source, message: string, hint: string, at: PlaceInFile | undefined): Failure {
  const code = EXIT.invalid;
  if (at === undefined) return failure(code, `${source.file}: ${message}`, hint);
  const line = source.text.split('\n')[at.line - 1] ?? '';
  const column = at.column ?? line.length - line.trimStart().length + 1;
  const length = at.length ?? line.trimEnd().length - column + 1;
  const place = { line: at.line, column };
  return { code, doc: diagnosticDoc({ kind: 'invalid', code: kind, source, place, length, message, hint }) };
}

function invalidFixture(e: FixtureError, text: string): Failure {
  const what = e.path === '' ? e.message : `${e.path}: ${e.message}`;
  const at = e.line === undefined ? undefined : { line: e.line, ...(e.column === undefined ? {} : { column: e.column }) };
  return invalidFile('fixture', { file: e.file, text }, what, `expected ${e.expected}`, at);
}

/** A host by its name in the project, or a fixture file. */
export function findHost(home: Home, name: string): Result<Host, Failure> {
  const own = home.fixtures.hostText(name);
  const read = own === undefined ? readText(name).map((source) => ({ path: name, text: source })) : ok(own);
  if (read.isErr()) {
    const names = home.fixtures.hostNames();
    return err(
      failure(
        EXIT.usage,
        `there is no host '${name}': ${read.error.message}`,
        didYouMean(name, names) ?? `hosts are ${names.join(', ')}, or a file`,
      ),
    );
  }
  return readHost(home.fixtures, home.cache, read.value.path, read.value.text).mapErr((e) => invalidFixture(e, read.value.text));
}

/** A fresh session: `--host` and `--seed` first, then what a notebook asks for. The init file has run. */
export function newDriver(home: Home, front: FrontMatter, onFinished: (finished: Finished) => void): Result<Driver, Failure> {
  const { options } = home;
  return findHost(home, options.host ?? front.host ?? DEFAULT_HOST).andThen((host) => {
    const state = takeState(home);
    state.host = host.name;
    state.seed = options.seed ?? front.seed ?? 0;
    state.names = {
      guests: () => home.fixtures.guestNames(),
      notebook: home.fixtures.notebook,
      tutorial: home.fixtures.tutorial,
      files: filesFrom,
    };
    const starting = { init: true };
    const driver = createDriver({
      state,
      files: home.files,
      keepGoing: options.keepGoing,
      newSession: (table) => createSession({ host, hosts: home.hosts, seed: state.seed, table }),
      onFinished: (finished) => {
        if (!starting.init) onFinished(finished);
      },
    });
    home.driver = driver;
    const init = options.init === null || options.noInit ? ok(null) : runInit(driver, options.init);
    starting.init = false;
    return init.map(() => driver);
  });
}

function runInit(driver: Driver, file: string): Result<null, Failure> {
  const read = readText(file);
  if (read.isErr()) return err(failure(EXIT.usage, `${file}: ${read.error.message}`));
  const script = readScript({ file, text: read.value }, driver.state.table, { prefixes: false });
  if (script.isErr()) return err({ code: EXIT.misread, doc: script.error.flatMap((m) => diagnosticDoc(m.diagnostic)) });
  for (const one of script.value) {
    const { command } = one;
    const outcome = finish(driver.start(command));
    const code = exitCodeOf(outcome);
    if (code === EXIT.ok) continue;
    const shown = present(command, outcome, (id) => driver.state.table.behaviours.get(id));
    const found = diagnosticOf(one, outcome) ?? refusalDiagnostic(one, outcome);
    return err({ code, doc: [...shown.out, ...diagnosticDoc(found)] });
  }
  return ok(null);
}

/** The session as a script that repeats it, with what is behind it as comments. */
export function sessionRecord(driver: Driver, comments: readonly string[]): string {
  const commands = sessionCommands(driver.state).map((f) => f.command.text);
  const current = driver.current();
  return [...comments.map((line) => `# ${line}`), ...commands, ...(current === null ? [] : [current.text]), ''].join('\n');
}

/** Keeps the session where the person finds it; what to print about it. */
export function keepSession(home: Home, why: string, comments: readonly string[]): Doc {
  const { driver } = home;
  if (driver === null || (driver.state.transcript.length === 0 && driver.current() === null)) return [];
  const { host, seed } = driver.state;
  const record = sessionRecord(driver, [`spesh ${why}; host ${host}, seed ${seed}`, ...comments]);
  const at = driver.session.context.world.world.machine.tick;
  return keepText(`${why}-${process.pid}-${at}.spe`, record).match(
    (path) => [text(`  journal: ${path}`, `  again: spesh --host ${host} --seed ${seed} run ${path}`)],
    (fault) => [text(`  the journal could not be saved: ${fault.message}`)],
  );
}
