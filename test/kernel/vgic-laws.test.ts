// Laws of the vGIC over random sequences of guest, device and user space operations on two vCPUs.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clonePlain, hashPlain } from '../../src/base/plain.ts';
import { findIrq, isEdge } from '../../src/kernel/vgic/irq.ts';
import { settle } from '../../src/machine/gic/delivery.ts';
import { GICD, prepared, type Scene, sgiFrame } from './vgic-scene.ts';

const INTIDS = [1, 7, 21, 22, 23, 40, 41, 50];

type Operation =
  | { readonly kind: 'bit'; readonly register: number; readonly intid: number; readonly vcpu: number }
  | { readonly kind: 'priority'; readonly intid: number; readonly value: number; readonly vcpu: number }
  | { readonly kind: 'line'; readonly intid: number; readonly level: boolean; readonly vcpu: number }
  | { readonly kind: 'switch' | 'route'; readonly value: number; readonly vcpu: number }
  | { readonly kind: 'acknowledge' | 'end' | 'deactivate' | 'exit' | 'sgi'; readonly vcpu: number }
  | { readonly kind: 'mode'; readonly value: number; readonly vcpu: number };

const vcpu = fc.integer({ min: 0, max: 1 });
const intid = fc.constantFrom(...INTIDS);
/** IGROUPR, ISENABLER, ICENABLER, ISPENDR, ICPENDR, ISACTIVER, ICACTIVER. */
const register = fc.constantFrom(0x100, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('bit' as const), register, intid, vcpu }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('priority' as const), intid, value: fc.integer({ min: 0, max: 255 }), vcpu }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('line' as const), intid, level: fc.boolean(), vcpu }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('switch' as const, 'route' as const), value: fc.integer({ min: 0, max: 1 }), vcpu }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('acknowledge' as const, 'end' as const, 'deactivate' as const, 'exit' as const, 'sgi' as const),
      vcpu,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mode' as const), value: fc.constantFrom(0, 2), vcpu }) },
);

/** Acknowledged interrupts of each vCPU, in order: a guest ends them in reverse. */
type Taken = readonly number[][];

const frameOf = (intid: number, vcpu: number): number => (intid < 32 ? sgiFrame(vcpu) : GICD);

function play(s: Scene, taken: Taken, op: Operation): void {
  const n = op.vcpu;
  const trap = (deed: () => void): void => s.exit(deed, n);
  switch (op.kind) {
    case 'bit':
      // Registers of active bits stop every vCPU.
      s.sync(1 - n);
      trap(() => s.store(frameOf(op.intid, n) + op.register + 4 * Math.floor(op.intid / 32), (1 << (op.intid % 32)) >>> 0));
      s.flush(1 - n);
      break;
    case 'priority':
      trap(() => s.store(frameOf(op.intid, n) + 0x400 + op.intid, op.value, 1));
      break;
    case 'line':
      if (op.intid === 21) s.spe(op.level);
      else s.line(op.intid, op.level, n);
      break;
    case 'switch':
      trap(() => s.store(GICD, op.value * 2));
      break;
    case 'route':
      trap(() => s.store(GICD + 0x6000 + 8 * 40, op.value));
      break;
    case 'acknowledge': {
      const got = s.mrs('IAR1', n);
      if (got !== 1023) taken[n].push(got);
      break;
    }
    case 'end': {
      const last = taken[n].pop();
      if (last !== undefined) s.msr('EOIR1', last, n);
      break;
    }
    case 'deactivate':
      s.msr('DIR', INTIDS[s.tick % INTIDS.length], n);
      break;
    case 'exit':
      s.exit(undefined, n);
      break;
    case 'sgi':
      s.msr('SGI1R', 0x0100_0003n, n);
      break;
    case 'mode':
      s.msr('CTLR', op.value, n);
      break;
  }
}

function checkLaws(s: Scene): void {
  for (const n of [0, 1]) {
    const { lr, used, virq, maintenance } = s.ich[n];
    for (let i = 0; i < used; i++) {
      const irq = findIrq(s.vm, n, lr.intid[i]);
      if (irq === null || irq.table.listed[irq.at] !== n)
        throw new Error(`list register ${i} of vcpu${n} holds ${lr.intid[i]}, which is not on its list`);
      if (!isEdge(irq)) expect(lr.state[i], `level interrupt ${irq.intid}`).not.toBe(3);
    }
    const again = clonePlain(s.ich[n]);
    settle(again);
    expect([virq, maintenance]).toEqual([again.virq, again.maintenance]);
    const list = s.vm.vcpus[n].vgic?.list ?? [];
    expect(new Set(list).size).toBe(list.length);
  }
  for (const n of [0, 1]) {
    for (let intid = 0; intid < 64; intid++) {
      const irq = findIrq(s.vm, n, intid);
      if (irq === null) continue;
      const on = irq.table.listed[irq.at];
      const holders = [0, 1].filter((v) => (intid >= 32 || v === n) && s.vm.vcpus[v].vgic?.list.includes(intid));
      expect(holders, `interrupt ${intid}`).toEqual(on === -1 ? [] : [on]);
    }
  }
}

describe('laws', () => {
  test('lists, list registers and lines agree after every operation', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), fc.constantFrom(16, 16, 2), (operations, lrs) => {
        const s = prepared(2, { 'vgic.lrs': lrs });
        const taken = [[], []];
        for (const op of operations) {
          play(s, taken, op);
          checkLaws(s);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('once all lines are low, latches clear and everything is ended, nothing is left', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
        const s = prepared(2);
        const taken: Taken = [[], []];
        for (const op of operations) play(s, taken, op);
        for (const n of [0, 1]) s.sync(n);
        s.spe(false);
        for (const n of [0, 1]) {
          for (const intid of INTIDS) {
            if (intid !== 21) s.line(intid, false, n);
            for (const register of [0x280, 0x380])
              s.store(frameOf(intid, n) + register + 4 * Math.floor(intid / 32), (1 << (intid % 32)) >>> 0);
          }
        }
        for (const n of [0, 1]) s.exit(undefined, n);
        for (const n of [0, 1]) {
          s.sync(n);
          expect(s.vm.vcpus[n].vgic?.list).toEqual([]);
          expect(s.vm.vcpus[n].vgic?.privates.active.includes(1)).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a level line that stays high comes back after every end, however it was interleaved', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), (exits) => {
        const s = prepared();
        s.exit(() => s.store(sgiFrame(0) + 0x100, 1 << 21));
        s.exit(() => void s.spe(true));
        for (const extra of exits) {
          expect(s.mrs('IAR1')).toBe(21);
          if (extra) s.exit();
          s.msr('EOIR1', 21);
          s.exit();
        }
        expect(s.events.filter((e) => e.kind === 'irq.reraised')).toHaveLength(exits.length);
      }),
      { numRuns: 30 },
    );
  });

  test('the same operations give the same world', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const [a, b] = [0, 1].map(() => {
          const s = prepared(2);
          const taken: Taken = [[], []];
          for (const op of operations) play(s, taken, op);
          return hashPlain([s.vm, s.ich]);
        });
        expect(a).toBe(b);
      }),
      { numRuns: 50 },
    );
  });
});
