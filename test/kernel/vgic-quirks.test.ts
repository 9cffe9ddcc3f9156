// The quirks of vgic.md §8 with their knobs off, KVM's way being the vectors of §2.9; and more interrupts than list registers.
import { describe, expect, test } from 'vitest';
import { injectInterrupt } from '../../src/kernel/vgic/inject.ts';
import { QUIRKS, quirksOf } from '../../src/kernel/vgic/quirks.ts';
import { hasPendingInterrupt } from '../../src/kernel/vgic/sync.ts';
import { maintenancePending, virqPending } from '../../src/machine/gic/interface.ts';
import { GICD, listRegisterOf, prepared, type Scene, sgiFrame, stateOf } from './vgic-scene.ts';

const BIT21 = 1 << 21;
const SGI = sgiFrame(0);
const off = (name: keyof typeof QUIRKS): Record<string, boolean> => ({ [QUIRKS[name].knob]: false });
const on = (name: keyof typeof QUIRKS): Record<string, boolean> => ({ [QUIRKS[name].knob]: true });

/** 21 enabled; with its line raised or its latch set, and acknowledged. */
function active21(knobs: Record<string, boolean>, by: 'line' | 'latch'): Scene {
  const s = prepared(1, knobs);
  s.exit(() => s.store(SGI + 0x100, BIT21));
  s.exit(() => (by === 'line' ? void s.spe(true) : s.store(SGI + 0x200, BIT21)));
  expect(s.mrs('IAR1')).toBe(21);
  return s;
}
const end21 = (s: Scene): void => {
  s.msr('EOIR1', 21);
  s.exit();
};

