// The surrounding ABI of kvm-spe-abi.md §2.1, §2.9: files and requests, VM and vCPU creation, memory slots, the PMU group, register lists,
// and the revisions before v6.
import { describe, expect, test } from 'vitest';
import { ioctlNumber } from '../../src/abi/ioctls.ts';
import { destroyVm } from '../../src/kernel/destroy.ts';
import { copyFromUser, copyToUser } from '../../src/kernel/user-memory.ts';
import * as vmm from '../../src/session/vmm.ts';
import {
  addVm,
  attr,
  type Bench,
  b0,
  boot,
  configure,
  get,
  has,
  hash,
  hostOf,
  init,
  make,
  must,
  ran,
  run,
  set,
  vcpuOf,
  vmOf,
} from './bench.ts';

const raw = (b: Bench, fd: number, request: number, argument = 0n): string =>
  make(b, { call: { process: 1, fd, request, argument, thread: -1 }, describe: { on: '', request: '', argument: '' } });
const fdOf = (b: Bench, target: vmm.Target): number => vmm.descriptorOf(b.hands, target);

describe('files and requests', () => {
  test('/dev/kvm is descriptor 3, the first VM 4', () => {
    const b = boot();
    expect(fdOf(b, { kind: 'kvm' })).toBe(3);
    expect(must(b, vmm.createVm(b.hands)).ret).toBe(4);
    expect(raw(b, 3, ioctlNumber('KVM_GET_API_VERSION'))).toBe('ok');
    expect(b.answer?.ret).toBe(12);
  });
  test('a closed descriptor, and one that is no KVM file', () => {
    expect(raw(boot(), 17, ioctlNumber('KVM_RUN'))).toBe('EBADF');
    expect(raw(boot(), 1, ioctlNumber('KVM_RUN'))).toBe('ENOTTY');
  });
  test('unknown requests: EINVAL on VM and vCPU files, ENOTTY on a device', () => {
    const b = b0();
    expect(raw(b, fdOf(b, { kind: 'vm', vm: 0 }), 0xae99)).toBe('EINVAL');
    expect(raw(b, fdOf(b, { kind: 'vcpu', vm: 0, vcpu: 0 }), 0xae99)).toBe('EINVAL');
    expect(raw(b, fdOf(b, { kind: 'vgic', vm: 0 }), 0xae99)).toBe('ENOTTY');
  });
  test('the VM file has no getter', () => {
    expect(attr(b0(), 'get', 0, '0/0', 'NULL', { on: 'vm' })).toBe('EINVAL');
  });
  test('timer and PVTIME groups exist: unknown groups start at 4', () => {
    expect([set(b0(), 0, '1/0', 27), has(b0(), 0, '2/0'), has(b0(), 0, '4/0')]).toEqual(['ok', 'ok', 'ENXIO']);
  });
});

describe('creation', () => {
  test.each([
    [0, 'ok'],
    [32, 'ok'],
    [48, 'ok'],
    [31, 'EINVAL'],
    [52, 'EINVAL'],
    [256, 'EINVAL'],
  ])('KVM_CREATE_VM with an IPA size of %i', (bits, expected) => {
    const b = boot();
    expect(make(b, vmm.createVm(b.hands, bits))).toBe(expected);
  });
  test('vCPU ids are unique and below 512; none can come after CTRL_INIT', () => {
    const b = boot();
    addVm(b, { vcpus: 1, vgic: 'created' });
    expect(make(b, vmm.createVcpu(b.hands, 0, 0))).toBe('EEXIST');
    expect(make(b, vmm.createVcpu(b.hands, 0, 512))).toBe('EINVAL');
    expect(make(b, vmm.createVcpu(b.hands, 0, 511))).toBe('ok');
    const initialised = b0();
    expect(make(initialised, vmm.createVcpu(initialised.hands, 0, 7))).toBe('EBUSY');
  });
  test('a destroyed VM leaves closed files and free memory behind', () => {
    const b = b0();
    must(b, vmm.setMemory(b.hands, 0, 0, 0n, 0x10000n));
    const fd = fdOf(b, { kind: 'vm', vm: 0 });
    destroyVm(b.mw, 0);
    expect([raw(b, fd, ioctlNumber('KVM_CREATE_VCPU')), vmOf(b).destroyed]).toEqual(['EBADF', true]);
    expect(must(b, vmm.createVm(b.hands)).ret).toBe(fd); // the lowest free descriptor
  });
});

