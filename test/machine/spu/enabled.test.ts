// Is profiling enabled: the table of spe-architecture §4.1 for a Non-secure system, and what stops it.
import { describe, expect, test } from 'vitest';
import { EL, setSys } from '../../../src/machine/cpu/context.ts';
import { owningExceptionLevel } from '../../../src/machine/spu/enabled.ts';
import { profilingEnabled } from '../../../src/machine/spu/spu.ts';
import { aCpu } from './a-cpu.ts';

const TGE = 1n << 27n;

describe('E2PB, TGE, the Exception level and its control bit (§4.1)', () => {
  // [E2PB, TGE, EL, the only bit that matters or null]
  const rows: [bigint, boolean, number, 'E2SPE' | 'E1SPE' | 'E0SPE' | 'E0HSPE' | null][] = [
    [3n, false, 2, null],
    [3n, false, 1, 'E1SPE'],
    [3n, false, 0, 'E0SPE'],
    [2n, false, 1, 'E1SPE'],
    [3n, true, 2, null],
    [3n, true, 0, null],
    [0n, false, 2, 'E2SPE'],
    [0n, false, 1, 'E1SPE'],
    [0n, false, 0, 'E0SPE'],
    [0n, true, 2, 'E2SPE'],
    [0n, true, 1, null],
    [0n, true, 0, 'E0HSPE'],
  ];
  const bits = { E2SPE: [0n, 2n], E1SPE: [2n, 0n], E0SPE: [1n, 0n], E0HSPE: [0n, 1n] } as const;
  for (const [e2pb, tge, el, only] of rows) {
    test(`E2PB=${e2pb} TGE=${Number(tge)} EL${el}: ${only ?? 'off'}`, () => {
      for (const [name, [el1, el2]] of Object.entries(bits)) {
        const { cpu } = aCpu({}, { MDCR_EL2: e2pb << 12n, HCR_EL2: tge ? TGE : 0n, PMSCR_EL1: el1, PMSCR_EL2: el2 });
        cpu.context.core[EL] = el;
        expect(profilingEnabled(cpu), name).toBe(name === only);
      }
    });
  }
});

test('the buffer must be enabled and not stopped, and there must be a unit', () => {
  const { cpu } = aCpu();
  expect(profilingEnabled(cpu)).toBe(true);
  setSys(cpu.context, 'PMBSR_EL1', 0x20000n);
  expect(profilingEnabled(cpu)).toBe(false);
  setSys(cpu.context, 'PMBSR_EL1', 0x10000n); // a collision does not stop it
  expect(profilingEnabled(cpu)).toBe(true);
  setSys(cpu.context, 'PMBLIMITR_EL1', 0x12000n);
  expect(profilingEnabled(cpu)).toBe(false);
  const { cpu: without } = aCpu();
  without.spu = null;
  expect(profilingEnabled(without)).toBe(false);
});

test('E2PB 00 gives the buffer to EL2', () => {
  expect([0n, 2n, 3n].map((e2pb) => owningExceptionLevel(aCpu({}, { MDCR_EL2: e2pb << 12n }).cpu))).toEqual([2, 1, 1]);
});
