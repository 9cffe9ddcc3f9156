// `npm run bench -- trace [MiB]`: one AUX file (64 MiB unless given) through spesh and through the perf of this machine, side by side. Whole
// processes, writing to /dev/null and reading from the page cache; medians, and the most memory each had. perf reads the same bytes as a
// perf.data that spesh exported. Without perf, spesh alone.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextRandom } from '../../src/base/prng.ts';
import { installedPerf } from '../oracle/real-perf.ts';

const MAIN = join(import.meta.dirname, '../../dist/main.js');
const RECORD = 64;
const MIB = 1 << 20;
const RUNS = 5;
/** Threads that spesh is measured with. */
const WORKERS = 2;

const SOURCES = [0x0, 0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xe];

/** Records as a Neoverse N1 writes them: 64 bytes in slots, unused slots zero, the timestamp last (spe-architecture §1, R1 to R3). */
function writeRecords(bytes: Uint8Array, seed: number, start: number): number {
  let state = seed;
  const draw = (below: number): number => {
    const next = nextRandom(state);
    state = next.state;
    return (next.draw >>> 0) % below;
  };
  const view = new DataView(bytes.buffer);
  const address = (at: number, header: number, high: number, low: number): void => {
    bytes[at] = header;
    view.setUint32(at + 1, low >>> 0, true);
    view.setUint32(at + 5, high >>> 0, true);
  };
  const counter = (at: number, header: number, value: number): void => {
    bytes[at] = header;
    view.setUint16(at + 1, value, true);
  };
  let clock = start;
  for (let at = 0; at + RECORD <= bytes.length; at += RECORD) {
    const kind = draw(10);
    address(at, 0xb0, 0xc0ff_8000, 0x0801_0000 + 4 * draw(1 << 16));
    bytes[at + 9] = 0x64;
    view.setUint32(at + 10, 1000 + draw(4), true);
    bytes[at + 19] = kind < 6 ? 0x49 : kind < 8 ? 0x4a : 0x48;
    bytes[at + 20] = kind < 4 ? 0 : kind < 6 ? 1 : kind < 8 ? draw(4) : 0;
    bytes[at + 21] = 0x52;
    view.setUint16(
      at + 22,
      kind < 6 ? 0x16 | (draw(8) === 0 ? 0x308 : 0) : kind < 8 ? 2 | (draw(2) << 6) | (draw(8) === 0 ? 0x80 : 0) : 2,
      true,
    );
    counter(at + 24, 0x99, draw(200));
    counter(at + 27, 0x98, 1 + draw(draw(50) === 0 ? 4000 : 300));
    if (kind < 6) {
      const low = 0x1000_0000 + 8 * draw(1 << 22);
      address(at + 30, 0xb2, 0xffff_0008, low);
      counter(at + 39, 0x9a, draw(20));
      address(at + 42, 0xb3, 0x8000_0020, low ^ 0x7000_0000);
      if (kind < 4) {
        bytes[at + 51] = 0x43;
        bytes[at + 52] = SOURCES[draw(SOURCES.length)];
      }
    } else if (kind < 8) address(at + 30, 0xb1, 0xc0ff_8000, 0x0801_0000 + 4 * draw(1 << 16));
    clock += 20 + draw(60);
    address(at + 55, 0x71, Math.floor(clock / 2 ** 32), clock);
  }
  return clock;
}

function writeTrace(path: string, size: number): void {
  const fd = openSync(path, 'w');
  let clock = 0x12_3456_7890;
  for (let at = 0; at < size; at += MIB) {
    const bytes = new Uint8Array(Math.min(MIB, size - at));
    clock = writeRecords(bytes, 1 + at / MIB, clock);
    writeSync(fd, bytes);
  }
  closeSync(fd);
}

interface Measured {
  readonly seconds: number;
  readonly mebibytes: number;
}

