// Time travel by kept positions (design.md §7): undo and redo of commands, named snapshots, and the branches that a command given in the past
// leaves behind. The journal is always that of the present branch, so that a replay of it makes the present world.
import { err, ok, type Result } from 'neverthrow';
import type { Command } from './command.ts';
import type { Outcome, Unmet } from './outcome.ts';
import { knowsOther, type Position, positionOf, type SessionState, takePosition, weightOf } from './position.ts';

/** A position with a name: of a snapshot the person's, of a branch `branch-1`. */
export interface Named {
  readonly name: string;
  readonly position: Position;
}

export interface Travel {
  /** Takes back the last command that changed something: its text. */
  undo(): Result<string, Unmet>;
  redo(): Result<string, Unmet>;
  /** Keeps the position under this name, in place of another of that name. */
  snap(name: string): void;
  /** Goes to a snapshot or to the end of a branch. */
  restore(name: string): Result<null, Unmet>;
  readonly snaps: readonly Named[];
  /** Ends of the branches left behind, the oldest first. */
  readonly branches: readonly Named[];
  named(name: string): Result<Position, Unmet>;
  here(): Position;
}

/** What `session.execute` tells of every command that may change something. */
export interface TravelLog extends Travel {
  /** Before it: the position that `undo` comes back to. */
  begin(): Position;
  /** Behind it, when the journal has it. */
  done(command: Command, outcome: Outcome, before: Position, effect: 'session' | 'world'): void;
}

/** How many commands can be taken back, and what their positions may keep (bytes, about). */
const MOST_STEPS = 64;
const MOST_BYTES = 128 * 1024 * 1024;
const MOST_BRANCHES = 8;

export const BRANCH_NAME = /^branch-\d+$/;

interface Step {
  readonly command: string;
  /** `undo` goes there; of an undone step: `redo` does. */
  readonly position: Position;
  readonly weight: number;
}

const tipOf = ({ journal }: Position) => journal.list[journal.length - 1];

export function createTravel(state: SessionState): TravelLog {
  const past: Step[] = [];
  let future: Step[] = [];
  /** Snapshots that a command under way took: their journal is that behind it. */
  let fresh: string[] = [];
  const snaps = new Map<string, Position>();
  let branches: Named[] = [];
  let numbered = 0;
  let last: Position | null = null;

  function here(): Position {
    last = positionOf(state, last);
    return last;
  }

  function remember(command: string, position: Position): void {
    past.push({ command, position, weight: weightOf(position, past.at(-1)?.position ?? null) });
    let bytes = past.reduce((sum, step) => sum + step.weight, 0);
    while (past.length > MOST_STEPS || (bytes > MOST_BYTES && past.length > 1)) bytes -= past.shift()?.weight ?? 0;
  }

  function go(position: Position): void {
    takePosition(state, position);
    last = position;
  }

  /** Keeps the end of a line of commands that is left, unless something else keeps it. */
  function leave(end: Position): void {
    const tip = tipOf(end);
    const known = [...snaps.values(), ...branches.map((b) => b.position)].some((p) => tipOf(p) === tip);
    if (tip === undefined || known) return;
    numbered += 1;
    branches = [...branches, { name: `branch-${numbered}`, position: end }].slice(-MOST_BRANCHES);
  }

  const named = (name: string): Result<Position, Unmet> => {
    const found = snaps.get(name) ?? branches.find((b) => b.name === name)?.position;
    if (found !== undefined) return ok(found);
    return err({ code: 'no-snapshot', message: `there is no snapshot '${name}'`, hint: 'snaps lists them, snap NAME takes one' });
  };

  return {
    here,
    named,
    begin: here,
    done(command, outcome, before, effect) {
      for (const name of fresh) {
        const taken = snaps.get(name);
        if (taken !== undefined) snaps.set(name, { ...taken, journal: { list: state.journal, length: state.journal.length } });
      }
      fresh = [];
      if (outcome.rewound === true || outcome.unmet !== undefined) return;
      if (effect !== 'world' && !knowsOther(state, before)) return;
      remember(command.text, before);
      if (future.length > 0) leave(future[0].position);
      future = [];
    },
    undo() {
      const step = past.pop();
      if (step === undefined) {
        const hint = `the last ${MOST_STEPS} changes can be taken back; snap NAME keeps a place`;
        return err({ code: 'nothing-to-undo', message: 'nothing to undo', hint });
      }
      future.push({ ...step, position: here() });
      go(step.position);
      return ok(step.command);
    },
    redo() {
      const step = future.pop();
      if (step === undefined)
        return err({
          code: 'nothing-to-redo',
          message: 'nothing to redo',
          hint: 'redo repeats what undo took back, until another command changes something',
        });
      remember(step.command, here());
      go(step.position);
      return ok(step.command);
    },
    snap(name) {
      snaps.delete(name);
      snaps.set(name, here());
      fresh.push(name);
    },
    restore(name) {
      return named(name).map((position) => {
        const present = here();
        const end = future[0]?.position ?? present;
        remember(`restore ${name}`, present);
        future = [];
        const tip = tipOf(end);
        const { list, length } = position.journal;
        if (tip === undefined || !list.slice(0, length).includes(tip)) leave(end);
        go(position);
        return null;
      });
    },
    get snaps() {
      return [...snaps].map(([name, position]) => ({ name, position }));
    },
    get branches() {
      return branches;
    },
  };
}
