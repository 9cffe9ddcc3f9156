// The door: exact counts, the same world however the operations are sliced and whatever is cached, breakpoints, timers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseElf } from '../../../src/abi/elf.ts';
import { hashPlain } from '../../../src/base/plain.ts';
import { mountCode } from '../../../src/machine/cpu/code.ts';
import { getSys, getX, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import type { Mounted } from '../../../src/machine/machine.ts';
import { mountMemory, settleMemory } from '../../../src/machine/memory.ts';
import { answerTrap, type Bare, bareMachine, loadImage, NO_STOPS, RAM_BASE, runGuest } from './bare.ts';
import { CODE, pc, put, start, step, VECTORS } from './program.ts';

const guests = join(import.meta.dirname, '../../../fixtures/guests');

/** A guest of the project on a machine with SPU and timing model. */
function guest(name: string): Bare {
  const bytes = new Uint8Array(readFileSync(join(guests, `${name}.elf`)));
  const elf = parseElf(bytes)._unsafeUnwrap();
  const b = bareMachine({ megabytes: 16, timing: true, spu: true });
  const part = (s: { offset: number | bigint; fileSize: number | bigint }): Uint8Array =>
    bytes.subarray(Number(s.offset), Number(s.offset) + Number(s.fileSize));
  loadImage(
    b,
    elf.segments.map((s) => ({ address: s.address, bytes: part(s) })),
    elf.entry,
  );
  return b;
}

/** Empties the profiling buffer as the guest's driver would. */
function drain(b: Bare): void {
  setSys(b.cpu.context, 'PMBPTR_EL1', getSys(b.cpu.context, 'PMBLIMITR_EL1') - 0x2001n);
  setSys(b.cpu.context, 'PMBSR_EL1', 0n);
  b.cpu.hostLines = 0;
}

function hash(b: Bare): bigint {
  settleMemory(b.m.memory);
  return hashPlain(b.m.machine);
}

/** The same machine, mounted again: every cache is lost. */
function remount(b: Bare): Bare {
  settleMemory(b.m.memory);
  const m: Mounted = { machine: b.m.machine, memory: mountMemory(b.m.machine.memory), code: mountCode() };
  return { ...b, m };
}

describe('counts', () => {
  test.each([1, 2, 3, 10, 997])('%i operations are executed, no more and no fewer', (n) => {
    const b = bareMachine({ megabytes: 1 });
    start(b, 'loop: add x0, x0, #1\nb loop');
    expect(step(b, n)).toEqual({ executed: n, stop: 'count' });
    expect(getX(b.cpu.context, 0)).toBe(BigInt(Math.ceil(n / 2)));
    expect(b.m.machine.tick).toBe(n);
  });

  test('a fetch that faults for ever takes its operations', () => {
    const b = bareMachine({ megabytes: 1 });
    setSys(b.cpu.context, 'VBAR_EL1', 0x3n << 11n); // no RAM there: the vectors abort too
    setSys(b.cpu.context, 'SCTLR_EL1', 0x30d00981n); // MMU on without tables
    expect(step(b, 100)).toMatchObject({ executed: 100, stop: 'count' });
  });

  test('an operation that traps counts once', () => {
    const b = bareMachine({ megabytes: 1 });
    start(b, 'nop\nhvc #0\nnop');
    expect(step(b, 10)).toEqual({ executed: 2, stop: 'trap' });
    expect(step(b, 1)).toEqual({ executed: 1, stop: 'count' });
    expect(pc(b)).toBe(CODE + 12);
  });
});

describe('the same world', () => {
  const TOTAL = 120_000;
  const straight = (name: string): bigint => {
    const b = guest(name);
    expect(runGuest(b, TOTAL, TOTAL, drain).operations).toBe(TOTAL);
    return hash(b);
  };

  test.each(['pointer-chase', 'branchy'])('%s in random slices, with caches dropped now and then', (name) => {
    const expected = straight(name);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 3, maxLength: 40 }),
        fc.integer({ min: 2, max: 9 }),
        (slices, every) => {
          let b = guest(name);
          let at = 0;
          let done = 0;
          while (done < TOTAL) {
            done += runGuest(b, Math.min(20_000, TOTAL - done), () => slices[at++ % slices.length], drain).operations;
            if (at % every === 0) b = remount(b);
          }
          expect(hash(b)).toBe(expected);
        },
      ),
      { numRuns: 6 },
    );
  });

  test('two machines in turns do not disturb each other', () => {
    const expected = straight('branchy');
    const first = guest('branchy');
    const second = guest('branchy');
    for (let i = 0; i < 12; i++) {
      runGuest(first, 10_000, 777, drain);
      runGuest(second, 10_000, 10_000, drain);
    }
    expect(hash(first)).toBe(expected);
    expect(hash(second)).toBe(expected);
  });
});

