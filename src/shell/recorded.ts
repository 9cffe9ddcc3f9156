// Recorded output of notebooks: which lines a recorded line stands for, how output is written so that it is not read as a marker, and
// the rewriting that keeps wildcards which still match.
import { err, ok, type Result } from 'neverthrow';

export type Matcher = { readonly kind: 'any lines' } | { readonly kind: 'line'; matches(line: string): boolean; readonly wild: boolean };

const ANY_LINES = '...';
const ANY_TEXT = '[..]';
const REGEX = ' (re)';
/** Behind a line of output that could be read as something else. */
export const ESCAPED = ' (esc)';

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** What a recorded line stands for; the error is why its regular expression is none. */
export function matcherOf(recorded: string): Result<Matcher, string> {
  const text = recorded.trimEnd();
  if (text === ANY_LINES) return ok({ kind: 'any lines' });
  if (text.endsWith(ESCAPED)) {
    const literal = text.slice(0, -ESCAPED.length);
    return ok({ kind: 'line', matches: (line) => line === literal, wild: false });
  }
  const pattern = text.endsWith(REGEX)
    ? text.slice(0, -REGEX.length)
    : text.includes(ANY_TEXT)
      ? text.split(ANY_TEXT).map(quoted).join('.*')
      : null;
  if (pattern === null) return ok({ kind: 'line', matches: (line) => line.trimEnd() === text, wild: false });
  try {
    const regex = new RegExp(`^(?:${pattern})$`, 'su');
    return ok({ kind: 'line', matches: (line) => regex.test(line), wild: true });
  } catch (problem) {
    return err(`not a regular expression: ${problem instanceof Error ? problem.message.replace(/^.*: /, '') : pattern}`);
  }
}

/** Output as it is recorded: what could be read as a marker has ` (esc)` behind it. */
export function recordLine(line: string): string {
  const text = line.trimEnd();
  const marker =
    /^(spe>|\.\.\.>)( |$)/.test(text) ||
    text === ANY_LINES ||
    /^\? \S+$/.test(text) ||
    text.includes(ANY_TEXT) ||
    text.endsWith(REGEX) ||
    text.endsWith(ESCAPED);
  return marker ? text + ESCAPED : text;
}

/** Whether the recorded lines stand for these. */
export function recordedHolds(recorded: readonly string[], actual: readonly string[]): boolean {
  const matchers = recorded.map((r) => matcherOf(r)._unsafeUnwrap());
  // Reachable positions of `actual`, line by line of `recorded`.
  let reachable = new Set([0]);
  for (const m of matchers) {
    const next = new Set<number>();
    if (m.kind === 'any lines') {
      const from = Math.min(...reachable);
      for (let j = from; j <= actual.length; j++) next.add(j);
    } else for (const j of reachable) if (j < actual.length && m.matches(actual[j])) next.add(j + 1);
    if (next.size === 0) return false;
    reachable = next;
  }
  return reachable.has(actual.length);
}

const KEEP = 4;
const DROP = -1;
const ADD = -2;
/** Above this many cells the alignment is not worth its time: everything is written anew. */
const LARGEST_ALIGNMENT = 250_000;

/**
 * What to record for `actual`, keeping recorded wildcards (and everything else) that still match. Where the recorded lines stand for
 * `actual` as they are, they stay.
 */
export function updateRecorded(recorded: readonly string[], actual: readonly string[]): string[] {
  if (recordedHolds(recorded, actual)) return [...recorded];
  const n = recorded.length;
  const m = actual.length;
  if (!recorded.some((r) => isWild(r)) || (n + 1) * (m + 1) > LARGEST_ALIGNMENT) return actual.map(recordLine);
  const matchers = recorded.map((r) => matcherOf(r)._unsafeUnwrap());
  // best[i][j]: score of aligning recorded[i…] with actual[j…].
  const best = Array.from({ length: n + 1 }, () => new Int32Array(m + 1));
  const matches = (i: number, j: number): boolean => {
    const x = matchers[i];
    return x.kind === 'line' && x.matches(actual[j]);
  };
  for (let i = n; i >= 0; i--) {
    for (let j = m; j >= 0; j--) {
      if (i === n && j === m) continue;
      best[i][j] = Math.max(...moves(i, j).map((move) => move.score));
    }
  }
  function moves(i: number, j: number): { readonly score: number; readonly emit: string | null; readonly i: number; readonly j: number }[] {
    const out: { score: number; emit: string | null; i: number; j: number }[] = [];
    const any = i < n && matchers[i].kind === 'any lines';
    if (any) out.push({ score: best[i + 1][j], emit: recorded[i], i: i + 1, j });
    if (any && j < m) out.push({ score: best[i][j + 1], emit: null, i, j: j + 1 });
    if (i < n && j < m && matches(i, j)) out.push({ score: best[i + 1][j + 1] + KEEP, emit: recorded[i], i: i + 1, j: j + 1 });
    if (i < n && j < m && !any) out.push({ score: best[i + 1][j + 1], emit: recordLine(actual[j]), i: i + 1, j: j + 1 });
    if (i < n && !any) out.push({ score: best[i + 1][j] + DROP, emit: null, i: i + 1, j });
    if (j < m && !any) out.push({ score: best[i][j + 1] + ADD, emit: recordLine(actual[j]), i, j: j + 1 });
    return out;
  }
  const lines: string[] = [];
  for (let i = 0, j = 0; i < n || j < m; ) {
    const all = moves(i, j);
    const move = all.find((x) => x.score === best[i][j]) ?? all[0];
    if (move.emit !== null) lines.push(move.emit);
    i = move.i;
    j = move.j;
  }
  return recordedHolds(lines, actual) ? lines : actual.map(recordLine);
}

const isWild = (recorded: string): boolean => {
  const m = matcherOf(recorded);
  return m.isOk() && (m.value.kind === 'any lines' || m.value.wild);
};
