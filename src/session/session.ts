// The one door: `Session.execute(command)` changes the world and leaves with an Outcome (design.md §3). Keyboard, script, pipe,
// notebook, replay and test all come in here; nothing else changes the world, and nothing below reads a clock, chance or a file.
import { err, ok, type Result } from 'neverthrow';
import { hashPlain } from '../base/plain.ts';
import type { Call } from '../kernel/call.ts';
import type { Host } from '../kernel/host.ts';
import { bootWorld, mountWorld, settleWorld, systemCall } from '../kernel/kernel.ts';
import type { MountedWorld } from '../kernel/world.ts';
import type { CallDescription } from './calls.ts';
import { callReport, unfinishedReport } from './calls.ts';
import { caught } from './catches.ts';
import type { Argument, Arguments, Behaviour, Command, Running } from './command.ts';
import { isRunning } from './command.ts';
import { evaluate } from './evaluate.ts';
import type { Expression } from './expression.ts';
import type { Image } from './image.ts';
import { type MutableLog, newLog, type SessionLog } from './log.ts';
import { runOnStop } from './on-stop.ts';
import type { CallReport, Outcome, SessionEvent, Unmet } from './outcome.ts';
import { unmet } from './outcome.ts';
import type { Position, SessionState } from './position.ts';
import { catchesOf, noStops, type Stops } from './stops.ts';
import { createTravel, type Travel } from './travel.ts';

/** A file that a command named, read by io beforehand. */
export interface Asset {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
  /** The file's path from the root, for other programs to open it. */
  readonly absolute?: string;
}

/** What a command may use. Commands change the world only through `call`, the run loop (run.ts) and the kernel's host events. */
export interface Context {
  readonly world: MountedWorld;
  readonly seed: number;
  /** Index of the VM in use (-1: none) and of the focused vCPU. */
  readonly vm: number;
  readonly focus: number;
  readonly stops: Stops;
  readonly log: SessionLog;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly variables: ReadonlyMap<string, bigint>;
  /** `$1…` by index - 1; the last one is `$_`. */
  readonly values: readonly (number | string)[];
  /** `$?`: name of the last errno, or `ok`. */
  readonly lastErrno: string;
  /** The guest image in use: symbols and, where it has them, lines. */
  readonly image: Image | null;
  /** The trace file that `records`, `stat` and `buffer dump` speak of; null: what the SPUs wrote. */
  readonly trace: Asset | null;
  readonly journal: readonly JournalEntry[];
  readonly travel: Travel;
  /** The process that makes the calls: the VMM, 1, unless `process N 'CMD'` runs the command. */
  readonly process?: number;

  setVm(index: number): void;
  setFocus(index: number): void;
  setVariable(name: string, value: bigint): void;
  setImage(image: Image | null): void;
  setTrace(trace: Asset | null): void;
  /** Replaces the world by a fresh boot of this host: no VM, empty histories. */
  boot(host: Host): void;
  asset(path: string): Asset | undefined;
  note(event: SessionEvent): void;
  readonly writableLog: MutableLog;

  /** A number argument's value; Unmet for an unknown register, symbol or variable. `undefined` stays undefined. */
  number(argument: Argument | undefined): Result<bigint | undefined, Unmet>;
  /** A word argument's text ('' when absent). */
  word(argument: Argument | undefined): string;
  evaluate(expression: Expression): Result<bigint, Unmet>;

  /** Issues one ioctl and logs it: its strace line and, after a refusal, the check that failed. */
  call(call: Call, describe: CallDescription): CallReport;
  /** Logs a call that an earlier `call` left unfinished, as it came back. */
  returned(report: CallReport): void;
  /** Runs another command inside this one (expect, on); with a number, its calls come from that process. */
  execute(command: Command, process?: number): Outcome | Running;
}

/** One command as it ran; `operations` is where an interrupt cut it, so that a replay cuts it there too. */
export interface JournalEntry {
  readonly command: Command;
  readonly tick: number;
  readonly interruptedAt: number | null;
}

