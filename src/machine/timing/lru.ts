// A set-associative array with true least-recently-used replacement. A set is `ways` tags, the most recent first; -1 is an empty way.
// The same order as Cachegrind's caches keep, so the same trace gives the same misses.
// A cache's tag is the line number (address / line size), with OWNED when this CPU alone has the line and has written it.

export interface TagArray {
  tags: Int32Array;
  readonly mask: number;
  readonly ways: number;
}

/** The line is modified here and nowhere else: a store to it needs to ask nobody. Line numbers are below it. */
export const OWNED = 1 << 28;
/** A way with nothing in it. */
export const EMPTY = -1;

export function newTagArray(sets: number, ways: number): TagArray {
  return { tags: new Int32Array(sets * ways).fill(EMPTY), mask: sets - 1, ways };
}

/** Looks a tag (page or line number) up and makes it the most recent of its set, evicting the oldest on a miss. True when it was there. */
export function reference(array: TagArray, tag: number): boolean {
  const tags = array.tags;
  const first = (tag & array.mask) * array.ways;
  const end = first + array.ways;
  let carried = tags[first];
  if (carried === tag) return true;
  tags[first] = tag;
  for (let at = first + 1; at < end; at++) {
    const next = tags[at];
    tags[at] = carried;
    if (next === tag) return true;
    carried = next;
  }
  return false;
}

/**
 * The same for a line with its OWNED mark: 0 it was not there and is now, without the mark; 1 it was there; 2 it was there, OWNED.
 */
export function referenceLine(array: TagArray, line: number): 0 | 1 | 2 {
  const tags = array.tags;
  const first = (line & array.mask) * array.ways;
  const end = first + array.ways;
  let carried = tags[first];
  if ((carried & ~OWNED) === line) return carried === line ? 1 : 2;
  tags[first] = line;
  for (let at = first + 1; at < end; at++) {
    const next = tags[at];
    tags[at] = carried;
    if ((next & ~OWNED) === line) {
      tags[first] = next;
      return next === line ? 1 : 2;
    }
    carried = next;
  }
  return 0;
}

/** Where a line stands; -1 = not there. Moves nothing. */
function find(array: TagArray, line: number): number {
  const first = (line & array.mask) * array.ways;
  for (let at = first; at < first + array.ways; at++) if ((array.tags[at] & ~OWNED) === line) return at;
  return -1;
}

/** 0 it is not there, 1 it is, 2 it is OWNED. Moves nothing. */
export function probe(array: TagArray, line: number): 0 | 1 | 2 {
  const at = find(array, line);
  return at < 0 ? 0 : array.tags[at] === line ? 1 : 2;
}

/** Sets or takes the mark of a line that may be there. */
export function setOwned(array: TagArray, line: number, owned: boolean): void {
  const at = find(array, line);
  if (at >= 0) array.tags[at] = owned ? line | OWNED : line;
}

/** Another CPU wrote the line: it is no longer here, and its way is the first to be filled again. */
export function dropLine(array: TagArray, line: number): void {
  const { tags, ways, mask } = array;
  const at = find(array, line);
  if (at < 0) return;
  const end = ((line & mask) + 1) * ways;
  for (let i = at; i < end - 1; i++) tags[i] = tags[i + 1];
  tags[end - 1] = EMPTY;
}
