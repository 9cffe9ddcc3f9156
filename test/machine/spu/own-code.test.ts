// A buffer that lies in the page the CPU executes: what the unit has written is what is executed next, however the run is cut into calls.
import { expect, test } from 'vitest';
import { assemble } from '../../../src/arch/a64/assemble.ts';
import { getPc, getSys, setPc } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { writePhysical } from '../../../src/machine/memory.ts';
import { newTimingModel } from '../../../src/machine/timing/model.ts';
import { aCpu, type OneCpu } from './a-cpu.ts';

const CODE = 0x13c00;
const NO_STOPS = { breakpoints: new Set<bigint>(), skipFirst: false, afterRecord: false };

/** A loop of 200 additions; the buffer begins at the 100th. */
function overItsOwnCode(): OneCpu {
  const c = aCpu({ pmbidr: 0x24n }, { PMSIRR_EL1: 0x100n, PMBPTR_EL1: BigInt(CODE + 400), PMBLIMITR_EL1: 0x14001n, VBAR_EL1: 0x13000n });
  c.cpu.timing = newTimingModel();
  const words = assemble(`loop:\n${'add x1, x1, #1\n'.repeat(200)}b loop`, BigInt(CODE))._unsafeUnwrap().words;
  writePhysical(c.m.memory, c.pa + CODE - 0x10000, new Uint8Array(Uint32Array.from(words).buffer));
  setPc(c.cpu.context, BigInt(CODE));
  return c;
}

test('one call, calls of 100 and single steps end alike: at an instruction that was a record', () => {
  const ends = [600, 100, 1].map((part) => {
    const c = overItsOwnCode();
    for (let done = 0; done < 600; done += part) stepCpu(c.m, c.cpu, part, NO_STOPS);
    return {
      pc: getPc(c.cpu.context),
      x1: c.cpu.context.lo[1],
      elr: getSys(c.cpu.context, 'ELR_EL1'),
      esr: getSys(c.cpu.context, 'ESR_EL1'),
    };
  });
  expect(ends[1]).toEqual(ends[0]);
  expect(ends[2]).toEqual(ends[0]);
  expect(ends[0].x1).toBeLessThan(600 - 3);
});
