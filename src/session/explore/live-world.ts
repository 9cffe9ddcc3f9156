// A world that calls write in place, while each state it was in is kept as immutable parts: `capture` sees what a call changed, `restore`
// takes it back or goes elsewhere. Two things keep the look short. Typed arrays lie in one buffer: "no register and no interrupt changed" is
// one comparison. And what calls hardly ever write can sleep: its objects are frozen and not looked at; a call that does write one throws a
// TypeError, and is to be made again on a world that is awake.
import {
  capture,
  EACH,
  isBytesPart,
  isObjectPart,
  type Members,
  type Omitted,
  omittedBelow,
  Part,
  sameBytes,
  type TypedArray,
} from './parts.ts';

/** Are the bytes of two equally long arrays the same? The machine may know a faster way than the language does. */
export type SameBytes = (a: Uint8Array, b: Uint8Array) => boolean;

const padded = (bytes: number): number => (bytes + 7) & ~7;

/** Bytes that the typed arrays of a part take, each on a multiple of eight. */
function sizeOf(part: unknown): number {
  if (!(part instanceof Part)) return 0;
  if (isBytesPart(part)) return padded((part.plain as TypedArray).byteLength);
  return part.values.reduce<number>((sum, value) => sum + sizeOf(value), 0);
}

/** Typed arrays side by side in one buffer. */
class Arena {
  readonly bytes: Uint8Array;
  /** The bytes as they were captured last. */
  readonly mirror: Uint8Array;
  private next = 0;
  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.mirror = new Uint8Array(size);
  }

  /** A writable copy: in the buffer while there is room, else on its own. */
  copy(from: TypedArray): TypedArray {
    if (this.next + from.byteLength > this.bytes.length) return from.slice();
    const make = from.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray;
    const made = new make(this.bytes.buffer, this.next, from.length);
    (made as Uint8Array).set(from as Uint8Array);
    this.next += padded(from.byteLength);
    return made;
  }
}

function freezeObjects(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return;
  for (const member of Object.values(value)) freezeObjects(member);
  Object.freeze(value);
}

/** The objects at a path, each with its part. */
function below(live: unknown, part: unknown, [key, ...rest]: readonly string[]): (readonly [object, Part])[] {
  if (!(part instanceof Part) || isBytesPart(part)) return [];
  if (key === undefined) return [[live as object, part]];
  const keys = isObjectPart(part) ? part.keys : part.values.map((_, i) => String(i));
  const found = keys.flatMap((name, i) => (key === EACH || key === name ? [i] : []));
  return found.flatMap((i) => below((live as Members)[keys[i]], part.values[i], rest));
}

export interface LiveOptions {
  /** Members that are not part of a state; they begin as their functions make them. */
  readonly omitted: Omitted;
  readonly same?: SameBytes;
  /** What sleeps: the keys that lead there, `*` for each member or element. Places that are not there are left out. */
  readonly asleep: readonly (readonly string[])[];
  /** The world's parts, where another live world has them. */
  readonly parts?: Part;
}

export class LiveWorld<T extends object> {
  readonly world: T;
  private readonly asleep: readonly (readonly string[])[];
  private at: Part;
  private readonly arena: Arena;
  /** Objects made here: only those are written by `restore`. What the kernel put there may be its own. */
  private readonly own = new WeakSet<object>();
  private readonly omitted: Omitted;
  private readonly same: SameBytes;

  /** A copy of a world to run calls on. */
  constructor(from: T, { omitted, same, asleep, parts: known }: LiveOptions) {
    this.omitted = omitted;
    this.same = same ?? sameBytes;
    this.asleep = asleep;
    const parts = capture(from, undefined, omitted, null) as Part;
    this.arena = new Arena(sizeOf(parts));
    this.world = this.thaw(parts, omitted) as T;
    this.arena.mirror.set(this.arena.bytes);
    this.at = capture(this.world, known, omitted, null) as Part;
    for (const path of asleep) {
      for (const [live, part] of below(this.world, this.at, path)) {
        freezeObjects(live);
        part.source = live;
      }
    }
  }

