// How fast guests run, beside `qemu-system-aarch64 -singlestep` (one translated block an instruction) and QEMU as it is, on the same programs
// (test/bench/guests, built by its Makefile): the interpreter alone, both tiers, with sampling, with the timing model. Times are the processor
// time of the process, so that what else the machine does matters less; the time of a guest that does nearly nothing (fixtures/guests/memcpy)
// counts as start-up and is taken off.
// `npm run bench -- cpu [rounds]`
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { families } from '../../commands/table.ts';
import { parseElf } from '../../src/abi/elf.ts';
import { parseHost } from '../../src/kernel/host-schema.ts';
import { NEVER_HOT } from '../../src/machine/cpu/code.ts';
import { getSys, setSys } from '../../src/machine/cpu/context.ts';
import { createSession, finish } from '../../src/session/session.ts';
import { readCommand } from '../../src/shell/read.ts';
import { newShellState } from '../../src/shell/state.ts';
import { bareMachine, loadImage, runGuest } from '../machine/cpu/bare.ts';

const root = process.cwd();
const PROGRAMS = ['sieve', 'hash', 'chase', 'tree'].map((name) => ({ name, path: join(root, 'test', 'bench', 'guests', `${name}.elf`) }));
const IDLE = join(root, 'fixtures', 'guests', 'memcpy.elf');
const image = (path: string): Uint8Array => new Uint8Array(readFileSync(path));

/** Seconds of processor time that `work` took in this process. */
function seconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6;
}

interface Run {
  readonly seconds: number;
  readonly operations: number;
  readonly records: number;
}

/**
 * The guest on the CPU alone, without a kernel. `spu`: the guest programs it, a sample every 1,025 operations; full buffers are emptied and
 * handed back here, where otherwise a kernel would interrupt the guest's driver for it.
 */
function onCpu(path: string, options: { spu: boolean; timing: boolean; interpreted?: boolean }): Run {
  const guest = image(path);
  const elf = parseElf(guest)._unsafeUnwrap();
  const b = bareMachine({ megabytes: 64, ...options });
  if (options.interpreted) b.m.code.hot = NEVER_HOT;
  const segments = elf.segments.map((s) => ({
    address: s.address,
    bytes: guest.subarray(Number(s.offset), Number(s.offset) + Number(s.fileSize)),
  }));
  loadImage(b, segments, elf.entry);
  let operations = 0;
  let records = 0;
  const drain = (): void => {
    const { context, spu } = b.cpu;
    records += spu?.completed.length ?? 0;
    if (spu !== null) spu.completed.length = 0;
    setSys(context, 'PMBPTR_EL1', getSys(context, 'PMBLIMITR_EL1') - 0x2001n); // the start of its two pages
    setSys(context, 'PMBSR_EL1', 0n);
    b.cpu.hostLines = 0;
  };
  const time = seconds(() => {
    const end = runGuest(b, 4e9, 1_000_000, drain);
    if (end.reason !== 'off') throw new Error(`the guest ended with ${end.reason}`);
    operations = end.operations;
  });
  return { seconds: time, operations, records };
}

const hostText = (name: string): string => readFileSync(join(root, 'fixtures', 'hosts', `${name}.toml`), 'utf8');

/** The guest in a session on `two-spu`, as a user runs it: kernel and session too, sampling and the timing model on. Seconds. */
function inSession(path: string): number {
  const host = parseHost('two-spu.toml', hostText('two-spu'), hostText)._unsafeUnwrap();
  const { table } = newShellState(families);
  const session = createSession({ host, hosts: new Map([['two-spu', host]]), seed: 0, table: table.behaviours });
  session.addAsset({ path: 'guest', bytes: image(path), sha256: '' });
  const execute = (text: string): void => {
    const command = readCommand(text, table, { prefixes: true, aliases: new Map() })._unsafeUnwrap();
    const outcome = finish(session.execute(command));
    if (!outcome.ok) throw new Error(`${text}: ${JSON.stringify(outcome.unmet ?? outcome.call)}`);
  };
  execute('up guest');
  return seconds(() => execute('run --ops 4000000000'));
}

