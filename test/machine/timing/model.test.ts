// The timing model against a plain model of the same caches, and small programs whose misses anyone can count.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clonePlain, hashPlain } from '../../../src/base/plain.ts';
import { geometryError, geometryOf, NEOVERSE_N1_LIKE } from '../../../src/machine/timing/geometry.ts';
import {
  forgetTranslations,
  measureBranch,
  measureData,
  measureOther,
  newTimingModel,
  type TimingModel,
  touchBranch,
  touchData,
} from '../../../src/machine/timing/model.ts';
import { BRANCH_CALL, BRANCH_CONDITIONAL, BRANCH_DIRECT, BRANCH_INDIRECT, BRANCH_RETURN } from '../../../src/machine/timing/predictor.ts';
import { attend } from '../../../src/machine/timing/shared.ts';

/** Small enough to fill: L1 4 lines 2-way, L2 8 lines 2-way, SLC 16 lines 4-way, TLBs 2 and 4 pages. */
const TINY = {
  l1Bytes: 256,
  l1Ways: 2,
  l2Bytes: 512,
  l2Ways: 2,
  slcBytes: 1024,
  slcWays: 4,
  tlb1Entries: 2,
  tlb1Ways: 2,
  tlb2Entries: 4,
  tlb2Ways: 4,
};

/** A cold model of a machine with one CPU. */
function model(table: Parameters<typeof newTimingModel>[0] = {}): TimingModel {
  const t = newTimingModel(table);
  attend({ cpus: [] }, 0, t);
  return t;
}

const L1D_ACCESS = 4;
const L1D_REFILL = 8;
const TLB_ACCESS = 16;
const TLB_REFILL = 32;
const LLC_ACCESS = 256;
const LLC_REFILL = 512;
const REMOTE = 1024;
const L2D_ACCESS = 1 << 19;
const L2D_MISS = 1 << 20;

/** One set-associative level as a list of lists, oldest first. */
function plainLevel(sets: number, ways: number): (tag: number) => boolean {
  const lists: number[][] = Array.from({ length: sets }, () => []);
  return (tag) => {
    const list = lists[tag % sets];
    const at = list.indexOf(tag);
    if (at >= 0) list.splice(at, 1);
    list.push(tag);
    if (list.length > ways) list.shift();
    return at >= 0;
  };
}

/** What an access answers, from the rules alone. */
function plainModel(): (pa: number, size: number) => { source: number; walk: boolean } {
  const levels = [plainLevel(2, 2), plainLevel(4, 2), plainLevel(4, 4)];
  const tlb = [plainLevel(1, 2), plainLevel(1, 4)];
  return (pa, size) => {
    const page = Math.floor(pa / 4096);
    const walk = !tlb[0](page) && !tlb[1](page);
    const lines = [...new Set([Math.floor(pa / 64), Math.floor((pa + size - 1) / 64)])];
    const depth = levels.findIndex((level) => lines.map(level).every((hit) => hit));
    return { source: [0x0, 0x8, 0xb, 0xe][depth === -1 ? 3 : depth], walk };
  };
}

const accesses = fc.array(
  fc.record({
    pa: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 12 * 64 })).map(([page, n]) => page * 4096 + n),
    size: fc.constantFrom(1, 4, 8, 16, 64),
    store: fc.boolean(),
  }),
  { minLength: 1, maxLength: 300, size: 'max' },
);

