// Which fault an access meets when several would do, and how it is told: Arm ARM D8.13.2 (priority of the faults of a stage), D24.2.40
// (ESR_EL1: ISS of data aborts), D24.2.122 (PAR_EL1), C5.3 (DC, AT), D8.14 (TLBI).
import { describe, expect, test } from 'vitest';
import { getSys, getX, setPstate, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { translateForSpu } from '../../../src/machine/cpu/mmu.ts';
import { type Bare, bareMachine, RAM_BASE } from './bare.ts';
import { CODE, esr, pc, put, start, step, VECTORS } from './program.ts';
import { AF, DEVICE, enableTables, NORMAL, READ_ONLY, Tables, USER, UXN, writeDescriptor } from './tables.ts';

const ROOT = BigInt(RAM_BASE + 0x40_0000);
const DATA = BigInt(RAM_BASE + 0x10_0000);
const VA = 0x12_3450_0000n;
const UART = 0x0900_0000n; // of which stage 2 has nothing
const EL1 = 0x3c5n;
const EL0 = 0x3c0n;
const PAN = 1n << 22n;
const INNER = 3n << 8n;
const OUTER = 2n << 8n;

/** A machine with its code and VA mapped: to `pa`, with these attributes. */
function machine(pa: bigint, attributes: bigint): { b: Bare; t: Tables } {
  const b = bareMachine({ megabytes: 16 });
  setSys(b.cpu.context, 'VBAR_EL1', BigInt(VECTORS));
  const t = new Tables(b, 4, 48n, ROOT);
  t.map(BigInt(CODE), BigInt(CODE), AF | NORMAL | READ_ONLY | USER, 3n);
  t.map(BigInt(VECTORS), BigInt(VECTORS), AF | NORMAL, 3n);
  t.map(VA, pa, attributes, 3n);
  enableTables(b, t);
  return { b, t };
}

/** Executes one instruction with X0 = `va`: null = done, 'trap' = left for EL2, else EC and ISS at EL1. */
function one(b: Bare, text: string, va: bigint, pstate = EL1): null | 'trap' | { ec: number; iss: number } {
  setPstate(b.cpu.context, pstate);
  setX(b.cpu.context, 0, va);
  setX(b.cpu.context, 1, 0n);
  start(b, text);
  if (step(b, text.startsWith('br') ? 2 : 1).stop === 'trap') return 'trap';
  return (pc(b) & ~0x7ff) === VECTORS ? esr(b) : null;
}

describe('what stage 1 refuses never reaches stage 2', () => {
  test.each([
    ['ldr w1, [x0]', EL0, { ec: 0x24, iss: 0x0f }],
    ['str w1, [x0]', EL0, { ec: 0x24, iss: 0x4f }],
    ['ldtr w1, [x0]', EL1, { ec: 0x25, iss: 0x0f }],
    ['sttr w1, [x0]', EL1, { ec: 0x25, iss: 0x4f }],
    ['br x0', EL0, { ec: 0x20, iss: 0x0f }],
    ['ldr w1, [x0]', EL1, 'trap'],
    ['str w1, [x0]', EL1, 'trap'],
  ] as const)('a device of EL1 alone: %s', (text, pstate, expected) => {
    const { b } = machine(UART, AF | DEVICE | UXN);
    expect(one(b, text, VA, pstate)).toEqual(expected);
  });

  test('a device that may only be read, and one that PAN hides', () => {
    const { b, t } = machine(UART, AF | DEVICE | READ_ONLY);
    t.map(VA + 0x1000n, UART, AF | DEVICE | USER);
    expect(one(b, 'str w1, [x0]', VA)).toEqual({ ec: 0x25, iss: 0x4f });
    expect(one(b, 'ldr w1, [x0]', VA + 0x1000n, EL1 | PAN)).toEqual({ ec: 0x25, iss: 0x0f });
    expect(one(b, 'ldr w1, [x0]', VA + 0x1000n)).toBe('trap');
  });

  test.each([
    ['ldr w1, [x0]', 0x21],
    ['str w1, [x0]', 0x61],
    ['ldp x1, x2, [x0]', 0x21],
    ['ldtr w1, [x0]', 0x21], // before the permission too
  ] as const)('a device wants aligned accesses: %s', (text, iss) => {
    const { b } = machine(UART, AF | DEVICE);
    expect(one(b, text, VA + 1n)).toEqual({ ec: 0x25, iss });
    expect(getSys(b.cpu.context, 'FAR_EL1')).toBe(VA + 1n);
  });

  test('DC ZVA of a device is an alignment fault, of its very address', () => {
    const { b } = machine(UART, AF | DEVICE);
    expect(one(b, 'dc zva, x0', VA + 0x18n)).toEqual({ ec: 0x25, iss: 0x61 });
    expect(getSys(b.cpu.context, 'FAR_EL1')).toBe(VA + 0x18n);
  });

  test('the SPU’s write to a read-only page without memory is a permission fault of stage 1', () => {
    const { b } = machine(0x9000_0000n, AF | NORMAL | READ_ONLY);
    expect(translateForSpu(b.m, b.cpu, VA, true)).toEqual({ fsc: 0x0f, stage: 1, level: 3 });
    expect(translateForSpu(b.m, b.cpu, VA, false)).toMatchObject({ stage: 2 });
  });
});

describe('WnR of an atomic operation: 0 where a read would have met the same fault', () => {
  test.each(['ldadd x1, x2, [x0]', 'swp x1, x2, [x0]', 'cas x1, x2, [x0]', 'stadd x1, [x0]', 'casp x2, x3, x4, x5, [x0]'])('%s', (text) => {
    const { b, t } = machine(DATA, AF | NORMAL | READ_ONLY);
    t.map(VA + 0x1000n, DATA, NORMAL);
    expect(one(b, text, VA + 0x5000n)).toEqual({ ec: 0x25, iss: 0x07 });
    expect(one(b, text, VA + 0x1000n)).toEqual({ ec: 0x25, iss: 0x0b }); // access flag
    expect(one(b, text, VA + 4n)).toEqual({ ec: 0x25, iss: 0x21 });
    expect(one(b, text, VA)).toEqual({ ec: 0x25, iss: 0x4f }); // may be read
    const user = machine(DATA, AF | NORMAL);
    expect(one(user.b, text, VA, EL0)).toEqual({ ec: 0x24, iss: 0x0f }); // may not
  });
});

describe('AT is of stage 1 alone', () => {
  const par = (b: Bare, text: string, va: bigint, pstate = EL1): bigint => {
    expect(one(b, text, va, pstate)).toBeNull();
    return getSys(b.cpu.context, 'PAR_EL1');
  };

  test('an address that stage 2 does not map is an answer', () => {
    const { b } = machine(UART, AF | DEVICE | INNER);
    expect(par(b, 'at s1e1r, x0', VA + 0x123n)).toBe(0x0900_0900n); // nGnRnE, and Device is Outer Shareable whatever SH says
    expect(par(b, 'at s1e1w, x0', VA)).toBe(0x0900_0900n);
    expect(par(b, 'at s1e0r, x0', VA)).toBe(0x81fn);
  });

  test('PSTATE.PAN is not asked', () => {
    const { b } = machine(DATA, AF | NORMAL | USER | INNER);
    expect(par(b, 'at s1e1r, x0', VA, EL1 | PAN)).toBe((0xffn << 56n) | DATA | 0x980n);
  });

  test('shareability is the descriptor’s; Non-cacheable memory is Outer Shareable; without stage 1 everything is a device', () => {
    const { b, t } = machine(DATA, AF | NORMAL);
    t.map(VA + 0x1000n, DATA, AF | NORMAL | OUTER);
    t.map(VA + 0x2000n, DATA, AF | (2n << 2n) | INNER);
    setSys(b.cpu.context, 'MAIR_EL1', 0x44_00ffn);
    expect(par(b, 'at s1e1r, x0', VA)).toBe((0xffn << 56n) | DATA | 0x800n);
    expect(par(b, 'at s1e1r, x0', VA + 0x1000n)).toBe((0xffn << 56n) | DATA | 0x900n);
    expect(par(b, 'at s1e1r, x0', VA + 0x2000n)).toBe((0x44n << 56n) | DATA | 0x900n);
    setSys(b.cpu.context, 'SCTLR_EL1', getSys(b.cpu.context, 'SCTLR_EL1') & ~1n);
    expect(par(b, 'at s1e0w, x0', UART + 5n)).toBe(UART | 0x900n);
  });

  test('a descriptor that stage 2 does not map goes to the hypervisor', () => {
    const { b, t } = machine(DATA, AF | NORMAL);
    writeDescriptor(b, t.descriptor(VA, 1n), 0x9000_0000n | 3n);
    for (const text of ['at s1e1r, x0', 'dc civac, x0']) {
      expect(one(b, text, VA)).toBe('trap');
      expect(b.cpu.trap.iss & 0x180).toBe(0x180); // CM, S1PTW
    }
  });
});

test('DC IVAC wants permission to write, the other maintenance at EL1 none', () => {
  const { b } = machine(DATA, AF | NORMAL | READ_ONLY | USER);
  expect(one(b, 'dc ivac, x0', VA)).toEqual({ ec: 0x25, iss: 0x14f });
  for (const text of ['dc cvac, x0', 'dc civac, x0', 'dc cvau, x0', 'ic ivau, x0']) expect(one(b, text, VA, EL1 | PAN)).toBeNull();
  const writable = machine(DATA, AF | NORMAL | USER);
  expect(one(writable.b, 'dc ivac, x0', VA, EL1 | PAN)).toBeNull();
});

describe('an ignored top byte', () => {
  const TBI0 = 1n << 37n;
  const TAG = 0x5an << 56n;

  test.each(['tlbi vaae1is, x1', 'tlbi vae1, x1'])('%s reaches what was translated with it', (text) => {
    const { b, t } = machine(DATA, AF | NORMAL);
    setSys(b.cpu.context, 'TCR_EL1', getSys(b.cpu.context, 'TCR_EL1') | TBI0);
    expect(one(b, 'ldr w1, [x0]', VA | TAG)).toBeNull();
    writeDescriptor(b, t.descriptor(VA, 3n), 0n);
    expect(one(b, 'ldr w1, [x0]', VA | TAG)).toBeNull(); // stale
    setX(b.cpu.context, 1, VA >> 12n);
    start(b, text);
    step(b);
    expect(one(b, 'ldr w1, [x0]', VA | TAG)).toEqual({ ec: 0x25, iss: 0x07 });
    expect(getSys(b.cpu.context, 'FAR_EL1')).toBe(VA | TAG);
  });

  test('never reaches PC: of a branch, a return, an exception return, and what faults there', () => {
    const { b } = machine(DATA, AF | NORMAL | UXN);
    const c = b.cpu.context;
    setSys(c, 'TCR_EL1', getSys(c, 'TCR_EL1') | TBI0);
    for (const text of ['br x0', 'blr x0', 'ret x0', 'msr elr_el1, x0\neret']) {
      setPstate(c, EL1);
      setSys(c, 'SPSR_EL1', EL1);
      setX(c, 0, BigInt(CODE + 0x100) | TAG);
      start(b, text);
      put(b, 'nop', CODE + 0x100);
      step(b, text.startsWith('msr') ? 2 : 1);
      expect([text, pc(b)]).toEqual([text, CODE + 0x100]);
      step(b);
      expect([text, pc(b)]).toEqual([text, CODE + 0x104]);
    }
    expect(one(b, 'br x0', (VA + 0x1000n) | TAG)).toEqual({ ec: 0x21, iss: 0x07 });
    expect([getSys(c, 'FAR_EL1'), getSys(c, 'ELR_EL1')]).toEqual([VA + 0x1000n, VA + 0x1000n]);
    expect(one(b, 'br x0', (VA + 2n) | TAG)).toEqual({ ec: 0x22, iss: 0 });
    expect(getSys(c, 'ELR_EL1')).toBe(VA + 2n);
  });

  test('of a pointer that a hot loop calls', () => {
    const { b } = machine(DATA, AF | NORMAL);
    const c = b.cpu.context;
    setSys(c, 'TCR_EL1', getSys(c, 'TCR_EL1') | TBI0);
    setPstate(c, EL1);
    const labels = start(b, 'movz x1, #20000\nloop: blr x0\nsubs x1, x1, #1\nb.ne loop\nend: b end\nleaf: add x2, x2, #1\nret');
    setX(c, 0, labels.get('leaf')! | TAG);
    setX(c, 2, 0n);
    step(b, 1 + 20000 * 5 + 1);
    expect([pc(b), getX(c, 2), getX(c, 30)]).toEqual([Number(labels.get('end')), 20000n, labels.get('loop')! + 4n]);
  });

  test('is ignored with the MMU off too', () => {
    const b = bareMachine({ megabytes: 16 });
    setSys(b.cpu.context, 'VBAR_EL1', BigInt(VECTORS));
    expect(one(b, 'ldr w1, [x0]', DATA | TAG)).toEqual({ ec: 0x25, iss: 0x00 }); // address size, level 0
    setSys(b.cpu.context, 'TCR_EL1', TBI0);
    expect(one(b, 'ldr w1, [x0]', DATA | TAG)).toBeNull();
    expect(one(b, 'ldr w1, [x0]', DATA | (1n << 50n))).toEqual({ ec: 0x25, iss: 0x00 });
  });
});