/** Processor seconds of one run of QEMU. */
function inQemu(path: string, ...options: string[]): number {
  const qemu = `qemu-system-aarch64 ${options.join(' ')} -nodefaults -machine virt,gic-version=3 -cpu cortex-a57 -m 64 -display none -serial null -kernel ${path}`;
  const text = execFileSync('bash', ['-c', `{ TIMEFORMAT='%U %S'; time ${qemu}; } 2>&1`], { encoding: 'utf8' });
  const [user, system] = (text.trim().split('\n').pop() ?? '').split(' ').map(Number);
  return user + system;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
/** The median of an even count: between the two in the middle. */
const middle = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

const QEMU = 'qemu -singlestep';
const INTERPRETER = 'interpreter';

export async function run(args: readonly string[] = []): Promise<void> {
  const rounds = Number(args[0] ?? 3);
  const hasQemu = spawnSync('qemu-system-aarch64', ['--version']).status === 0;
  const engines: readonly (readonly [string, (path: string) => number])[] = [
    [INTERPRETER, (path) => onCpu(path, { spu: false, timing: false, interpreted: true }).seconds],
    ['… with both', (path) => onCpu(path, { spu: true, timing: true, interpreted: true }).seconds],
    ['both tiers', (path) => onCpu(path, { spu: false, timing: false }).seconds],
    ['sampling', (path) => onCpu(path, { spu: true, timing: false }).seconds],
    ['with timing', (path) => onCpu(path, { spu: true, timing: true }).seconds],
    ['in a session', inSession],
    ...(hasQemu ? [['qemu', (path: string) => inQemu(path)] as const, [QEMU, (path: string) => inQemu(path, '-singlestep')] as const] : []),
  ];
  console.log(`million operations a second of processor time, median of ${rounds} rounds; ratio to ${QEMU} in brackets`);
  const missing = hasQemu ? '' : '  (qemu-system-aarch64 is not installed)';
  console.log(`program  operations  ${engines.map(([name]) => name.padStart(17)).join('')}${missing}`);
  const ratios = new Map<string, number[]>();
  const costs = new Map<string, number[]>();
  for (const { name, path } of PROGRAMS) {
    const operations = onCpu(path, { spu: false, timing: false }).operations - onCpu(IDLE, { spu: false, timing: false }).operations;
    const times = engines.map(() => [] as number[]);
    for (let round = 0; round < rounds; round++) {
      for (const [i, [, measure]] of engines.entries()) times[i].push(measure(path) - measure(IDLE));
    }
    const rates = new Map(engines.map(([engine], i) => [engine, operations / median(times[i]) / 1e6]));
    const columns = engines.map(([engine]) => {
      const rate = rates.get(engine) ?? 0;
      const ratio = rate / (rates.get(QEMU) ?? Number.NaN);
      ratios.set(engine, [...(ratios.get(engine) ?? []), ratio]);
      costs.set(engine, [...(costs.get(engine) ?? []), 1 - rate / (rates.get(INTERPRETER) ?? Number.NaN)]);
      return `${rate.toFixed(1)}${hasQemu && engine !== QEMU ? ` [${ratio.toFixed(2)}]` : ''}`.padStart(17);
    });
    console.log(`${name.padEnd(8)} ${String(operations).padStart(10)}  ${columns.join('')}`);
  }
  if (hasQemu) {
    const columns = engines.map(([engine]) => (engine === QEMU ? '' : `[${middle(ratios.get(engine) ?? []).toFixed(2)}]`).padStart(17));
    console.log(`median ratio         ${columns.join('')}`);
  }
  console.log('what sampling with the timing model costs of the speed of the interpreter without them (less than nothing: it is faster)');
  const percent = (x: number): string => `${Math.round(x * 100)} %`;
  for (const [engine, label] of [
    ['… with both', 'interpreted'],
    ['with timing', 'both tiers'],
  ]) {
    const each = costs.get(engine) ?? [];
    const list = PROGRAMS.map(({ name }, i) => `${name} ${percent(each[i])}`).join(', ');
    console.log(`  ${label.padEnd(12)} ${list}; median ${percent(middle(each))}`);
  }
  console.log(
    `peak memory of this process ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB, the guest's 64 MiB and every engine's arrays in it`,
  );
}