export interface SessionOptions {
  readonly host: Host;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly seed: number;
  readonly table: ReadonlyMap<string, Behaviour>;
}

export interface Session {
  readonly context: Context;
  readonly journal: readonly JournalEntry[];
  /** The session's number of the next command, from 1. */
  readonly next: number;
  /** Makes a file's bytes known before a command that names it. */
  addAsset(asset: Asset): void;
  /** Starts a command: advance it until it has an Outcome. */
  execute(command: Command): Running;
  /** Hash of the world as it stands, tick included; memory is settled first. */
  worldHash(): bigint;
}

/** Runs a command to its end in one go (tests, replay). */
export function finish(running: Running, slice = 1_000_000): Outcome {
  for (;;) {
    const outcome = running.advance(slice);
    if (outcome !== null) return outcome;
  }
}

/** Where a command under way began. */
interface Begun {
  readonly tick: number;
  /** Null: it can change nothing. */
  readonly position: Position | null;
  readonly effect: Behaviour['effect'];
  /** Entries of the log. */
  readonly calls: number;
  readonly events: number;
}

/** A session on a freshly booted host. */
export function createSession(options: SessionOptions): Session {
  const assets = new Map<string, Asset>();
  const state: SessionState = {
    world: mountWorld(bootWorld(options.host, options.seed)),
    vm: -1,
    focus: 0,
    stops: noStops(),
    log: newLog(),
    lastErrno: 'ok',
    image: null,
    trace: null,
    variables: new Map(),
    values: [],
    journal: [],
  };
  const travel = createTravel(state);

  const context: Context = {
    get world() {
      return state.world;
    },
    seed: options.seed,
    get vm() {
      return state.vm;
    },
    get focus() {
      return state.focus;
    },
    get stops() {
      return state.stops;
    },
    get log() {
      return state.log;
    },
    get writableLog() {
      return state.log;
    },
    hosts: options.hosts,
    variables: state.variables,
    get values() {
      return state.values;
    },
    get lastErrno() {
      return state.lastErrno;
    },
    get image() {
      return state.image;
    },
    get trace() {
      return state.trace;
    },
    get journal() {
      return state.journal;
    },
    travel,
    setVm: (index) => {
      state.vm = index;
      state.focus = 0;
    },
    setFocus: (index) => {
      state.focus = index;
    },
    setVariable: (name, value) => {
      state.variables.set(name, BigInt.asUintN(64, value));
    },
    setImage: (image) => {
      state.image = image;
    },
    setTrace: (trace) => {
      state.trace = trace;
    },
    boot: (host) => {
      state.world = mountWorld(bootWorld(host, options.seed));
      state.vm = -1;
      state.focus = 0;
      state.stops = noStops();
      state.log = newLog();
      state.image = null;
    },
    asset: (path) => assets.get(path),
    note: (event) => {
      state.log.events.push(event);
    },
    number: (argument) => {
      if (argument === undefined) return ok(undefined);
      if (argument.kind !== 'expression') throw new Error(`a ${argument.kind} argument stands where a number is read`);
      return context.evaluate(argument.expression);
    },
    word: (argument) => (argument === undefined ? '' : argument.kind === 'word' || argument.kind === 'expression' ? argument.text : ''),
    evaluate: (expression) => evaluate(context, expression),
    call: (call, describe) => {
      const answer = systemCall(state.world, call);
      const report = answer.isOk() && answer.value.running ? unfinishedReport(describe) : callReport(describe, answer);
      state.log.calls.push(report);
      state.lastErrno = report.errno ?? 'ok';
      if (answer.isOk()) for (const event of answer.value.events) state.log.events.push(event);
      return report;
    },
    returned: (report) => {
      state.log.calls.push(report);
      state.lastErrno = report.errno ?? 'ok';
    },
    execute: (command, process) => start(command, process),
  };

  /** The same context, its calls made by another process. */
  function contextOf(process: number): Context {
    return Object.create(context, {
      process: { value: process },
      execute: { value: (command: Command, inner = process) => start(command, inner) },
    });
  }

  /** Finds the form and runs it; what a command's slot cannot be given is Unmet. */
  function start(command: Command, process?: number): Outcome | Running {
    const behaviour = options.table.get(command.form);
    if (behaviour === undefined) throw new Error(`no command form '${command.form}'`);
    return behaviour.run(process === undefined ? context : contextOf(process), command.args);
  }

  const keepValue = ({ value }: Outcome): void => {
    if (value !== null) state.values.push(value);
  };

  /** The catches that a command met which is no run: a run says itself where it stopped. */
  function withCatches(outcome: Outcome, calls: number, events: number): Outcome {
    const catches = catchesOf(state.stops);
    if (catches.length === 0 || outcome.stopped !== undefined || outcome.unmet !== undefined || outcome.rewound === true) return outcome;
    const stopped = caught(catches, state.log.calls.slice(calls), state.log.events.slice(events));
    return stopped.length === 0 ? outcome : { ...outcome, stopped };
  }

  /** What every finished command leaves behind: the journal, and where `undo` comes back to. */
  function finished(command: Command, outcome: Outcome, begun: Begun, operations: number | null): Outcome {
    if (outcome.unmet === undefined && outcome.rewound !== true)
      state.journal.push({ command, tick: begun.tick, interruptedAt: outcome.interrupted ? operations : null });
    if (begun.position !== null && begun.effect !== 'pure') travel.done(command, outcome, begun.position, begun.effect);
    return outcome;
  }

  function execute(command: Command): Running {
    const effect = options.table.get(command.form)?.effect ?? 'pure';
    let begun: Begun | null = null;
    let running: Running | null = null;
    /** The commands of the stop run. */
    let atStop = false;
    let operations = 0;

    function begin(): Begun {
      const { calls, events } = state.log;
      const position = effect === 'pure' ? null : travel.begin();
      return { tick: state.world.world.machine.tick, position, effect, calls: calls.length, events: events.length };
    }

    /** The command itself has ended: its outcome, or null while commands of its stop go on. */
    function ended(outcome: Outcome, since: Begun): Outcome | null {
      keepValue(outcome);
      const stopped = effect === 'world' ? withCatches(outcome, since.calls, since.events) : outcome;
      running = runOnStop(stopped, state.stops, (one) => start(one), keepValue);
      atStop = true;
      return running === null ? stopped : null;
    }

    return {
      advance: (slice) => {
        begun ??= begin();
        for (let left = slice; ; ) {
          const at = state.world.world.machine.tick;
          const begins: Outcome | Running = running ?? start(command);
          if (isRunning(begins)) running = begins;
          let outcome = isRunning(begins) ? begins.advance(left) : begins;
          const now = state.world.world.machine.tick;
          if (isRunning(begins)) {
            operations += now - at;
            left -= now - at;
          }
          if (outcome === null) return null;
          if (!atStop) outcome = ended(outcome, begun);
          if (outcome !== null) return finished(command, outcome, begun, isRunning(begins) ? operations : null);
          if (left <= 0) return null;
        }
      },
      interrupt: () => {
        if (begun === null || running === null) return unmet('interrupted', 'interrupted before it began', 'give it again');
        return finished(command, { ...running.interrupt(), interrupted: true }, begun, operations);
      },
    };
  }

  return {
    context,
    get journal() {
      return state.journal;
    },
    get next() {
      return state.journal.length + 1;
    },
    addAsset: (asset) => {
      assets.set(asset.path, asset);
    },
    execute,
    worldHash: () => {
      settleWorld(state.world);
      return hashPlain(state.world.world);
    },
  };
}

/** Replays a journal on a fresh session: the property is that the world's hash is the straight run's. */
export function replay(options: SessionOptions, journal: readonly JournalEntry[], assets: readonly Asset[]): Session {
  const session = createSession(options);
  for (const asset of assets) session.addAsset(asset);
  for (const entry of journal) {
    const running = session.execute(entry.command);
    if (entry.interruptedAt === null) finish(running);
    else if (running.advance(entry.interruptedAt) === null) running.interrupt();
  }
  return session;
}

export type { Arguments, Behaviour, CallDescription, SessionLog };
export { err, ok };