/** One process, from its start to its end. */
function measure(command: string, args: readonly string[], cwd: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'ignore'], env: { ...process.env, HOME: cwd, PAGER: 'cat' } });
    let most = 0;
    // VmHWM only grows; what the last milliseconds add is not seen.
    const look = setInterval(() => {
      try {
        most = Math.max(most, Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0));
      } catch {
        // it has ended
      }
    }, 5);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearInterval(look);
      if (code !== 0) reject(new Error(`${command} ${args.join(' ')} ended with ${code}`));
      else resolve({ seconds: (performance.now() - start) / 1000, mebibytes: most / 1024 });
    });
  });
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];

const summed = (all: readonly Measured[]): Measured => ({
  seconds: middle(all.map((m) => m.seconds)),
  mebibytes: Math.max(...all.map((m) => m.mebibytes)),
});

interface Race {
  readonly name: string;
  readonly spesh: readonly string[];
  readonly perf: readonly string[];
  /** How many times faster spesh is to be. */
  readonly target: number;
  readonly pairs: number;
}

const RACES: readonly Race[] = [
  {
    name: 'dump',
    spesh: ['dump', 'trace.aux', '--workers', String(WORKERS)],
    perf: ['report', '-D', '-i', 'trace.data'],
    target: 8,
    pairs: 3,
  },
  {
    name: 'decode to columns',
    spesh: ['stat', '--counts', 'trace.aux'],
    perf: ['script', '--itrace=e', '-i', 'trace.data'],
    target: 1,
    pairs: RUNS,
  },
  {
    name: 'records as CSV',
    spesh: ['records', '--csv', 'trace.aux', '--workers', String(WORKERS)],
    perf: ['script', '--itrace=i1i', '-F', 'ip,addr,phys_addr,data_src,weight,time', '--ns', '-i', 'trace.data'],
    target: 5,
    pairs: RUNS,
  },
];

const shown = (m: Measured): string => `${m.seconds.toFixed(2)} s, ${Math.round(m.mebibytes)} MiB`;

/** Prints each race; the exit code says whether every target holds. */
export async function run(args: readonly string[]): Promise<void> {
  if (!existsSync(MAIN)) throw new Error('dist/ is not there: npm run build');
  const size = Number(args[0] ?? 64) * MIB;
  const perf = installedPerf();
  const folder = mkdtempSync(join(tmpdir(), 'spesh-bench-'));
  const spesh = (words: readonly string[]): Promise<Measured> => measure(process.execPath, [MAIN, ...words], folder);
  try {
    writeTrace(join(folder, 'trace.aux'), size);
    await spesh(['export', 'trace.aux', '-o', 'trace.data']);
    process.stdout.write(
      `${size / MIB} MiB of AUX, ${size / RECORD} records; ${availableParallelism()} CPUs, ${WORKERS} threads for dump and CSV, the main thread one of them; perf ${perf ?? 'is not there'}\n`,
    );
    for (const race of RACES) {
      await spesh(race.spesh); // page cache, compile cache
      // In turn, and the ratio pair by pair: the machine may slow down meanwhile.
      const ours: Measured[] = [];
      const theirs: Measured[] = [];
      for (let i = 0; i < (perf === null ? RUNS : race.pairs); i++) {
        ours.push(await spesh(race.spesh));
        if (perf !== null) theirs.push(await measure('perf', race.perf, folder));
      }
      process.stdout.write(`${race.name}\n  spesh ${race.spesh.join(' ')}: ${shown(summed(ours))}\n`);
      if (perf === null) continue;
      const ratio = middle(theirs.map((m, i) => m.seconds / ours[i].seconds));
      const held = ratio >= race.target;
      process.stdout.write(`  perf ${race.perf.join(' ')}: ${shown(summed(theirs))}\n`);
      process.stdout.write(`  ${ratio.toFixed(1)} times as fast, target ${race.target}: ${held ? 'held' : 'missed'}\n`);
      if (!held) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
