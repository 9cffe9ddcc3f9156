// The commands typed before: walking through those that begin alike (Up, Down), the grey suggestion, and backward search.

/** Entries in the order they were typed. */
export type Entries = readonly string[];

/** A walk: entries that begin with `prefix`; `typed` is what stood in the line before it. */
export interface Walk {
  readonly prefix: string;
  readonly typed: string;
  /** Entry shown; entries.length is the line as typed. */
  readonly at: number;
}

const MOST = 10_000;

/**
 * Puts one more entry behind the others, in place (a copy for every command would be most of what a long session allocates); false when it
 * is blank or the same as the last. At twice the most, the older half goes.
 */
export function remember(entries: string[], text: string): boolean {
  if (text.trim() === '' || entries.at(-1) === text) return false;
  entries.push(text);
  if (entries.length >= 2 * MOST) entries.splice(0, entries.length - MOST);
  return true;
}

export const startWalk = (entries: Entries, typed: string): Walk => ({ prefix: typed, typed, at: entries.length });

/** The entry a walk stands on. */
export const shown = (entries: Entries, walk: Walk): string => entries[walk.at] ?? walk.typed;

/** One step to an older (-1) or newer (+1) entry that begins with the prefix and differs from the one shown; undefined at the end. */
export function step(entries: Entries, walk: Walk, direction: -1 | 1): Walk | undefined {
  const now = shown(entries, walk);
  for (let at = walk.at + direction; at >= 0 && at < entries.length; at += direction) {
    if (entries[at].startsWith(walk.prefix) && entries[at] !== now) return { ...walk, at };
  }
  return direction === 1 && walk.at < entries.length ? { ...walk, at: entries.length } : undefined;
}

/** What the latest entry that begins with `text` has behind it; '' when there is none, or when nothing is typed. */
export function suggestion(entries: Entries, text: string): string {
  if (text.trim() === '') return '';
  for (let at = entries.length - 1; at >= 0; at--) {
    if (entries[at].startsWith(text) && entries[at] !== text) {
      const rest = entries[at].slice(text.length);
      return rest.includes('\n') ? '' : rest;
    }
  }
  return '';
}

/**
 * The next entry that contains `query`, older (-1) or newer (+1) than the one at `from`, as its index; -1 when there is none. Another copy of
 * the entry at `from` is passed over. A query in small letters finds capitals too.
 */
export function search(entries: Entries, query: string, from: number = entries.length, direction: -1 | 1 = -1): number {
  if (query === '') return -1;
  const wanted = query.toLowerCase() === query ? (entry: string) => entry.toLowerCase() : (entry: string) => entry;
  for (let at = Math.min(from, entries.length) + direction; at >= 0 && at < entries.length; at += direction) {
    if (entries[at] !== entries[from] && wanted(entries[at]).includes(query)) return at;
  }
  return -1;
}