  /** The parts that sleep. */
  private sleepers(): readonly Part[] {
    return this.asleep.flatMap((path) => below(this.world, this.at, path).map(([, part]) => part));
  }

  /** The parts of the world as it stands; what did not change since is the same object. Throws a TypeError when a sleeper's bytes changed. */
  capture(): Part {
    const { bytes, mirror } = this.arena;
    if (this.same(bytes, mirror)) this.at = capture(this.world, this.at, this.omitted, bytes.buffer) as Part;
    else {
      mirror.set(bytes);
      const sleepers = this.sleepers();
      this.at = capture(this.world, this.at, this.omitted, null) as Part;
      if (this.sleepers().some((part, i) => part !== sleepers[i])) throw new TypeError('the bytes of what sleeps were written');
    }
    return this.at;
  }

  /** Writes the parts into the world, which must stand where it was captured or restored last: only what differs is touched. */
  restore(parts: Part): void {
    if (parts === this.at) return;
    if (this.writeMembers(this.world as unknown as Members, this.at, parts, this.omitted)) this.arena.mirror.set(this.arena.bytes);
    this.at = parts;
  }

  private thaw(value: unknown, omitted: Omitted | undefined): unknown {
    if (!(value instanceof Part)) return value;
    if (isBytesPart(value)) return this.arena.copy(value.plain as TypedArray);
    const made = isObjectPart(value)
      ? this.thawMembers(value, omitted)
      : value.values.map((v) => this.thaw(v, omittedBelow(omitted, EACH)));
    this.own.add(made);
    return made;
  }

  private thawMembers(part: Part, omitted: Omitted | undefined): Members {
    const made: Members = {};
    part.keys.forEach((key, i) => {
      made[key] = this.thaw(part.values[i], omittedBelow(omitted, key));
    });
    for (const [key, make] of Object.entries(omitted ?? {})) if (typeof make === 'function') made[key] = make();
    return made;
  }

  // The writers say whether they wrote typed arrays.

  private writeMembers(live: Members, from: Part, to: Part, omitted: Omitted | undefined): boolean {
    const sameKeys = from.shape === to.shape;
    if (!sameKeys) for (const key of from.keys) if (!to.keys.includes(key)) delete live[key];
    let bytes = false;
    for (let i = 0; i < to.keys.length; i++) {
      const key = to.keys[i];
      const before = sameKeys ? from.values[i] : from.values[from.keys.indexOf(key)];
      const after = to.values[i];
      if (before !== after) bytes = this.put(live, key, before, after, omitted && omittedBelow(omitted, key)) || bytes;
    }
    return bytes;
  }

  private writeElements(live: unknown[], from: Part, to: Part, each: Omitted | undefined): boolean {
    live.length = to.values.length;
    let bytes = false;
    for (let i = 0; i < to.values.length; i++) {
      const before = from.values[i];
      const after = to.values[i];
      if (before !== after || i >= from.values.length)
        bytes = this.put(live as unknown as Members, String(i), before, after, each) || bytes;
    }
    return bytes;
  }

  private put(live: Members, key: string, before: unknown, after: unknown, omitted: Omitted | undefined): boolean {
    if (!(after instanceof Part)) {
      live[key] = after;
      return false;
    }
    const now = live[key];
    if (isBytesPart(after)) return this.putBytes(live, key, now, after);
    if (!(before instanceof Part) || before.kind !== after.kind || !this.own.has(now as object)) {
      live[key] = this.thaw(after, omitted);
      return true;
    }
    if (isObjectPart(after)) return this.writeMembers(now as Members, before, after, omitted);
    return this.writeElements(now as unknown[], before, after, omitted && omittedBelow(omitted, EACH));
  }

  private putBytes(live: Members, key: string, now: unknown, after: Part): boolean {
    const plain = after.plain as TypedArray;
    const inArena = ArrayBuffer.isView(now) && now.buffer === this.arena.bytes.buffer && now.constructor === plain.constructor;
    if (inArena && (now as TypedArray).length === plain.length) (now as Uint8Array).set(plain as Uint8Array);
    else live[key] = plain.slice();
    return true;
  }
}