describe('quirks off', () => {
  test("every knob of §8 has its row, and KVM's way is the default but for Q9", () => {
    expect(Object.values(QUIRKS).map((q) => q.id)).toEqual(Array.from({ length: 14 }, (_, n) => `Q${n + 1}`));
    const standard = quirksOf({ knobs: {} });
    expect(Object.entries(standard).filter(([, kvm]) => !kvm)).toEqual([['eoiSpecialDrops', false]]);
    expect(Object.isFrozen(standard)).toBe(true);
  });

  test('Q1: activation clears the latch of a level interrupt', () => {
    const s = active21(off('levelLatchSurvivesAck'), 'latch');
    s.exit();
    expect(stateOf(s, 21)).toBe('1/0/0/1/1');
  });

  test('Q2: a soft pend made while active is there after the end', () => {
    const s = active21(off('pendWhileActiveLost'), 'line');
    s.exit(() => void s.spe(false));
    s.exit(() => s.store(SGI + 0x200, BIT21));
    end21(s);
    expect([stateOf(s, 21), listRegisterOf(s, 21)]).toEqual(['1/1/0/0/1', 'P']);
    expect(s.mrs('IAR1')).toBe(21);
    end21(s);
    expect(stateOf(s, 21)).toBe('1/0/0/0/0');
  });

  test('Q3: a level interrupt is shown active and pending while its line is high', () => {
    const s = active21(off('noActivePendingLevel'), 'line');
    expect(listRegisterOf(s, 21)).toBe('A+P');
    s.exit();
    expect(listRegisterOf(s, 21)).toBe('A+P');
    s.msr('EOIR1', 21);
    expect([listRegisterOf(s, 21), virqPending(s.ich[0])]).toEqual(['P', true]);
    s.exit(() => void s.spe(false));
    expect(listRegisterOf(s, 21)).toBe('–');
  });

  test('Q4: a line still high is pending again at once', () => {
    const s = active21(off('reraiseNeedsExit'), 'line');
    s.msr('EOIR1', 21);
    expect([listRegisterOf(s, 21), virqPending(s.ich[0]), maintenancePending(s.ich[0])]).toEqual(['P', true, false]);
    expect(s.mrs('IAR1')).toBe(21);
  });

  test('Q5: a line that drops fetches the vCPU out of the guest', () => {
    for (const [knobs, kick] of [
      [{}, false],
      [off('noRetract'), true],
    ] as const) {
      const s = prepared(1, knobs);
      s.exit(() => s.store(SGI + 0x100, BIT21));
      s.exit(() => void s.spe(true));
      s.spe(false);
      expect(s.vm.vcpus[0].vgic?.kick).toBe(kick);
    }
  });

  test('Q6: switching the distributor on queues what was pruned', () => {
    const s = prepared(1, off('prunedWhileOff'));
    s.exit(() => s.store(SGI + 0x100, BIT21));
    s.exit(() => void s.spe(true));
    s.exit(() => s.store(GICD, 0));
    s.exit(() => s.store(GICD, 2));
    expect([stateOf(s, 21), listRegisterOf(s, 21)]).toEqual(['1/0/1/0/1', 'P']);
  });

  test('Q7: PPIs can be made edge-triggered', () => {
    const s = prepared(1, off('fixedConfig'));
    s.exit(() => s.store(SGI + 0xc04, 2 << 10));
    s.sync();
    expect(s.load(SGI + 0xc04)).toBe(2 << 10);
    s.store(SGI + 0xc00, 0);
    expect(s.load(SGI + 0xc00)).toBe(0xaaaaaaaa);
  });

  test('Q8: GICD_STATUSR reads no error', () => {
    expect(prepared(1, off('statusrAllOnes')).load(GICD + 0x10)).toBe(0);
  });

  test('Q9 on: EOIR of 1023 drops the running priority', () => {
    const s = active21(on('eoiSpecialDrops'), 'line');
    s.msr('EOIR1', 1023);
    expect([s.peek('RPR'), listRegisterOf(s, 21)]).toEqual([0xff, 'A']);
  });

  test('Q10: driving what a device owns is refused', () => {
    const s = prepared(1, off('ownerMismatchSilent'));
    expect(injectInterrupt(s.vm, 0, 21, true, null)).toBe('EINVAL');
    expect(injectInterrupt(prepared().vm, 0, 21, true, null)).toBeNull();
  });

  test('Q12: WFI ends only for an interrupt that would be signalled', () => {
    for (const [knobs, wakes] of [
      [{}, true],
      [off('wfiIgnoresGroups'), false],
    ] as const) {
      const s = prepared(1, knobs);
      s.msr('IGRPEN1', 0);
      s.exit(() => s.store(SGI + 0x100, BIT21));
      s.exit(() => void s.spe(true));
      s.sync();
      expect(hasPendingInterrupt(s.vm, 0)).toBe(wakes);
    }
  });

  test('Q13: a new priority fetches the vCPU out of the guest', () => {
    for (const [knobs, kick] of [
      [{}, false],
      [off('changesAtNextEntry'), true],
    ] as const) {
      const s = prepared(1, knobs);
      s.exit(() => s.store(SGI + 0x100, BIT21));
      s.exit(() => void s.spe(true));
      s.store(SGI + 0x415, 0x40, 1);
      expect(s.vm.vcpus[0].vgic?.kick).toBe(kick);
    }
  });
});

describe('WFI (vgic.md 2.3)', () => {
  test('wakes for what is on the list, enabled, not active and above the mask', () => {
    const s = prepared();
    s.sync();
    expect(hasPendingInterrupt(s.vm, 0)).toBe(false);
    s.store(SGI + 0x100, BIT21);
    s.spe(true);
    expect([s.vm.vcpus[0].vgic?.kick, hasPendingInterrupt(s.vm, 0)]).toEqual([true, true]);
    const registers = s.vm.vcpus[0].vgic?.registers ?? { pmr: 0 };
    registers.pmr = 0xa0;
    expect(hasPendingInterrupt(s.vm, 0)).toBe(false);
    registers.pmr = 0xf0;
    s.store(SGI + 0x300, BIT21);
    expect(hasPendingInterrupt(s.vm, 0)).toBe(false);
    s.store(SGI + 0x380, BIT21);
    s.store(GICD, 0);
    expect(hasPendingInterrupt(s.vm, 0)).toBe(false);
  });
});

