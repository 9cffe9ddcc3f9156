// The transition table of vgic.md §2.7, T1 to T25, one by one: each event from a state where its guard holds, and where it does not.
import { describe, expect, test } from 'vitest';
import { findIrq } from '../../src/kernel/vgic/irq.ts';
import { writeUserRegister } from '../../src/kernel/vgic/mmio.ts';
import { mpidrOf } from '../../src/kernel/vm.ts';
import { virqPending } from '../../src/machine/gic/interface.ts';
import { GICD, listRegisterOf, prepared, type Scene, sgiFrame, stateOf } from './vgic-scene.ts';

const BIT21 = 1 << 21;
const SGI = sgiFrame(0);
const SPI40 = 1 << 8; // in the second word of the distributor's one-bit registers
const enable21 = (s: Scene): void => s.exit(() => s.store(SGI + 0x100, BIT21));
const raise21 = (s: Scene): void => s.exit(() => void s.spe(true));
const pending21 = (s: Scene): void => {
  enable21(s);
  raise21(s);
};
const active21 = (s: Scene): void => {
  pending21(s);
  expect(s.mrs('IAR1')).toBe(21);
};
const kicked = (s: Scene, n = 0): boolean => s.vm.vcpus[n].vgic?.kick === true;
/** What `deed` does to the state of an interrupt while the vCPU is out of the guest, and whether it kicks. */
function outside(s: Scene, deed: () => void, intid = 21): [state: string, kick: boolean] {
  s.sync();
  for (const v of s.vm.vcpus) if (v.vgic) v.vgic.kick = false;
  deed();
  return [stateOf(s, intid), kicked(s)];
}

describe('lines and latches', () => {
  test('T1: a line that rises: queued when it is enabled, only remembered when not', () => {
    const s = prepared();
    expect(outside(s, () => void s.spe(true))).toEqual(['0/0/1/0/0', false]);
    const e = prepared();
    enable21(e);
    expect(outside(e, () => void e.spe(true))).toEqual(['1/0/1/0/1', true]);
  });
  test('T2: a line that falls: no kick, and it stays on its list until it is pruned', () => {
    const s = prepared();
    pending21(s);
    s.spe(false);
    expect([stateOf(s, 21), listRegisterOf(s, 21), kicked(s)]).toEqual(['1/0/0/0/1', 'P', false]);
    s.sync();
    expect(stateOf(s, 21)).toBe('1/0/0/0/0');
  });
  test('T3: an edge sets the latch', () => {
    const s = prepared();
    s.exit(() => {
      s.store(GICD + 0xc08, 2 << 16); // 40 is edge-triggered
      s.store(GICD + 0x104, SPI40);
    });
    expect(outside(s, () => void s.line(40, true), 40)).toEqual(['1/1/0/0/1', true]);
  });
  test('T4: edge 0, the same level, the wrong owner: nothing, and success', () => {
    const s = prepared();
    pending21(s);
    s.exit(() => s.store(GICD + 0xc08, 2 << 16));
    for (const deed of [() => s.line(40, false), () => s.spe(true), () => s.line(21, false)]) {
      const before = [stateOf(s, 21), stateOf(s, 40), s.events.length];
      expect(deed()).toBeNull();
      expect([stateOf(s, 21), stateOf(s, 40), s.events.length]).toEqual(before);
    }
  });
});

