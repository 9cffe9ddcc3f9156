// MSR, MRS and MSR (immediate): who may, who hears of it, what is read. Arm ARM D24.2, C5.2; spe-architecture §3.3.
import { describe, expect, test } from 'vitest';
import { systemSyndrome } from '../../../src/arch/esr.ts';
import { EL1_REGISTERS } from '../../../src/arch/sysreg/el1.ts';
import { EL2_REGISTERS } from '../../../src/arch/sysreg/el2.ts';
import { ID_REGISTERS } from '../../../src/arch/sysreg/id.ts';
import { indexOfRegister, REGISTERS } from '../../../src/arch/sysreg/table.ts';
import { getPstate, getSys, getX, setPc, setPstate, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { type Bare, bareMachine, putWords } from './bare.ts';
import { CODE, esr, pc, start, step, VECTORS } from './program.ts';

const word = (name: string, read: boolean, rt: number): number => {
  const [op0, op1, crn, crm, op2] = REGISTERS[indexOfRegister(name)].encoding;
  const head = read ? 0xd5300000 : 0xd5100000;
  return (head | ((op0 & 1) << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) | rt) >>> 0;
};

function machine(options: { user?: boolean; spu?: boolean } = {}): Bare {
  const b = bareMachine({ megabytes: 1, spu: options.spu ?? true });
  setSys(b.cpu.context, 'VBAR_EL1', BigInt(VECTORS));
  setSys(b.cpu.context, 'CPACR_EL1', 3n << 20n);
  if (options.user) setPstate(b.cpu.context, 0x3c0n);
  return b;
}

/** Executes MRS (X0) or MSR (from X1) of the register: what became of it. */
function access(b: Bare, name: string, read: boolean): 'done' | 'undefined' | 'trap-el1' | 'trap-el2' {
  putWords(b, CODE, [word(name, read, read ? 0 : 1)]);
  setPc(b.cpu.context, BigInt(CODE));
  if (step(b).stop === 'trap') {
    const [op0, op1, crn, crm, op2] = REGISTERS[indexOfRegister(name)].encoding;
    expect(b.cpu.trap).toMatchObject({ ec: 0x18, iss: systemSyndrome(op0, op1, crn, crm, op2, read ? 0 : 1, read) });
    expect(pc(b)).toBe(CODE);
    return 'trap-el2';
  }
  if (pc(b) === CODE + 4) return 'done';
  return esr(b).ec === 0x18 ? 'trap-el1' : 'undefined';
}

describe('presence and direction', () => {
  test.each(EL2_REGISTERS.map((r) => r.name))('%s is undefined at EL1', (name) => {
    expect(access(machine(), name, true)).toBe('undefined');
    expect(access(machine(), name, false)).toBe('undefined');
  });
  test.each([...ID_REGISTERS, ...EL1_REGISTERS].map((r) => [r.name, r.access, r.encoding[1]] as const))(
    '%s is %s',
    (name, direction, op1) => {
      if (op1 >= 4 || name === 'CNTFRQ_EL0' || name === 'SP_EL0') return;
      const b = machine();
      setPstate(b.cpu.context, 0x3c5n);
      expect(access(b, name, true)).toBe(direction === 'wo' ? 'undefined' : 'done');
      expect(access(machine(), name, false)).toBe(direction === 'ro' ? 'undefined' : 'done');
    },
  );
  test('CNTFRQ_EL0 is written only above, SP_EL0 not while it is the stack pointer', () => {
    expect(access(machine(), 'CNTFRQ_EL0', false)).toBe('undefined');
    expect(access(machine(), 'SP_EL0', true)).toBe('done');
    const b = machine();
    setPstate(b.cpu.context, 0x3c4n);
    expect(access(b, 'SP_EL0', true)).toBe('undefined');
  });
  test('an encoding that is no register is undefined; reserved identification registers read as zero', () => {
    const b = machine();
    putWords(b, CODE, [0xd53bff00]); // S3_3_C15_C15_0
    setPc(b.cpu.context, BigInt(CODE));
    expect(step(b).undefinedInstructions).toEqual([{ pc: BigInt(CODE), word: 0xd53bff00 }]);
    expect(esr(b).ec).toBe(0);
    setX(b.cpu.context, 0, 5n);
    putWords(b, CODE, [0xd53807e0]); // S3_0_C0_C7_7
    setPc(b.cpu.context, BigInt(CODE));
    step(b);
    expect(getX(b.cpu.context, 0)).toBe(0n);
  });
});

describe('EL0', () => {
  test.each([
    ['SCTLR_EL1', 'undefined'],
    ['PMSCR_EL1', 'undefined'],
    ['ICC_IAR1_EL1', 'undefined'],
    ['TPIDR_EL0', 'done'],
    ['NZCV', 'done'],
    ['DCZID_EL0', 'done'],
    ['CTR_EL0', 'trap-el1'],
    ['DAIF', 'trap-el1'],
    ['CNTVCT_EL0', 'trap-el1'],
    ['PMCCNTR_EL0', 'trap-el1'],
  ] as const)('reads %s: %s', (name, outcome) => expect(access(machine({ user: true }), name, true)).toBe(outcome));
  test.each([
    ['CTR_EL0', 'SCTLR_EL1', 1n << 15n],
    ['DAIF', 'SCTLR_EL1', 1n << 9n],
    ['CNTVCT_EL0', 'CNTKCTL_EL1', 2n],
    ['CNTPCT_EL0', 'CNTKCTL_EL1', 1n],
    ['CNTV_CTL_EL0', 'CNTKCTL_EL1', 1n << 8n],
    ['PMCCNTR_EL0', 'PMUSERENR_EL0', 1n],
  ])('%s is allowed by a bit of %s', (name, control, bit) => {
    const b = machine({ user: true });
    setSys(b.cpu.context, control, getSys(b.cpu.context, control) | bit);
    expect(access(b, name, true)).toBe('done');
  });
  test.each(['TPIDRRO_EL0', 'PMUSERENR_EL0'])('%s is read only there', (name) => {
    expect(access(machine({ user: true }), name, true)).toBe('done');
    expect(access(machine({ user: true }), name, false)).toBe('undefined');
  });
  test('MDCCSR_EL0 is denied by MDSCR_EL1.TDCC', () => {
    const b = machine({ user: true });
    expect(access(b, 'MDCCSR_EL0', true)).toBe('done');
    setSys(b.cpu.context, 'MDSCR_EL1', 1n << 12n);
    setPstate(b.cpu.context, 0x3c0n);
    expect(access(b, 'MDCCSR_EL0', true)).toBe('trap-el1');
  });
  test('DCZID_EL0 says that DC ZVA is prohibited where SCTLR_EL1.DZE does not allow it', () => {
    const read = (user: boolean, dze: bigint): bigint => {
      const b = machine({ user });
      setSys(b.cpu.context, 'SCTLR_EL1', getSys(b.cpu.context, 'SCTLR_EL1') | dze);
      access(b, 'DCZID_EL0', true);
      return getX(b.cpu.context, 0);
    };
    expect(read(true, 0n)).toBe(0x14n);
    expect(read(true, 1n << 14n)).toBe(4n);
    expect(read(false, 0n)).toBe(4n);
  });
});

describe('traps of the profiling registers (spe-architecture §3.3)', () => {
  const PMB = ['PMBLIMITR_EL1', 'PMBPTR_EL1', 'PMBSR_EL1'];
  const PMS = ['PMSCR_EL1', 'PMSEVFR_EL1', 'PMSFCR_EL1', 'PMSICR_EL1', 'PMSIRR_EL1', 'PMSLATFR_EL1', 'PMSIDR_EL1'];
  test.each(PMB)('%s by MDCR_EL2.E2PB', (name) => {
    for (const [e2pb, outcome] of [
      [0n, 'trap-el2'],
      [2n, 'trap-el2'],
      [3n, 'done'],
    ] as const) {
      const b = machine();
      setSys(b.cpu.context, 'MDCR_EL2', e2pb << 12n);
      expect([e2pb, access(b, name, true)]).toEqual([e2pb, outcome]);
    }
  });
  test.each(PMS)('%s by MDCR_EL2.TPMS', (name) => {
    const b = machine();
    expect(access(b, name, true)).toBe('done');
    setSys(b.cpu.context, 'MDCR_EL2', getSys(b.cpu.context, 'MDCR_EL2') | (1n << 14n));
    expect(access(b, name, true)).toBe('trap-el2');
  });
  test('PMBIDR_EL1 by neither; only by its fine-grained bit', () => {
    const b = machine();
    setSys(b.cpu.context, 'MDCR_EL2', 1n << 14n);
    expect(access(b, 'PMBIDR_EL1', true)).toBe('done');
    setSys(b.cpu.context, 'HDFGRTR_EL2', 1n << 63n);
    expect(access(b, 'PMBIDR_EL1', true)).toBe('trap-el2');
  });
  test.each([
    ['PMBLIMITR_EL1', 23],
    ['PMBPTR_EL1', 24],
    ['PMBSR_EL1', 25],
    ['PMSCR_EL1', 26],
    ['PMSEVFR_EL1', 27],
    ['PMSFCR_EL1', 28],
    ['PMSICR_EL1', 29],
    ['PMSIRR_EL1', 31],
    ['PMSLATFR_EL1', 32],
  ])('%s by bit %i of HDFGRTR_EL2 for reads and HDFGWTR_EL2 for writes', (name, bit) => {
    const b = machine();
    setSys(b.cpu.context, 'HDFGRTR_EL2', 1n << BigInt(bit));
    expect([access(b, name, true), access(b, name, false)]).toEqual(['trap-el2', 'done']);
    setSys(b.cpu.context, 'HDFGRTR_EL2', 0n);
    setSys(b.cpu.context, 'HDFGWTR_EL2', 1n << BigInt(bit));
    expect([access(b, name, true), access(b, name, false)]).toEqual(['done', 'trap-el2']);
  });
  test('without the unit, or with an older one, they are undefined', () => {
    expect(access(machine({ spu: false }), 'PMSCR_EL1', true)).toBe('undefined');
    const b = machine();
    setSys(b.cpu.context, 'HDFGRTR_EL2', 1n << 62n);
    expect(access(b, 'PMSNEVFR_EL1', true)).toBe('undefined'); // version 1
  });
});

describe('other traps', () => {
  test.each([
    ['ID_AA64DFR0_EL1', true, 'HCR_EL2', 18],
    ['REVIDR_EL1', true, 'HCR_EL2', 16],
    ['CTR_EL0', true, 'HCR_EL2', 17],
    ['ACTLR_EL1', true, 'HCR_EL2', 21],
    ['TTBR0_EL1', false, 'HCR_EL2', 26],
    ['TTBR0_EL1', true, 'HCR_EL2', 30],
    ['MDSCR_EL1', false, 'MDCR_EL2', 9],
    ['OSLAR_EL1', false, 'MDCR_EL2', 10],
    ['PMCCNTR_EL0', true, 'MDCR_EL2', 6],
    ['PMCR_EL0', true, 'MDCR_EL2', 5],
  ] as const)('%s (read: %s) by %s bit %i', (name, read, control, bit) => {
    const b = machine();
    expect(access(b, name, read)).toBe('done');
    setSys(b.cpu.context, control, getSys(b.cpu.context, control) | (1n << BigInt(bit)));
    expect(access(b, name, read)).toBe('trap-el2');
  });
  test('the physical timer by CNTHCTL_EL2, whose bits move with E2H', () => {
    const b = machine();
    expect([access(b, 'CNTPCT_EL0', true), access(b, 'CNTP_CVAL_EL0', false)]).toEqual(['done', 'done']);
    setSys(b.cpu.context, 'CNTHCTL_EL2', 1n);
    expect([access(b, 'CNTPCT_EL0', true), access(b, 'CNTP_CVAL_EL0', false)]).toEqual(['done', 'trap-el2']);
    setSys(b.cpu.context, 'HCR_EL2', getSys(b.cpu.context, 'HCR_EL2') | (1n << 34n));
    setSys(b.cpu.context, 'CNTHCTL_EL2', 2n << 10n);
    expect([access(b, 'CNTPCT_EL0', true), access(b, 'CNTP_CVAL_EL0', false)]).toEqual(['trap-el2', 'done']);
  });
  test('SGIs trap', () => expect(access(machine(), 'ICC_SGI1R_EL1', false)).toBe('trap-el2'));
  test('EL0 is told before EL2', () => {
    const b = machine({ user: true });
    setSys(b.cpu.context, 'MDCR_EL2', 0n);
    expect(access(b, 'PMBPTR_EL1', true)).toBe('undefined');
  });
});

describe('values', () => {
  const read = (b: Bare, name: string): bigint => {
    expect(access(b, name, true)).toBe('done');
    return getX(b.cpu.context, 0);
  };
  const write = (b: Bare, name: string, value: bigint): void => {
    setX(b.cpu.context, 1, value);
    expect(access(b, name, false)).toBe('done');
  };
  test('identification of a vCPU is what the hypervisor gives', () => {
    const b = machine();
    expect(read(b, 'MPIDR_EL1')).toBe(0x80000000n);
    expect(read(b, 'MIDR_EL1')).toBe(0x414fd0c1n); // VPIDR_EL2 is 0 here
    setSys(b.cpu.context, 'VPIDR_EL2', 0x410fd490n);
    setSys(b.cpu.context, 'VMPIDR_EL2', 0x80000103n);
    expect([read(b, 'MIDR_EL1'), read(b, 'MPIDR_EL1')]).toEqual([0x410fd490n, 0x80000103n]);
  });
  test('RES0 bits stay zero', () => {
    const b = machine();
    write(b, 'VBAR_EL1', 0xffff_ffff_ffff_ffffn);
    expect(read(b, 'VBAR_EL1')).toBe(0xffff_ffff_ffff_f800n);
  });
  test('PSTATE is read and written through its registers', () => {
    const b = machine();
    expect([read(b, 'CurrentEL'), read(b, 'SPSel'), read(b, 'DAIF')]).toEqual([4n, 1n, 0x3c0n]);
    write(b, 'NZCV', 0xa000_0000n);
    expect(read(b, 'NZCV')).toBe(0xa000_0000n);
    write(b, 'DAIF', 0x80n);
    write(b, 'PAN', 1n << 22n);
    expect(getPstate(b.cpu.context)).toBe(0xa040_0085n);
    start(b, 'msr daifset, #0xf\nmsr daifclr, #4\nmsr pan, #0\nmsr spsel, #0');
    step(b, 4);
    expect(getPstate(b.cpu.context)).toBe(0xa000_02c4n);
  });
  test('the counters count operations; TVAL is signed and relative', () => {
    const b = machine();
    b.m.machine.tick = 5000;
    setSys(b.cpu.context, 'CNTVOFF_EL2', 1000n);
    expect(read(b, 'CNTVCT_EL0')).toBe(4000n);
    expect(read(b, 'CNTPCT_EL0')).toBe(5001n);
    write(b, 'CNTV_TVAL_EL0', 0xffff_fffen); // -2
    expect(getSys(b.cpu.context, 'CNTV_CVAL_EL0')).toBe(4000n);
    write(b, 'CNTV_CVAL_EL0', 5003n);
    write(b, 'CNTV_CTL_EL0', 3n); // enabled, masked
    expect(read(b, 'CNTV_CTL_EL0')).toBe(3n);
    expect(read(b, 'CNTV_TVAL_EL0')).toBe(997n);
    b.m.machine.tick = 7000;
    expect(read(b, 'CNTV_CTL_EL0')).toBe(7n); // ISTATUS
  });
  test('registers that set and clear share one value', () => {
    const b = machine();
    write(b, 'PMINTENSET_EL1', 0b1011n);
    write(b, 'PMINTENCLR_EL1', 0b0010n);
    expect([read(b, 'PMINTENSET_EL1'), read(b, 'PMINTENCLR_EL1')]).toEqual([0b1001n, 0b1001n]);
  });
  test('CCSIDR_EL1 follows CSSELR_EL1', () => {
    const b = machine();
    write(b, 'CSSELR_EL1', 2n);
    expect((read(b, 'CCSIDR_EL1') >> 13n) & 0x7fffn).toBe(2047n);
    write(b, 'CSSELR_EL1', 0n);
    expect((read(b, 'CCSIDR_EL1') >> 13n) & 0x7fffn).toBe(255n);
  });
});
