// A set-associative array with true least-recently-used replacement. A set is `ways` tags, the most recent first; -1 is an empty way.
// The same order as Cachegrind's caches keep, so the same trace gives the same misses.

export interface TagArray {
  tags: Int32Array;
  readonly mask: number;
  readonly ways: number;
}

export function newTagArray(sets: number, ways: number): TagArray {
  return { tags: new Int32Array(sets * ways).fill(-1), mask: sets - 1, ways };
}

/** Looks a tag (line or page number) up and makes it the most recent of its set, evicting the oldest on a miss. True when it was there. */
export function reference(array: TagArray, tag: number): boolean {
  const tags = array.tags;
  const first = (tag & array.mask) * array.ways;
  if (tags[first] === tag) return true;
  const end = first + array.ways;
  let at = first + 1;
  while (at < end && tags[at] !== tag) at++;
  const hit = at < end;
  for (let i = hit ? at : end - 1; i > first; i--) tags[i] = tags[i - 1];
  tags[first] = tag;
  return hit;
}
