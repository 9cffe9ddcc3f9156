// Runs the npm scripts under a Node that is new enough (the system's may be 20), forwarding signals and the exit code.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const MINIMUM = [22, 12];

function newEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}

/** The Node that the registry package brought, or this one. */
function pickNode() {
  const system = { linux: 'linux', win32: 'win' }[process.platform];
  const bundled = join(root, 'node_modules', `node-${system}-${process.arch}`, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (system !== undefined && existsSync(bundled)) return bundled;
  if (newEnough(process.versions.node)) return process.execPath;
  process.stderr.write(`spesh: needs Node >= ${MINIMUM.join('.')}; this is ${process.versions.node}, and no bundled Node was installed\n`);
  process.exit(2);
}

const bin = (name) => join(root, 'node_modules', ...name);
const vitest = [bin(['vitest', 'vitest.mjs']), '--config', 'test/vitest.config.ts'];
const TASKS = {
  build: [[join(root, 'src', 'build.mjs')]],
  spesh: [['--max-semi-space-size=16', join(root, 'dist', 'main.js')]],
  tour: [[join(root, 'dist', 'main.js'), 'run', join(root, 'fixtures', 'sessions', 'tour.md'), '--echo']],
  test: [['--max-semi-space-size=64', ...vitest, 'run']], // a twentieth less time than with V8's own 16 MiB
  oracle: [[...vitest, 'run', '--mode', 'oracle']],
  fuzz: [[...vitest, 'run', '--mode', 'fuzz']],
  reference: [[join(root, 'src', 'reference.ts')]],
  bench: [[join(root, 'test', 'bench', 'main.mjs')]],
  check: [
    [bin(['typescript', 'bin', 'tsc']), '--noEmit', '-p', 'tsconfig.json'],
    [bin(['typescript', 'bin', 'tsc']), '--noEmit', '-p', 'src/tsconfig.pure.json'],
    [bin(['@biomejs', 'biome', 'bin', 'biome']), 'check', '--config-path', '.biome.json', '.'],
    [bin(['dependency-cruiser', 'bin', 'dependency-cruiser.mjs']), 'src', 'commands', '--config', '.dependency-cruiser.cjs'],
    [...vitest, 'run', 'test/architecture.test.ts'],
  ],
};

const [task, ...rest] = process.argv.slice(2);
const steps = TASKS[task];
if (steps === undefined) {
  process.stderr.write(`launch: unknown task ${task}\n`);
  process.exit(2);
}
// A part of the suite is asked for by name: then its tests are listed by theirs.
const listed = task === 'test' && rest.some((word) => !word.startsWith('-')) && !rest.some((word) => word.startsWith('--reporter'));
if (listed) rest.push('--reporter=verbose');
const node = pickNode();
const env = { ...process.env, PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}` };

function run(args) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { stdio: 'inherit', cwd: task === 'spesh' ? process.cwd() : root, env });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 1)));
  });
}

for (const [i, step] of steps.entries()) {
  const code = await run(i === steps.length - 1 ? [...step, ...rest] : step);
  if (code !== 0) process.exit(code);
}
