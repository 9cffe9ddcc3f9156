// The virtual CPU interface by itself (vgic.md §3): which accesses are UNDEFINED, priorities, groups, the order of ends, ICH_* views.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GIC_REGISTERS } from '../../src/arch/sysreg/gic.ts';
import { EOI_MAINTENANCE, groupPriority, runningPriority, settle } from '../../src/machine/gic/delivery.ts';
import { listRegister, readIch } from '../../src/machine/gic/hypervisor.ts';
import {
  maintenancePending,
  newVirtualInterface,
  peekIcc,
  readIcc,
  trapsToHypervisor,
  type VirtualInterface,
  vfiqPending,
  virqPending,
  writeIcc,
} from '../../src/machine/gic/interface.ts';

const key = (name: string): number => GIC_REGISTERS.find((r) => r.name === name)?.key ?? -1;
const icc = (name: string): number => key(`ICC_${name}_EL1`);
const write = (x: VirtualInterface, name: string, value: number): boolean => writeIcc(x, icc(name), BigInt(value));
const read = (x: VirtualInterface, name: string): number | null => {
  const value = readIcc(x, icc(name));
  return value === null ? null : Number(value);
};

interface Entry {
  readonly intid: number;
  readonly priority?: number;
  readonly group?: number;
  readonly state?: number;
}
/** An interface with these list registers, group 1 enabled, nothing masked. */
function loaded(entries: readonly Entry[] = []): VirtualInterface {
  const x = newVirtualInterface();
  x.enabled = true;
  x.systemRegisters = true;
  x.registers.pmr = 0xf8;
  x.registers.igrpen1 = 1;
  x.used = entries.length;
  entries.forEach(({ intid, priority = 0xa0, group = 1, state = 1 }, n) => {
    x.lr.intid[n] = intid;
    x.lr.priority[n] = priority;
    x.lr.group[n] = group;
    x.lr.state[n] = state;
  });
  settle(x);
  return x;
}

describe('accesses', () => {
  const READ_ONLY = ['IAR0', 'IAR1', 'HPPIR0', 'HPPIR1', 'RPR'];
  const WRITE_ONLY = ['EOIR0', 'EOIR1', 'DIR'];
  const TRAPPED = ['SGI1R', 'ASGI1R', 'SGI0R'];
  const ABSENT = ['AP0R1', 'AP0R2', 'AP0R3', 'AP1R1', 'AP1R2', 'AP1R3'];

  test.each(GIC_REGISTERS.filter((r) => r.name.startsWith('ICC_')).map((r) => r.name))(
    '%s is defined for the directions it has',
    (name) => {
      const short = name.slice(4, -4);
      const x = loaded();
      const readable = !WRITE_ONLY.includes(short) && !TRAPPED.includes(short) && !ABSENT.includes(short);
      const writable = !READ_ONLY.includes(short) && !TRAPPED.includes(short) && !ABSENT.includes(short);
      expect(readIcc(x, key(name)) !== null).toBe(readable);
      expect(writeIcc(x, key(name), 0n)).toBe(writable);
      expect(trapsToHypervisor(x, key(name))).toBe(TRAPPED.includes(short));
    },
  );

  test('without a GICv3 everything is UNDEFINED', () => {
    const x = newVirtualInterface();
    expect(readIcc(x, icc('PMR'))).toBeNull();
    expect(writeIcc(x, icc('PMR'), 0n)).toBe(false);
  });

  test('resets and fixed bits', () => {
    const x = newVirtualInterface();
    x.systemRegisters = true;
    const names = ['PMR', 'BPR0', 'BPR1', 'CTLR', 'SRE', 'IGRPEN0', 'IGRPEN1', 'RPR', 'IAR1', 'HPPIR1', 'AP1R0'];
    expect(names.map((n) => read(x, n))).toEqual([0, 2, 3, 0x8400, 7, 0, 0, 0xff, 1023, 1023, 0]);
  });

  test('what writes keep', () => {
    const x = loaded();
    write(x, 'PMR', 0xffff_ff07);
    write(x, 'BPR0', 0);
    write(x, 'BPR1', 9);
    write(x, 'CTLR', 0xffff_ffff);
    write(x, 'SRE', 0);
    write(x, 'IGRPEN0', 0xfffe);
    expect([read(x, 'PMR'), read(x, 'BPR0'), x.registers.bpr1, read(x, 'CTLR'), read(x, 'SRE'), read(x, 'IGRPEN0')]).toEqual([
      0, 2, 3, 0x8403, 7, 0,
    ]);
  });

  test('CBPR: BPR1 reads BPR0 + 1, at most 7, and is not written', () => {
    const x = loaded();
    write(x, 'BPR1', 4);
    write(x, 'CTLR', 1);
    write(x, 'BPR1', 6);
    for (const [bpr0, shown] of [
      [2, 3],
      [5, 6],
      [7, 7],
    ]) {
      write(x, 'BPR0', bpr0);
      expect(read(x, 'BPR1')).toBe(shown);
    }
    write(x, 'CTLR', 0);
    expect(read(x, 'BPR1')).toBe(4);
  });
});