describe('memory slots', () => {
  const slot = (b: Bench, n: number, gpa: bigint, size: bigint, flags = 0): string =>
    make(b, vmm.setMemory(b.hands, 0, n, gpa, size, flags));
  test('misaligned addresses and sizes, unknown flags', () => {
    const b = b0();
    expect([slot(b, 0, 0x800n, 0x1000n), slot(b, 0, 0n, 0x800n), slot(b, 0, 0n, 0x1000n, 8), slot(b, 0, 0n, 0n)]).toEqual([
      'EINVAL',
      'EINVAL',
      'EINVAL',
      'EINVAL',
    ]);
  });
  test('overlap, change of size, delete and create again', () => {
    const b = b0();
    expect([slot(b, 0, 0x10000n, 0x2000n), slot(b, 1, 0x11000n, 0x1000n), slot(b, 1, 0x12000n, 0x1000n)]).toEqual(['ok', 'EEXIST', 'ok']);
    expect([slot(b, 0, 0x10000n, 0x1000n), slot(b, 0, 0n, 0n), slot(b, 0, 0x10000n, 0x1000n)]).toEqual(['EINVAL', 'ok', 'ok']);
  });
  test('beyond the IPA size', () => {
    expect(slot(b0(), 0, 1n << 40n, 0x1000n)).toBe('EFAULT');
  });
  test('user space and guest see the same memory', () => {
    const b = b0();
    slot(b, 0, 0x4000_0000n, 0x2000n);
    const process = b.mw.world.kernel.processes[0];
    const at = BigInt(vmm.slotAddress(0, 0));
    expect(copyToUser(b.mw, process, at + 0xffen, new Uint8Array([1, 2, 3, 4]))).toBe(true); // over a page boundary
    expect([...(copyFromUser(b.mw, process, at + 0xfffn, 2) ?? [])]).toEqual([2, 3]);
    expect(copyFromUser(b.mw, process, at + 0x1ffen, 4)).toBeNull();
    expect(copyToUser(b.mw, process, at + 0x1ffen, new Uint8Array(4))).toBe(false);
  });
});

