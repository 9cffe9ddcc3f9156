// The PMU's event counters count the events of sampling (spe-architecture §2.2): all of them, by Exception level, with overflow, as a guest
// programs and reads them.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../../src/arch/a64/assemble.ts';
import { SAMPLE_EVENTS } from '../../../src/arch/spe/pmu-events.ts';
import { getSys, getX, setPc, setSys } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { newSpuState, type SpuDescription } from '../../../src/machine/spu/state.ts';
import { geometryOf } from '../../../src/machine/timing/geometry.ts';
import { newTimingModel } from '../../../src/machine/timing/model.ts';
import { type Bare, bareMachine, NO_STOPS, putWords, RAM_BASE } from '../cpu/bare.ts';
import { BUFFER, type RandomProgram, randomProgram } from '../spu/random-program.ts';
import { machineWith, walkProgram } from '../spu/reference-walk.ts';

const NEWEST: SpuDescription = { pmsver: 6, pmsidr: 0xf0374ffn, pmbidr: 0x226n, layout: 'architectural' };
const V1P1: SpuDescription = { pmsver: 2, pmsidr: 0x26417n, pmbidr: 0x26n, layout: 'n1-slots' };
const OPERATIONS = 2500;
const NOT_EL1 = 1n << 31n;
const NOT_EL0 = 1n << 30n;

/** Sampling at EL1 and EL0 with filters that let a part pass, into a buffer that fills; `counters`: PMEVTYPERn_EL0. */
function sampling(program: RandomProgram, device: SpuDescription, counters: readonly bigint[], more: Record<string, bigint> = {}): Bare {
  const b = machineWith(program);
  b.cpu.spu = newSpuState(device);
  b.cpu.timing = newTimingModel({ dramCycles: 900 }); // so that intervals end within samples
  const registers = {
    MDCR_EL2: 3n << 12n,
    PMSCR_EL1: 0x3n,
    PMSIRR_EL1: device === NEWEST ? 0x101n : 1n,
    PMSFCR_EL1: 0x6_0002n, // loads and stores
    PMSEVFR_EL1: 0x8n,
    PMSLATFR_EL1: 6n,
    PMSDSFR_EL1: 0x101n,
    PMBPTR_EL1: BigInt(BUFFER + 4096 - 256),
    PMBLIMITR_EL1: BigInt(BUFFER + 4096) | 1n,
    PMCNTENSET_EL0: 0x3fn,
    PMCR_EL0: getSys(b.cpu.context, 'PMCR_EL0') | 1n,
    ...Object.fromEntries(counters.map((type, n) => [`PMEVTYPER${n}_EL0`, type])),
    ...more,
  };
  for (const [name, value] of Object.entries(registers)) setSys(b.cpu.context, name, value);
  return b;
}

const counter = (b: Bare, n: number): bigint => getSys(b.cpu.context, `PMEVCNTR${n}_EL0`);

describe('a counter that is on', () => {
  for (const [name, device] of [
    ['SPEv1.5', NEWEST],
    ['SPEv1.1', V1P1],
  ] as const) {
    test(`${name}: holds what the unit counted, for every event, however the run is cut`, () => {
      const seen = new Set<string>();
      fc.assert(
        fc.property(randomProgram, fc.constantFrom(OPERATIONS, 700, 1), (program, part) => {
          for (let first = 0; first < SAMPLE_EVENTS.length; first += 6) {
            const events = SAMPLE_EVENTS.slice(first, first + 6);
            const b = sampling(
              program,
              device,
              events.map((e) => BigInt(e.number)),
            );
            for (let left = OPERATIONS; left > 0; left -= part) stepCpu(b.m, b.cpu, Math.min(part, left), NO_STOPS);
            for (const [n, event] of events.entries()) {
              const want = b.cpu.spu?.counts[event.name] ?? -1;
              expect([event.name, counter(b, n)]).toEqual([event.name, BigInt(want)]);
              if (want > 0) seen.add(event.name);
            }
          }
        }),
        { numRuns: 6, seed: 3 },
      );
      const never = SAMPLE_EVENTS.map((e) => e.name).filter((n) => !seen.has(n));
      const later = ['SAMPLE_FEED_DS', 'SAMPLE_FEED_BR', 'SAMPLE_FEED_LD', 'SAMPLE_FEED_ST', 'SAMPLE_FEED_OP', 'SAMPLE_FEED_EVENT'];
      expect(never).toEqual(device === NEWEST ? [] : [...later, 'SAMPLE_FEED_LAT', 'SAMPLE_FEED_FP', 'SAMPLE_FEED_SIMD']);
    });
  }

  test('counts operations at the Exception levels that its type lets it', () => {
    let both = 0;
    fc.assert(
      fc.property(randomProgram, (program) => {
        const { steps } = walkProgram(program, OPERATIONS, geometryOf({}));
        const types = [0x4000n, 0x4000n | NOT_EL0, 0x4000n | NOT_EL1, 0x4000n | NOT_EL0 | NOT_EL1, 0x4001n | NOT_EL0, 0x4001n | NOT_EL1];
        const b = sampling(program, NEWEST, types, { PMBLIMITR_EL1: 5n }); // discard mode: nothing stops it
        stepCpu(b.m, b.cpu, OPERATIONS, NO_STOPS);
        const user = steps.filter((s) => s.el === 0).length;
        expect([0, 1, 2, 3].map((n) => Number(counter(b, n)))).toEqual([OPERATIONS, OPERATIONS - user, user, 0]);
        expect(Number(counter(b, 4) + counter(b, 5))).toBe(b.cpu.spu?.counts.SAMPLE_FEED);
        if (user > 0 && user < OPERATIONS) both += 1;
      }),
      { numRuns: 20, seed: 5 },
    );
    expect(both).toBeGreaterThan(2);
  });
});

