// How fast the interpreter is, beside `qemu-system-aarch64 -singlestep` (one translated block an instruction) on the same guests.
// The guests are fixtures/guests with their loop counts raised, so that start-up and compiling vanish; what both take for the guest as it is
// counts as start-up and is taken off. Times are the processor time of the process, so that what else the machine does matters less.
// `npm run bench -- cpu [rounds]`
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { families } from '../../commands/table.ts';
import { findSymbol, parseElf } from '../../src/abi/elf.ts';
import { decodeWord } from '../../src/arch/a64/decode.ts';
import { bits } from '../../src/arch/a64/rows-form.ts';
import { parseHost } from '../../src/kernel/host-schema.ts';
import { getSys, setSys } from '../../src/machine/cpu/context.ts';
import { createSession, finish } from '../../src/session/session.ts';
import { readCommand } from '../../src/shell/read.ts';
import { newShellState } from '../../src/shell/state.ts';
import { bareMachine, loadImage, runGuest } from '../machine/cpu/bare.ts';

const GUESTS = ['pointer-chase', 'branchy'] as const;
const TIMES = 64;

/** The guest with the counts that `main` hands to its loops (100,000 and more) multiplied. Throws when it finds none. */
function longer(guest: Uint8Array, times: number): Uint8Array {
  const bytes = guest.slice();
  const elf = parseElf(bytes)._unsafeUnwrap();
  const main = findSymbol(elf, 'main');
  const segment = elf.segments.find(
    (s) => main !== undefined && main.address >= s.address && main.address < s.address + BigInt(s.fileSize),
  );
  if (main === undefined || segment === undefined) throw new Error('no main');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const start = Number(segment.offset) + Number(main.address - segment.address);
  const constants = new Map<number, number>(); // register -> where its MOVZ stands
  let found = 0;
  for (let at = start; at < start + Number(main.size); at += 4) {
    const word = view.getUint32(at, true);
    const row = decodeWord(word);
    if (row?.id === 'MOVZ') constants.set(word & 31, at);
    const low = constants.get(word & 31);
    if (row?.id !== 'MOVK' || bits(word, 22, 21) !== 1 || low === undefined) continue;
    const count = bits(view.getUint32(low, true), 20, 5) + (bits(word, 20, 5) << 16);
    if (count < 100_000 || count > 1_000_000) continue;
    const put = (where: number, value: number): void =>
      view.setUint32(where, (view.getUint32(where, true) & ~0x1fffe0) | (value << 5), true);
    put(low, (count * times) & 0xffff);
    put(at, (count * times) >>> 16);
    found += 1;
  }
  if (found === 0) throw new Error('no loop counts in main');
  return bytes;
}

/** Seconds of processor time that `work` took in this process. */
function seconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6;
}

const root = process.cwd();
const hostText = (name: string): string => readFileSync(join(root, 'fixtures', 'hosts', `${name}.toml`), 'utf8');

/** The guest in a session on `two-spu`, as a user runs it: the whole path, sampling and the timing model on. */
function inSession(guest: Uint8Array): Omit<Measured, 'operations'> {
  const host = parseHost('two-spu.toml', hostText('two-spu'), hostText)._unsafeUnwrap();
  const { table } = newShellState(families);
  const session = createSession({ host, hosts: new Map([['two-spu', host]]), seed: 0, table: table.behaviours });
  session.addAsset({ path: 'guest', bytes: guest, sha256: '' });
  const execute = (text: string): void => {
    const command = readCommand(text, table, { prefixes: true, aliases: new Map() })._unsafeUnwrap();
    const outcome = finish(session.execute(command));
    if (!outcome.ok) throw new Error(`${text}: ${JSON.stringify(outcome.unmet ?? outcome.call)}`);
  };
  execute('up guest');
  const time = seconds(() => execute('run --ops 4000000000'));
  return { seconds: time, records: session.context.log.records.length };
}

interface Measured {
  readonly seconds: number;
  readonly operations: number;
  readonly records: number;
}

/**
 * The guest on the CPU alone, without a kernel. `sampling`: the timing model is on, and the guest programs the SPU, a sample every 1,025
 * operations; full buffers are emptied and handed back here, where otherwise a kernel would interrupt the guest's driver for it.
 */
function onCpu(guest: Uint8Array, sampling: boolean): Measured {
  const elf = parseElf(guest)._unsafeUnwrap();
  const b = bareMachine({ megabytes: 64, timing: sampling, spu: sampling });
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

/** Processor seconds of one run of QEMU. */
function inQemu(path: string): number {
  const qemu = `qemu-system-aarch64 -singlestep -nodefaults -machine virt,gic-version=3 -cpu cortex-a57 -m 64 -display none -serial null -kernel ${path}`;
  const script = `TIMEFORMAT='%U %S'; time ${qemu}`;
  const text = execFileSync('bash', ['-c', `{ ${script}; } 2>&1`], { encoding: 'utf8' });
  const [user, system] = (text.trim().split('\n').pop() ?? '').split(' ').map(Number);
  return user + system;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const rate = (operations: number, time: number): string => (operations / time / 1e6).toFixed(1);

export async function run(args: readonly string[] = []): Promise<void> {
  const rounds = Number(args[0] ?? 3);
  const qemu = spawnSync('qemu-system-aarch64', ['--version']).status === 0;
  const folder = mkdtempSync(join(tmpdir(), 'spesh-bench-'));
  console.log(`million operations per second of processor time, median of ${rounds} rounds`);
  console.log('guest            operations   records  bare CPU  sampling  in a session  qemu -singlestep  sampling/qemu');
  try {
    for (const name of GUESTS) {
      const short = new Uint8Array(readFileSync(join(root, 'fixtures', 'guests', `${name}.elf`)));
      const long = longer(short, TIMES);
      const paths = [short, long].map((bytes, i) => {
        const path = join(folder, `${name}-${i}.elf`);
        writeFileSync(path, bytes);
        return path;
      });
      const engines: Record<string, (image: 0 | 1) => number> = {
        bare: (image) => onCpu(image === 0 ? short : long, false).seconds,
        sampling: (image) => onCpu(image === 0 ? short : long, true).seconds,
        session: (image) => inSession(image === 0 ? short : long).seconds,
        ...(qemu ? { qemu: (image: 0 | 1) => inQemu(paths[image]) } : {}),
      };
      const results = new Map(Object.keys(engines).map((engine) => [engine, [] as number[]]));
      for (let round = 0; round < rounds; round++) {
        for (const [engine, measure] of Object.entries(engines)) results.get(engine)?.push(measure(1) - measure(0));
      }
      const operations = onCpu(long, false).operations - onCpu(short, false).operations;
      const { records } = onCpu(long, true);
      const time = (engine: string): number => median(results.get(engine) ?? [Number.NaN]);
      const columns = [
        name.padEnd(15),
        String(operations).padStart(11),
        String(records).padStart(9),
        rate(operations, time('bare')).padStart(9),
        rate(operations, time('sampling')).padStart(9),
        rate(operations, time('session')).padStart(13),
        (qemu ? rate(operations, time('qemu')) : 'not installed').padStart(17),
        (qemu ? (time('qemu') / time('sampling')).toFixed(2) : '-').padStart(14),
      ];
      console.log(columns.join(' '));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