describe('delivery', () => {
  test('the lowest priority value first; ties in list order; pending and active is no candidate', () => {
    const x = loaded([
      { intid: 21, state: 3, priority: 0 },
      { intid: 30, priority: 0xa0 },
      { intid: 23, priority: 0x80 },
      { intid: 27, priority: 0x80 },
    ]);
    expect([read(x, 'HPPIR1'), read(x, 'IAR1')]).toEqual([23, 23]);
    expect(x.lr.state[2]).toBe(2);
    expect([read(x, 'IAR1'), read(x, 'HPPIR1'), read(x, 'RPR')]).toEqual([1023, 27, 0x80]);
  });

  test('group 0 comes as FIQ through IAR0, and hides group 1 while it is on top', () => {
    const x = loaded([
      { intid: 21, priority: 0xa0 },
      { intid: 1, priority: 0x20, group: 0 },
    ]);
    expect([virqPending(x), vfiqPending(x), read(x, 'HPPIR1')]).toEqual([true, false, 21]);
    write(x, 'IGRPEN0', 1);
    expect([virqPending(x), vfiqPending(x)]).toEqual([false, true]);
    expect([read(x, 'IAR1'), read(x, 'HPPIR1'), read(x, 'HPPIR0')]).toEqual([1023, 1023, 1]);
    expect([read(x, 'IAR0'), read(x, 'AP0R0'), read(x, 'AP1R0'), read(x, 'RPR')]).toEqual([1, 1 << 4, 0, 0x20]);
    expect(write(x, 'EOIR0', 1)).toBe(true);
    expect([virqPending(x), read(x, 'IAR1')]).toEqual([true, 21]);
  });

  test('a PMR write changes the line at once', () => {
    const x = loaded([{ intid: 21 }]);
    const seen = [0xa0, 0xa8, 0, 0xff].map((pmr) => {
      write(x, 'PMR', pmr);
      return virqPending(x);
    });
    expect(seen).toEqual([false, true, false, true]);
  });

  test('peeking at IAR acknowledges nothing', () => {
    const x = loaded([{ intid: 21 }]);
    expect([peekIcc(x, icc('IAR1')), x.lr.state[0]]).toEqual([21n, 1]);
  });

  test('ends out of order drop the highest priority and leave the named interrupt active', () => {
    const x = loaded([{ intid: 21, priority: 0xa0 }]);
    expect(read(x, 'IAR1')).toBe(21);
    x.used = 2;
    Object.assign(x.lr.intid, { 1: 40 });
    x.lr.priority[1] = 0x40;
    x.lr.group[1] = 1;
    x.lr.state[1] = 1;
    settle(x);
    expect(read(x, 'IAR1')).toBe(40);
    write(x, 'EOIR1', 21);
    expect([read(x, 'RPR'), x.lr.state[0], x.lr.state[1]]).toEqual([0xa0, 2, 2]);
  });

  test('an end that meets no active list register is counted', () => {
    const x = loaded([{ intid: 21 }]);
    read(x, 'IAR1');
    write(x, 'EOIR1', 77);
    expect([x.eoiCount, read(x, 'RPR'), x.lr.state[0]]).toEqual([1, 0xff, 2]);
    write(x, 'EOIR1', 77);
    expect(x.eoiCount).toBe(1);
  });

  test('the end of an interrupt asks for maintenance only where its list register says so', () => {
    for (const flags of [0, EOI_MAINTENANCE]) {
      const x = loaded([{ intid: 21 }]);
      x.lr.flags[0] = flags;
      read(x, 'IAR1');
      write(x, 'EOIR1', 21);
      expect(maintenancePending(x)).toBe(flags !== 0);
      expect(readIch(x, key('ICH_MISR_EL2'))).toBe(flags === 0 ? 0n : 1n);
      expect(readIch(x, key('ICH_EISR_EL2'))).toBe(flags === 0 ? 0n : 1n);
    }
  });

  test('the trail tells what happened, with ticks', () => {
    const x = loaded([{ intid: 21 }]);
    writeIcc(x, icc('CTLR'), 2n);
    readIcc(x, icc('IAR1'), 7);
    writeIcc(x, icc('EOIR1'), 21n, 8);
    writeIcc(x, icc('DIR'), 21n, 9);
    expect(x.trail.map((t) => `${t.tick} ${t.kind} ${t.intid}`)).toEqual(['7 acknowledged 21', '8 dropped 21', '9 ended 21']);
  });

  test('pins assert without any list register', () => {
    const x = newVirtualInterface();
    x.pins = 3;
    settle(x);
    expect([virqPending(x), vfiqPending(x)]).toEqual([true, true]);
  });
});

