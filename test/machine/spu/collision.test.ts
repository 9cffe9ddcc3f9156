// Collisions: an interval that ends while another sample is in flight (spe-architecture §4.2). A sample is in flight for as many operations
// of the population as its total latency has cycles.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { getSys, setSys } from '../../../src/machine/cpu/context.ts';
import { PMBIRQ, PMBLIMITR_EL1, PMBSR_EL1, writeProfilingRegister } from '../../../src/machine/spu/registers.ts';
import { countOperations, operationsToSample, sampleOperation } from '../../../src/machine/spu/spu.ts';
import { finishSamples } from '../../../src/machine/spu/state.ts';
import { aCpu, aLoad, type OneCpu } from './a-cpu.ts';

/** Counts to the next sample and takes it; its latency is given. True: it was recorded. */
function next(c: OneCpu, totalLatency: number): boolean {
  countOperations(c.m.machine, c.cpu, operationsToSample(c.m.machine, c.cpu));
  return sampleOperation(c.m, c.cpu, aLoad({ totalLatency })).recordWritten;
}

const status = (c: OneCpu): string => getSys(c.cpu.context, 'PMBSR_EL1').toString(16);

describe('collisions', () => {
  test('a sample of 257 cycles is complete when the interval of 257 operations ends; one of 258 is not', () => {
    const c = aCpu({}, { PMSIRR_EL1: 0x100n });
    expect([next(c, 257), next(c, 258), next(c, 2), next(c, 2)]).toEqual([true, true, false, true]);
    expect(c.spu.counts).toMatchObject({ SAMPLE_POP: 4 * 257, SAMPLE_FEED: 3, SAMPLE_FILTRATE: 3, SAMPLE_COLLISION: 1 });
  });

  test('COLL alone: 0x10000, no stop, no interrupt, one notice', () => {
    const c = aCpu({}, { PMSIRR_EL1: 0x100n });
    next(c, 1000);
    for (let i = 0; i < 3; i++) expect(next(c, 2)).toBe(false);
    expect(status(c)).toBe('10000');
    expect((c.cpu.hostLines >> PMBIRQ) & 1).toBe(0);
    expect(c.spu.notices.map((n) => n.kind)).toEqual(['spe.collision']);
    expect(c.spu.counts.SAMPLE_COLLISION).toBe(3);
    expect(next(c, 2)).toBe(true); // 4 * 257 operations later it is complete
  });

  test('the interval counter restarts all the same: the lost sample moves nothing', () => {
    const c = aCpu({}, { PMSIRR_EL1: 0x100n });
    next(c, 5000);
    for (let i = 0; i < 5; i++) {
      expect(operationsToSample(c.m.machine, c.cpu)).toBe(257);
      next(c, 5000);
    }
  });

  test('buffer full after collisions: 0x30001; software clears COLL by writing PMBSR_EL1', () => {
    const c = aCpu({}, { PMSIRR_EL1: 0x100n, PMBLIMITR_EL1: 0x11001n });
    next(c, 258);
    next(c, 2);
    setSys(c.cpu.context, 'PMBPTR_EL1', 0x10fc0n);
    next(c, 2);
    expect(status(c)).toBe('30001');
    writeProfilingRegister(c.cpu, PMBSR_EL1, 0n);
    expect(status(c)).toBe('0');
  });

  test('a sample in flight is filtered or not when it began: it takes its place until it is complete', () => {
    const c = aCpu({}, { PMSIRR_EL1: 0x100n, PMSFCR_EL1: 2n | (1n << 16n) }); // branches only
    next(c, 300);
    expect(c.spu.counts).toMatchObject({ SAMPLE_FEED: 1, SAMPLE_FILTRATE: 0 });
    next(c, 2);
    expect(c.spu.counts).toMatchObject({ SAMPLE_FEED: 1, SAMPLE_COLLISION: 1 });
  });

  test('nothing is in flight after PSB CSYNC, nor after the buffer was disabled', () => {
    for (const drain of [
      (c: OneCpu) => finishSamples(c.spu),
      (c: OneCpu) => {
        writeProfilingRegister(c.cpu, PMBLIMITR_EL1, 0x12000n);
        writeProfilingRegister(c.cpu, PMBLIMITR_EL1, 0x12001n);
      },
    ]) {
      const c = aCpu({}, { PMSIRR_EL1: 0x100n });
      next(c, 1000);
      drain(c);
      expect(next(c, 2)).toBe(true);
    }
  });

  test('nor after the unit has stopped: a sample that filled the buffer, or that software’s S found in flight, takes no place afterwards', () => {
    const full = aCpu({}, { PMSIRR_EL1: 0x100n, PMBPTR_EL1: 0x11fc0n });
    expect([next(full, 1000), status(full)]).toEqual([true, '20001']);
    setSys(full.cpu.context, 'PMBPTR_EL1', 0x10000n);
    writeProfilingRegister(full.cpu, PMBSR_EL1, 0n);
    expect(next(full, 2)).toBe(true);
    const set = aCpu({}, { PMSIRR_EL1: 0x100n });
    next(set, 1000);
    for (const value of [0x20000n, 0n]) writeProfilingRegister(set.cpu, PMBSR_EL1, value);
    expect([next(set, 2), set.spu.counts.SAMPLE_COLLISION]).toEqual([true, 0]);
  });

  test('every interval that ends is one sample fed or one collision', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 60 }), fc.boolean(), (latencies, jitter) => {
        const c = aCpu({}, { PMSIRR_EL1: jitter ? 0x101n : 0x100n });
        let free = 0;
        for (const latency of latencies) {
          const written = next(c, latency);
          const now = c.spu.counts.SAMPLE_POP;
          expect(written).toBe(now >= free);
          if (written) free = now + latency;
        }
        const { SAMPLE_FEED, SAMPLE_COLLISION } = c.spu.counts;
        expect(SAMPLE_FEED + SAMPLE_COLLISION).toBe(latencies.length);
      }),
    );
  });
});
