// Transitions of worlds by calls. Worlds are told apart by the hash of their parts: the same world gets the same number. What a call does
// depends on the world alone, so each pair is run once, whatever path led there.
import { err, ok, type Result } from 'neverthrow';
import type { Behaviour, Command } from '../command.ts';
import { evaluate } from '../evaluate.ts';
import type { Expression } from '../expression.ts';
import type { Context } from '../session.ts';
import type { Act } from './acts.ts';
import { namedInvariants } from './invariants.ts';
import type { SameBytes } from './live-world.ts';
import type { Part } from './parts.ts';
import type { Invariant, IoctlSeen, WorldView } from './seen.ts';
import { NotPartOfState, openStage, type Stage, viewOf } from './stage.ts';
import type { Attribute } from './stored-values.ts';
import { stateVariable } from './variables.ts';

/** A call of the file, its commands read. */
export interface ReadCall {
  readonly label: string;
  readonly name: string;
  readonly slot: number;
  readonly commands: readonly Command[];
}

/** An invariant of the file: a name of the list, or an expression that must not be 0. */
export type Wanted =
  | { readonly kind: 'named'; readonly name: string }
  | {
      readonly kind: 'expression';
      readonly name: string;
      readonly text: string;
      readonly expression: Expression;
      readonly after: string | null;
    };

export interface ExplorerOptions {
  /** A session's, where the set-up has run. The session itself is not touched. */
  readonly context: Context;
  readonly table: ReadonlyMap<string, Behaviour>;
  readonly calls: readonly ReadCall[];
  readonly invariants: readonly Wanted[];
  readonly same?: SameBytes;
  /** The tick is part of a state: guests may run. */
  readonly ticks?: boolean;
}

export interface Transition {
  /** Number of the world that came of it. */
  readonly to: number;
  /** `ok`, an errno's name, the name of KVM_RUN's exit, `unmet CODE`; of a call with several commands, ` at N` for the Nth. */
  readonly result: string;
  /** Bit n: the nth invariant does not hold of the call, or of the world that came of it. */
  readonly fails: number;
}

/** A transition in detail. */
export interface Traced extends Transition {
  /** Each command's result; those behind a refused one were not made. */
  readonly commands: readonly { readonly text: string; readonly result: string }[];
  /** How the invariants do not hold, by index. */
  readonly failures: ReadonlyMap<number, string>;
}

export interface Explorer {
  readonly invariants: readonly Invariant[];
  /** Worlds so far; 0 is the set-up's. */
  readonly size: number;
  hash(world: number): bigint;
  view(world: number): WorldView;
  execute(world: number, call: number): Transition;
  trace(world: number, call: number): Traced;
  /** How the invariants do not hold in the set-up's world, by index. */
  readonly atStart: ReadonlyMap<number, string>;
}

interface KnownWorld {
  readonly parts: Part;
  readonly hash: bigint;
  /** Of invariants that look at states. */
  readonly failures: ReadonlyMap<number, string>;
  readonly fails: number;
  /** What the invariants remember of it, by index. */
  readonly memories: readonly unknown[];
}

/** Results that stop a call's further commands. */
const goesOn = (result: string): boolean => result === 'ok' || result.startsWith('KVM_EXIT_');
const NONE: ReadonlyMap<number, string> = new Map();
const bitsOf = (failures: ReadonlyMap<number, string>): number => [...failures.keys()].reduce((bits, i) => bits | (1 << i), 0);