describe('more interrupts than list registers (vgic.md 2.4)', () => {
  const PPIS = [16, 17, 18, 19, 20, 22];

  function crowded(lrs = 2): Scene {
    const s = prepared(1, { 'vgic.lrs': lrs });
    s.exit(() => {
      for (const [n, intid] of PPIS.entries()) s.store(SGI + 0x400 + intid, 0xa0 - 8 * n, 1);
      s.store(
        SGI + 0x100,
        PPIS.reduce((bits, intid) => bits | (1 << intid), 0),
      );
      for (const intid of PPIS) s.line(intid, true);
    });
    return s;
  }

  test('the most urgent ones are in the list registers', () => {
    const s = crowded();
    expect([s.ich[0].used, listRegisterOf(s, 22), listRegisterOf(s, 20), listRegisterOf(s, 19)]).toEqual([2, 'P', 'P', '–']);
    expect(maintenancePending(s.ich[0])).toBe(false);
  });

  test.each([1, 2, 16])('every one is delivered, most urgent first, with %i list registers', (lrs) => {
    const s = crowded(lrs);
    const order: number[] = [];
    for (let turn = 0; turn < 100 && (virqPending(s.ich[0]) || maintenancePending(s.ich[0])); turn++) {
      if (virqPending(s.ich[0])) {
        const intid = s.mrs('IAR1');
        order.push(intid);
        s.exit(() => void s.line(intid, false));
        s.msr('EOIR1', intid);
      }
      if (maintenancePending(s.ich[0])) s.exit();
    }
    expect(order).toEqual([...PPIS].reverse());
    expect(s.vm.vcpus[0].vgic?.list).toEqual([]);
  });

  test('with one list register a line that stays high comes again after every end', () => {
    const s = crowded(1);
    for (let again = 0; again < 3; again++) {
      expect(maintenancePending(s.ich[0])).toBe(false); // the host takes the interrupt when it rises
      expect(s.mrs('IAR1')).toBe(22);
      if (maintenancePending(s.ich[0])) s.exit(); // nothing pending in a list register
      s.msr('EOIR1', 22);
      expect(maintenancePending(s.ich[0])).toBe(true);
      s.exit();
    }
  });

  test('what is active, with its line high, does not keep from a list register what the guest can take (EOImode 1)', () => {
    const s = crowded(1);
    s.msr('CTLR', 2);
    const taken: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const intid = s.mrs('IAR1');
      if (intid !== 1023) {
        taken.push(intid);
        s.msr('EOIR1', intid); // the priority drops, the line stays high and the interrupt active
      }
      s.exit();
    }
    expect(taken).toEqual([...PPIS].reverse());
    for (const intid of taken) s.msr('DIR', intid);
    s.exit();
    expect([listRegisterOf(s, 22), s.mrs('IAR1')]).toEqual(['P', 22]);
  });

  test('what a group holds back has a list register only where there is room, until the group goes on', () => {
    const s = prepared(1, { 'vgic.lrs': 1 });
    s.exit(() => {
      s.store(SGI + 0x80, ~(1 << 16)); // 16 is of group 0, and most urgent
      s.store(SGI + 0x410, 0, 1);
      s.store(SGI + 0x100, (1 << 16) | (1 << 22));
      s.line(16, true);
      s.line(22, true);
    });
    expect([listRegisterOf(s, 22), virqPending(s.ich[0]), maintenancePending(s.ich[0])]).toEqual(['P', true, false]);
    s.msr('IGRPEN0', 1);
    expect(maintenancePending(s.ich[0])).toBe(true);
    s.exit();
    expect([listRegisterOf(s, 16), s.ich[0].vfiq, maintenancePending(s.ich[0])]).toEqual(['P', true, false]);
    s.msr('IGRPEN0', 0);
    expect(maintenancePending(s.ich[0])).toBe(true);
    s.exit();
    expect([listRegisterOf(s, 22), virqPending(s.ich[0])]).toEqual(['P', true]);
  });

  test('the end of an active interrupt that has no list register is counted and folded', () => {
    const s = crowded();
    s.sync();
    const { privates } = s.vm.vcpus[0].vgic ?? { privates: null };
    if (privates === null) throw new Error('no vGIC');
    privates.active[16] = 1;
    s.vm.vcpus[0].vgic!.registers.ap1r = 1 << 20;
    s.flush();
    expect([listRegisterOf(s, 16), s.ich[0].trapDir]).toEqual(['–', true]);
    s.msr('EOIR1', 16);
    expect([s.ich[0].eoiCount, maintenancePending(s.ich[0])]).toEqual([1, true]);
    privates.line[16] = 0;
    privates.latch[16] = 1; // as the fold of a list register does, it takes the latch of a level interrupt
    s.exit();
    expect([privates.active[16], privates.latch[16]]).toEqual([0, 0]);
    expect(s.events.filter((e) => e.intid === 16).at(-1)?.kind).toBe('irq.ended');
  });
});

