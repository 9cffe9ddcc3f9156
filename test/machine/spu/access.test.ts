// Who may access an SPE register, by MRS and MSR through the CPU: the decision order of spe-architecture §3.3 for every register, and what
// the unit's features make of it.
import { describe, expect, test } from 'vitest';
import { EC_SYSREG } from '../../../src/arch/esr.ts';
import { fieldAccess, indexOfRegister, REGISTERS } from '../../../src/arch/sysreg/table.ts';
import { getSys, setPc, setPstate, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { newSpuState, type SpuDescription } from '../../../src/machine/spu/state.ts';
import { type Bare, bareMachine, NO_STOPS, putWords, RAM_BASE } from '../cpu/bare.ts';

/** A unit with every register that one can have here. */
const NEWEST: SpuDescription = { pmsver: 6, pmsidr: 0xf0374ffn, pmbidr: 0x226n, layout: 'architectural' };
const OLDEST: SpuDescription = { pmsver: 1, pmsidr: 0x26417n, pmbidr: 0x06n, layout: 'n1-slots' };
const VECTORS = RAM_BASE + 0x800;

type Answer = 'register' | 'UNDEFINED' | 'EL2';

interface Scene {
  readonly el?: 0 | 1;
  readonly unit?: SpuDescription | null;
  readonly controls?: Readonly<Record<string, bigint>>;
}

/** Nothing traps: EL1 owns the buffer, every fine-grained trap of negative polarity is off. */
const OPEN = { MDCR_EL2: 3n << 12n, HDFGRTR_EL2: 1n << 62n, HDFGWTR_EL2: 1n << 62n, HDFGRTR2_EL2: ~0n, HDFGWTR2_EL2: ~0n };

function machine(scene: Scene): Bare {
  const b = bareMachine({ megabytes: 1 });
  const { unit = NEWEST, el = 1 } = scene;
  b.cpu.spu = unit === null ? null : newSpuState(unit);
  const c = b.cpu.context;
  setSys(c, 'VBAR_EL1', BigInt(VECTORS));
  setSys(c, 'ID_AA64MMFR0_EL1', getSys(c, 'ID_AA64MMFR0_EL1') | (2n << 56n)); // FEAT_FGT2
  for (const [name, value] of Object.entries({ ...OPEN, ...scene.controls })) setSys(c, name, value);
  setPc(c, BigInt(RAM_BASE));
  if (el === 0) setPstate(c, 0x3c0n);
  return b;
}

/** MRS X1, or MSR from X1, of a register by its row's encoding. */
function access(name: string, read: boolean, scene: Scene = {}): Answer {
  const b = machine(scene);
  const [, op1, crn, crm, op2] = REGISTERS[indexOfRegister(name)].encoding;
  putWords(b, RAM_BASE, [0xd5100000 | (read ? 1 << 21 : 0) | (1 << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) | 1]);
  const { stop } = stepCpu(b.m, b.cpu, 1, NO_STOPS);
  if (stop === 'trap') {
    expect(b.cpu.trap.ec).toBe(EC_SYSREG);
    return 'EL2';
  }
  const esr = getSys(b.cpu.context, 'ESR_EL1');
  const at = b.cpu.context.core[0] >>> 0;
  if (at === RAM_BASE + 4) return 'register';
  expect(esr >> 26n).toBe(0n);
  return 'UNDEFINED';
}

const SAMPLING = [
  'PMSCR_EL1',
  'PMSNEVFR_EL1',
  'PMSICR_EL1',
  'PMSIRR_EL1',
  'PMSFCR_EL1',
  'PMSEVFR_EL1',
  'PMSLATFR_EL1',
  'PMSIDR_EL1',
  'PMSDSFR_EL1',
];
const BUFFER = ['PMBLIMITR_EL1', 'PMBPTR_EL1', 'PMBSR_EL1'];
const ALL = [...SAMPLING, ...BUFFER, 'PMBIDR_EL1'];
const READ_ONLY = new Set(['PMSIDR_EL1', 'PMBIDR_EL1']);
const directions = (name: string): boolean[] => (READ_ONLY.has(name) ? [true] : [true, false]);

describe('EL1, nothing trapped', () => {
  for (const name of ALL)
    test(`${name}: the register`, () => expect(directions(name).map((read) => access(name, read))).not.toContain('EL2'));
  test('every one of them is the register', () => {
    for (const name of ALL) for (const read of directions(name)) expect([name, access(name, read)]).toEqual([name, 'register']);
  });
  test('a read-only register is UNDEFINED to write', () => {
    for (const name of READ_ONLY) expect([name, access(name, false)]).toEqual([name, 'UNDEFINED']);
  });
  test('PMBMAR_EL1, and the registers of EL2 and EL3, are UNDEFINED', () => {
    for (const name of ['PMBMAR_EL1', 'PMSCR_EL2', 'PMSCR_EL12', 'PMBSR_EL2', 'PMBSR_EL12', 'PMBSR_EL3']) {
      for (const read of [true, false]) expect([name, access(name, read)]).toEqual([name, 'UNDEFINED']);
    }
  });
});

describe('UNDEFINED comes before every trap', () => {
  const everything = { MDCR_EL2: 1n << 14n, HDFGRTR_EL2: ~(1n << 62n), HDFGWTR_EL2: ~(1n << 62n), HDFGRTR2_EL2: 0n, HDFGWTR2_EL2: 0n };
  test('at EL0', () => {
    for (const name of ALL) {
      for (const read of directions(name)) {
        for (const controls of [{}, everything]) expect([name, access(name, read, { el: 0, controls })]).toEqual([name, 'UNDEFINED']);
      }
    }
  });
});

describe('registers of features that the unit lacks, and no unit', () => {
  test('they are UNDEFINED though everything traps', () => {
    const controls = { MDCR_EL2: 1n << 14n, HDFGRTR_EL2: ~(1n << 62n), HDFGWTR_EL2: ~(1n << 62n), HDFGRTR2_EL2: 0n, HDFGWTR2_EL2: 0n };
    for (const read of [true, false]) {
      for (const name of ['PMSNEVFR_EL1', 'PMSDSFR_EL1'])
        expect([name, access(name, read, { unit: OLDEST, controls })]).toEqual([name, 'UNDEFINED']);
      expect(access('PMBMAR_EL1', read, { controls })).toBe('UNDEFINED');
    }
    for (const name of ALL) {
      for (const read of directions(name)) expect([name, access(name, read, { unit: null, controls })]).toEqual([name, 'UNDEFINED']);
    }
  });
  test('SPEv1.0 has no PMSNEVFR_EL1 and no PMSDSFR_EL1', () => {
    for (const name of ALL) {
      const absent = name === 'PMSNEVFR_EL1' || name === 'PMSDSFR_EL1';
      for (const read of directions(name))
        expect([name, access(name, read, { unit: OLDEST })]).toEqual([name, absent ? 'UNDEFINED' : 'register']);
    }
  });
  test('a CPU without a unit has none', () => {
    for (const name of ALL)
      for (const read of directions(name)) expect([name, access(name, read, { unit: null })]).toEqual([name, 'UNDEFINED']);
  });
});

describe('MDCR_EL2', () => {
  for (const [e2pb, traps] of [
    [0n, true],
    [2n, true],
    [3n, false],
  ] as const) {
    test(`E2PB = ${e2pb}: the buffer registers ${traps ? 'trap' : 'do not trap'}, PMBIDR_EL1 and the sampling registers never do`, () => {
      const controls = { MDCR_EL2: e2pb << 12n };
      for (const name of ALL) {
        const want = BUFFER.includes(name) && traps ? 'EL2' : 'register';
        for (const read of directions(name)) expect([name, access(name, read, { controls })]).toEqual([name, want]);
      }
    });
  }
  test('TPMS: the sampling registers trap, the buffer registers and PMBIDR_EL1 do not', () => {
    const controls = { MDCR_EL2: (3n << 12n) | (1n << 14n) };
    for (const name of ALL) {
      const want = SAMPLING.includes(name) ? 'EL2' : 'register';
      for (const read of directions(name)) expect([name, access(name, read, { controls })]).toEqual([name, want]);
    }
  });
});

describe('fine-grained traps: reads by HDFGRTR, writes by HDFGWTR, one register each', () => {
  const BITS: readonly (readonly [string, number])[] = [
    ['PMBLIMITR_EL1', 23],
    ['PMBPTR_EL1', 24],
    ['PMBSR_EL1', 25],
    ['PMSCR_EL1', 26],
    ['PMSEVFR_EL1', 27],
    ['PMSFCR_EL1', 28],
    ['PMSICR_EL1', 29],
    ['PMSIDR_EL1', 30],
    ['PMSIRR_EL1', 31],
    ['PMSLATFR_EL1', 32],
    ['PMBIDR_EL1', 63],
  ];
  for (const [trapped, bit] of BITS) {
    test(`bit ${bit}: ${trapped}`, () => {
      for (const name of ALL) {
        for (const read of directions(name)) {
          const controls = { [read ? 'HDFGRTR_EL2' : 'HDFGWTR_EL2']: (1n << BigInt(bit)) | (1n << 62n) };
          expect([name, read, access(name, read, { controls })]).toEqual([name, read, name === trapped ? 'EL2' : 'register']);
          // The other direction's register says nothing about this one.
          const elsewhere = { [read ? 'HDFGWTR_EL2' : 'HDFGRTR_EL2']: (1n << BigInt(bit)) | (1n << 62n) };
          expect([name, access(name, read, { controls: elsewhere })]).toEqual([name, 'register']);
        }
      }
    });
  }
  test('bit 62 the other way: PMSNEVFR_EL1 traps when it is 0', () => {
    for (const read of [true, false]) {
      expect(access('PMSNEVFR_EL1', read, { controls: { [read ? 'HDFGRTR_EL2' : 'HDFGWTR_EL2']: 0n } })).toBe('EL2');
    }
  });
  test('HDFGRTR2 and HDFGWTR2 bit 19: PMSDSFR_EL1 traps when it is 0', () => {
    for (const read of [true, false]) {
      expect(access('PMSDSFR_EL1', read, { controls: { [read ? 'HDFGRTR2_EL2' : 'HDFGWTR2_EL2']: 0n } })).toBe('EL2');
    }
  });
  test('they come before MDCR_EL2: both answer with EC 0x18, and either alone is enough', () => {
    for (const fgt of [0n, 1n << 23n]) {
      for (const e2pb of [2n, 3n]) {
        const controls = { HDFGRTR_EL2: fgt | (1n << 62n), MDCR_EL2: e2pb << 12n };
        expect(access('PMBLIMITR_EL1', true, { controls })).toBe(fgt !== 0n || e2pb === 2n ? 'EL2' : 'register');
      }
    }
  });
});

describe('HFGITR_EL2.PSBCSYNC (§3.3)', () => {
  const psb = (scene: Scene): string => {
    const b = machine(scene);
    putWords(b, RAM_BASE, [0xd503223f]);
    const { stop } = stepCpu(b.m, b.cpu, 1, NO_STOPS);
    return stop === 'trap' ? `EC 0x${b.cpu.trap.ec.toString(16)}, ISS ${b.cpu.trap.iss}` : `pc ${b.cpu.context.core[0] - RAM_BASE}`;
  };
  const controls = { HFGITR_EL2: 1n << 63n };

  test('PSB CSYNC at EL1 and EL0 traps with EC 0x0a, ISS 3', () => {
    expect(psb({ controls })).toBe('EC 0xa, ISS 3');
    expect(psb({ controls, el: 0 })).toBe('EC 0xa, ISS 3');
  });
  test('not when the bit is 0, before SPEv1p5, or without a unit', () => {
    expect(psb({})).toBe('pc 4');
    expect(psb({ controls, unit: { ...NEWEST, pmsver: 5 } })).toBe('pc 4');
    expect(psb({ controls, unit: null })).toBe('pc 4');
  });
});

describe('what is read and written (§3.2, §4.13)', () => {
  test('PMSIDR_EL1 and PMBIDR_EL1 are the unit’s', () => {
    const b = machine({ unit: OLDEST });
    putWords(b, RAM_BASE, [0xd53899e1, 0xd5389ae2]); // mrs x1, pmsidr_el1; mrs x2, pmbidr_el1
    stepCpu(b.m, b.cpu, 2, NO_STOPS);
    expect([b.cpu.context.lo[1], b.cpu.context.lo[2]]).toEqual([0x26417, 0x06]);
  });
  test('PMBIDR_EL1.P is 1 at EL1 while EL2 owns the buffer, and 0 when EL1 does, trapped or not', () => {
    for (const [e2pb, p] of [
      [0n, 0x10],
      [2n, 0],
      [3n, 0],
    ] as const) {
      const b = machine({ unit: OLDEST, controls: { MDCR_EL2: e2pb << 12n } });
      putWords(b, RAM_BASE, [0xd5389ae2]); // mrs x2, pmbidr_el1
      stepCpu(b.m, b.cpu, 1, NO_STOPS);
      expect([e2pb, b.cpu.context.lo[2]]).toEqual([e2pb, 0x06 | p]);
    }
  });
  test('writing S = 1 raises the interrupt line, writing 0 lets it fall', () => {
    const b = machine({});
    setX(b.cpu.context, 1, 0x20000n);
    putWords(b, RAM_BASE, [0xd5189a61, 0xd5189a7f]); // msr pmbsr_el1, x1; msr pmbsr_el1, xzr
    expect(stepCpu(b.m, b.cpu, 1, NO_STOPS).stop).toBe('host-irq');
    expect((b.cpu.hostLines >> 21) & 1).toBe(1);
    stepCpu(b.m, b.cpu, 1, NO_STOPS);
    expect((b.cpu.hostLines >> 21) & 1).toBe(0);
  });
  test('PMSCR_EL1.PCT has one bit without FEAT_ECV, two with it', () => {
    for (const [ecv, want] of [
      [0n, 0x7bn],
      [1n, 0xfbn],
    ] as const) {
      const b = machine({});
      const c = b.cpu.context;
      setSys(c, 'ID_AA64MMFR0_EL1', fieldAccess('ID_AA64MMFR0_EL1', 'ECV').put(getSys(c, 'ID_AA64MMFR0_EL1'), ecv));
      setX(c, 1, (1n << 64n) - 1n);
      putWords(b, RAM_BASE, [0xd5189901]); // msr pmscr_el1, x1
      stepCpu(b.m, b.cpu, 1, NO_STOPS);
      expect(getSys(c, 'PMSCR_EL1')).toBe(want);
    }
  });
});