describe('caches and TLBs', () => {
  test('every access answers as a plain model with the same geometry does', () => {
    fc.assert(
      fc.property(accesses, (list) => {
        const t = model(TINY);
        const plain = plainModel();
        for (const { pa, size } of list) {
          const want = plain(pa, size);
          const got = measureData(t, 0, 0, pa, size, false);
          expect(got.source).toBe(want.source);
          expect((got.events & TLB_REFILL) !== 0).toBe(want.walk);
        }
      }),
    );
  });

  test('the hook of every access and the measured one leave the same state', () => {
    fc.assert(
      fc.property(accesses, (list) => {
        const a = model(TINY);
        const b = model(TINY);
        for (const { pa, size, store } of list) {
          touchData(a, pa, size, store);
          measureData(b, 0, 0, pa, size, store);
        }
        expect(a).toEqual(b);
      }),
    );
  });

  test('a first access misses everything, the next one hits', () => {
    const t = model();
    expect(measureData(t, 0, 0, 0x10000, 8, false)).toMatchObject({
      events: L1D_ACCESS | L1D_REFILL | TLB_ACCESS | TLB_REFILL | LLC_ACCESS | LLC_REFILL | L2D_ACCESS | L2D_MISS,
      source: 0xe,
      translationLatency: NEOVERSE_N1_LIKE.walkCycles,
      totalLatency: 1 + NEOVERSE_N1_LIKE.walkCycles + NEOVERSE_N1_LIKE.dramCycles - 1,
    });
    expect(measureData(t, 0, 0, 0x10038, 8, false)).toMatchObject({ events: L1D_ACCESS | TLB_ACCESS, source: 0, translationLatency: 1 });
  });

  test('a ring that fits L2 but not L1 is served by L2: 512 KiB, stride 64', () => {
    const t = model();
    for (let round = 0; round < 2; round++) for (let pa = 0; pa < 512 * 1024; pa += 64) touchData(t, pa, 8, false);
    for (let pa = 0; pa < 4096; pa += 64) expect(measureData(t, 0, 0, pa, 8, false).source).toBe(0x8);
  });

  test('an access over two lines misses when either does', () => {
    const t = model();
    touchData(t, 0x1000, 8, false);
    expect(measureData(t, 0, 0, 0x103c, 8, false).events & L1D_REFILL).not.toBe(0);
    expect(measureData(t, 0, 0, 0x103c, 8, false).events & L1D_REFILL).toBe(0);
  });

  test('stores allocate, and have no data source', () => {
    const t = model();
    expect(measureData(t, 0, 0, 0x1000, 8, true)).toMatchObject({ source: -1, totalLatency: 1 + NEOVERSE_N1_LIKE.walkCycles + 1 });
    expect(measureData(t, 0, 0, 0x1000, 8, false).source).toBe(0);
  });

  test('TLBI forgets translations, not data', () => {
    const t = model();
    touchData(t, 0x1000, 8, false);
    forgetTranslations(t);
    expect(measureData(t, 0, 0, 0x1000, 8, false)).toMatchObject({ events: L1D_ACCESS | TLB_ACCESS | TLB_REFILL, source: 0 });
  });

  test('memory of the other socket is remote', () => {
    const t = model({ remoteFrom: 0x8000_0000 });
    expect(measureData(t, 0, 0, 0x9000_0000, 8, false)).toMatchObject({ source: 0xd });
    expect(measureData(t, 0, 0, 0xa000_0000, 8, false).events & REMOTE).not.toBe(0);
    expect(measureData(t, 0, 0, 0x7000_0000, 8, false).events & REMOTE).toBe(0);
  });
});

describe('issue latency comes from the run', () => {
  test('an operation waits for the access before it', () => {
    const t = model();
    expect(measureOther(t)).toMatchObject({ issueLatency: 1, totalLatency: 2, events: 0, source: -1, translationLatency: -1 });
    touchData(t, 0x1000, 8, false);
    const miss = NEOVERSE_N1_LIKE.walkCycles - 1 + NEOVERSE_N1_LIKE.dramCycles;
    expect(measureOther(t).issueLatency).toBe(1 + miss);
    touchBranch(t, 0x100, BRANCH_DIRECT, true, 0x200);
    expect(measureOther(t).issueLatency).toBe(1 + miss - NEOVERSE_N1_LIKE.blockCycles);
    touchData(t, 0x1000, 8, false);
    expect(measureOther(t).issueLatency).toBe(1 + NEOVERSE_N1_LIKE.l1Cycles);
  });
});

