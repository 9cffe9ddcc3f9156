// Lines that several CPUs have: who answers, who loses the line, and what the records' events and sources say of it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clonePlain, hashPlain } from '../../../src/base/plain.ts';
import { NEOVERSE_N1_LIKE } from '../../../src/machine/timing/geometry.ts';
import {
  type Measured,
  measureData,
  NOW,
  newTimingModel,
  READY_AT,
  type TimingModel,
  touchData,
} from '../../../src/machine/timing/model.ts';
import { attend, type CacheSystem } from '../../../src/machine/timing/shared.ts';

/** CPUs of one machine with cold models. */
function machine(cpus: number, table: Parameters<typeof newTimingModel>[0] = {}): TimingModel[] {
  const models = Array.from({ length: cpus }, () => newTimingModel(table));
  const system: CacheSystem = { cpus: models.map((timing, number) => ({ number, timing })) };
  for (const [number, model] of models.entries()) attend(system, number, model);
  return models;
}

const load = (t: TimingModel, pa: number): Measured => ({ ...measureData(t, 0, 0, pa, 8, false) });
const store = (t: TimingModel, pa: number): Measured => ({ ...measureData(t, 0, 0, pa, 8, true) });
/** An atomic that returns a value. */
const swap = (t: TimingModel, pa: number): Measured => ({ ...measureData(t, 0, 0, pa, 8, false, true) });

const L1 = 0x0;
const L2 = 0x8;
const PEER = 0x9;
const SYSTEM_CACHE = 0xb;
const PEER_CLUSTER = 0xc;
const REMOTE = 0xd;
const DRAM = 0xe;
const REMOTE_ACCESS = 1 << 10;
const HITM = 1 << 21;
const SNOOPED = 1 << 23;
const A = 0x40000;

describe('two CPUs of a cluster', () => {
  test('what one wrote the other gets from it: peer core, HITM and SNOOPED; then both share it', () => {
    const [a, b] = machine(2);
    store(a, A);
    expect(load(b, A)).toMatchObject({ source: PEER });
    const again = machine(2);
    store(again[0], A);
    expect(load(again[1], A).events & (HITM | SNOOPED)).toBe(HITM | SNOOPED);
    expect([load(a, A).source, load(b, A).source]).toEqual([L1, L1]);
  });

  test('what nobody wrote comes from the system cache, which is theirs together', () => {
    const [a, b] = machine(2);
    expect(load(a, A).source).toBe(DRAM);
    const second = load(b, A);
    expect(second).toMatchObject({ source: SYSTEM_CACHE });
    expect(second.events & (HITM | SNOOPED)).toBe(0);
  });

  test('a clean line that the system cache has lost comes from the peer: SNOOPED without HITM', () => {
    const [a, b] = machine(2, { slcBytes: 1024, slcWays: 1 });
    load(a, A);
    for (let pa = 0; pa < 1024; pa += 64) load(b, 0x80000 + pa);
    const got = load(b, A);
    expect(got.source).toBe(PEER);
    expect(got.events & (HITM | SNOOPED)).toBe(SNOOPED);
  });

  test('a store takes the line away: the other one misses', () => {
    const [a, b] = machine(2);
    load(a, A);
    load(b, A);
    expect(load(a, A).source).toBe(L1);
    store(b, A);
    expect(load(a, A)).toMatchObject({ source: PEER });
    // Shared again: the next store of b must ask, and takes it away again.
    touchData(b, A, 8, true);
    expect(load(a, A).source).toBe(PEER);
  });

  test('the always-on hook keeps the same books: stores that hit the most recent line of another’s', () => {
    const [a, b] = machine(2);
    touchData(a, A, 8, true);
    touchData(a, A, 8, true);
    touchData(b, A, 8, false);
    touchData(a, A, 8, true);
    expect(load(b, A).source).toBe(PEER);
  });

  test('an atomic that returns a value is a load that writes: the line goes to and fro', () => {
    const [a, b] = machine(2);
    swap(a, A);
    for (let i = 0; i < 4; i++) {
      expect(swap(i % 2 === 0 ? b : a, A)).toMatchObject({ source: PEER, totalLatency: expect.any(Number) });
    }
  });

  test('stores record neither source nor the events of loads', () => {
    const [a, b] = machine(2);
    store(a, A);
    const got = store(b, A);
    expect(got.source).toBe(-1);
    expect(got.events >>> 16).toBe(0);
  });

  test('false sharing: neighbours in one line', () => {
    const [a, b] = machine(2);
    store(a, A);
    store(b, A + 8);
    expect(load(a, A).source).toBe(PEER);
    expect(load(a, A + 64).source).toBe(DRAM);
  });

  test('latency of a peer', () => {
    const [a, b] = machine(2);
    store(a, A);
    load(b, A + 64); // the page's translation
    b.clock[READY_AT] = b.clock[NOW];
    expect(load(b, A).totalLatency).toBe(1 + 1 + NEOVERSE_N1_LIKE.peerCycles - 1);
  });
});

