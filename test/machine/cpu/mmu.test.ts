// Stage 1 of EL1&0 as Arm ARM D8 has it: granules, levels, permissions, faults, and the TLB that a guest can see.
import { describe, expect, test } from 'vitest';
import { getSys, getX, setPstate, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { forgetAllTranslations, translateForSpu } from '../../../src/machine/cpu/mmu.ts';
import { walkForDebug } from '../../../src/machine/cpu/walk.ts';
import { type Bare, bareMachine, RAM_BASE } from './bare.ts';
import { CODE, esr, pc, put, start, step, VECTORS } from './program.ts';
import { AF, DEVICE, enableTables, type Granule, NG, NORMAL, PXN, READ_ONLY, Tables, USER, UXN, writeDescriptor } from './tables.ts';

const ROOT = BigInt(RAM_BASE + 0x40_0000);
const DATA = BigInt(RAM_BASE + 0x10_0000);
const VA = 0x12_3450_0000n;
const RAM_ATTRIBUTES = AF | NORMAL;

/** A machine whose code is mapped to itself, and tables for more. */
function machine(granule: Granule = 4, bits = 48n): { b: Bare; t: Tables } {
  const b = bareMachine({ megabytes: 16 });
  setSys(b.cpu.context, 'VBAR_EL1', BigInt(VECTORS));
  const t = new Tables(b, granule, bits, ROOT);
  t.map(BigInt(RAM_BASE), BigInt(RAM_BASE), RAM_ATTRIBUTES, 3n);
  if (granule !== 64) t.map(BigInt(VECTORS), BigInt(VECTORS), RAM_ATTRIBUTES, 3n);
  if (granule === 4) t.map(BigInt(CODE), BigInt(CODE), RAM_ATTRIBUTES, 3n);
  return { b, t };
}

/** Executes one access at EL1 or EL0; null = it succeeded, else the fault status code. */
function access(b: Bare, kind: 'read' | 'write' | 'execute', va: bigint, user = false): number | null {
  const c = b.cpu.context;
  setPstate(c, user ? 0x3c0n : 0x3c5n);
  setX(c, 0, va);
  start(b, kind === 'read' ? 'ldr x1, [x0]' : kind === 'write' ? 'str x1, [x0]' : 'br x0');
  step(b, kind === 'execute' ? 2 : 1);
  const faulted = (pc(b) & ~0x7ff) === VECTORS;
  return faulted ? esr(b).iss & 0x3f : null;
}

describe('walks', () => {
  test.each([
    [4, 48n, 3n],
    [4, 48n, 2n],
    [4, 48n, 1n],
    [4, 39n, 3n],
    [4, 39n, 2n],
    [4, 30n, 3n],
    [4, 25n, 3n],
    [16, 48n, 3n],
    [16, 48n, 2n],
    [16, 47n, 3n],
    [16, 36n, 3n],
    [16, 25n, 3n],
    [64, 48n, 3n],
    [64, 48n, 2n],
    [64, 42n, 3n],
    [64, 29n, 3n],
  ] as const)('%i KiB granule, %i bits, leaf at level %i', (granule, bits, level) => {
    const { b } = machine();
    const t = new Tables(b, granule, bits, ROOT + 0x20_0000n);
    const size = 1n << (t.shift + t.stride * (3n - level));
    const va = (0x5a5a_5a5a_5000n & ((1n << bits) - 1n) & ~(size - 1n)) + 0x678n;
    const pa = BigInt(RAM_BASE) & ~(size - 1n);
    t.map(va & ~(size - 1n), pa, RAM_ATTRIBUTES, level);
    enableTables(b, t);
    const inRam = va - 0x678n + (DATA - pa) + 0x678n; // the same piece of the block that DATA is, where the block covers RAM
    const probe = size > 0x100_0000n ? inRam : va;
    const expected = size > 0x100_0000n ? DATA + 0x678n : pa + 0x678n;
    expect(walkForDebug(b.m, b.cpu.context, b.cpu.stage2, probe)).toBe(b.ram + Number(expected) - RAM_BASE);
    expect(walkForDebug(b.m, b.cpu.context, b.cpu.stage2, va ^ (1n << (bits - 1n)))).toBeNull();
    if (bits < 48n) expect(walkForDebug(b.m, b.cpu.context, b.cpu.stage2, va | (1n << bits))).toBeNull();
  });

  test('high addresses go through TTBR1, and bit 55 decides', () => {
    const { b, t } = machine();
    const high = new Tables(b, 4, 39n, ROOT + 0x20_0000n);
    high.map(0x40_0000_1000n, DATA, RAM_ATTRIBUTES);
    enableTables(b, t, high);
    const va = 0xffff_ff80_0000_0000n | 0x40_0000_1000n;
    expect(walkForDebug(b.m, b.cpu.context, b.cpu.stage2, va)).toBe(b.ram + 0x10_0000);
    expect(walkForDebug(b.m, b.cpu.context, b.cpu.stage2, va & ~(1n << 55n))).toBeNull();
    expect(walkForDebug(b.m, b.cpu.context, b.cpu.stage2, va & ~(1n << 60n))).toBeNull();
    setSys(b.cpu.context, 'TCR_EL1', getSys(b.cpu.context, 'TCR_EL1') | (1n << 38n)); // TBI1
    expect(walkForDebug(b.m, b.cpu.context, b.cpu.stage2, va & ~(1n << 60n))).toBe(b.ram + 0x10_0000);
    setSys(b.cpu.context, 'TCR_EL1', getSys(b.cpu.context, 'TCR_EL1') | (1n << 23n)); // EPD1
    expect(walkForDebug(b.m, b.cpu.context, b.cpu.stage2, va)).toBeNull();
  });

  test('faults carry their level: translation, access flag, address size', () => {
    const { b, t } = machine();
    enableTables(b, t);
    expect(access(b, 'read', VA + (1n << 40n))).toBe(0x04); // no table at level 0
    expect(access(b, 'read', VA)).toBe(0x05);
    t.map(VA, DATA, RAM_ATTRIBUTES);
    expect(access(b, 'read', VA)).toBeNull();
    expect(access(b, 'read', VA + 0x1000n)).toBe(0x07);
    expect(access(b, 'read', VA + 0x20_0000n)).toBe(0x06);
    expect(access(b, 'read', VA + 0x4000_0000n)).toBe(0x05);
    t.map(VA + 0x2000n, DATA, NORMAL);
    expect(access(b, 'read', VA + 0x2000n)).toBe(0x0b);
    t.map(VA + 0x3000n, 0x100_0000_0000n, RAM_ATTRIBUTES); // 2^40: more than PARange
    expect(access(b, 'read', VA + 0x3000n)).toBe(0x03);
    writeDescriptor(b, t.descriptor(VA + 0x4000n, 3n), DATA | RAM_ATTRIBUTES | 1n); // a block at level 3
    expect(access(b, 'read', VA + 0x4000n)).toBe(0x07);
    expect(Number(getSys(b.cpu.context, 'FAR_EL1'))).toBe(Number(VA + 0x4000n));
    expect(access(b, 'write', VA + 0x4000n)).toBe(0x07);
    expect(esr(b).iss & 0x40).toBe(0x40); // WnR
    expect(access(b, 'read', 1n << 60n)).toBe(0x04); // not canonical
  });

  test('a table outside of RAM is a stage 2 fault on the walk', () => {
    const { b, t } = machine();
    writeDescriptor(b, t.descriptor(VA, 1n), 0x9000_0000n | 3n);
    enableTables(b, t);
    setX(b.cpu.context, 0, VA);
    start(b, 'ldr x1, [x0]');
    expect(step(b).stop).toBe('trap');
    expect(b.cpu.trap.ec).toBe(0x24);
    expect(b.cpu.trap.iss & 0x100_0080).toBe(0x80); // S1PTW, no instruction syndrome
    expect(b.cpu.trap.far).toBe(VA);
    expect(Math.floor(b.cpu.trap.ipa / 4096)).toBe(0x90000);
  });
});

describe('permissions', () => {
  // D8.4.1.2: AP[2:1], UXN, PXN, WXN → what EL1 and EL0 may do.
  const yes =
    (text: string) =>
    (kind: string): boolean =>
      text.includes(kind[0]);
  test.each([
    // attributes, WXN, EL1, EL0
    ['AP 00', 0n, false, 'rwe', 'e'],
    ['AP 01', USER, false, 'rw', 'rwe'], // writable at EL0: not executable at EL1
    ['AP 10', READ_ONLY, false, 're', 'e'],
    ['AP 11', READ_ONLY | USER, false, 're', 're'],
    ['AP 00, PXN', PXN, false, 'rw', 'e'],
    ['AP 00, UXN', UXN, false, 'rwe', ''],
    ['AP 11, PXN', READ_ONLY | USER | PXN, false, 'r', 're'],
    ['AP 11, UXN', READ_ONLY | USER | UXN, false, 're', 'r'],
    ['AP 00, WXN', 0n, true, 'rw', 'e'],
    ['AP 01, WXN', USER, true, 'rw', 'rw'],
    ['AP 10, WXN', READ_ONLY, true, 're', 'e'],
  ] as const)('%s', (_name, attributes, wxn, el1, el0) => {
    for (const user of [false, true]) {
      for (const kind of ['read', 'write', 'execute'] as const) {
        const { b, t } = machine();
        t.map(BigInt(CODE), BigInt(CODE), RAM_ATTRIBUTES | READ_ONLY | USER);
        t.map(BigInt(VECTORS), BigInt(VECTORS), RAM_ATTRIBUTES | READ_ONLY);
        t.map(VA, DATA, RAM_ATTRIBUTES | attributes);
        put(b, 'nop', Number(DATA));
        enableTables(b, t, null, { sctlr: wxn ? 1n << 19n : 0n });
        const allowed = yes(user ? el0 : el1)(kind);
        expect([user, kind, access(b, kind, VA, user)]).toEqual([user, kind, allowed ? null : 0x0f]);
      }
    }
  });

  test.each([
    ['APTable[0]: nothing for EL0', 1n << 61n, USER, 'rwe', 'e'],
    ['APTable[1]: nothing is written', 1n << 62n, USER, 're', 're'],
    ['PXNTable', 1n << 59n, 0n, 'rw', 'e'],
    ['UXNTable', 1n << 60n, 0n, 'rwe', ''],
  ] as const)('%s', (_name, table, attributes, el1, el0) => {
    for (const hierarchical of [true, false]) {
      const { b, t } = machine();
      t.map(BigInt(CODE), BigInt(CODE), RAM_ATTRIBUTES | READ_ONLY | USER);
      t.map(VA, DATA, RAM_ATTRIBUTES | attributes, 3n, table);
      put(b, 'nop', Number(DATA));
      enableTables(b, t, null, { tcr: hierarchical ? 0n : 1n << 41n }); // HPD0
      const plain = attributes === USER ? ['rw', 'rwe'] : ['rwe', 'e'];
      for (const user of [false, true]) {
        for (const kind of ['read', 'write', 'execute'] as const) {
          const allowed = yes(hierarchical ? (user ? el0 : el1) : plain[user ? 1 : 0])(kind);
          expect([hierarchical, user, kind, access(b, kind, VA, user)]).toEqual([hierarchical, user, kind, allowed ? null : 0x0f]);
        }
      }
    }
  });

  test('PAN: EL1 may not touch what EL0 may, except by LDTR and STTR', () => {
    const { b, t } = machine();
    t.map(VA, DATA, RAM_ATTRIBUTES | USER);
    t.map(VA + 0x1000n, DATA, RAM_ATTRIBUTES);
    enableTables(b, t);
    const c = b.cpu.context;
    const run = (text: string, va: bigint): number | null => {
      setPstate(c, 0x3c5n | (1n << 22n));
      setX(c, 0, va);
      start(b, text);
      step(b);
      return (pc(b) & ~0x7ff) === VECTORS ? esr(b).iss & 0x3f : null;
    };
    expect(run('ldr x1, [x0]', VA)).toBe(0x0f);
    expect(run('str x1, [x0]', VA)).toBe(0x0f);
    expect(run('ldtr x1, [x0]', VA)).toBeNull();
    expect(run('sttr x1, [x0]', VA)).toBeNull();
    expect(run('ldr x1, [x0]', VA + 0x1000n)).toBeNull();
    expect(run('ldtr x1, [x0]', VA + 0x1000n)).toBe(0x0f);
    setSys(c, 'SCTLR_EL1', getSys(c, 'SCTLR_EL1') & ~1n); // without stage 1 PAN means nothing
    expect(run('ldr x1, [x0]', DATA)).toBeNull();
  });
});

describe('the TLB', () => {
  const mapped = (): { b: Bare; t: Tables } => {
    const { b, t } = machine();
    t.map(VA, DATA, RAM_ATTRIBUTES);
    enableTables(b, t, null, { asid: 5n });
    expect(access(b, 'read', VA)).toBeNull();
    return { b, t };
  };
  const tlbi = (b: Bare, text: string, operand = VA >> 12n): void => {
    setX(b.cpu.context, 1, operand);
    start(b, text);
    step(b);
    expect(pc(b)).toBe(CODE + 4);
  };

  test.each([
    ['tlbi vmalle1', 0n],
    ['tlbi vmalle1is', 0n],
    ['tlbi vae1, x1', (5n << 48n) | (VA >> 12n)],
    ['tlbi vae1, x1', VA >> 12n], // global: the ASID does not matter
    ['tlbi vale1is, x1', VA >> 12n],
    ['tlbi vaae1, x1', VA >> 12n],
    ['tlbi vaale1is, x1', VA >> 12n],
  ])('an entry stays until %s', (text, operand) => {
    const { b, t } = mapped();
    writeDescriptor(b, t.descriptor(VA, 3n), 0n);
    expect(access(b, 'read', VA)).toBeNull(); // stale
    tlbi(b, text, operand);
    expect(access(b, 'read', VA)).toBe(0x07);
  });

  test('TLBI of another page or another ASID leaves it', () => {
    const { b, t } = machine();
    t.map(VA, DATA, RAM_ATTRIBUTES | NG);
    enableTables(b, t, null, { asid: 5n });
    expect(access(b, 'read', VA)).toBeNull();
    writeDescriptor(b, t.descriptor(VA, 3n), 0n);
    tlbi(b, 'tlbi vae1, x1', (VA >> 12n) + 1n);
    tlbi(b, 'tlbi vae1, x1', (6n << 48n) | (VA >> 12n));
    tlbi(b, 'tlbi aside1, x1', 6n << 48n);
    expect(access(b, 'read', VA)).toBeNull();
    tlbi(b, 'tlbi aside1, x1', 5n << 48n);
    expect(access(b, 'read', VA)).toBe(0x07);
  });

  test('another ASID does not see an entry that is not global', () => {
    const { b, t } = machine();
    t.map(VA, DATA, RAM_ATTRIBUTES | NG);
    enableTables(b, t, null, { asid: 5n });
    expect(access(b, 'read', VA)).toBeNull();
    writeDescriptor(b, t.descriptor(VA, 3n), 0n);
    setX(b.cpu.context, 1, (6n << 48n) | ROOT);
    start(b, 'msr ttbr0_el1, x1');
    step(b);
    expect(access(b, 'read', VA)).toBe(0x07);
  });

  test('a TLBI by address takes every piece of a block along', () => {
    const { b, t } = machine();
    const block = VA & ~0x1f_ffffn;
    t.map(block, DATA & ~0x1f_ffffn, RAM_ATTRIBUTES, 2n);
    enableTables(b, t);
    const pieces = [0n, 0x1000n, 0x5000n, 0x1f_f000n].map((offset) => block + offset);
    for (const piece of pieces) expect(access(b, 'read', piece)).toBeNull();
    writeDescriptor(b, t.descriptor(block, 2n), 0n);
    tlbi(b, 'tlbi vaae1, x1', (block + 0x5000n) >> 12n);
    for (const piece of pieces) expect(access(b, 'read', piece)).toBe(0x06);
  });

  test('a TLBI of the inner shareable domain reaches the VM’s other CPUs, a local one does not', () => {
    const b = bareMachine({ megabytes: 16, cpus: 2 });
    const t = new Tables(b, 4, 48n, ROOT);
    for (const page of [RAM_BASE, CODE, VECTORS]) t.map(BigInt(page), BigInt(page), RAM_ATTRIBUTES);
    t.map(VA, DATA, RAM_ATTRIBUTES);
    const second: Bare = { ...b, cpu: b.m.machine.cpus[1] };
    for (const one of [b, second]) {
      setSys(one.cpu.context, 'VBAR_EL1', BigInt(VECTORS));
      enableTables(one, t);
      expect(access(one, 'read', VA)).toBeNull();
    }
    writeDescriptor(b, t.descriptor(VA, 3n), 0n);
    tlbi(b, 'tlbi vaae1, x1');
    expect(access(b, 'read', VA)).toBe(0x07);
    expect(access(second, 'read', VA)).toBeNull();
    tlbi(b, 'tlbi vaae1is, x1');
    expect(access(second, 'read', VA)).toBe(0x07);
  });

  test('another VTTBR_EL2, and the hypervisor’s own TLBI, drop everything', () => {
    const { b, t } = mapped();
    writeDescriptor(b, t.descriptor(VA, 3n), 0n);
    expect(access(b, 'read', VA)).toBeNull();
    forgetAllTranslations(b.m, b.cpu);
    expect(access(b, 'read', VA)).toBe(0x07);
    t.map(VA, DATA, RAM_ATTRIBUTES);
    expect(access(b, 'read', VA)).toBeNull();
    writeDescriptor(b, t.descriptor(VA, 3n), 0n);
    setSys(b.cpu.context, 'VTTBR_EL2', 2n << 48n);
    expect(access(b, 'read', VA)).toBe(0x07);
  });
});

describe('what else translates', () => {
  test('AT leaves PAR_EL1', () => {
    const { b, t } = machine();
    t.map(VA, DATA, RAM_ATTRIBUTES | READ_ONLY);
    enableTables(b, t);
    const par = (text: string): bigint => {
      setX(b.cpu.context, 0, VA + 0x123n);
      start(b, text);
      step(b);
      expect(pc(b)).toBe(CODE + 4);
      return getSys(b.cpu.context, 'PAR_EL1');
    };
    expect(par('at s1e1r, x0') & 0xfffffffff001n).toBe(DATA);
    expect(par('at s1e1r, x0') >> 56n).toBe(0xffn);
    expect(par('at s1e1w, x0') & 0x7fn).toBe(0x1fn); // F, permission fault level 3
    expect(par('at s1e0r, x0') & 0x7fn).toBe(0x1fn);
  });

  test('the SPU writes as privileged software, PAN ignored', () => {
    const { b, t } = machine();
    t.map(VA, DATA, RAM_ATTRIBUTES | USER);
    t.map(VA + 0x1000n, DATA, RAM_ATTRIBUTES | READ_ONLY);
    enableTables(b, t);
    setPstate(b.cpu.context, 0x3c5n | (1n << 22n));
    expect(translateForSpu(b.m, b.cpu, VA + 0x40n, true)).toEqual({ pa: b.ram + 0x10_0040 });
    expect(translateForSpu(b.m, b.cpu, VA + 0x1040n, true)).toEqual({ fsc: 0x0f, stage: 1, level: 3 });
    expect(translateForSpu(b.m, b.cpu, VA + 0x2000n, true)).toEqual({ fsc: 0x07, stage: 1, level: 3 });
    t.map(VA + 0x3000n, 0x9000_0000n, RAM_ATTRIBUTES);
    expect(translateForSpu(b.m, b.cpu, VA + 0x3000n, true)).toMatchObject({ stage: 2 });
  });

  test('the SPU’s translations are those of the CPU’s TLB: stale until a TLBI covers them', () => {
    const { b, t } = machine();
    t.map(VA, DATA, RAM_ATTRIBUTES);
    enableTables(b, t);
    const pa = (): unknown => translateForSpu(b.m, b.cpu, VA, true);
    expect(pa()).toEqual({ pa: b.ram + 0x10_0000 });
    t.map(VA, DATA + 0x3000n, RAM_ATTRIBUTES);
    expect(pa()).toEqual({ pa: b.ram + 0x10_0000 });
    start(b, 'tlbi vmalle1');
    step(b);
    expect(pa()).toEqual({ pa: b.ram + 0x10_3000 });
  });

  test('DC ZVA clears 64 bytes, and faults on Device memory; DC CVAC of an unmapped address faults with CM', () => {
    const { b, t } = machine();
    t.map(VA, DATA, RAM_ATTRIBUTES);
    t.map(VA + 0x1000n, DATA, AF | DEVICE);
    enableTables(b, t);
    b.m.memory.u8.fill(0xff, b.ram + 0x10_0000, b.ram + 0x10_0100);
    const run = (text: string, va: bigint): void => {
      setX(b.cpu.context, 0, va);
      start(b, text);
      step(b);
    };
    run('dc zva, x0', VA + 0x47n);
    expect([...b.m.memory.u8.slice(b.ram + 0x10_003f, b.ram + 0x10_0041)]).toEqual([0xff, 0]);
    expect([...b.m.memory.u8.slice(b.ram + 0x10_007f, b.ram + 0x10_0081)]).toEqual([0, 0xff]);
    run('dc zva, x0', VA + 0x1000n);
    expect(esr(b)).toEqual({ ec: 0x25, iss: 0x61 });
    run('dc cvac, x0', VA + 0x5008n);
    expect(esr(b)).toEqual({ ec: 0x25, iss: 0x147 });
    expect(getSys(b.cpu.context, 'FAR_EL1')).toBe(VA + 0x5008n);
  });

  test('accesses over the end of a page need both pages, and change nothing when the second fails', () => {
    const { b, t } = machine();
    t.map(VA, DATA, RAM_ATTRIBUTES);
    enableTables(b, t);
    const c = b.cpu.context;
    const end = b.ram + 0x10_0ff8;
    const run = (text: string, va: bigint): number | null => {
      setX(c, 0, va);
      setX(c, 1, 0x1111_2222_3333_4444n);
      setX(c, 2, 0x5555_6666_7777_8888n);
      start(b, text);
      step(b);
      return (pc(b) & ~0x7ff) === VECTORS ? esr(b).iss & 0x7f : null;
    };
    for (const [text, offset] of [
      ['str x1, [x0]', 0xffcn],
      ['stp x1, x2, [x0]', 0xff8n],
      ['stp w1, w2, [x0]', 0xffcn],
      ['strh w1, [x0]', 0xfffn],
    ] as const) {
      b.m.memory.u8.fill(0, end, end + 8);
      expect([text, run(text, VA + offset)]).toEqual([text, 0x47]);
      expect(getSys(c, 'FAR_EL1')).toBe(VA + 0x1000n);
      expect([...b.m.memory.u8.slice(end, end + 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    }
    t.map(VA + 0x1000n, DATA + 0x5000n, RAM_ATTRIBUTES); // not adjacent in memory
    expect(run('str x1, [x0]', VA + 0xffcn)).toBeNull();
    expect([...b.m.memory.u8.slice(end + 4, end + 8)]).toEqual([0x44, 0x44, 0x33, 0x33]);
    expect([...b.m.memory.u8.slice(b.ram + 0x10_5000, b.ram + 0x10_5004)]).toEqual([0x22, 0x22, 0x11, 0x11]);
    expect(run('ldr x3, [x0]', VA + 0xffcn)).toBeNull();
    expect(getX(c, 3)).toBe(0x1111_2222_3333_4444n);
    expect(run('stp x1, x2, [x0, #8]!', VA + 0xff0n)).toBeNull();
    expect(run('ldp x3, x4, [x0]', VA + 0xff8n)).toBeNull();
    expect([getX(c, 3), getX(c, 4)]).toEqual([0x1111_2222_3333_4444n, 0x5555_6666_7777_8888n]);
  });
});