describe('registers of the frames', () => {
  test('T5: ISENABLER queues what is pending', () => {
    const s = prepared();
    raise21(s);
    expect(outside(s, () => s.store(SGI + 0x100, BIT21))).toEqual(['1/0/1/0/1', true]);
  });
  test('T6: ICENABLER: no kick, on the list until it is pruned, no list register at the next entry', () => {
    const s = prepared();
    pending21(s);
    expect(outside(s, () => s.store(SGI + 0x180, BIT21))).toEqual(['0/0/1/0/1', false]);
    s.flush();
    expect([stateOf(s, 21), listRegisterOf(s, 21)]).toEqual(['0/0/1/0/1', '–']);
    s.sync();
    expect(stateOf(s, 21)).toBe('0/0/1/0/0');
  });
  test('T7: ISPENDR sets the latch of a PPI and of an SGI, and queues it', () => {
    const s = prepared();
    enable21(s);
    expect(outside(s, () => s.store(SGI + 0x200, BIT21 | 2))).toEqual(['1/1/0/0/1', true]);
    expect(stateOf(s, 1)).toBe('1/1/-/0/1');
  });
  test('T8: ICPENDR clears the latch and not the line', () => {
    const s = prepared();
    pending21(s);
    s.exit(() => s.store(SGI + 0x200, BIT21));
    expect(outside(s, () => s.store(SGI + 0x280, BIT21))[0]).toBe('1/0/1/0/1');
  });
  test('T9: ISACTIVER puts even a disabled one on the list', () => {
    const s = prepared();
    expect(outside(s, () => s.store(SGI + 0x300, BIT21))).toEqual(['0/0/0/1/1', true]);
  });
  test('T10: ICACTIVER: not queued, the running priority stays', () => {
    const s = prepared();
    active21(s);
    expect(outside(s, () => s.store(SGI + 0x380, BIT21))).toEqual(['1/0/1/0/1', false]);
    s.flush();
    expect([s.peek('RPR'), virqPending(s.ich[0])]).toEqual([0xa0, false]);
  });
  test('T11: a new priority, without its low three bits, is in the list register at the next entry', () => {
    const s = prepared();
    pending21(s);
    s.store(SGI + 0x415, 0x47, 1);
    expect(s.ich[0].lr.priority[0]).toBe(0xa0);
    s.exit();
    expect(s.ich[0].lr.priority[0]).toBe(0x40);
  });
  test('T12: IGROUPR moves it to the other group, and queues it: group 0 is a FIQ', () => {
    const s = prepared();
    pending21(s);
    expect(outside(s, () => s.store(SGI + 0x80, 0xffffffff & ~BIT21))).toEqual(['1/0/1/0/1', true]);
    s.flush();
    s.msr('IGRPEN0', 1);
    expect([s.ich[0].lr.group[0], virqPending(s.ich[0]), s.ich[0].vfiq]).toEqual([0, false, true]);
  });
  test('T13: ICFGR of an SPI by bit 2n + 1; SGIs and PPIs stay as they are', () => {
    const s = prepared();
    const config = (intid: number): number => {
      const irq = findIrq(s.vm, 0, intid);
      return irq === null ? -1 : irq.table.config[irq.at];
    };
    const before = [1, 21].map(config);
    s.exit(() => {
      s.store(SGI + 0xc00, 0);
      s.store(SGI + 0xc04, 0xffffffff);
      s.store(GICD + 0xc08, (2 << 16) | (1 << 18));
    });
    expect([1, 21].map(config)).toEqual(before);
    expect([config(40) === config(1), config(41) === config(21)]).toEqual([true, true]);
  });
  test('T14: IROUTER: the target at once, the list at the next prune, no kick before', () => {
    const s = prepared(2);
    s.exit(() => {
      s.store(GICD + 0x104, SPI40);
      s.line(40, true);
    });
    s.exit(undefined, 1); // the first SPI on a list had every vCPU look whether ICC_DIR_EL1 must trap
    s.store(GICD + 0x6000 + 8 * 40, mpidrOf(1) & 0xffffffn);
    expect([s.dist.spis.target[8], s.dist.spis.listed[8], kicked(s, 1)]).toEqual([1, 0, false]);
    s.sync();
    expect([s.dist.spis.listed[8], kicked(s, 1)]).toEqual([1, true]);
  });
  test('T15: GICD_CTLR on kicks the vCPUs with something deliverable on their lists', () => {
    const s = prepared(2);
    pending21(s);
    s.store(GICD, 0);
    for (const v of s.vm.vcpus) if (v.vgic) v.vgic.kick = false;
    s.store(GICD, 2);
    expect([kicked(s, 0), kicked(s, 1)]).toEqual([true, false]);
  });
  test('T16: GICD_CTLR off: nothing at once; what is not active gets no list register and is pruned, what is active stays', () => {
    for (const [begin, state, lr, after] of [
      [pending21, '1/0/1/0/1', '–', '1/0/1/0/0'],
      [active21, '1/0/1/1/1', 'A', '1/0/1/1/1'],
    ] as const) {
      const s = prepared();
      begin(s);
      s.sync();
      s.store(GICD, 0);
      s.flush();
      expect([stateOf(s, 21), listRegisterOf(s, 21)]).toEqual([state, lr]);
      s.sync();
      expect(stateOf(s, 21)).toBe(after);
    }
  });
  test('T17: an SGI latches on each target that takes its group', () => {
    const s = prepared(2);
    s.msr('SGI1R', 0x0100_0003n);
    expect([stateOf(s, 1, 0), stateOf(s, 1, 1)]).toEqual(['1/0/-/0/1', '1/1/-/0/1']); // its own is in a list register already
  });
});

