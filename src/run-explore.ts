// `spesh explore`: every order of a file's calls, what each can answer, and which invariants fail (language.md §8). Part of main.
import { ok } from 'neverthrow';
import { openExplorer, readExploration } from './explore-open.ts';
import { failure, type Home, openHome } from './home.ts';
import { NO_CACHE } from './host-cache.ts';
import type { CommonOptions, Invocation } from './io/arguments.ts';
import { writeBytes } from './io/files.ts';
import { STDERR, STDOUT } from './io/output.ts';
import { cpuCount, threadModule } from './io/processors.ts';
import { type Progress, progressBar } from './io/progress.ts';
import { projectRoot } from './io/project.ts';
import { createRowFile, type RowFile } from './io/row-file.ts';
import { listenForStop, stopCode } from './io/signals.ts';
import { serveRequests, startThread, type WorkerThread } from './io/workers.ts';
import { type Batch, batches, type Executor, localExecutor } from './session/explore/executor.ts';
import type { Explorer } from './session/explore/explorer.ts';
import type { ExploreFile } from './session/explore/file.ts';
import { type RowNames, stateRow, transitionRow } from './session/explore/rows.ts';
import { type Counterexample, counterexample } from './session/explore/script.ts';
import { mostShards, type SearchResult, type Shard, search } from './session/explore/search.ts';
import { NOT_PART_OF_STATE } from './session/explore/stage.ts';
import type { BatchPort, Failure } from './shell/batch.ts';
import { EXIT } from './shell/exit-code.ts';
import { type Explored, exploredDoc, exploredJson, hostsDoc } from './shell/show-explore.ts';

export type ExploreInvocation = Extract<Invocation, { mode: 'explore' }>;

/** What a thread begins with: it boots the host and runs the set-up itself. */
export interface ThreadData {
  readonly root: string;
  readonly options: CommonOptions;
  readonly path: string;
  readonly host: string;
}

/** Orders of so few calls are over before a thread has started. */
const FEW_CALLS = 9;

/** Runs the exploration on each of its hosts; the exit code: 1 when an invariant does not hold. */
export async function runExplore(invocation: ExploreInvocation, home: Home, port: BatchPort): Promise<number> {
  const fail = ({ code, doc }: Failure): number => {
    port.err(port.render(doc, 'err'));
    return code;
  };
  const read = readExploration(invocation.file);
  if (read.isErr()) return fail(read.error);
  const file = read.value;
  const shard = shardOf(invocation.shard, file.calls.length);
  if (typeof shard === 'string') return fail(failure(EXIT.usage, shard, '--shard 1/4 is the first of four'));
  const rows = openRows(invocation.rows);
  if ('doc' in rows) return fail(rows);
  const signals = listenForStop();
  const explored: Explored[] = [];
  let code: number = EXIT.ok;
  try {
    for (const host of home.options.host === null ? file.hosts : [home.options.host]) {
      const explorer = openExplorer(home, invocation.file, file, host);
      if (explorer.isErr()) return fail(explorer.error);
      const one = await exploreHost(
        { invocation, home, port, file, host, shard, rows, explorer: explorer.value },
        () => signals.pending() !== null,
      );
      if (signals.pending() !== null) break;
      explored.push(one);
      report(one, invocation, home, port);
      if (one.invariants.some((i) => i.failure !== null)) code = EXIT.failed;
    }
  } catch (problem) {
    // From a thread it comes as a plain Error.
    if (!(problem instanceof Error) || !problem.message.startsWith(NOT_PART_OF_STATE)) throw problem;
    return fail(failure(EXIT.invalid, `${invocation.file}: ${problem.message}`));
  } finally {
    signals.dispose();
    if (signals.pending() !== null) rows.abandon();
  }
  const signal = signals.pending();
  if (signal !== null) return stopCode(signal);
  if (explored.length > 1 && !home.options.json && !home.options.quiet) port.out(port.render(hostsDoc(explored), 'out'));
  const closed = rows.close();
  return closed.isErr() ? fail(failure(EXIT.usage, `${invocation.rows}: ${closed.error.message}`)) : code;
}

interface Exploration {
  readonly invocation: ExploreInvocation;
  readonly home: Home;
  readonly port: BatchPort;
  readonly file: ExploreFile;
  readonly host: string;
  readonly shard: Shard | null;
  readonly rows: RowFile;
  readonly explorer: Explorer;
}

