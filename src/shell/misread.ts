// A text that does not parse: where, what was expected there, and what to try (language.md §4). Nothing of it reaches the session.

export interface Misread {
  /** Stable word for machines: `unknown-command`, `expected`, `quote`, `number`, `expression`, `option`, … */
  readonly code: string;
  /** 0-based code points in the command. */
  readonly at: number;
  readonly end: number;
  readonly expected: readonly string[];
  readonly message: string;
  readonly hint?: string;
}

export function misread(
  code: string,
  at: number,
  end: number,
  message: string,
  more: { expected?: readonly string[]; hint?: string } = {},
): Misread {
  const base = { code, at, end, expected: more.expected ?? [], message };
  return more.hint === undefined ? base : { ...base, hint: more.hint };
}

/** The same misread for a text that begins `by` code points later. */
export function shifted(m: Misread, by: number): Misread {
  return { ...m, at: m.at + by, end: m.end + by };
}

/** Optimal string alignment distance, case folded, given up above `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let d = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2] + 1);
      row.push(d);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

/** The candidates that a typing slip could have meant, nearest first, at most three. */
export function nearest(word: string, candidates: Iterable<string>): string[] {
  const from = word.toLowerCase();
  // One letter is no slip of another.
  const limit = from.length <= 1 ? 0.5 : from.length <= 5 ? 1 : from.length <= 8 ? 2 : 3;
  const scored: { text: string; d: number }[] = [];
  for (const text of new Set(candidates)) {
    const to = text.toLowerCase();
    const d = to.startsWith(from) || (to.length >= 3 && from.startsWith(to)) ? 0.5 : distance(from, to, limit);
    if (d <= limit) scored.push({ text, d });
  }
  const best = Math.min(...scored.map((s) => s.d));
  return scored
    .filter((s) => s.d < best + 0.5)
    .sort((x, y) => x.d - y.d || (x.text < y.text ? -1 : 1))
    .slice(0, 3)
    .map((s) => s.text);
}

/** `a`, `a or b`, `a, b or c`. */
export function orList(words: readonly string[]): string {
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}

/** `did you mean records, record or recall?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const near = nearest(word, candidates);
  return near.length === 0 ? undefined : `did you mean ${orList(near)}?`;
}
