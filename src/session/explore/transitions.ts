// What is known of transitions of worlds: each pair of world and call, once run, is a row of numbers. Worlds have one number for all
// executors, found by their hash.
import type { Batch, Executor } from './executor.ts';

/** Pairs that one batch holds: some ten milliseconds of work. */
const BATCH = 1024;
const UNKNOWN = -1;

export class Transitions {
  /** By world * calls + call: the world that comes of it; UNKNOWN until it was run. */
  private to = new Int32Array(1024).fill(UNKNOWN);
  private result = new Uint8Array(1024);
  private fails = new Int32Array(1024);
  /** Result texts; a transition's is an index. */
  readonly results: string[] = [];
  readonly hashes: bigint[] = [];
  executed = 0;
  private readonly byHash = new Map<bigint, number>();
  private readonly sides: readonly Side[];
  private readonly calls: number;

  constructor(executors: readonly Executor[], calls: number) {
    this.sides = executors.map((executor) => ({ executor, worlds: [], own: new Map(), results: [], waiting: [] }));
    this.calls = calls;
  }

  get worlds(): number {
    return this.hashes.length;
  }

  /** Makes the set-up's world known: number 0. */
  async begin(): Promise<void> {
    for (const side of this.sides) this.learn(side, [], await side.executor.execute(new Int32Array(0)));
  }

  isKnown = (world: number, call: number): boolean => this.to[world * this.calls + call] !== UNKNOWN;
  toOf = (world: number, call: number): number => this.to[world * this.calls + call];
  resultOf = (world: number, call: number): number => this.result[world * this.calls + call];
  failsOf = (world: number, call: number): number => this.fails[world * this.calls + call];

  /** Has a pair run when `run` is called: by the executor that knows the world and has the least to do. */
  want(world: number, call: number): void {
    let chosen: Side | null = null;
    for (const side of this.sides) {
      if (side.own.has(world) && (chosen === null || side.waiting.length < chosen.waiting.length)) chosen = side;
    }
    if (chosen === null) throw new Error(`no executor knows world ${world}`);
    chosen.waiting.push(world, call);
    this.to[world * this.calls + call] = world; // wanted once is enough
  }

  /** Runs what is wanted; `stopping` ends it early, with pairs left unknown: false. */
  async run(stopping: () => boolean, told: () => void): Promise<boolean> {
    const one = async (side: Side): Promise<void> => {
      for (let at = 0; at < side.waiting.length && !stopping(); at += 2 * BATCH) {
        const pairs = side.waiting.slice(at, at + 2 * BATCH);
        const own = Int32Array.from(pairs, (value, i) => (i % 2 === 0 ? (side.own.get(value) ?? 0) : value));
        this.learn(side, pairs, await side.executor.execute(own));
        told();
      }
      side.waiting.length = 0;
    };
    await Promise.all(this.sides.map(one));
    return !stopping();
  }

  private learn(side: Side, pairs: readonly number[], batch: Batch): void {
    for (let i = 0; i < batch.hashes.length; i++) {
      const world = this.worldOf(batch.hashes[i]);
      side.worlds[batch.firstWorld + i] = world;
      if (!side.own.has(world)) side.own.set(world, batch.firstWorld + i);
    }
    for (const text of batch.results) {
      if (!this.results.includes(text)) this.results.push(text);
      side.results.push(this.results.indexOf(text));
    }
    for (let i = 0; i < batch.to.length; i++) {
      const at = pairs[2 * i] * this.calls + pairs[2 * i + 1];
      this.to[at] = side.worlds[batch.to[i]];
      this.result[at] = side.results[batch.result[i]];
      this.fails[at] = batch.fails[i];
    }
    this.executed += batch.to.length;
  }

  private worldOf(hash: bigint): number {
    const known = this.byHash.get(hash);
    if (known !== undefined) return known;
    const world = this.hashes.push(hash) - 1;
    this.byHash.set(hash, world);
    while (this.to.length < (world + 1) * this.calls) this.grow();
    return world;
  }

  private grow(): void {
    const size = this.to.length * 2;
    const to = new Int32Array(size).fill(UNKNOWN);
    to.set(this.to);
    const result = new Uint8Array(size);
    result.set(this.result);
    const fails = new Int32Array(size);
    fails.set(this.fails);
    [this.to, this.result, this.fails] = [to, result, fails];
  }
}

/** One executor, and how its numbers read. */
interface Side {
  readonly executor: Executor;
  /** By its number of a world: ours; and back. */
  readonly worlds: number[];
  readonly own: Map<number, number>;
  /** By its index of a result: ours. */
  readonly results: number[];
  readonly waiting: number[];
}