async function exploreHost(e: Exploration, stopping: () => boolean): Promise<Explored> {
  const { invocation, home, port, file, explorer } = e;
  const workers = invocation.workers ?? (file.calls.length <= FEW_CALLS ? 1 : cpuCount());
  const data: ThreadData = { root: projectRoot(import.meta.url), options: home.options, path: invocation.file, host: e.host };
  const threads =
    workers === 1 ? [] : Array.from({ length: workers }, () => startThread<Int32Array, Batch>(threadModule('explore-worker'), data));
  const bar: Progress = progressBar(STDERR, port.now);
  const names = rowNames(file, explorer);
  const wantsRows = invocation.rows !== null;
  try {
    const result = await search({
      slots: file.calls.map((c) => c.slot),
      invariants: explorer.invariants.length,
      depth: file.depth ?? Number.POSITIVE_INFINITY,
      executors: workers === 1 ? [localExecutor(explorer, port.pause)] : threads.map(executorOf),
      shard: e.shard,
      pause: port.pause,
      stopping,
      progress: ({ transitions, remaining }) => bar.show(transitions, transitions + remaining, 'transitions'),
      ...(wantsRows && invocation.each === 'transition' ? { row: (row) => e.rows.line(transitionRow(row, names)) } : {}),
      ...(wantsRows && invocation.each === 'state'
        ? { state: (depth, world, left) => e.rows.line(stateRow(depth, world, left, names)) }
        : {}),
    });
    return exploredOf(e, result);
  } finally {
    bar.clear();
    await Promise.all(threads.map((t) => t.stop()));
  }
}

const executorOf = (thread: WorkerThread<Int32Array, Batch>): Executor => ({ execute: (pairs) => thread.ask(pairs) });

function rowNames(file: ExploreFile, explorer: Explorer): RowNames {
  const slots: string[] = [];
  for (const call of file.calls) slots[call.slot] = slots[call.slot] === undefined ? call.label : call.name;
  return { calls: file.calls.map((c) => c.label), slots, invariants: explorer.invariants.map((i) => i.name) };
}

/** The search's numbers with names, and a script for each invariant that fails. */
function exploredOf(e: Exploration, result: SearchResult): Explored {
  const { explorer, file, host, home, invocation } = e;
  const seed = home.options.seed ?? file.seed;
  const script = (path: readonly number[], i: number): Counterexample =>
    counterexample({ explorer, file, path: invocation.file, host, seed }, path, i);
  return {
    file: invocation.file,
    about: file.about,
    host,
    shard: e.shard,
    depth: file.depth,
    result,
    calls: file.calls.map((call, i) => ({ label: call.label, results: result.results[i] })),
    invariants: explorer.invariants.map(({ name, says, evidence }, i) => {
      const failed = result.failures[i] ?? (explorer.atStart.has(i) ? { transitions: 0, path: [] } : null);
      const path = failed === null || explorer.atStart.has(i) ? [] : failed.path;
      const failure = failed === null ? null : { ...failed, path, ...script(path, i) };
      return { name, says, evidence, failure };
    }),
  };
}

function report(one: Explored, invocation: ExploreInvocation, home: Home, port: BatchPort): void {
  const print = invocation.rows === '-' ? port.err : port.out; // rows have standard output
  if (home.options.json) print(exploredJson(one));
  else if (!home.options.quiet) print(port.render(exploredDoc(one), 'out'));
  if (invocation.scripts === null) return;
  for (const { name, failure: found } of one.invariants) {
    if (found === null) continue;
    const path = `${invocation.scripts}/${one.host}.${name}.spe`;
    writeBytes(path, found.script).mapErr((fault) => port.err(`spesh: ${path}: ${fault.message}\n`));
  }
}

/** `2/4`; a sentence when it is none. */
function shardOf(text: string | null, calls: number): Shard | null | string {
  if (text === null) return null;
  const [, index, count] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index === undefined || index < 1 || index > count) return `'${text}' is no shard`;
  if (count > mostShards(calls)) return `${calls} calls make at most ${mostShards(calls)} shards`;
  return { index: index - 1, count };
}

const NO_ROWS: RowFile = { line: () => {}, close: () => ok(null), abandon: () => {} };

function openRows(path: string | null): RowFile | Failure {
  if (path === null) return NO_ROWS;
  if (path === '-') return { ...NO_ROWS, line: (text) => STDOUT.write(`${text}\n`) };
  const made = createRowFile(path);
  return made.isErr() ? failure(EXIT.usage, `${path}: ${made.error.message}`) : made.value;
}

/** In a thread: runs transitions for the search in the main thread. What crosses are numbers and hashes. */
export async function serveExploration(): Promise<void> {
  await serveRequests<ThreadData, Int32Array, Batch>(async ({ root, options, path, host }) => {
    const home = openHome(root, options, NO_CACHE);
    const explorer = readExploration(path).andThen((file) => openExplorer(home, path, file, host));
    // The main thread has opened the same: what fails here only is our bug.
    if (explorer.isErr()) throw new Error(`${path} could be opened in the main thread only`);
    return batches(explorer.value);
  });
}
