// Breadth-first search over states: a world together with the calls left (language.md §8). A level is all states after so many calls, so the
// first failure found is one of the shortest. What a call does to a world is run once; each state that stands in that world has it from there.
import type { Executor } from './executor.ts';
import { Level, pathTo } from './levels.ts';
import { Transitions } from './transitions.ts';

export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

export interface SearchOptions {
  /** Slot of each call: calls with the same one are alternatives. */
  readonly slots: readonly number[];
  readonly invariants: number;
  /** Calls on a path, at most. */
  readonly depth: number;
  readonly executors: readonly Executor[];
  /** This part of the paths only, by their first calls; null: all. */
  readonly shard: Shard | null;
  /** Run a call on an equal world again and again instead of once: for measurements. */
  readonly repeat?: boolean;
  readonly pause: () => Promise<void>;
  readonly stopping: () => boolean;
  readonly progress?: (progress: Progress) => void;
  readonly row?: (row: TransitionRow) => void;
  /** Each state, once; worlds as hashes. */
  readonly state?: (depth: number, world: bigint, left: number) => void;
}

export interface Progress {
  readonly depth: number;
  readonly states: number;
  readonly transitions: number;
  /** Transitions still to come, as the levels so far let guess. */
  readonly remaining: number;
}

/** A transition as it is found; worlds as hashes, calls left as bits by slot. */
export interface TransitionRow {
  readonly depth: number;
  readonly from: bigint;
  readonly left: number;
  readonly call: number;
  readonly result: string;
  readonly to: bigint;
  readonly toLeft: number;
  readonly fails: number;
}

export interface Failure {
  readonly transitions: number;
  /** The shortest path, the failing call last; the first one in the order of the calls. */
  readonly path: readonly number[];
}

export interface SearchResult {
  readonly states: number;
  readonly transitions: number;
  /** States by depth. */
  readonly levels: readonly number[];
  readonly worlds: number;
  /** Calls that were run: one for each pair of world and call. */
  readonly executed: number;
  /** By call: how often each result came. */
  readonly results: readonly ReadonlyMap<string, number>[];
  /** By invariant; null: it holds. */
  readonly failures: readonly (Failure | null)[];
  readonly complete: boolean;
}

/** States between two looks at the outside. */
const STRIDE = 50_000;

export async function search(options: SearchOptions): Promise<SearchResult> {
  const { slots, shard, stopping, pause } = options;
  const bits = slots.map((slot) => 1 << slot);
  const known = new Transitions(options.executors, slots.length);
  const counts = slots.map((): number[] => []);
  const failures: { transitions: number; path: readonly number[] }[] = Array.from({ length: options.invariants }, () => ({
    transitions: 0,
    path: [],
  }));
  const first = new Level();
  first.add(
    0,
    bits.reduce((all, bit) => all | bit, 0),
    -1,
    0,
  );
  const levels: Level[] = [first];
  let states = 1;
  let transitions = 0;
  await known.begin();
  const tellStates = (level: Level, depth: number): void => {
    if (options.state === undefined) return;
    for (let i = 0; i < level.size; i++) options.state(depth, known.hashes[level.world[i]], level.left[i]);
  };
  tellStates(first, 0);

  const tell = (done: number): void => {
    const level = levels[levels.length - 1];
    options.progress?.({
      depth: levels.length - 1,
      states,
      transitions,
      remaining: remaining(level.size, done, levels.length - 1, slots, options.depth),
    });
  };

  /** Expands the last level; false: interrupted. */
  const expand = async (): Promise<boolean> => {
    const level = levels[levels.length - 1];
    const depth = levels.length - 1;
    const mine = (i: number, call: number): boolean => shard === null || inShard(shard, depth, level.via[i], call, slots.length);
    const each = async (visit: (i: number, call: number) => void): Promise<boolean> => {
      for (let i = 0; i < level.size; i++) {
        const left = level.left[i];
        for (let call = 0; call < bits.length; call++) if ((left & bits[call]) !== 0 && mine(i, call)) visit(i, call);
        if (i % STRIDE !== STRIDE - 1) continue;
        tell(i);
        await pause();
        if (stopping()) return false;
      }
      return true;
    };
    const wanted = await each((i, call) => {
      const world = level.world[i];
      if (options.repeat === true || !known.isKnown(world, call)) known.want(world, call);
    });
    if (!wanted || !(await known.run(stopping, () => tell(0)))) return false;
    const next = new Level();
    const done = await each((i, call) => {
      const world = level.world[i];
      const to = known.toOf(world, call);
      const left = level.left[i] & ~bits[call];
      const result = known.resultOf(world, call);
      const fails = known.failsOf(world, call);
      transitions += 1;
      counts[call][result] = (counts[call][result] ?? 0) + 1;
      if (fails !== 0) note(i, call, fails);
      next.add(to, left, i, call);
      options.row?.({
        depth: depth + 1,
        from: known.hashes[world],
        left: level.left[i],
        call,
        result: known.results[result],
        to: known.hashes[to],
        toLeft: left,
        fails,
      });
    });
    level.close();
    levels.push(next);
    states += next.size;
    tellStates(next, depth + 1);
    return done;
  };

  function note(i: number, call: number, fails: number): void {
    for (let n = 0; n < failures.length; n++) {
      if (((fails >>> n) & 1) === 0) continue;
      const failure = failures[n];
      failure.transitions += 1;
      if (failure.transitions === 1) failure.path = [...pathTo(levels, i), call];
    }
  }

  let complete = true;
  while (complete && levels.length <= options.depth && levels[levels.length - 1].size > 0) complete = await expand();
  return {
    states,
    transitions,
    levels: levels.map((level) => level.size).filter((size, i) => size > 0 || i === 0),
    worlds: known.worlds,
    executed: known.executed,
    results: counts.map((row) => new Map(row.flatMap((count, i): [string, number][] => (count ? [[known.results[i], count]] : [])))),
    failures: failures.map((f) => (f.transitions === 0 ? null : f)),
    complete,
  };
}

/** Shards split the paths by their first call; where there are more shards than calls, by their first two. */
function inShard(shard: Shard, depth: number, via: number, call: number, calls: number): boolean {
  if (shard.count <= calls) return depth !== 0 || call % shard.count === shard.index;
  return depth !== 1 || (via * calls + call) % shard.count === shard.index;
}

/** The most shards that there can be work for. */
export const mostShards = (calls: number): number => calls * calls;

/** Guesses from the size of this level: the next ones have as many states for each set of calls made as this one has. */
function remaining(size: number, done: number, depth: number, slots: readonly number[], most: number): number {
  const k = new Set(slots).size;
  const alternatives = slots.length / k;
  let sum = (size - done) * (k - depth) * alternatives;
  let states = size;
  for (let d = depth; d + 1 < Math.min(k, most); d++) {
    states *= (k - d) / (d + 1);
    sum += states * (k - d - 1) * alternatives;
  }
  return Math.round(sum);
}
