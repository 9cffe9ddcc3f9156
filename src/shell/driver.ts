// Runs commands for a front end (batch, notebook, interactive shell): hands the session the files a command names, writes what it leaves,
// keeps the transcript, and runs what `source` and `load` bring. It knows files only through its port.
import { ok, type Result } from 'neverthrow';
import type { Behaviour, Command, Running } from '../session/command.ts';
import { PATH_HINT } from '../session/hints.ts';
import { type Outcome, unmet } from '../session/outcome.ts';
import type { Asset, JournalEntry, Session } from '../session/session.ts';
import { type RegistersSeen, sectionsOf, seeRegisters, withStopContext } from '../session/stop-context.ts';
import { runsGuest, withDisplays } from './displays.ts';
import { refusalOf } from './exit-code.ts';
import { type FileKind, filesOf } from './files.ts';
import { readNotebook } from './notebook.ts';
import { type PlacedMisread, readScript } from './script.ts';
import type { Brought, Finished, ShellState } from './state.ts';
import { withLesson } from './tutorial.ts';

/** What a front end's machine does for the shell. Everything is synchronous: a command waits for its files anyway. */
export interface FilePort {
  /** The bytes under that name, or null where a name of the project (host, guest) needs no file. */
  read(name: string, kind: FileKind): Result<Asset | null, FileFault>;
  write(path: string, bytes: Uint8Array): Result<null, FileFault>;
}

export interface FileFault {
  /** `no such file`. */
  readonly message: string;
  readonly hint?: string;
}

export interface Driver {
  readonly session: Session;
  readonly state: ShellState;
  /** Starts a command; its Outcome comes when everything it brought has run too, or the first of that failed. */
  start(command: Command): Running;
  /** The command under way. */
  current(): Command | null;
}

/** What brought a command, where it was not typed. */
type Origin = Pick<Finished, 'cell' | 'brought'>;

export interface DriverOptions {
  readonly state: ShellState;
  readonly files: FilePort;
  newSession(table: ReadonlyMap<string, Behaviour>): Session;
  /** Told of each command as it ends: those that `source` brings come behind it. */
  onFinished?(finished: Finished): void;
  /** Go on behind a failure inside `source` and `load`. */
  readonly keepGoing?: boolean;
}

/** Forms that bring other commands: those whose FILE is a script or notebook, and those that run what ran before. */
const BRINGS: Readonly<Record<string, string | null>> = { source: 'file', load: 'file', rerun: null, 'rerun.cell': null };
const DEEPEST_SOURCE = 16;