describe('branches', () => {
  const mispredicted = (t: TimingModel, pc: number, kind: number, taken: boolean, target: number): boolean =>
    (measureBranch(t, pc, kind, taken, target).events & 0x80) !== 0;

  test('a loop branch is learnt', () => {
    const t = model();
    for (let i = 0; i < 30; i++) touchBranch(t, 0x1000, BRANCH_CONDITIONAL, true, 0xf00);
    expect(mispredicted(t, 0x1000, BRANCH_CONDITIONAL, true, 0xf00)).toBe(false);
    const exit = measureBranch(t, 0x1000, BRANCH_CONDITIONAL, false, 0x1004);
    expect(exit.events).toBe(0xc0); // not taken, mispredicted
  });

  test('an alternating branch is learnt by its history', () => {
    const t = model();
    for (let i = 0; i < 200; i++) touchBranch(t, 0x1000, BRANCH_CONDITIONAL, i % 2 === 0, 0xf00);
    for (let i = 0; i < 20; i++) expect(mispredicted(t, 0x1000, BRANCH_CONDITIONAL, i % 2 === 0, 0xf00)).toBe(false);
  });

  test('a branch on random bits is not', () => {
    const t = model();
    let x = 1;
    let wrong = 0;
    for (let i = 0; i < 4000; i++) {
      x = (Math.imul(x, 1103515245) + 12345) >>> 0;
      if (mispredicted(t, 0x1000, BRANCH_CONDITIONAL, (x >>> 20) % 2 === 0, 0xf00)) wrong += 1;
    }
    expect(wrong / 4000).toBeGreaterThan(0.4);
  });

  test('returns go where their call came from, indirect branches where they went last', () => {
    const t = model();
    touchBranch(t, 0x1000, BRANCH_CALL, true, 0x4000);
    touchBranch(t, 0x4000, BRANCH_CALL, true, 0x5000);
    expect(mispredicted(t, 0x5010, BRANCH_RETURN, true, 0x4004)).toBe(false);
    expect(mispredicted(t, 0x4010, BRANCH_RETURN, true, 0x1004)).toBe(false);
    expect(mispredicted(t, 0x4010, BRANCH_RETURN, true, 0x1008)).toBe(true);
    expect(mispredicted(t, 0x7000, BRANCH_INDIRECT, true, 0x8000)).toBe(true);
    expect(mispredicted(t, 0x7000, BRANCH_INDIRECT, true, 0x8000)).toBe(false);
    expect(mispredicted(t, 0x7000, BRANCH_INDIRECT, true, 0x9000)).toBe(true);
    expect(mispredicted(t, 0x1000, BRANCH_DIRECT, true, 0x1234)).toBe(false);
  });

  test('hook and measure leave the same state', () => {
    const branch = fc.record({
      pc: fc.integer({ min: 0, max: 63 }),
      kind: fc.integer({ min: 0, max: 5 }), // the hook is not called for exception returns
      taken: fc.boolean(),
      target: fc.integer({ min: 0, max: 7 }),
    });
    fc.assert(
      fc.property(fc.array(branch, { maxLength: 100, size: 'max' }), (list) => {
        const a = model();
        const b = model();
        for (const { pc, kind, taken, target } of list) {
          touchBranch(a, pc * 4, kind, taken, target * 4);
          measureBranch(b, pc * 4, kind, taken, target * 4);
        }
        expect(hashPlain(a)).toBe(hashPlain(b));
      }),
      { numRuns: 20 },
    );
  });
});

test('the model is plain data: a clone is equal and apart', () => {
  const t = model(TINY);
  touchData(t, 0x1000, 8, false);
  const copy = clonePlain(t);
  expect(hashPlain(copy)).toBe(hashPlain(t));
  attend({ cpus: [] }, 0, copy);
  touchData(copy, 0x2000, 8, false);
  expect(hashPlain(copy)).not.toBe(hashPlain(t));
});

test('geometries of a fixture are checked', () => {
  expect(geometryError(NEOVERSE_N1_LIKE)).toBeNull();
  expect(geometryError(geometryOf({ model: 'neoverse-n1-like', l1Bytes: 32768 }))).toBeNull();
  expect(geometryError(geometryOf({ turnOperations: 0 }))).toBe('turnOperations: at least 1');
  expect(geometryError(geometryOf({ l1Ways: 3 }))).toBe('l1Bytes: l1Ways times lineBytes times a power of two');
  expect(geometryError(geometryOf({ dramCycles: -1 }))).toBe('dramCycles: a whole number, at least 0');
});