describe('the PMU group', () => {
  const rows: readonly (readonly [string, () => Bench, (b: Bench) => string, string])[] = [
    ['no feature', () => b0({ features: ['spe'] }), (b) => set(b, 0, 'pmu.irq', 23), 'ENODEV'],
    ['HAS without the feature', () => b0({ features: ['spe'] }), (b) => has(b, 0, 'pmu.irq'), 'ENXIO'],
    ['HAS', b0, (b) => has(b, 0, 'pmu.set-nr-counters'), 'ok'],
    ['IRQ without a vGIC', () => b0({ vgic: 'none' }), (b) => set(b, 0, 'pmu.irq', 23), 'EINVAL'],
    ['IRQ, bad pointer', b0, (b) => set(b, 0, 'pmu.irq', 'bad'), 'EFAULT'],
    ['IRQ that is an SGI', b0, (b) => set(b, 0, 'pmu.irq', 3), 'EINVAL'],
    ['IRQ twice, the same: already set', b0, (b) => [23, 23].map((irq) => set(b, 0, 'pmu.irq', irq)).join(), 'ok,EBUSY'],
    ['IRQ twice, another: it contradicts', b0, (b) => [23, 24].map((irq) => set(b, 0, 'pmu.irq', irq)).join(), 'ok,EINVAL'],
    ['an SPI must differ between vCPUs', b0, (b) => [0, 1].map((v) => set(b, v, 'pmu.irq', 40)).join(), 'ok,EINVAL'],
    ['GET IRQ', b0, (b) => `${get(b, 0, 'pmu.irq')} ${set(b, 0, 'pmu.irq', 23)} ${get(b, 0, 'pmu.irq')}`, 'ENXIO ok 23'],
    ['GET IRQ without a vGIC', () => b0({ vgic: 'none' }), (b) => get(b, 0, 'pmu.irq'), 'EINVAL'],
    ['INIT before CTRL_INIT', () => b0({ vgic: 'created' }), (b) => set(b, 0, 'pmu.init'), 'ENODEV'],
    ['INIT without an irq', b0, (b) => set(b, 0, 'pmu.init'), 'ENXIO'],
    ['INIT without an in-kernel vGIC', () => b0({ vgic: 'none' }), (b) => set(b, 0, 'pmu.init'), 'ok'],
    [
      'after INIT every setter is busy',
      b0,
      (b) => [set(b, 0, 'pmu.irq', 23), set(b, 0, 'pmu.init'), set(b, 0, 'pmu.init'), set(b, 0, 'pmu.set-pmu', 8)].join(),
      'ok,ok,EBUSY,EBUSY',
    ],
    ['SET_PMU, unknown id after the run: lookup first', ran, (b) => set(b, 1, 'pmu.set-pmu', 99), 'ENXIO'],
    [
      'SET_NR_COUNTERS',
      b0,
      (b) => [set(b, 0, 'pmu.set-nr-counters', 4), set(b, 0, 'pmu.set-nr-counters', 7), set(b, 0, 'pmu.set-nr-counters', 'bad')].join(),
      'ok,EINVAL,EFAULT',
    ],
    [
      'FILTER, then another PMU',
      b0,
      (b) => [set(b, 0, 'pmu.filter', { at: filter(b, 0, 10, 0) }), set(b, 0, 'pmu.set-pmu', 9), set(b, 0, 'pmu.set-pmu', 8)].join(),
      'ok,EBUSY,ok',
    ],
    [
      'FILTER beyond the events, or an unknown action',
      b0,
      (b) => [set(b, 0, 'pmu.filter', { at: filter(b, 0xffff, 2, 0) }), set(b, 0, 'pmu.filter', { at: filter(b, 0, 1, 2) })].join(),
      'EINVAL,EINVAL',
    ],
    ['FILTER after the run', ran, (b) => set(b, 1, 'pmu.filter', { at: filter(b, 0, 1, 0) }), 'EBUSY'],
  ];
  test.each(rows)('%s', (_name, state, call, expected) => {
    expect(call(state())).toBe(expected);
  });
});

/** struct kvm_pmu_event_filter: base_event, nevents, action. */
function filter(b: Bench, base: number, events: number, action: number): bigint {
  return vmm.place(b.hands, vmm.SCRATCH + 0x1400, new Uint8Array([base & 0xff, base >> 8, events & 0xff, events >> 8, action, 0, 0, 0]));
}

describe('KVM_GET_REG_LIST', () => {
  const list = (b: Bench, n: bigint): string => {
    const at = vmm.place(b.hands, vmm.SCRATCH + 0x1000, new Uint8Array(new BigUint64Array([n]).buffer));
    return raw(b, fdOf(b, { kind: 'vcpu', vm: 0, vcpu: 0 }), ioctlNumber('KVM_GET_REG_LIST'), at);
  };
  test('before KVM_ARM_VCPU_INIT, before SVE is finalised, with too little room', () => {
    expect(list(b0({ init: false }), 0n)).toBe('ENOEXEC');
    expect(list(b0({ features: ['spe', 'sve'] }), 0n)).toBe('EPERM');
    const b = b0();
    expect(list(b, 1n)).toBe('E2BIG');
    const n = copyFromUser(b.mw, b.mw.world.kernel.processes[0], BigInt(vmm.SCRATCH + 0x1000), 8);
    expect(new BigUint64Array(n?.buffer ?? new ArrayBuffer(8))[0]).toBeGreaterThan(100n);
  });
});