export function createDriver(options: DriverOptions): Driver {
  const { state, files } = options;
  const session = options.newSession(state.table.behaviours);
  state.context = session.context;
  const known = new Map<string, Asset>();
  let current: Command | null = null;
  /** The journal's last entry before the command under way. */
  let before: JournalEntry | undefined;
  let registers: RegistersSeen | null = null;

  /** Hands over the files the command names; what cannot be read makes it Unmet. */
  function handOver(command: Command): Outcome | null {
    for (const { kind, name } of filesOf(command, state.table)) {
      const read = files.read(name, kind);
      if (read.isErr()) return unmet('no-file', `${name}: ${read.error.message}`, read.error.hint ?? PATH_HINT);
      if (read.value === null) continue;
      known.set(name, read.value);
      session.addAsset({ ...read.value, path: name });
    }
    return null;
  }

  function writeOut(outcome: Outcome): Outcome {
    for (const { path, bytes } of outcome.writes ?? []) {
      const wrote = files.write(path, bytes);
      if (wrote.isErr())
        return { ...outcome, ...unmet('cannot-write', `${path}: ${wrote.error.message}`, 'the directory must be there and allow writing') };
    }
    return outcome;
  }

  /** Where `set context` asks for it, and the command ran the guest: its registers before, and the outcome with them. */
  const sections = (): readonly string[] => sectionsOf(state.settings.get('context') ?? 'off') ?? [];
  const lookBefore = (command: Command): RegistersSeen | null =>
    sections().length > 0 && runsGuest(command, state) ? seeRegisters(session.context) : null;
  const withContext = (outcome: Outcome): Outcome =>
    registers === null || outcome.unmet !== undefined ? outcome : withStopContext(outcome, session.context, sections(), registers);

  function finished(command: Command, ended: Outcome, from: Origin): Outcome {
    const outcome = withLesson(command, withDisplays(command, withContext(ended), state), state);
    const tick = session.context.world.world.machine.tick;
    const last = session.journal.at(-1);
    const own = last === undefined || last === before || outcome.rewound === true ? {} : { entry: last };
    const one: Finished = { n: state.transcript.length + 1, command, outcome, ...own, tick, ...from };
    state.transcript.push(one);
    current = null;
    options.onFinished?.(one);
    return outcome;
  }

  /** The commands of a script or notebook that a command named. */
  function brought(command: Command): Result<readonly Brought[], readonly PlacedMisread[]> {
    const slot = BRINGS[command.form];
    if (slot === null) {
      const again = state.rerun ?? [];
      state.rerun = null;
      return ok(again);
    }
    const name = slot === undefined ? undefined : command.args[slot];
    if (name?.kind !== 'word') return ok([]);
    const asset = known.get(name.text);
    if (asset === undefined) return ok([]);
    const source = { file: name.text, text: new TextDecoder().decode(asset.bytes) };
    if (!name.text.endsWith('.md')) {
      return readScript(source, state.table, { prefixes: false, aliases: state.aliases }).map((list) =>
        list.map(({ command: one }) => ({ command: one, refused: null })),
      );
    }
    return readNotebook(source, state.table).map((notebook) =>
      notebook.cells
        .filter((cell) => !cell.skip)
        .flatMap(({ id, prompts }) =>
          prompts.flatMap((p) =>
            p.commands.map(({ command: one }) => ({ command: one, refused: p.refused, ...(id === null ? {} : { cell: id }) })),
          ),
        ),
    );
  }

  function start(command: Command, depth = DEEPEST_SOURCE, from: Origin = {}): Running {
    let running: Running | null = null;
    let queue: Brought[] = [];
    let inner: { readonly running: Running; readonly refused: string | null } | null = null;
    let own: Outcome | null = null;

    const failed = (outcome: Outcome): boolean => !outcome.ok || outcome.quit !== undefined || outcome.interrupted === true;

    /** An outcome behind which what is queued does not run. */
    const leaving = (outcome: Outcome): Outcome => ({ ...outcome, notRun: (outcome.notRun ?? 0) + queue.length });

    /** The command itself has ended: what it brings, or its outcome. */
    const ended = (outcome: Outcome): Outcome | null => {
      const written = writeOut(outcome);
      if (BRINGS[command.form] === undefined || failed(written)) return finished(command, written, from);
      if (depth === 0)
        return finished(command, unmet('nesting', 'scripts source one another too deeply', `at most ${DEEPEST_SOURCE} deep`), from);
      const list = brought(command);
      if (list.isErr()) {
        const first = list.error[0].diagnostic;
        const place = `${first.source.file}:${first.place.line}:${first.place.column}`;
        return finished(command, unmet('does-not-parse', `${place}: ${first.message}`, first.hint), from);
      }
      own = finished(command, written, from);
      queue = [...list.value];
      return null;
    };

    return {
      advance(operations) {
        if (own === null) {
          current = command;
          if (running === null) {
            before = session.journal.at(-1);
            registers = lookBefore(command);
            const missing = handOver(command);
            if (missing !== null) return finished(command, missing, from);
            running = session.execute(command);
          }
          const outcome = running.advance(operations);
          if (outcome === null) return null;
          const done = ended(outcome);
          if (done !== null) return done;
        }
        for (;;) {
          if (inner === null) {
            const next = queue.shift();
            if (next === undefined) return own;
            const { refused, command: brought, ...place } = next;
            inner = { running: start(brought, depth - 1, { ...place, brought: true }), refused };
          }
          const outcome = inner.running.advance(operations);
          if (outcome === null) return null;
          const expected = inner.refused !== null && refusalOf(outcome) === inner.refused;
          inner = null;
          if (failed(outcome) && !expected && (options.keepGoing !== true || outcome.quit !== undefined)) return leaving(outcome);
        }
      },
      interrupt() {
        if (inner !== null) return leaving(inner.running.interrupt());
        if (own !== null) return leaving({ ...own, interrupted: true });
        return finished(
          command,
          running === null
            ? { ...unmet('interrupted', 'interrupted before it began', 'give it again'), interrupted: true }
            : running.interrupt(),
          from,
        );
      },
    };
  }

  return { session, state, start: (command) => start(command), current: () => current };
}