/** Errors: a call that changes more than the world, an expression that has no value in the set-up's world. */
export function createExplorer(options: ExplorerOptions): Result<Explorer, string> {
  const stage = openStage(options.context, options.table, { same: options.same, ticks: options.ticks ?? false });
  let acts: readonly (readonly Act[])[];
  try {
    acts = options.calls.map((c) => c.commands.map((command) => stage.ready(command)));
  } catch (problem) {
    if (problem instanceof NotPartOfState) return err(problem.message);
    throw problem;
  }
  const invariants = invariantsOf(options.invariants, acts, stage);
  const unknown = options.invariants.flatMap((w) =>
    w.kind === 'expression' ? [valueIn(stage, w.expression, viewOf(stage.capture()), 'ok')] : [],
  );
  const wrong = unknown.find((value) => typeof value === 'string');
  if (wrong !== undefined) return err(String(wrong));

  const worlds: KnownWorld[] = [];
  const byHash = new Map<bigint, number>();

  /** The number of the world that the stage stands at. */
  function intern(parts: Part): number {
    const hash = (BigInt(parts.high >>> 0) << 32n) | BigInt(parts.low >>> 0);
    const known = byHash.get(hash);
    if (known !== undefined) return known;
    const view = viewOf(parts);
    let failures = NONE;
    const memories: unknown[] = [];
    for (const [i, invariant] of invariants.entries()) {
      const failed = invariant.state?.(view) ?? null;
      if (failed !== null) failures = new Map([...failures, [i, failed]]);
      memories.push(invariant.remember?.(stage.mounted, view));
    }
    byHash.set(hash, worlds.length);
    return worlds.push({ parts, hash, failures, fails: bitsOf(failures), memories }) - 1;
  }

  function make(world: number, call: number): Traced {
    for (;;) {
      try {
        return attempt(world, call);
      } catch (problem) {
        if (!stage.wake(problem)) throw problem;
      }
    }
  }

  function attempt(world: number, call: number): Traced {
    const from = worlds[world];
    stage.goto(from.parts);
    const ioctls: IoctlSeen[] = [];
    let failures: Map<number, string> | null = null;
    const fail = (i: number, sentence: string): void => {
      failures ??= new Map();
      if (!failures.has(i)) failures.set(i, sentence);
    };
    const watch = (seen: IoctlSeen): void => {
      ioctls.push(seen);
      for (let i = 0; i < invariants.length; i++) {
        const failed = invariants[i].ioctl?.(seen) ?? null;
        if (failed !== null) fail(i, failed);
      }
    };
    const commands: { text: string; result: string }[] = [];
    let result = 'ok';
    const list = acts[call];
    for (let i = 0; i < list.length; i++) {
      result = stage.perform(list[i], watch);
      commands.push({ text: list[i].command.text, result });
      if (goesOn(result)) continue;
      if (list.length > 1 && i < list.length - 1) result = `${result} at ${i + 1}`;
      break;
    }
    const parts = stage.capture();
    const to = parts === from.parts ? world : intern(parts);
    const seen = { name: options.calls[call].name, ioctls, result };
    for (let i = 0; i < invariants.length; i++) {
      const failed = invariants[i].call?.(seen, from.memories[i], worlds[to].memories[i]) ?? null;
      if (failed !== null) fail(i, failed);
      const state = worlds[to].failures.get(i);
      if (state !== undefined) fail(i, state);
    }
    return { to, result, fails: failures === null ? 0 : bitsOf(failures), commands, failures: failures ?? NONE };
  }

  intern(stage.capture());
  return ok({
    invariants,
    get size() {
      return worlds.length;
    },
    hash: (world) => worlds[world].hash,
    view: (world) => viewOf(worlds[world].parts),
    execute: make,
    trace: make,
    atStart: worlds[0].failures,
  });
}

/** The attributes that the calls set, once each. */
function attributesOf(acts: readonly (readonly Act[])[]): Attribute[] {
  const all = acts.flat().flatMap((act): Attribute[] => (act.kind === 'ioctl' && act.stored !== null ? [act.stored] : []));
  return all.filter((a, i) => all.findIndex((b) => a.group === b.group && a.attr === b.attr) === i);
}

function invariantsOf(wanted: readonly Wanted[], acts: readonly (readonly Act[])[], stage: Stage): Invariant[] {
  const attributes = attributesOf(acts);
  return wanted.map((w): Invariant => {
    if (w.kind === 'named') return namedInvariants([w.name], attributes)[0];
    const { name, text, expression, after } = w;
    const base = { name, says: after === null ? text : `after ${after}: ${text}`, evidence: "the file's own", shows: [] };
    // The stage stands where the state was captured: registers and memory can be read too.
    const look = (world: WorldView, result: string): string | null => {
      const value = valueIn(stage, expression, world, result);
      if (typeof value === 'string') return value;
      return value === 0n ? `${text} does not hold` : null;
    };
    if (after === null) return { ...base, state: (world) => look(world, 'ok') };
    return {
      ...base,
      call: (seen) => (seen.name === after ? look(seen.ioctls.at(-1)?.after ?? viewOf(stage.capture()), seen.result) : null),
    };
  });
}

/** The expression's value in a state where the stage stands; what is wrong, where it has none. */
function valueIn(stage: Stage, expression: Expression, world: WorldView, result: string): bigint | string {
  const variables = { get: (name: string) => stateVariable(world, stage.context.vm, name) } as ReadonlyMap<string, bigint>;
  const errno = goesOn(result) ? 'ok' : result.replace(/ at \d+$/, '');
  const context = Object.create(stage.context, { variables: { value: variables }, lastErrno: { value: errno } }) as Context;
  return evaluate(context, expression).match(
    (value) => value,
    (unmet): bigint | string => unmet.message,
  );
}
