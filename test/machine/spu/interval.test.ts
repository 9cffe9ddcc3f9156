// The interval counter against the vectors of spe-architecture §4.2, and jumping against counting one by one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { getSys } from '../../../src/machine/cpu/context.ts';
import {
  advanceInterval,
  type IntervalCounter,
  intervalTick,
  NO_SAMPLE,
  operationsUntilSample,
} from '../../../src/machine/spu/interval.ts';
import { countOperations, operationsToSample } from '../../../src/machine/spu/spu.ts';
import { aCpu } from './a-cpu.ts';

/** The sampled operations, numbered from 1, when the random bytes are known. */
function sampledWith(interval: number, rnd: boolean, ernd: boolean, count: number, bytes: number[], until: number): number[] {
  const left = [...bytes];
  const c: IntervalCounter = { count, secondary: 0, interval: interval * 256, jitter: rnd, randomEnd: ernd, random: 0 };
  const sampled: number[] = [];
  for (let op = 1; op <= until; op++) if (intervalTick(c, () => left.shift() ?? 0)) sampled.push(op);
  return sampled;
}

describe('interval vectors (§4.2)', () => {
  test('INTERVAL 1: 257, 514, 771, 1028', () => {
    expect(sampledWith(1, false, false, 0, [], 1100)).toEqual([257, 514, 771, 1028]);
  });
  test('INTERVAL 4: 1025, 2050, 3075', () => {
    expect(sampledWith(4, false, false, 0, [], 3500)).toEqual([1025, 2050, 3075]);
  });
  test('INTERVAL 1 from COUNT 10: 10, 267, 524', () => {
    expect(sampledWith(1, false, false, 10, [], 600)).toEqual([10, 267, 524]);
  });
  test('INTERVAL 1, RND, bytes 0 255 128: 257, 769, 1154', () => {
    expect(sampledWith(1, true, false, 0, [0, 255, 128], 1200)).toEqual([257, 769, 1154]);
  });
  test('INTERVAL 1, RND, ERnd, bytes 0 3 255 5: 257, 517, 1026, 1033', () => {
    expect(sampledWith(1, true, true, 0, [0, 3, 255, 5], 1034)).toEqual([257, 517, 1026, 1033]);
  });
});

const counters = fc.record({
  count: fc.integer({ min: 0, max: 1000 }),
  secondary: fc.integer({ min: 0, max: 255 }),
  interval: fc.integer({ min: 0, max: 3 }).map((n) => n * 256),
  jitter: fc.boolean(),
  randomEnd: fc.boolean(),
  random: fc.integer({ min: 0, max: 0xffff_ffff }),
});

test('the jump ends where counting one by one does', () => {
  fc.assert(
    fc.property(counters, fc.integer({ min: 1, max: 400 }), (start, part) => {
      const slow = { ...start };
      let n = 0;
      let sampled = false;
      while (!sampled && n < 5000) {
        sampled = intervalTick(slow);
        n += 1;
      }
      const asked = operationsUntilSample({ ...start });
      if (!sampled) {
        expect(asked).toBeGreaterThan(5000);
        return;
      }
      expect(asked).toBe(n);
      const fast = { ...start };
      for (let left = n; left > 0; left -= part) expect(advanceInterval(fast, Math.min(part, left))).toBe(left <= part);
      expect(fast).toEqual(slow);
    }),
  );
});

test('INTERVAL 0 without jitter never samples', () => {
  for (const randomEnd of [false, true]) {
    expect(operationsUntilSample({ count: 0, secondary: 5, interval: 0, jitter: false, randomEnd, random: 1 })).toBe(NO_SAMPLE);
  }
});

test('asking changes nothing; counting moves PMSICR_EL1, SAMPLE_POP and, with jitter, the generator', () => {
  const { m, cpu, spu } = aCpu({}, { PMSIRR_EL1: 0x401n });
  const first = operationsToSample(m.machine, cpu);
  expect(operationsToSample(m.machine, cpu)).toBe(first);
  expect(first).toBeGreaterThan(1024);
  expect(first).toBeLessThan(1024 + 257);
  countOperations(m.machine, cpu, 1);
  expect(operationsToSample(m.machine, cpu)).toBe(first - 1);
  expect(m.machine.random).not.toBe(1);
  countOperations(m.machine, cpu, first - 2);
  expect(operationsToSample(m.machine, cpu)).toBe(1);
  countOperations(m.machine, cpu, 1);
  expect(getSys(cpu.context, 'PMSICR_EL1')).toBe(0n);
  expect(spu.counts.SAMPLE_POP).toBe(first);
});

test('PMSICR_EL1 = N before enabling: the first sample is operation N', () => {
  const { m, cpu } = aCpu({}, { PMSIRR_EL1: 0x400n, PMSICR_EL1: 10n });
  expect(operationsToSample(m.machine, cpu)).toBe(10);
});
