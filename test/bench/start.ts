// `npm run bench -- start`: from nothing to the answer of one small command, beside a Node that does nothing. The budget is three times that.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../dist/main.js');
const RUNS = 21;
const BUDGET = 3;

/** Milliseconds that the process took. */
function time(args: readonly string[]): number {
  const begin = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return performance.now() - begin;
}

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1];

/** Prints both medians and their ratio; the exit code says whether the budget holds. */
export async function run(): Promise<void> {
  if (!existsSync(MAIN)) throw new Error('dist/ is not there: npm run build');
  const host = [MAIN, '-c', 'host'];
  time(host); // fills the compile cache
  const times: { nothing: number[]; host: number[] } = { nothing: [], host: [] };
  for (let i = 0; i < RUNS; i++) {
    times.nothing.push(time(['-e', '0']));
    times.host.push(time(host));
  }
  const nothing = median(times.nothing);
  const command = median(times.host);
  const ratio = command / nothing;
  process.stdout.write(
    `node -e 0                 ${nothing.toFixed(1)} ms\n` +
      `node dist/main.js -c host ${command.toFixed(1)} ms\n` +
      `ratio ${ratio.toFixed(2)}, budget ${BUDGET}: ${ratio <= BUDGET ? 'held' : 'missed'} (median of ${RUNS})\n`,
  );
  if (ratio > BUDGET) process.exitCode = 1;
}
