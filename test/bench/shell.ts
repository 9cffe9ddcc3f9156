// `npm run bench -- shell`: the budgets of the interactive shell on a machine of two CPUs, beside `node -e 0`. It measures dist/, as built.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPty, type Pty } from '../pty/pty.ts';

const MAIN = 'dist/main.js';
/** As src/launch.sh starts it. */
const NODE_OPTIONS = ['--max-semi-space-size=16'];
const KEYS = 300;
const CELLS = 10_000;
const LINES = 10_000;
const BYTES_A_LINE = 16;

interface Measured {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 'MB';
  readonly budget: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const percentile = (values: readonly number[], p: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil((values.length * p) / 100) - 1];

function wall(args: readonly string[]): number {
  const before = performance.now();
  const ended = spawnSync(process.execPath, [...args], { stdio: 'ignore' });
  if (ended.status !== 0) throw new Error(`node ${args.join(' ')}: exit ${ended.status}`);
  return performance.now() - before;
}

const times = (n: number, measure: () => number): number[] => Array.from({ length: n }, measure);

async function start(): Promise<{ readonly pty: Pty; readonly took: number }> {
  const state = mkdtempSync(join(tmpdir(), 'spesh-bench-'));
  const before = performance.now();
  const pty = openPty(process.execPath, [...NODE_OPTIONS, MAIN], 80, 24, { XDG_STATE_HOME: state });
  await pty.until(/^spe>$/m);
  return { pty, took: performance.now() - before };
}

const atPrompt = (pty: Pty): boolean =>
  pty
    .visible()
    .filter((row) => row !== '')
    .at(-1) === 'spe>';

/** One key after the other, each seen before the next is pressed. */
async function keystrokes(pty: Pty): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < KEYS; i++) {
    const text = 'vcpu 0 attr set spe.spu 10'.slice(0, (i % 26) + 1);
    const before = performance.now();
    pty.type(text.slice(-1));
    await pty.until(() => pty.visible().some((row) => row.startsWith(`spe> ${text}`.trimEnd())));
    took.push(performance.now() - before);
    if (i % 26 !== 25) continue;
    pty.type('\u0015');
    await pty.until(() => atPrompt(pty));
  }
  pty.type('\u0015');
  await pty.until(() => atPrompt(pty));
  return took;
}

async function longOutput(pty: Pty): Promise<number> {
  pty.type('up pointer-chase\r');
  await pty.until(() => pty.everything().some((row) => row.startsWith('pointer-chase: ')) && atPrompt(pty));
  const before = performance.now();
  pty.type(`x 0x40000000 ${LINES * BYTES_A_LINE} --as ipa\r`);
  const last = (0x4000_0000 + (LINES - 1) * BYTES_A_LINE).toString(16);
  await pty.until(() => pty.visible().some((row) => row.startsWith(last)) && atPrompt(pty));
  return performance.now() - before;
}

async function manyCells(pty: Pty): Promise<number> {
  // Lines are pasted a thousand at a time; the last one of each thousand is waited for.
  for (let i = 1; i <= CELLS / 1000; i++) {
    pty.type(`\u001b[200~${'tick\n'.repeat(999)}print ${i}000 + 1\u001b[201~\r`);
    await pty.until(() => pty.visible().some((row) => row.endsWith(` = ${i}001`)) && atPrompt(pty));
  }
  const status = readFileSync(`/proc/${pty.process.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

export async function run(): Promise<void> {
  execFileSync(process.execPath, ['src/build.mjs']);
  wall([MAIN, '-c', 'host']);
  const node = median(times(9, () => wall(['-e', '0'])));
  const measured: Measured[] = [];
  const note = (what: string, value: number, unit: Measured['unit'], budget: number): void => {
    measured.push({ what, value, unit, budget });
  };
  note('spesh -c host', median(times(9, () => wall([...NODE_OPTIONS, MAIN, '-c', 'host']))), 'ms', 150);
  const starts: number[] = [];
  for (let i = 0; i < 5; i++) {
    const { pty, took } = await start();
    starts.push(took);
    pty.type('\u0004');
    await pty.exit;
  }
  note('first frame', median(starts), 'ms', 500);
  const { pty } = await start();
  note('keystroke to frame, p95', percentile(await keystrokes(pty), 95), 'ms', 16);
  note('10,000 lines of output', await longOutput(pty), 'ms', 1500);
  note('RSS after 10,000 cells', await manyCells(pty), 'MB', 250);
  pty.process.kill('SIGKILL');
  process.stdout.write(`node -e 0                  ${node.toFixed(0).padStart(6)} ms\n`);
  for (const { what, value, unit, budget } of measured) {
    const multiple = unit === 'ms' ? `  ${(value / node).toFixed(1)} x node` : '';
    const verdict = value <= budget ? 'within' : 'OVER';
    process.stdout.write(`${what.padEnd(26)} ${value.toFixed(0).padStart(6)} ${unit}  ${verdict} ${budget} ${unit}${multiple}\n`);
  }
  process.exitCode = measured.every(({ value, budget }) => value <= budget) ? 0 : 1;
}
