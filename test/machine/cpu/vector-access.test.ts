// SIMD&FP registers: who may use them, faults of their loads and stores, and that every row is executed. Arm ARM D1.3.5 (traps), D24.2 (CPACR_EL1,
// CPTR_EL2), C7.2. What the instructions compute is held against qemu-aarch64 (qemu-user.test.ts).
import { describe, expect, test } from 'vitest';
import { a64Rows } from '../../../src/arch/a64/rows.ts';
import { getSys, getX, setPstate, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { executorOf } from '../../../src/machine/cpu/vector/execute.ts';
import { type Bare, bareMachine, mapIdentity, RAM_BASE } from './bare.ts';
import { CODE, esr, pc, start, step, VECTORS } from './program.ts';

const DATA = RAM_BASE + 0x2_0000;

function machine(text: string, options: { fpen?: bigint; pstate?: bigint } = {}): Bare {
  const b = bareMachine({ megabytes: 1 });
  const c = b.cpu.context;
  mapIdentity(b, RAM_BASE, options.pstate === 0n);
  setSys(c, 'VBAR_EL1', BigInt(VECTORS));
  setSys(c, 'CPACR_EL1', (options.fpen ?? 3n) << 20n);
  setPstate(c, options.pstate ?? 0x3c5n);
  setX(c, 0, BigInt(DATA));
  start(b, text);
  return b;
}

const INSTRUCTIONS = [
  'fadd d0, d1, d2',
  'fcmp d0, d1',
  'ldr q0, [x0]',
  'ldr d0, 0x40001000',
  'movi v0.16b, #1',
  'mrs x1, fpcr',
  'msr fpsr, x1',
];

describe('CPACR_EL1.FPEN', () => {
  test.each(
    [0n, 1n, 2n, 3n].flatMap((fpen) =>
      [0n, 0x3c5n].map((pstate) => ({ fpen, pstate, traps: fpen !== 3n && !(fpen === 1n && pstate !== 0n) })),
    ),
  )('$fpen, PSTATE $pstate: traps is $traps', ({ fpen, pstate, traps }) => {
    for (const text of INSTRUCTIONS) {
      const b = machine(text, { fpen, pstate });
      step(b);
      const from = pstate === 0n ? 0x400 : 0x200;
      expect([text, pc(b)]).toEqual([text, traps ? VECTORS + from : CODE + 4]);
      if (traps) expect([text, esr(b)]).toEqual([text, { ec: 0x07, iss: 0x1e00000 }]); // CV, COND = always
    }
  });
});

describe('CPTR_EL2', () => {
  test.each([
    [0n, 1n << 10n, true], // TFP
    [0n, 0n, false],
    [1n << 34n, 0n, true], // with E2H: FPEN
    [1n << 34n, 1n << 20n, false],
    [1n << 34n, 2n << 20n, true],
    [1n << 34n, 3n << 20n, false],
  ])('HCR_EL2 and %i, CPTR_EL2 %i: traps is %s', (e2h, cptr, traps) => {
    for (const text of INSTRUCTIONS) {
      const b = machine(text);
      setSys(b.cpu.context, 'HCR_EL2', getSys(b.cpu.context, 'HCR_EL2') | e2h);
      setSys(b.cpu.context, 'CPTR_EL2', cptr);
      expect([text, step(b).stop]).toEqual([text, traps ? 'trap' : 'count']);
      if (traps) expect(b.cpu.trap).toMatchObject({ ec: 0x07, iss: 0x1e00000 });
      expect(pc(b)).toBe(traps ? CODE : CODE + 4);
    }
  });

  test('EL1 hears of it first', () => {
    const b = machine('fadd d0, d1, d2', { fpen: 0n });
    setSys(b.cpu.context, 'CPTR_EL2', 1n << 10n);
    expect(step(b).stop).toBe('count');
    expect(esr(b).ec).toBe(0x07);
  });
});

describe('identification', () => {
  test('ID_AA64PFR0_EL1 says floating point and Advanced SIMD, without half precision arithmetic', () => {
    const word = getSys(bareMachine({ megabytes: 1 }).cpu.context, 'ID_AA64PFR0_EL1');
    expect([(word >> 16n) & 15n, (word >> 20n) & 15n]).toEqual([0n, 0n]);
  });

  test('FPCR and FPSR keep the bits that there are', () => {
    const b = machine('msr fpcr, x1\nmsr fpsr, x1\nmrs x2, fpcr\nmrs x3, fpsr');
    setX(b.cpu.context, 1, 0xffffffffffffffffn);
    step(b, 4);
    expect([getX(b.cpu.context, 2), getX(b.cpu.context, 3)]).toEqual([0x07c00000n, 0x0800009fn]);
  });
});

describe('faults', () => {
  const UNMAPPED = RAM_BASE + 0x4000_0000; // the map ends here

  test.each(['ldr q1, [x0], #16', 'ldp d1, d2, [x0, #8]!', 'ld1 {v1.16b-v4.16b}, [x0], #64', 'ld1r {v1.4s}, [x0]'])(
    '%s from where nothing is: data abort without a valid ISS, nothing changes',
    (text) => {
      const b = machine(text);
      b.cpu.context.v.fill(0x1234n);
      setX(b.cpu.context, 0, BigInt(UNMAPPED));
      step(b);
      expect(esr(b)).toMatchObject({ ec: 0x25 });
      expect(esr(b).iss & (1 << 24)).toBe(0);
      expect(getX(b.cpu.context, 0)).toBe(BigInt(UNMAPPED));
      expect([...new Set(b.cpu.context.v)]).toEqual([0x1234n]);
    },
  );

  test('a device access by a SIMD&FP register exits without a valid syndrome', () => {
    const b = machine('str d0, [x0]');
    const c = b.cpu.context;
    setSys(c, 'SCTLR_EL1', getSys(c, 'SCTLR_EL1') & ~1n);
    setX(c, 0, 0x0900_0000n);
    expect(step(b).stop).toBe('trap');
    expect([b.cpu.trap.ec, b.cpu.trap.iss & (1 << 24)]).toEqual([0x24, 0]);
  });

  test('a store over the end of the map stores nothing', () => {
    const b = bareMachine({ megabytes: 1 });
    const c = b.cpu.context;
    setSys(c, 'VBAR_EL1', BigInt(VECTORS));
    setSys(c, 'CPACR_EL1', 3n << 20n);
    setPstate(c, 0x3c5n);
    c.v.fill(0xffff_ffff_ffff_ffffn);
    start(b, 'stp q0, q1, [x0]');
    const end = RAM_BASE + 0x10_0000; // of the RAM of 1 MiB; the MMU is off: what is not RAM leaves for EL2
    setX(c, 0, BigInt(end - 16));
    expect(step(b).stop).toBe('trap');
    expect(b.m.memory.u8.subarray(b.ram + 0x10_0000 - 16, b.ram + 0x10_0000).every((byte) => byte === 0)).toBe(true);
  });

  test('the stack pointer must be aligned', () => {
    const b = machine('mov sp, x0\nldr d0, [sp]');
    setSys(b.cpu.context, 'SCTLR_EL1', getSys(b.cpu.context, 'SCTLR_EL1') | 8n); // SA
    setX(b.cpu.context, 0, BigInt(DATA + 8));
    step(b, 2);
    expect(esr(b).ec).toBe(0x26);
  });

  test('with SCTLR_EL1.A a Q register is aligned to 16 bytes, elements of a structure each to their size', () => {
    const aligned = (text: string, offset: number): number => {
      const b = machine(text);
      setSys(b.cpu.context, 'SCTLR_EL1', getSys(b.cpu.context, 'SCTLR_EL1') | 2n);
      setX(b.cpu.context, 0, BigInt(DATA + offset));
      step(b);
      return pc(b) === CODE + 4 ? 0 : esr(b).iss & 0x3f;
    };
    expect([aligned('ldr q0, [x0]', 8), aligned('ldr q0, [x0]', 16), aligned('ldp q0, q1, [x0]', 8)]).toEqual([0x21, 0, 0x21]);
    expect([aligned('ld1 {v0.4s}, [x0]', 4), aligned('ld1 {v0.4s}, [x0]', 2), aligned('st1 {v0.16b}, [x0]', 1)]).toEqual([0, 0x21, 0]);
  });
});

test('a literal is relative to the instruction', () => {
  const b = machine('b over\nvalue: .word 0x40490fdb\nover: ldr s1, value');
  step(b, 2);
  expect(b.cpu.context.v[2]).toBe(0x40490fdbn);
});

test('every SIMD&FP row that accesses no memory has a function', () => {
  for (const row of a64Rows()) if (row.vector !== undefined && row.access === undefined) expect(executorOf(row)).toBeTypeOf('function');
});
