// How fast `spesh explore` is on fixtures/explore/pmu-spu.toml, with one and with two workers: as it runs, each pair of world and call once;
// and with nothing remembered, so that every transition's calls go through the kernel (over a million transitions, the first nine levels).
// `npm run bench -- explore [depth of the second part]`
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { openExplorer, readExploration } from '../../src/explore-open.ts';
import { openHome } from '../../src/home.ts';
import { NO_CACHE } from '../../src/host-cache.ts';
import { startThread } from '../../src/io/workers.ts';
import type { ThreadData } from '../../src/run-explore.ts';
import type { Batch } from '../../src/session/explore/executor.ts';
import { type SearchResult, search } from '../../src/session/explore/search.ts';
import { OPTIONS } from '../explore-by-text.ts';

const root = process.cwd();
const path = join(root, 'fixtures', 'explore', 'pmu-spu.toml');
const DEPTH = 9;

async function threadModule(): Promise<URL> {
  const outfile = join(root, 'coverage', 'bench', 'explore-worker.mjs');
  const entryPoints = [join(root, 'src', 'explore-worker.ts')];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' });
  return pathToFileURL(outfile);
}

async function measure(
  module: URL,
  workers: number,
  repeat: boolean,
  depth: number,
): Promise<{ result: SearchResult; seconds: number; busy: number }> {
  const from = performance.now();
  const before = process.cpuUsage();
  const file = readExploration(path)._unsafeUnwrap();
  const data: ThreadData = { root, options: OPTIONS, path, host: file.hosts[0] };
  const threads = Array.from({ length: workers }, () => startThread<Int32Array, Batch>(module, data));
  const explorer = openExplorer(openHome(root, OPTIONS, NO_CACHE), path, file, file.hosts[0])._unsafeUnwrap();
  const result = await search({
    slots: file.calls.map((c) => c.slot),
    invariants: explorer.invariants.length,
    depth,
    executors: threads.map((thread) => ({ execute: (pairs) => thread.ask(pairs) })),
    shard: null,
    repeat,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    stopping: () => false,
  });
  await Promise.all(threads.map((t) => t.stop()));
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (performance.now() - from) / 1000, busy: (user + system) / 1e6 };
}

const grouped = (n: number): string => Math.round(n).toLocaleString('en-US');

export async function run([depth]: readonly string[]): Promise<void> {
  const module = await threadModule();
  for (const [title, repeat, levels] of [
    ['each pair of world and call once', false, Number.POSITIVE_INFINITY],
    [`every transition run, ${depth ?? DEPTH} calls deep`, true, Number(depth ?? DEPTH)],
  ] as const) {
    for (const workers of [1, 2]) {
      const { result, seconds, busy } = await measure(module, workers, repeat, levels);
      const rate = `${grouped(result.transitions / seconds)} transitions/s`;
      const ran = `${grouped(result.executed)} run, ${grouped(result.executed / seconds)} run/s`;
      console.log(
        `${title}, ${workers} ${workers === 1 ? 'worker ' : 'workers'}: ${rate} (${grouped(result.transitions)} transitions, ${ran}, ${seconds.toFixed(1)} s, ${busy.toFixed(1)} s of processor time)`,
      );
    }
  }
}