describe('rfc-v5 and rfc-v4', () => {
  const old = (revision: string): Bench => b0({ features: ['spe', 'pmu-v3', 'psci-0.2'] }, hostOf(revision));
  test.each(['rfc-v5', 'rfc-v4'])('%s: the feature is bit 7, INIT is attribute 1, STOP is attribute 2', (revision) => {
    const b = b0({ init: false }, hostOf(revision));
    expect(init(b, 0, [], { mask: 1 << 9 })).toBe('ENOENT');
    expect(init(b, 0, [], { mask: (1 << 7) | (1 << 3) })).toBe('ok');
    expect([set(b, 0, '3/0', 21), set(b, 0, '3/1'), set(b, 0, '3/2', 1), get(b, 0, 'spe.stop'), set(b, 0, '3/3', 1)]).toEqual([
      'ok',
      'ok',
      'ok',
      '1',
      'ENXIO',
    ]);
  });
  test('STOP: not initialised, bad pointer, no mode or two, resume', () => {
    const b = old('rfc-v5');
    expect(set(b, 0, 'spe.stop', 1)).toBe('EAGAIN');
    set(b, 0, 'spe.irq', 21);
    set(b, 0, 'spe.init');
    expect([set(b, 0, 'spe.stop', 'bad'), set(b, 0, 'spe.stop', 0), set(b, 0, 'spe.stop', 3)]).toEqual(['EFAULT', 'EINVAL', 'EINVAL']);
    expect([set(b, 0, 'spe.stop', 2), get(b, 0, 'spe.stop'), set(b, 0, 'spe.stop', 4), get(b, 0, 'spe.stop')]).toEqual([
      'ok',
      '2',
      'ok',
      '0',
    ]);
  });
  test('without the feature every verb is ENXIO, HAS too without a vGIC', () => {
    const b = b0({ features: ['pmu-v3'] }, hostOf('rfc-v5'));
    expect([set(b, 0, 'spe.irq', 21), get(b, 0, 'spe.irq'), has(b, 0, 'spe.irq')]).toEqual(['ENXIO', 'ENXIO', 'ENXIO']);
    expect(has(b0({ features: ['spe'], vgic: 'none' }, hostOf('rfc-v5')), 0, 'spe.irq')).toBe('ENXIO');
  });
  test('numbers that are no PPI are accepted (the bool quirk); INIT then fails for an SGI', () => {
    const b = old('rfc-v5');
    expect([set(b, 0, 'spe.irq', 15), set(b, 0, 'spe.init')]).toEqual(['ok', 'ENXIO']);
  });
  test('no SPU need be chosen', () => {
    const b = old('rfc-v5');
    expect([set(b, 0, 'spe.irq', 21), set(b, 0, 'spe.init')]).toEqual(['ok', 'ok']);
  });
});

test('two orders that end alike are alike', () => {
  const one = b0();
  configure(one, 0, { spu: 10, pmu: 8 });
  const other = b0();
  set(other, 0, 'spe.spu', 10);
  set(other, 0, 'pmu.set-pmu', 8);
  set(other, 0, 'spe.irq', 21);
  set(other, 0, 'pmu.irq', 23);
  set(other, 0, 'spe.init');
  set(other, 0, 'pmu.init');
  // The VMM's scratch memory holds what each placed last.
  for (const b of [one, other]) b.mw.world.kernel.processes[0].scratch = {};
  expect(hash(one)).toBe(hash(other));
  run(one, 0);
  expect(vcpuOf(one, 0).run.place).toBe('guest');
  expect(hash(one)).not.toBe(hash(other));
});