describe('clusters and sockets', () => {
  test('a peer of another cluster, of another socket', () => {
    const t = machine(16, { clusterCpus: 4, socketCpus: 8 });
    for (const [reader, source, remote] of [
      [1, PEER, 0],
      [4, PEER_CLUSTER, 0],
      [8, REMOTE, REMOTE_ACCESS],
    ] as const) {
      store(t[0], A);
      const got = load(t[reader], A);
      expect([got.source, got.events & REMOTE_ACCESS]).toEqual([source, remote]);
    }
  });
});

test('an L2 line stays the CPU’s own on its way back to L1', () => {
  const [a, b] = machine(2, { l1Bytes: 128, l1Ways: 1 });
  store(a, A);
  load(a, A + 128); // evicts A from L1
  expect(load(a, A).source).toBe(L2);
  touchData(a, A, 8, true);
  expect(load(b, A).source).toBe(PEER);
});

test('one writer: of all CPUs at most one has a line as its own, and then no other has it', () => {
  const step = fc.record({ cpu: fc.integer({ min: 0, max: 2 }), line: fc.integer({ min: 0, max: 9 }), store: fc.boolean() });
  const table = { l1Bytes: 256, l1Ways: 2, l2Bytes: 512, l2Ways: 2, slcBytes: 512, slcWays: 2 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const models = machine(3, table);
      for (const s of steps) touchData(models[s.cpu], A + s.line * 64, 8, s.store);
      for (let n = 0; n < 10; n++) {
        const line = (A >> 6) + n;
        const states = models.map((t) => {
          const tags = [...t.l1.tags, ...t.l2.tags];
          return tags.includes(line | (1 << 28)) ? 'own' : tags.includes(line) ? 'shared' : 'none';
        });
        if (states.includes('own')) expect(states.filter((s) => s !== 'none')).toEqual(['own']);
      }
    }),
  );
});

test('a cloned machine goes on as the first would', () => {
  const models = machine(2);
  store(models[0], A);
  const system: CacheSystem = { cpus: models.map((timing, number) => ({ number, timing })) };
  for (const [number, model] of models.entries()) attend(system, number, model);
  load(models[0], A + 4096);
  const copy = clonePlain(system) as unknown as { cpus: { timing: TimingModel }[] } & CacheSystem;
  for (const [number, { timing }] of copy.cpus.entries()) attend(copy, number, timing);
  expect(load(copy.cpus[1].timing, A)).toEqual(load(models[1], A));
  expect(hashPlain(copy)).toBe(hashPlain(system));
});

test('the store buffer: stores that miss wait when too many are under way', () => {
  const [t] = machine(1, { storeBufferCycles: 40 });
  const issue: number[] = [];
  for (let i = 0; i < 8; i++) {
    t.clock[READY_AT] = t.clock[NOW];
    issue.push(store(t, 0x100000 + i * 64).issueLatency);
  }
  const each = (NEOVERSE_N1_LIKE.dramCycles - NEOVERSE_N1_LIKE.l1Cycles) >> 3;
  expect(issue).toEqual([1, 1, 1 + 3 * each - 40, ...Array(5).fill(1 + each)]);
  expect(store(t, 0x100000).issueLatency).toBeLessThan(1 + NEOVERSE_N1_LIKE.dramCycles); // a hit waits for nothing
});
