// A path as a script that `spesh run` reproduces: the host, the set-up, each command with what became of it, and what shows the failure.
import type { Explorer, Traced } from './explorer.ts';
import type { ExploreFile } from './file.ts';

export interface Counterexample {
  /** How the invariant does not hold. */
  readonly sentence: string;
  readonly script: string;
}

export interface ScriptSource {
  readonly explorer: Explorer;
  readonly file: ExploreFile;
  /** The exploration's file, and the host it ran on. */
  readonly path: string;
  readonly host: string;
  readonly seed: number;
}

/** Walks the path again; `invariant` is the index of the one that fails at its end. */
export function counterexample(source: ScriptSource, path: readonly number[], invariant: number): Counterexample {
  const { explorer, file, host, seed } = source;
  const traced: Traced[] = [];
  let world = 0;
  for (const call of path) {
    const one = explorer.trace(world, call);
    traced.push(one);
    world = one.to;
  }
  const row = explorer.invariants[invariant];
  const sentence = traced.at(-1)?.failures.get(invariant) ?? explorer.atStart.get(invariant) ?? row.says;
  const calls = `${path.length} ${path.length === 1 ? 'call' : 'calls'}`;
  const lines = [
    `# ${row.name} does not hold after ${calls}: ${row.says}`,
    `# ${sentence}`,
    `# found by: spesh explore ${source.path}${seed === 0 ? '' : `; run this with --seed ${seed}`}`,
    `host load ${host}`,
    ...file.setup,
    ...traced.flatMap(({ commands }) => commands.map(({ text, result }) => expectation(text, result))),
    ...row.shows,
  ];
  return { sentence, script: `${lines.join('\n')}\n` };
}

/** The command with what it must come to. */
function expectation(text: string, result: string): string {
  if (result === 'ok') return `expect ok ${text}`;
  if (result.startsWith('KVM_EXIT_')) return `expect exit ${result} ${text}`;
  if (/^E[A-Z0-9]+$/.test(result)) return `expect ${result} ${text}`;
  return `# ${text}  (${result})`;
}
