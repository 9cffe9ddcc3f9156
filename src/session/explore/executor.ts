// Who runs transitions for the search: an explorer of this thread, or one in another. Worlds are named by the executor's own numbers; what
// crosses between threads are numbers and hashes, never worlds.
import type { Explorer } from './explorer.ts';

/** What became of pairs of world and call, in their order. */
export interface Batch {
  /** World that came of it. */
  readonly to: Int32Array;
  /** Index of the result's text in `results`. */
  readonly result: Uint16Array;
  /** Invariants that do not hold, as bits. */
  readonly fails: Int32Array;
  /** Results that are new, from index `firstResult`. */
  readonly results: readonly string[];
  readonly firstResult: number;
  /** Hashes of the worlds that are new, from number `firstWorld`. */
  readonly hashes: BigUint64Array;
  readonly firstWorld: number;
}

export interface Executor {
  /** Pairs: world, call, world, call… */
  execute(pairs: Int32Array): Promise<Batch>;
}

/** Batches from an explorer; the first one brings world 0, the set-up's. */
export function batches(explorer: Explorer): (pairs: Int32Array) => Batch {
  let worlds = 0;
  const texts = new Map<string, number>();
  return (pairs) => {
    const count = pairs.length >> 1;
    const firstResult = texts.size;
    const to = new Int32Array(count);
    const result = new Uint16Array(count);
    const fails = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const made = explorer.execute(pairs[2 * i], pairs[2 * i + 1]);
      to[i] = made.to;
      fails[i] = made.fails;
      let text = texts.get(made.result);
      if (text === undefined) texts.set(made.result, (text = texts.size));
      result[i] = text;
    }
    const firstWorld = worlds;
    worlds = explorer.size;
    const hashes = BigUint64Array.from({ length: worlds - firstWorld }, (_, i) => explorer.hash(firstWorld + i));
    return { to, result, fails, results: [...texts.keys()].slice(firstResult), firstResult, hashes, firstWorld };
  };
}

/** Runs in this thread, and lets others have a turn between batches. */
export function localExecutor(explorer: Explorer, pause: () => Promise<void>): Executor {
  const run = batches(explorer);
  return {
    execute: async (pairs) => {
      await pause();
      return run(pairs);
    },
  };
}