describe('in the guest', () => {
  test('T18: an entry gives a list register to what goes to this vCPU', () => {
    const s = prepared();
    s.sync();
    s.store(SGI + 0x100, BIT21);
    s.spe(true);
    s.flush();
    expect(listRegisterOf(s, 21)).toBe('P');
  });
  test('T19: the acknowledge: pending becomes active, its group priority runs', () => {
    const s = prepared();
    active21(s);
    expect([listRegisterOf(s, 21), s.peek('AP1R0'), s.peek('RPR')]).toEqual(['A', 1 << 20, 0xa0]);
  });
  test('T20: EOIR with EOImode 0 drops and deactivates: A to nothing, A+P to P', () => {
    const s = prepared();
    active21(s);
    s.msr('EOIR1', 21);
    expect([listRegisterOf(s, 21), s.peek('RPR')]).toEqual(['00', 0xff]);
    const e = prepared();
    for (const again of [false, true]) {
      e.msr('SGI1R', 0x0100_0001n);
      if (!again) expect(e.mrs('IAR1')).toBe(1);
    }
    expect(listRegisterOf(e, 1)).toBe('A+P');
    e.msr('EOIR1', 1);
    expect(listRegisterOf(e, 1)).toBe('P');
  });
  test('T21, T22: with EOImode 1 EOIR drops only, and DIR deactivates only', () => {
    const s = prepared();
    s.msr('CTLR', 2);
    active21(s);
    s.msr('EOIR1', 21);
    expect([listRegisterOf(s, 21), s.peek('RPR')]).toEqual(['A', 0xff]);
    s.msr('DIR', 21);
    expect([listRegisterOf(s, 21), s.peek('RPR')]).toEqual(['00', 0xff]);
  });
  test('T23: the end of a level interrupt asks for maintenance; that of an SGI does not', () => {
    const s = prepared();
    active21(s);
    s.msr('EOIR1', 21);
    expect(s.ich[0].maintenance).toBe(true);
    const e = prepared();
    e.msr('SGI1R', 0x0100_0001n);
    e.mrs('IAR1');
    e.msr('EOIR1', 1);
    expect(e.ich[0].maintenance).toBe(false);
  });
  test('T24: an exit folds and prunes: active is what the list register says, an edge that was not taken goes back to its latch', () => {
    const s = prepared();
    active21(s);
    s.msr('SGI1R', 0x0100_0001n);
    s.sync();
    expect([stateOf(s, 21), stateOf(s, 1)]).toEqual(['1/0/1/1/1', '1/1/-/0/1']);
  });
});

test('T25: user space sets the fields as they are, and queues what it sets', () => {
  const s = prepared();
  enable21(s);
  const set = (offset: number, value: number): void => writeUserRegister(s.vm, s.dist, 0, 0x10000 + offset, value);
  expect(outside(s, () => set(0x200, BIT21))).toEqual(['1/1/0/0/1', true]);
  expect(outside(s, () => set(0x200, 0))[0]).toBe('1/0/0/0/1');
  expect(outside(s, () => set(0x300, BIT21))).toEqual(['1/0/0/1/1', true]);
});
