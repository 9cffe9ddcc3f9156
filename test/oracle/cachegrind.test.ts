// The timing model's caches against Cachegrind's, with equal geometry, on the memory accesses of real programs (`valgrind --tool=lackey`).
// The model has no instruction cache: a guest's fetches are not touched. Cachegrind has one, whose misses go to the last level cache too, so
// the trace's fetches are taken through a tag array like the model's and on to its L2. Cachegrind's last level is the model's L2.
// Nothing differs but what Cachegrind itself cuts: an access longer than a line counts as one of a line's length, a modify counts as a read.
import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { newTagArray, reference, referenceLine } from '../../src/machine/timing/lru.ts';
import { measureData, newTimingModel, touchData } from '../../src/machine/timing/model.ts';
import { attend } from '../../src/machine/timing/shared.ts';

const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
const missing = !has('valgrind', '--version') ? 'valgrind' : !has('gcc', '--version') ? 'gcc' : null;

interface Shape {
  readonly bytes: number;
  readonly ways: number;
}
interface Counts {
  readonly reads: number;
  readonly writes: number;
  readonly fetches: number;
  readonly i1: number;
  readonly d1: number;
  readonly ll: number;
}

const folder = mkdtempSync(join(tmpdir(), 'spesh-cachegrind-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Valgrind's log of a program, its environment empty so that its stack is the same each time. */
function valgrind(name: string, options: readonly string[], program: readonly string[]): string {
  const log = join(folder, `${name}.log`);
  execFileSync('valgrind', [...options, `--log-file=${log}`, ...program], { env: { PATH: '/usr/bin:/bin' }, stdio: 'ignore', cwd: folder });
  return log;
}

/** What Cachegrind counts: the last line of its file. */
function cachegrind(line: number, i1: Shape, d1: Shape, ll: Shape, program: readonly string[]): Counts {
  const out = join(folder, 'cachegrind.out');
  const cache = (c: Shape): string => `${c.bytes},${c.ways},${line}`;
  const options = ['--cache-sim=yes', `--I1=${cache(i1)}`, `--D1=${cache(d1)}`, `--LL=${cache(ll)}`, `--cachegrind-out-file=${out}`];
  valgrind('cachegrind', ['--tool=cachegrind', ...options], program);
  const lines = readFileSync(out, 'utf8').trim().split('\n');
  const [fetches, i1mr, ilmr, reads, d1mr, dlmr, writes, d1mw, dlmw] = (lines.at(-1) ?? '').split(' ').slice(1).map(Number);
  return { reads, writes, fetches, i1: i1mr, d1: d1mr + d1mw, ll: ilmr + dlmr + dlmw };
}

const D1_MISS = 1 << 3; // L1D-REFILL
const LL_MISS = 1 << 8; // the system cache was asked

/** What the model counts on the trace. */
async function ourCaches(line: number, i1: Shape, d1: Shape, ll: Shape, trace: string): Promise<Counts> {
  const table = { lineBytes: line, l1Bytes: d1.bytes, l1Ways: d1.ways, l2Bytes: ll.bytes, l2Ways: ll.ways };
  const t = newTimingModel(table);
  const hooked = newTimingModel(table);
  for (const model of [t, hooked]) attend({ cpus: [] }, 0, model);
  const instructions = newTagArray(i1.bytes / line / i1.ways, i1.ways);
  const counts = { reads: 0, writes: 0, fetches: 0, i1: 0, d1: 0, ll: 0 };
  // Host physical addresses are below 4 GiB: every MiB of the program's addresses has one of its own, the low 20 bits stay.
  const places = new Map<number, number>();
  const place = (address: number): number => {
    const high = Math.floor(address / 2 ** 20);
    const known = places.get(high) ?? places.size + 1;
    places.set(high, known);
    return known * 2 ** 20 + (address % 2 ** 20);
  };
  for await (const text of createInterface({ input: createReadStream(trace) })) {
    const kind = text.charCodeAt(0) === 73 ? 'I' : text[1];
    if (kind !== 'I' && kind !== 'L' && kind !== 'S' && kind !== 'M') continue;
    const comma = text.indexOf(',');
    const pa = place(Number.parseInt(text.slice(3, comma), 16));
    const size = Math.min(Number(text.slice(comma + 1)), line);
    if (kind === 'I') {
      counts.fetches += 1;
      const lines = [Math.floor(pa / line), Math.floor((pa + size - 1) / line)].slice(0, (pa % line) + size > line ? 2 : 1);
      if (lines.map((n) => reference(instructions, n)).every((hit) => hit)) continue;
      counts.i1 += 1;
      for (const model of [t, hooked]) {
        const inL2 = lines.map((n) => referenceLine(model.l2, n) !== 0).every((hit) => hit);
        if (model === t && !inL2) counts.ll += 1;
      }
      continue;
    }
    const store = kind === 'S';
    if (store) counts.writes += 1;
    else counts.reads += 1;
    touchData(hooked, pa, size, store);
    const { events } = measureData(t, 0, 0, pa, size, store);
    if ((events & D1_MISS) !== 0) counts.d1 += 1;
    if ((events & LL_MISS) !== 0) counts.ll += 1;
  }
  expect([hooked.l1, hooked.l2]).toEqual([t.l1, t.l2]); // the hook of every access keeps the same caches
  return counts;
}

const text = (name: string, c: Counts): string =>
  `${name}: ${c.fetches} fetches, ${c.reads} reads, ${c.writes} writes; misses I1 ${c.i1}, D1 ${c.d1}, LL ${c.ll}`;

describe.skipIf(missing !== null)(`caches before Cachegrind${missing === null ? '' : ` (${missing} is not installed)`}`, () => {
  const program = join(folder, 'program');
  if (missing === null) {
    execFileSync('gcc', ['-O1', '-static', '-o', program, join(import.meta.dirname, 'cachegrind', 'program.c')]);
  }
  const KIB = 1024;
  const shapes: [string, number, Shape, Shape, Shape, readonly string[]][] = [
    ['own program, small caches', 64, { bytes: 8 * KIB, ways: 2 }, { bytes: 8 * KIB, ways: 4 }, { bytes: 32 * KIB, ways: 8 }, [program]],
    [
      'own program, Neoverse N1’s caches',
      64,
      { bytes: 64 * KIB, ways: 4 },
      { bytes: 64 * KIB, ways: 4 },
      { bytes: KIB * KIB, ways: 8 },
      [program],
    ],
    [
      'own program, lines of 32 bytes',
      32,
      { bytes: 4 * KIB, ways: 1 },
      { bytes: 4 * KIB, ways: 1 },
      { bytes: 16 * KIB, ways: 16 },
      [program],
    ],
    ['/bin/echo', 64, { bytes: 16 * KIB, ways: 2 }, { bytes: 16 * KIB, ways: 2 }, { bytes: 64 * KIB, ways: 4 }, ['/bin/echo', 'spesh']],
  ];
  const traces = new Map<string, string>();
  for (const [name, line, i1, d1, ll, command] of shapes) {
    test(`${name}: the same D1 and LL misses`, async () => {
      const key = command.join(' ');
      const trace = traces.get(key) ?? valgrind(`lackey-${traces.size}`, ['--tool=lackey', '--trace-mem=yes'], command);
      traces.set(key, trace);
      const theirs = cachegrind(line, i1, d1, ll, command);
      const ours = await ourCaches(line, i1, d1, ll, trace);
      console.log(`${name}\n  ${text('Cachegrind', theirs)}\n  ${text('spesh     ', ours)}`);
      expect(ours).toEqual(theirs);
      expect(ours.d1).toBeGreaterThan(0);
      expect(ours.ll).toBeGreaterThan(0);
    }, 120_000);
  }
});
