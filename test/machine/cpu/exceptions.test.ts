// Exceptions to EL1, traps to EL2, returns: Arm ARM D1.4, C6.2.
import { describe, expect, test } from 'vitest';
import { getPc, getPstate, getSys, getX, SP, setPstate, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { type Bare, bareMachine, mapIdentity, RAM_BASE } from './bare.ts';
import { CODE, esr, pc, put, start, step, VECTORS } from './program.ts';

function machine(text: string, pstate = 0x3c5n): Bare {
  const b = bareMachine({ megabytes: 1 });
  setSys(b.cpu.context, 'VBAR_EL1', BigInt(VECTORS));
  setPstate(b.cpu.context, pstate);
  start(b, text);
  return b;
}

describe('exceptions to EL1', () => {
  test.each([
    ['svc #0x123', 0x15, 0x123, 4],
    ['brk #0x42', 0x3c, 0x42, 0],
    ['.inst 0x00000000', 0x00, 0, 0], // UDF
    ['hlt #1', 0x00, 0, 0],
    ['.inst 0x1ee22820', 0x00, 0, 0], // fadd h0, h1, h2: no half precision arithmetic, whatever CPACR_EL1 says
    ['fadd d0, d1, d2', 0x07, 0x1e00000, 0], // CPACR_EL1.FPEN is 0
    ['.inst 0x03000000', 0x00, 0, 0], // unallocated
  ])('%s: class %i, syndrome %i, returns %i bytes on', (text, ec, iss, on) => {
    const b = machine(text);
    expect(step(b)).toMatchObject({ executed: 1, stop: 'count' });
    expect(pc(b)).toBe(VECTORS + 0x200);
    expect(esr(b)).toEqual({ ec, iss });
    expect(Number(getSys(b.cpu.context, 'ELR_EL1'))).toBe(CODE + on);
    expect(getSys(b.cpu.context, 'SPSR_EL1')).toBe(0x3c5n);
    expect(Number(getSys(b.cpu.context, 'ESR_EL1')) & (1 << 25)).not.toBe(0); // IL: a 32-bit instruction
  });

  test.each([
    [0x004n, 0x000], // EL1t: SP_EL0
    [0x005n, 0x200], // EL1h
    [0x000n, 0x400], // EL0
  ])('from PSTATE %i the vector is at %i', (pstate, offset) => {
    const b = machine('svc #0', pstate);
    step(b);
    expect(pc(b)).toBe(VECTORS + offset);
    expect(getPstate(b.cpu.context) & 0x3cfn).toBe(0x3c5n); // DAIF set, EL1h
  });

  test('NZCV is kept, PAN is set when SCTLR_EL1.SPAN is 0', () => {
    const b = machine('svc #0', 0xa0000005n);
    step(b);
    expect(getPstate(b.cpu.context) >> 28n).toBe(0xan);
    expect((getPstate(b.cpu.context) >> 22n) & 1n).toBe(0n);
    const c = machine('svc #0', 0x5n);
    setSys(c.cpu.context, 'SCTLR_EL1', getSys(c.cpu.context, 'SCTLR_EL1') & ~(1n << 23n));
    step(c);
    expect((getPstate(c.cpu.context) >> 22n) & 1n).toBe(1n);
  });

  test('the stack pointers are banked', () => {
    const b = machine('svc #0\nsvc #0', 0x0n);
    setX(b.cpu.context, SP, 0x1000n);
    setSys(b.cpu.context, 'SP_EL1', 0x2000n);
    step(b);
    expect(getX(b.cpu.context, SP)).toBe(0x2000n);
    expect(getSys(b.cpu.context, 'SP_EL0')).toBe(0x1000n);
    put(b, 'eret', VECTORS + 0x400);
    step(b);
    expect(getX(b.cpu.context, SP)).toBe(0x1000n);
  });

  test('PC alignment', () => {
    const b = machine('br x0');
    setX(b.cpu.context, 0, BigInt(CODE + 2));
    expect(step(b).executed).toBe(1);
    expect(pc(b)).toBe(CODE + 2);
    expect(step(b).executed).toBe(1);
    expect(esr(b)).toEqual({ ec: 0x22, iss: 0 });
    expect(Number(getSys(b.cpu.context, 'FAR_EL1'))).toBe(CODE + 2);
    expect(Number(getSys(b.cpu.context, 'ELR_EL1'))).toBe(CODE + 2);
  });

  test.each(['ldr x0, [sp]', 'str w0, [sp, #4]', 'ldp x0, x1, [sp, #-16]!', 'ldrb w0, [sp, x1]', 'ldxr x0, [sp]'])(
    'SP alignment: %s',
    (text) => {
      const b = machine(text);
      setX(b.cpu.context, SP, BigInt(RAM_BASE + 0x4008));
      setSys(b.cpu.context, 'SCTLR_EL1', getSys(b.cpu.context, 'SCTLR_EL1') & ~8n); // SA
      step(b);
      expect(pc(b)).toBe(CODE + 4);
      start(b, text);
      setX(b.cpu.context, SP, BigInt(RAM_BASE + 0x4008));
      setSys(b.cpu.context, 'SCTLR_EL1', getSys(b.cpu.context, 'SCTLR_EL1') | 8n);
      step(b);
      expect(esr(b)).toEqual({ ec: 0x26, iss: 0 });
      expect(getX(b.cpu.context, SP)).toBe(BigInt(RAM_BASE + 0x4008));
    },
  );

  test('an alignment fault of Device memory (MMU off), and of Normal memory only where it is asked for', () => {
    const b = machine('ldr x0, [x1]\nldr x0, [x1]\nldxr x0, [x1]');
    setX(b.cpu.context, 1, BigInt(RAM_BASE + 0x4001));
    step(b);
    expect(esr(b)).toEqual({ ec: 0x25, iss: 0x21 });
    expect(Number(getSys(b.cpu.context, 'FAR_EL1'))).toBe(RAM_BASE + 0x4001);
    start(b, 'ldr x0, [x1]\nstr w0, [x1]\nldxr x0, [x1]');
    mapIdentity(b, RAM_BASE);
    step(b, 2);
    expect(pc(b)).toBe(CODE + 8);
    step(b);
    expect(esr(b)).toEqual({ ec: 0x25, iss: 0x21 });
    start(b, 'str w0, [x1]');
    setSys(b.cpu.context, 'SCTLR_EL1', getSys(b.cpu.context, 'SCTLR_EL1') | 2n); // A
    step(b);
    expect(esr(b)).toEqual({ ec: 0x25, iss: 0x61 });
  });
});

describe('returns', () => {
  const back = (spsr: bigint): Bare => {
    const b = machine('eret');
    setSys(b.cpu.context, 'ELR_EL1', BigInt(CODE + 0x100));
    setSys(b.cpu.context, 'SPSR_EL1', spsr);
    step(b);
    return b;
  };
  test.each([0x0n, 0x4n, 0x5n, 0x80000005n, 0x3c0n])('ERET to %i', (spsr) => {
    const b = back(spsr);
    expect(pc(b)).toBe(CODE + 0x100);
    expect(getPstate(b.cpu.context)).toBe(spsr);
  });
  test.each([0x1n, 0x9n, 0xdn, 0x10n])('ERET to mode %i is illegal: stays, and the next operation is an exception', (mode) => {
    const b = back(0x60000000n | mode);
    expect(pc(b)).toBe(CODE + 0x100);
    expect((getPstate(b.cpu.context) >> 20n) & 1n).toBe(1n);
    expect(getPstate(b.cpu.context) & 0xfn).toBe(5n);
    step(b);
    expect(esr(b)).toEqual({ ec: 0x0e, iss: 0 });
    expect((getPstate(b.cpu.context) >> 20n) & 1n).toBe(0n);
  });
  test('an illegal return brings PAN back with the flags, and none brings SS: there is no software step', () => {
    const pan = 1n << 22n;
    expect(getPstate(back(pan | 9n).cpu.context)).toBe(pan | (1n << 20n) | 5n); // SPSR_EL1.DAIF is 0
    expect(getPstate(back((1n << 21n) | 5n).cpu.context)).toBe(5n); // DebugExceptionReturnSS with MDSCR_EL1.SS = 0
  });
  test('ERET at EL0 is undefined', () => {
    const b = machine('eret', 0n);
    step(b);
    expect(esr(b).ec).toBe(0);
  });
});

describe('traps to EL2', () => {
  test.each([
    ['hvc #7', 0x16, 7, 4],
    ['smc #9', 0x17, 9, 4],
    ['wfi', 0x01, (1 << 24) | (0xe << 20), 0],
    ['wfe', 0x01, (1 << 24) | (0xe << 20) | 1, 0],
    ['dc isw, x3', 0x18, (1 << 20) | (2 << 17) | (7 << 10) | (3 << 5) | (6 << 1), 0],
  ])('%s: class %i', (text, ec, iss, on) => {
    const b = machine(text);
    setSys(b.cpu.context, 'HCR_EL2', getSys(b.cpu.context, 'HCR_EL2') | (1n << 22n)); // TSW
    expect(step(b, 10)).toMatchObject({ executed: 1, stop: 'trap' });
    expect(b.cpu.trap).toMatchObject({ ec, iss });
    expect(pc(b)).toBe(CODE + on);
    expect(getSys(b.cpu.context, 'ESR_EL2')).toBe((BigInt(ec) << 26n) | (1n << 25n) | BigInt(iss));
    expect(getSys(b.cpu.context, 'ESR_EL1')).toBe(0n);
  });

  test('HVC and SMC at EL0 are undefined', () => {
    for (const text of ['hvc #0', 'smc #0']) {
      const b = machine(text, 0n);
      expect(step(b).stop).toBe('count');
      expect(esr(b).ec).toBe(0);
    }
  });

  test('WFI is complete at once with an interrupt pending, masked or not', () => {
    const b = machine('wfi');
    Object.assign(b.cpu.ich, { virq: true });
    expect(step(b)).toMatchObject({ executed: 1, stop: 'count' });
    expect(pc(b)).toBe(CODE + 4);
  });

  test('WFE takes an event once; without a trap it goes on, and a round robin may hear of it', () => {
    const b = machine('sevl\nwfe\nwfe\nnop');
    expect(step(b, 4)).toMatchObject({ executed: 3, stop: 'trap' });
    setSys(b.cpu.context, 'HCR_EL2', getSys(b.cpu.context, 'HCR_EL2') & ~(1n << 14n)); // TWE
    expect(step(b)).toMatchObject({ executed: 1, stop: 'count' });
    expect(pc(b)).toBe(CODE + 12);
  });

  test.each([
    ['str w5, [x0]', 2, false, 5, false, true],
    ['strb w31, [x0]'.replace('w31', 'wzr'), 0, false, 31, false, true],
    ['ldr x3, [x0]', 3, false, 3, true, false],
    ['ldrsw x3, [x0]', 2, true, 3, true, false],
    ['ldrsb w3, [x0]', 0, true, 3, false, false],
    ['ldrh w3, [x0]', 1, false, 3, false, false],
    ['ldar w3, [x0]', 2, false, 3, false, false],
  ])('a device access: %s', (text, size, signed, register, wide, write) => {
    const b = machine(text);
    setX(b.cpu.context, 0, 0x09000000n);
    expect(step(b)).toMatchObject({ executed: 1, stop: 'trap' });
    const { ec, iss, far, ipa } = b.cpu.trap;
    expect(ec).toBe(0x24);
    expect(iss & 0x3f).toBe(7); // translation fault, level 3
    expect((iss >>> 24) & 1).toBe(1); // ISV
    expect([(iss >>> 22) & 3, (iss >>> 21) & 1, (iss >>> 16) & 31, (iss >>> 15) & 1, (iss >>> 6) & 1]).toEqual([
      size,
      signed ? 1 : 0,
      register,
      wide ? 1 : 0,
      write ? 1 : 0,
    ]);
    expect((iss >>> 14) & 1).toBe(text.startsWith('ldar') ? 1 : 0);
    expect([far, ipa]).toEqual([0x09000000n, 0x09000000]);
    expect(pc(b)).toBe(CODE);
  });

  test.each(['ldp x1, x2, [x0]', 'ldr x1, [x0], #8', 'str x1, [x0, #8]!', 'ldxr x1, [x0]', 'ldadd x1, x2, [x0]'])(
    'a device access without an instruction syndrome: %s',
    (text) => {
      const b = machine(text);
      setX(b.cpu.context, 0, 0x09000000n);
      expect(step(b).stop).toBe('trap');
      expect((b.cpu.trap.iss >>> 24) & 1).toBe(0);
      expect(getX(b.cpu.context, 0)).toBe(0x09000000n); // no write-back
    },
  );

  test('an instruction fetch where nothing is', () => {
    const b = machine('br x0');
    setX(b.cpu.context, 0, 0x8000_0000n);
    expect(step(b, 5)).toMatchObject({ executed: 2, stop: 'trap' });
    expect(b.cpu.trap).toMatchObject({ ec: 0x20, iss: 7, far: 0x8000_0000n, ipa: 0x8000_0000 });
  });

  test('a store to read-only stage 2 memory', () => {
    const b = machine('ldr x1, [x0]\nstr x1, [x0]');
    b.cpu.stage2 = [...b.cpu.stage2, { ipa: 0x5000_0000, size: 0x1000, pa: b.ram + 0x4000, writable: false }];
    setX(b.cpu.context, 0, 0x5000_0010n);
    expect(step(b, 2)).toMatchObject({ executed: 2, stop: 'trap' });
    expect(b.cpu.trap).toMatchObject({ ec: 0x24, ipa: 0x5000_0010, far: 0x5000_0010n });
    expect(b.cpu.trap.iss & 0x7f).toBe(0x4f); // WnR, permission fault level 3
  });
});

describe('interrupts', () => {
  test('a virtual IRQ is taken when PSTATE.I lets it, before the next operation', () => {
    const b = machine('msr daifclr, #2\nmov x0, #1');
    Object.assign(b.cpu.ich, { virq: true });
    step(b);
    expect(pc(b)).toBe(CODE + 4);
    put(b, 'mov x1, #2', VECTORS + 0x280);
    step(b);
    expect(pc(b)).toBe(VECTORS + 0x284);
    expect([getX(b.cpu.context, 0), getX(b.cpu.context, 1)]).toEqual([0n, 2n]);
    expect(Number(getSys(b.cpu.context, 'ELR_EL1'))).toBe(CODE + 4);
    expect(getSys(b.cpu.context, 'SPSR_EL1')).toBe(0x345n);
  });
  test('a virtual FIQ goes before an IRQ', () => {
    const b = machine('nop', 0x305n); // I and F clear
    Object.assign(b.cpu.ich, { virq: true, vfiq: true });
    put(b, 'nop', VECTORS + 0x300);
    step(b);
    expect(getPc(b.cpu.context)).toBe(BigInt(VECTORS + 0x304));
  });
  test('masked, it waits', () => {
    const b = machine('nop');
    Object.assign(b.cpu.ich, { virq: true });
    step(b);
    expect(pc(b)).toBe(CODE + 4);
  });
});
