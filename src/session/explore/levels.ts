// The states of one level of a breadth-first search, without an object a state: a world's number and the calls left as bits, with the state
// and the call that led there first.

const EMPTY = -1;

export class Level {
  size = 0;
  world = new Int32Array(64);
  left = new Int32Array(64);
  /** Index in the level above; -1 for the first state. */
  parent = new Int32Array(64);
  via = new Uint8Array(64);
  private slots = new Int32Array(128).fill(EMPTY);

  /** Adds a state that is not there yet. */
  add(world: number, left: number, parent: number, via: number): void {
    let at = this.find(world, left);
    if (this.slots[at] !== EMPTY) return;
    if (this.size === this.world.length) {
      this.grow();
      at = this.find(world, left);
    }
    this.slots[at] = this.size;
    this.world[this.size] = world;
    this.left[this.size] = left;
    this.parent[this.size] = parent;
    this.via[this.size] = via;
    this.size += 1;
  }

  /** Drops what only `add` needs. */
  close(): void {
    this.slots = new Int32Array(0);
  }

  private find(world: number, left: number): number {
    const mask = this.slots.length - 1;
    let hash = Math.imul(world, 0x9e3779b1) ^ Math.imul(left, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    for (let at = (hash ^ (hash >>> 13)) & mask; ; at = (at + 1) & mask) {
      const found = this.slots[at];
      if (found === EMPTY || (this.world[found] === world && this.left[found] === left)) return at;
    }
  }

  private grow(): void {
    const size = this.world.length * 2;
    const wider = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const made = new Int32Array(size);
      made.set(old);
      return made;
    };
    this.world = wider(this.world);
    this.left = wider(this.left);
    this.parent = wider(this.parent);
    const via = new Uint8Array(size);
    via.set(this.via);
    this.via = via;
    this.slots = new Int32Array(size * 2).fill(EMPTY);
    for (let i = 0; i < this.size; i++) this.slots[this.find(this.world[i], this.left[i])] = i;
  }
}

/** The calls that lead to a state of the last level, in order. */
export function pathTo(levels: readonly Level[], index: number): number[] {
  const path: number[] = [];
  for (let depth = levels.length - 1, at = index; depth > 0; depth--) {
    path.push(levels[depth].via[at]);
    at = levels[depth].parent[at];
  }
  return path.reverse();
}