describe('SPIs on several vCPUs', () => {
  test('IROUTER moves a pending SPI when its list is pruned, and the new vCPU is kicked', () => {
    const s = prepared(2);
    s.exit(() => {
      s.store(GICD + 0x104, 1 << 8);
      s.line(40, true);
    });
    expect(listRegisterOf(s, 40)).toBe('P');
    s.exit(undefined, 1); // the first SPI on a list had every vCPU look whether ICC_DIR_EL1 must trap
    s.store(GICD + 0x6000 + 8 * 40, 1);
    expect([s.vm.vcpus[1].vgic?.kick, s.dist.spis.listed[8]]).toEqual([false, 0]);
    s.exit();
    expect([s.vm.vcpus[1].vgic?.kick, s.dist.spis.listed[8]]).toEqual([true, 1]);
    s.exit(undefined, 1);
    expect([listRegisterOf(s, 40, 0), listRegisterOf(s, 40, 1)]).toEqual(['–', 'P']);
  });

  test('DIR from another vCPU ends an SPI', () => {
    const s = prepared(2);
    for (const n of [0, 1]) s.msr('CTLR', 2, n);
    s.exit(() => {
      s.store(GICD + 0x104, 1 << 8);
      s.line(40, true);
    });
    expect(s.mrs('IAR1')).toBe(40);
    s.msr('EOIR1', 40);
    s.line(40, false);
    s.exit(undefined, 1);
    expect(s.ich[1].trapDir).toBe(true);
    s.msr('DIR', 40, 1);
    expect(s.dist.spis.active[8]).toBe(0);
    expect(listRegisterOf(s, 40)).toBe('–');
  });

  test('a DIR that traps ends what one that does not trap ends: the latch of a level interrupt goes', () => {
    for (const traps of [false, true]) {
      const s = prepared(2);
      s.msr('CTLR', 2);
      if (traps) {
        s.store(GICD + 0x104, 1 << 8);
        s.line(40, true, 1);
      }
      s.exit(() => {
        s.store(SGI + 0x100, BIT21);
        s.store(GICD + 0x400 + 40, 0xc0, 1);
        s.store(SGI + 0x200, BIT21);
      });
      expect(s.mrs('IAR1')).toBe(21);
      s.exit();
      s.msr('EOIR1', 21);
      expect([stateOf(s, 21), s.ich[0].trapDir]).toEqual(['1/1/0/1/1', traps]);
      s.msr('DIR', 21);
      s.exit();
      expect([traps, stateOf(s, 21)]).toEqual([traps, '1/0/0/0/0']);
      expect(s.events.filter((e) => e.kind === 'irq.ended' && e.intid === 21)).toHaveLength(1);
    }
  });

  test('without a vGIC only the pins reach the CPU', () => {
    const s = prepared();
    s.sync();
    s.vm.vgic = null;
    s.vm.vcpus[0].vgic = null;
    s.vm.vcpus[0].pins = 1;
    s.flush();
    expect([virqPending(s.ich[0]), s.ich[0].systemRegisters, hasPendingInterrupt(s.vm, 0)]).toEqual([true, false, true]);
  });
});