/** Runs the text at EL1 with every operation in the population and a discarded sample every 257. */
function guest(text: string, more: Record<string, bigint> = {}): Bare {
  const b = bareMachine({ megabytes: 1 });
  b.cpu.spu = newSpuState(NEWEST);
  const c = b.cpu.context;
  const registers = { MDCR_EL2: 3n << 12n, PMSCR_EL1: 3n, PMSIRR_EL1: 0x100n, PMBLIMITR_EL1: 5n, ...more };
  for (const [name, value] of Object.entries(registers)) setSys(c, name, value);
  const { words } = assemble(text, BigInt(RAM_BASE))._unsafeUnwrap();
  putWords(b, RAM_BASE, [...words]);
  setPc(c, BigInt(RAM_BASE));
  stepCpu(b.m, b.cpu, words.length, NO_STOPS);
  return b;
}

describe('a guest that counts', () => {
  test('programs a counter and reads it: the read itself is of the population', () => {
    const b = guest(`mov x1, #0x4000
      msr pmevtyper2_el0, x1
      mov x2, #4
      msr pmcntenset_el0, x2
      mrs x3, pmcr_el0
      orr x3, x3, #1
      msr pmcr_el0, x3
      nop
      nop
      mrs x4, pmevcntr2_el0
      msr pmcntenclr_el0, x2
      nop
      mrs x5, pmevcntr2_el0`);
    // From the operation behind the one that switched it on, up to the one that switches it off.
    expect([getX(b.cpu.context, 4), getX(b.cpu.context, 5)]).toEqual([3n, 4n]);
  });

  test('reaches a counter through PMSELR_EL0; one that is not there reads 0 and keeps nothing', () => {
    const b = guest(`mov x1, #3
      msr pmselr_el0, x1
      mov x2, #0x4001
      msr pmxevtyper_el0, x2
      msr pmxevcntr_el0, x1
      mrs x3, pmevtyper3_el0
      mrs x4, pmevcntr3_el0
      mov x1, #9
      msr pmselr_el0, x1
      msr pmxevcntr_el0, x1
      mrs x5, pmxevcntr_el0`);
    expect([3, 4, 5].map((n) => getX(b.cpu.context, n))).toEqual([0x4001n, 3n, 0n]);
  });

  test('PMCR_EL0.P resets the event counters and reads 0; N stays', () => {
    const b = guest(
      `mov x1, #2
      msr pmcr_el0, x1
      mrs x2, pmcr_el0
      mrs x3, pmevcntr0_el0`,
      { PMEVCNTR0_EL0: 77n },
    );
    expect([getX(b.cpu.context, 2), getX(b.cpu.context, 3)]).toEqual([0x41003000n, 0n]);
  });

  test('overflows at 32 bits: the flag is set, counting goes on', () => {
    const on = { PMCR_EL0: 1n, PMCNTENSET_EL0: 1n, PMEVTYPER0_EL0: 0x4000n, PMEVCNTR0_EL0: 0xffff_fffen };
    const b = guest('nop\nnop\nnop\nmrs x1, pmovsset_el0\nmrs x2, pmevcntr0_el0', on);
    expect([getX(b.cpu.context, 1), getX(b.cpu.context, 2)]).toEqual([1n, 3n]);
  });

  test('is told of SAMPLE_POP, _FEED, _FILTRATE and _COLLISION by PMCEID0_EL0, where there is a unit', () => {
    const b = guest('mrs x1, pmceid0_el0');
    expect(getX(b.cpu.context, 1)).toBe(0xf_0000_0000n);
    b.cpu.spu = null;
    setPc(b.cpu.context, BigInt(RAM_BASE));
    stepCpu(b.m, b.cpu, 1, NO_STOPS);
    expect(getX(b.cpu.context, 1)).toBe(0n);
  });
});

test('nothing is counted while PMCR_EL0.E, the counter or profiling is off', () => {
  const program = fc.sample(randomProgram, { numRuns: 1, seed: 1 })[0];
  const rows: Record<string, bigint>[] = [{ PMCR_EL0: 0n }, { PMCNTENSET_EL0: 0n }, { PMSCR_EL1: 0n }, { PMBSR_EL1: 0x20000n }];
  for (const off of rows) {
    const b = sampling(program, NEWEST, [0x4000n, 0x4001n], off);
    stepCpu(b.m, b.cpu, OPERATIONS, NO_STOPS);
    expect([counter(b, 0), counter(b, 1)]).toEqual([0n, 0n]);
  }
});