describe('breakpoints', () => {
  const at = (b: Bare, address: number, skipFirst = false, operations = 1000) =>
    stepCpu(b.m, b.cpu, operations, { ...NO_STOPS, breakpoints: new Set([BigInt(address)]), skipFirst });

  test('stop before the operation, in the same page and in others; skipFirst leaves the one stood on', () => {
    const b = bareMachine({ megabytes: 1 });
    start(b, `loop: add x0, x0, #1\nbl far\nb loop\n.inst 0\n${'nop\n'.repeat(0x400)}far: ret`);
    const far = CODE + 4 * (4 + 0x400);
    expect(at(b, far)).toEqual({ executed: 2, stop: 'breakpoint' });
    expect(pc(b)).toBe(far);
    expect(at(b, far)).toEqual({ executed: 0, stop: 'breakpoint' });
    expect(at(b, far, true)).toEqual({ executed: 4, stop: 'breakpoint' });
    expect(at(b, CODE + 8, true)).toEqual({ executed: 1, stop: 'breakpoint' });
    expect(at(b, CODE + 0x100)).toEqual({ executed: 1000, stop: 'count' });
  });

  test('a breakpoint on the vector stops when an exception leads there', () => {
    const b = bareMachine({ megabytes: 1 });
    setSys(b.cpu.context, 'VBAR_EL1', BigInt(VECTORS));
    start(b, 'nop\nsvc #0');
    expect(at(b, VECTORS + 0x200)).toEqual({ executed: 2, stop: 'breakpoint' });
  });

  test('the world is the one of a run without them', () => {
    const b = guest('branchy');
    const c = guest('branchy');
    const operations = 30_000;
    runGuest(b, operations, operations, drain);
    let done = 0;
    while (done < operations) {
      const result = stepCpu(c.m, c.cpu, operations - done, {
        ...NO_STOPS,
        breakpoints: new Set([0x40081038n, 0x40081044n]),
        skipFirst: true,
      });
      done += result.executed;
      if (result.stop === 'host-irq') drain(c);
      if (result.stop === 'trap') answerTrap(c);
    }
    expect(hash(c)).toBe(hash(b));
  });
});

describe('timers', () => {
  test('the virtual timer raises its line at its count, exactly', () => {
    const b = bareMachine({ megabytes: 1 });
    start(b, 'loop: add x0, x0, #1\nb loop');
    setSys(b.cpu.context, 'CNTV_CVAL_EL0', 1234n);
    setSys(b.cpu.context, 'CNTV_CTL_EL0', 1n);
    expect(step(b, 10_000)).toEqual({ executed: 1234, stop: 'host-irq' });
    expect(b.cpu.hostLines & (1 << 27)).not.toBe(0);
    expect(step(b, 100)).toEqual({ executed: 100, stop: 'count' }); // high already: the host has looked
  });
  test('a masked timer raises nothing', () => {
    const b = bareMachine({ megabytes: 1 });
    start(b, 'loop: b loop');
    setSys(b.cpu.context, 'CNTV_CVAL_EL0', 100n);
    setSys(b.cpu.context, 'CNTV_CTL_EL0', 3n);
    expect(step(b, 1000)).toEqual({ executed: 1000, stop: 'count' });
  });
  test('a timer that is programmed in the past stops at once', () => {
    const b = bareMachine({ megabytes: 1 });
    b.m.machine.tick = 500;
    start(b, 'msr cntv_cval_el0, x1\nmov x0, #1\nmsr cntv_ctl_el0, x0\nnop');
    setX(b.cpu.context, 1, 400n);
    expect(step(b, 10)).toEqual({ executed: 3, stop: 'host-irq' });
  });
});

describe('hints that wait', () => {
  test('a round robin may hear of a WFE without a trap', () => {
    const b = bareMachine({ megabytes: 1 });
    setSys(b.cpu.context, 'HCR_EL2', getSys(b.cpu.context, 'HCR_EL2') & ~(3n << 13n));
    start(b, 'nop\nwfe\nnop');
    expect(stepCpu(b.m, b.cpu, 10, { ...NO_STOPS, atWait: true })).toEqual({ executed: 2, stop: 'wait' });
    put(b, 'nop\nwfi\nnop');
    start(b, 'nop\nwfi\nnop');
    expect(stepCpu(b.m, b.cpu, 10, { ...NO_STOPS, atWait: true })).toEqual({ executed: 2, stop: 'wait' });
  });
  test('SEV sets every CPU’s event register', () => {
    const b = bareMachine({ megabytes: 1, cpus: 2 });
    start(b, 'sev');
    step(b);
    const other: Bare = { ...b, cpu: b.m.machine.cpus[1] };
    start(other, 'wfe\nnop', CODE + 0x100);
    expect(step(other, 2)).toEqual({ executed: 2, stop: 'count' });
  });
});

test('code at the end of the address space of 32 bits goes on into the next', () => {
  const b = bareMachine({ megabytes: 1 });
  b.cpu.stage2 = [{ ipa: 0xffff_f000, size: 0x2000, pa: b.ram + 0x4000, writable: true }];
  const c = b.cpu.context;
  put(b, 'add x0, x0, #1\nhere: adr x1, here\nbl next\nnext: nop', RAM_BASE + 0x4ff8);
  c.core[0] = 0xfffffff8 | 0;
  c.core[1] = 0;
  step(b, 4);
  expect(getX(c, 0)).toBe(1n);
  expect(getX(c, 1)).toBe(0xffff_fffcn);
  expect(getX(c, 30)).toBe(0x1_0000_0004n);
  expect(c.core[1]).toBe(1);
  expect(c.core[0]).toBe(8);
});
