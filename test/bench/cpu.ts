// How fast the interpreter is, beside `qemu-system-aarch64 -singlestep` (one translated block an instruction) on the same programs
// (test/bench/guests, built by its Makefile). Times are the processor time of the process, so that what else the machine does matters less;
// the time of a guest that does nearly nothing (fixtures/guests/memcpy) counts as start-up and is taken off.
// `npm run bench -- cpu [rounds]`
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { families } from '../../commands/table.ts';
import { parseElf } from '../../src/abi/elf.ts';
import { parseHost } from '../../src/kernel/host-schema.ts';
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
function onCpu(path: string, options: { spu: boolean; timing: boolean }): Run {
  const guest = image(path);
  const elf = parseElf(guest)._unsafeUnwrap();
  const b = bareMachine({ megabytes: 64, ...options });
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
function inQemu(path: string): number {
  const qemu = `qemu-system-aarch64 -singlestep -nodefaults -machine virt,gic-version=3 -cpu cortex-a57 -m 64 -display none -serial null -kernel ${path}`;
  const text = execFileSync('bash', ['-c', `{ TIMEFORMAT='%U %S'; time ${qemu}; } 2>&1`], { encoding: 'utf8' });
  const [user, system] = (text.trim().split('\n').pop() ?? '').split(' ').map(Number);
  return user + system;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

export async function run(args: readonly string[] = []): Promise<void> {
  const rounds = Number(args[0] ?? 3);
  const hasQemu = spawnSync('qemu-system-aarch64', ['--version']).status === 0;
  const engines: readonly (readonly [string, (path: string) => number])[] = [
    ['plain', (path) => onCpu(path, { spu: false, timing: false }).seconds],
    ['sampling', (path) => onCpu(path, { spu: true, timing: false }).seconds],
    ['with timing', (path) => onCpu(path, { spu: true, timing: true }).seconds],
    ['in a session', inSession],
    ...(hasQemu ? [['qemu -singlestep', inQemu] as const] : []),
  ];
  console.log(`million operations a second of processor time, median of ${rounds} rounds; ratio to qemu in brackets`);
  console.log(
    `program  operations  ${engines.map(([name]) => name.padStart(18)).join('')}${hasQemu ? '' : '  (qemu-system-aarch64 is not installed)'}`,
  );
  const ratios = new Map<string, number[]>();
  for (const { name, path } of PROGRAMS) {
    const operations = onCpu(path, { spu: false, timing: false }).operations - onCpu(IDLE, { spu: false, timing: false }).operations;
    const times = engines.map(() => [] as number[]);
    for (let round = 0; round < rounds; round++) {
      for (const [i, [, measure]] of engines.entries()) times[i].push(measure(path) - measure(IDLE));
    }
    const rates = times.map((t) => operations / median(t) / 1e6);
    const reference = hasQemu ? rates[rates.length - 1] : Number.NaN;
    const columns = engines.map(([engine], i) => {
      const ratio = rates[i] / reference;
      ratios.set(engine, [...(ratios.get(engine) ?? []), ratio]);
      return `${rates[i].toFixed(1)}${hasQemu && i < engines.length - 1 ? ` [${ratio.toFixed(2)}]` : ''}`.padStart(18);
    });
    console.log(`${name.padEnd(8)} ${String(operations).padStart(10)}  ${columns.join('')}`);
  }
  if (hasQemu) {
    const columns = engines.slice(0, -1).map(([engine]) => `[${median(ratios.get(engine) ?? []).toFixed(2)}]`.padStart(18));
    console.log(`median ratio         ${columns.join('')}`);
  }
}