describe('group priorities (vgic.md 3)', () => {
  test.each([
    [3, 0xf8],
    [4, 0xf0],
    [5, 0xe0],
    [6, 0xc0],
    [7, 0x80],
  ])('BPR1 = %i keeps the bits of mask %i', (bpr1, mask) => {
    const { registers } = loaded();
    registers.bpr1 = bpr1;
    expect(groupPriority(registers, 1, 0xf8)).toBe(0xf8 & mask);
    expect(groupPriority(registers, 1, 0x58)).toBe(0x58 & mask);
  });

  test('group 0 keeps one bit less for the same number', () => {
    const { registers } = loaded();
    registers.bpr0 = 4;
    expect(groupPriority(registers, 0, 0xf8)).toBe(0xe0);
    expect(groupPriority(registers, 1, 0xf8)).toBe(0xf8);
  });

  test('BPR0 = 7: no group 0 interrupt preempts another; with CBPR group 1 keeps bit 7, as BPR1 reads', () => {
    const x = loaded([{ intid: 1, priority: 0xa0, group: 0 }]);
    write(x, 'BPR0', 7);
    write(x, 'IGRPEN0', 1);
    expect([read(x, 'IAR0'), read(x, 'RPR')]).toEqual([1, 0]);
    x.used = 2;
    x.lr.intid[1] = 2;
    x.lr.state[1] = 1;
    settle(x);
    expect([vfiqPending(x), read(x, 'IAR0')]).toEqual([false, 1023]);
    write(x, 'EOIR0', 1);
    expect([x.lr.state[0], vfiqPending(x)]).toEqual([0, true]);
    write(x, 'CTLR', 1);
    expect(groupPriority(x.registers, 1, 0xf8)).toBe(0x80);
  });
});

describe('ICH_* as the hypervisor sees them', () => {
  test('a list register in the layout of the manual', () => {
    const x = loaded([{ intid: 21, priority: 0xa0 }]);
    x.lr.flags[0] = EOI_MAINTENANCE;
    expect(listRegister(x, 0)).toBe(0x50a0_0200_0000_0015n);
    expect(readIch(x, key('ICH_LR0_EL2'))).toBe(0x50a0_0200_0000_0015n);
    expect(readIch(x, key('ICH_ELRSR_EL2'))).toBe(0xfffen);
  });

  test('every ICH row reads, and nothing else does', () => {
    const x = loaded();
    for (const row of GIC_REGISTERS) expect(readIch(x, row.key) !== null, row.name).toBe(row.name.startsWith('ICH_'));
    expect(readIch(x, key('ICH_VTR_EL2'))).toBe(0x9028_000fn);
    expect(readIch(x, key('ICH_VMCR_EL2'))).toBe(0xf84c_000an);
  });
});

describe('laws', () => {
  const entry = fc.record({
    intid: fc.integer({ min: 0, max: 63 }),
    priority: fc.integer({ min: 0, max: 31 }).map((p) => p << 3),
    group: fc.integer({ min: 0, max: 1 }),
    state: fc.integer({ min: 0, max: 3 }),
  });
  const entries = fc.uniqueArray(entry, { selector: (e) => e.intid, maxLength: 16 });

  test('IAR returns what HPPIR shows or nothing, exactly when the line is up, and then that priority runs', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 0, max: 255 }), fc.integer({ min: 3, max: 7 }), (list, pmr, bpr1) => {
        const x = loaded(list);
        write(x, 'PMR', pmr);
        write(x, 'BPR1', bpr1);
        const shown = read(x, 'HPPIR1');
        const up = virqPending(x);
        const before = runningPriority(x.registers);
        const got = read(x, 'IAR1');
        expect(got).toBe(up ? shown : 1023);
        if (got === 1023) return;
        expect(runningPriority(x.registers)).toBeLessThan(before);
        write(x, 'EOIR1', got ?? 0);
        expect(runningPriority(x.registers)).toBe(before);
        const n = list.findIndex((e) => e.intid === got);
        expect(x.lr.state[n]).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test('after all are acknowledged and ended in reverse order nothing is active', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const x = loaded(list.map((e) => ({ ...e, state: 1, group: 1 })));
        const taken: number[] = [];
        for (let got = read(x, 'IAR1'); got !== 1023; got = read(x, 'IAR1')) taken.push(got ?? 0);
        for (const intid of taken.reverse()) write(x, 'EOIR1', intid);
        expect([x.registers.ap1r, x.eoiCount]).toEqual([0, 0]);
        expect([...x.lr.state].filter((s) => s === 2)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
