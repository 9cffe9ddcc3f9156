// Laws of refusals, over random calls on all files with good and garbage arguments: a refused call changes nothing but what is declared,
// names a check of its list, and never throws.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ERRNOS } from '../../src/abi/errno.ts';
import { IOCTLS } from '../../src/abi/ioctls.ts';
import { clonePlain } from '../../src/base/plain.ts';
import { settleWorld, systemCall } from '../../src/kernel/kernel.ts';
import type { World } from '../../src/kernel/world.ts';
import * as vmm from '../../src/session/vmm.ts';
import { type Bench, b0 } from './bench.ts';
import { undeclaredChanges } from './kernel-laws.ts';

const VCPU = fc.constantFrom(0, 1, 2);
const VALUE = fc.constantFrom(0n, 1n, 8n, 9n, 10n, 11n, 21n, 22n, 23n, 27n, 32n, 99n, 4096n, 65536n, 1n << 32n, (1n << 64n) - 1n);
const POINTER: fc.Arbitrary<vmm.AttrPointer> = fc.oneof(
  VALUE.map((value) => ({ kind: 'value' as const, value, size: 8 as const })),
  fc.constantFrom(0n, vmm.BAD_POINTER, (1n << 64n) - 4n).map((address) => ({ kind: 'raw' as const, address })),
);
const VERB = fc.constantFrom('set' as const, 'set' as const, 'set' as const, 'get' as const, 'has' as const);
const TARGET: fc.Arbitrary<vmm.Target> = fc.oneof(
  { weight: 8, arbitrary: fc.nat(1).map((vcpu) => ({ kind: 'vcpu' as const, vm: 0, vcpu })) },
  fc.constant({ kind: 'vgic' as const, vm: 0 }),
  fc.constant({ kind: 'vm' as const, vm: 0 }),
);

type Act = (b: Bench) => vmm.PreparedCall;

const ACT: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ verb: VERB, target: TARGET, group: fc.constantFrom(0, 0, 3, 3, 4, 9), attr: fc.nat(4), pointer: POINTER })
      .map((r) => (b: Bench) => vmm.deviceAttr(b.hands, { ...r, attr: BigInt(r.attr) })),
  },
  VCPU.map((v) => (b: Bench) => vmm.runCall(b.hands, 0, v)),
  fc.record({ v: VCPU, mask: fc.constantFrom(0x208, 0x20c, 0x2, 0x10, 0x210, 0x200, 0x400) }).map(
    ({ v, mask }) =>
      (b: Bench) =>
        vmm.vcpuInit(b.hands, 0, v, mask),
  ),
  fc.nat(3).map((id) => (b: Bench) => vmm.createVcpu(b.hands, 0, id)),
  fc.nat(50).map((bits) => (b: Bench) => vmm.createVm(b.hands, bits)),
  fc
    .record({ slot: fc.nat(2), gpa: fc.constantFrom(0n, 0x1000n, 0x1800n, 1n << 41n), size: fc.constantFrom(0n, 0x1000n, 0x3000n, 0x10n) })
    .map(
      ({ slot, gpa, size }) =>
        (b: Bench) =>
          vmm.setMemory(b.hands, 0, slot, gpa, size),
    ),
  fc.constantFrom(5, 7, 8, 0).map((type) => (b: Bench) => vmm.createDevice(b.hands, 0, type)),
  fc
    .record({
      v: VCPU,
      id: fc.constantFrom(0x6030000000100040n, 0x603000000013c4d0n, 0x603000000013c028n, 0n),
      value: fc.option(VALUE, { nil: undefined }),
    })
    .map(
      ({ v, id, value }) =>
        (b: Bench) =>
          vmm.oneReg(b.hands, 0, v, id, value),
    ),
  fc.record({ irq: fc.nat(0x3ffffff), level: fc.nat(1) }).map(
    ({ irq, level }) =>
      (b: Bench) =>
        vmm.irqLine(b.hands, 0, irq, level),
  ),
  fc
    .record({
      fd: fc.nat(9),
      request: fc.constantFrom(...IOCTLS.map((i) => i.number), 0, 0xae99),
      argument: fc.oneof(VALUE, fc.constant(BigInt(vmm.SCRATCH))),
    })
    .map(({ fd, request, argument }) => () => ({
      call: { process: 1, fd, request, argument, thread: -1 },
      describe: { on: '', request: '', argument: '' },
    })),
);

test('a refused call changes nothing but what is declared, and names its check', () => {
  fc.assert(
    fc.property(fc.array(ACT, { minLength: 1, maxLength: 14 }), fc.constantFrom('initialised', 'created', 'none'), (acts, vgic) => {
      const b = b0({ vgic, init: acts.length % 4 !== 0 });
      for (const act of acts) {
        const { call } = act(b);
        settleWorld(b.mw);
        const before: World = clonePlain(b.mw.world);
        const result = systemCall(b.mw, call);
        if (result.isOk()) continue;
        const refusal = result.error;
        expect(refusal.check).toBeGreaterThan(0);
        expect(refusal.check).toBeLessThanOrEqual(refusal.of);
        expect(refusal.checks[refusal.check - 1]).toMatchObject({ errno: refusal.errno, result: 'failed' });
        expect(ERRNOS.map((e) => e.name)).toContain(refusal.errno);
        settleWorld(b.mw);
        expect(undeclaredChanges(before, b.mw.world), `${refusal.list} -${refusal.errno} (${refusal.why})`).toEqual([]);
        expect(JSON.stringify(refusal)).not.toContain('undefined');
      }
    }),
    { numRuns: 120, seed: 20251114 },
  );
});
