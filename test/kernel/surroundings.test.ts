// The groups next to SPE's on the vCPU file, and requests of the VM file beside devices: timers, PVTIME, KVM_ENABLE_CAP, KVM_CREATE_IRQCHIP
// (KVM's arch_timer.c, pvtime.c, arm.c).
import { describe, expect, test } from 'vitest';
import * as vmm from '../../src/session/vmm.ts';
import { attr, type Bench, b0, configure, exit, get, has, hostOf, make, must, ran, run, set, vcpuOf, vmOf } from './bench.ts';
import { enableCap } from './enable-cap.ts';
import { go, guest, mov, msr, reg } from './guests.ts';

describe('KVM_ARM_VCPU_TIMER_CTRL', () => {
  test('defaults 27, 30, 28, 26; a value set is every vCPU’s', () => {
    const b = b0();
    expect(['timer.vtimer', 'timer.ptimer', 'timer.hvtimer', 'timer.hptimer'].map((name) => get(b, 0, name))).toEqual([
      '27',
      '30',
      '28',
      '26',
    ]);
    expect([set(b, 0, 'timer.vtimer', 20), get(b, 1, 'timer.vtimer')]).toEqual(['ok', '20']);
    expect([has(b, 0, 'timer.hptimer'), has(b, 0, '1/4')]).toEqual(['ok', 'ENXIO']);
  });
  test('no vGIC EINVAL, bad pointer EFAULT, no PPI EINVAL, after a run EBUSY, unknown attribute last', () => {
    expect(set(b0({ vgic: 'none' }), 0, 'timer.vtimer', 20)).toBe('EINVAL');
    const b = b0();
    expect([set(b, 0, 'timer.vtimer', 'bad'), set(b, 0, 'timer.vtimer', 15), set(b, 0, 'timer.vtimer', 32)]).toEqual([
      'EFAULT',
      'EINVAL',
      'EINVAL',
    ]);
    expect([set(b, 0, '1/9', 'bad'), set(b, 0, '1/9', 32), set(b, 0, '1/9', 20)]).toEqual(['EFAULT', 'EINVAL', 'ENXIO']);
    expect([set(ran(), 0, 'timer.vtimer', 20), get(b, 0, 'timer.vtimer', 'bad')]).toEqual(['EBUSY', 'EFAULT']);
  });
  test('kernels of 2021 know the timers of EL1 only', () => {
    const b = b0({}, hostOf('rfc-v5'));
    expect([has(b, 0, 'timer.ptimer'), has(b, 0, '1/2')]).toEqual(['ok', 'ENXIO']);
  });
  test('a PPI that SPE has: found out at the first KVM_RUN; both timers on one PPI too', () => {
    const clash = b0();
    set(clash, 0, 'timer.vtimer', 21);
    configure(clash, 0);
    expect([run(clash, 0), clash.last?.why]).toEqual(['EINVAL', 'another device owns the PPI of a timer']);
    const same = b0();
    set(same, 0, 'timer.vtimer', 30);
    configure(same, 0);
    expect(run(same, 0)).toBe('EINVAL');
  });
  test('SPE may have 27 when the timer has moved away (INI-10, RUN-12 turned round)', () => {
    const b = b0();
    set(b, 0, 'timer.vtimer', 20);
    configure(b, 0, { irq: 27 });
    expect([run(b, 0), exit(b, 0)]).toEqual(['ok', 'running']);
  });
  test('a timer that moved to PPI 20 interrupts there, again and again', () => {
    const b = guest(
      [
        mov('x5', 0x0800_0000),
        mov('x6', 0x12),
        'str w6, [x5]',
        mov('x5', 0x080b_0100),
        mov('x6', 1 << 20),
        'str w6, [x5]',
        msr('ICC_PMR_EL1', 0xf0),
        msr('ICC_IGRPEN1_EL1', 1),
        'mov x22, #0',
        'again: mrs x0, cntvct_el0',
        'add x0, x0, #500',
        'msr cntv_cval_el0, x0',
        'mov x0, #1',
        'msr cntv_ctl_el0, x0',
        'wfi',
        'mrs x11, icc_iar1_el1',
        'msr cntv_ctl_el0, xzr',
        'msr icc_eoir1_el1, x11',
        'add x22, x22, #1',
        'b again',
      ].join('\n'),
      { before: (fresh) => void set(fresh, 0, 'timer.vtimer', 20) },
    );
    go(b, 2_000);
    expect(reg(b, 'x11')).toBe(20n);
    expect(reg(b, 'x22')).toBeGreaterThan(3n);
    expect(vcpuOf(b, 0).vgic?.privates.owners[20]).toBe('virtual timer');
  });
});

describe('KVM_ARM_VCPU_PVTIME_CTRL', () => {
  const withMemory = (): Bench => {
    const b = b0();
    must(b, vmm.setMemory(b.hands, 0, 0, 0x4000_0000n, 0x10000n));
    return b;
  };
  test('an aligned address in a slot, once; the getter answers all ones before', () => {
    const b = withMemory();
    expect(get(b, 0, 'pvtime.ipa')).toBe(`${(1n << 64n) - 1n}`);
    expect([set(b, 0, 'pvtime.ipa', 0x4000_0040), set(b, 0, 'pvtime.ipa', 0x4000_0080)]).toEqual(['ok', 'EEXIST']);
    expect([get(b, 0, 'pvtime.ipa'), get(b, 1, 'pvtime.ipa')]).toEqual([`${0x4000_0040}`, `${(1n << 64n) - 1n}`]);
  });
  test('EFAULT, misaligned EINVAL before EEXIST, no slot EINVAL after it, unknown ENXIO', () => {
    const b = withMemory();
    expect([set(b, 0, 'pvtime.ipa', 'bad'), set(b, 0, 'pvtime.ipa', 0x4000_0001), set(b, 0, 'pvtime.ipa', 0x5000_0000)]).toEqual([
      'EFAULT',
      'EINVAL',
      'EINVAL',
    ]);
    set(b, 0, 'pvtime.ipa', 0x4000_0000);
    expect([set(b, 0, 'pvtime.ipa', 0x4000_0001), set(b, 0, 'pvtime.ipa', 0x5000_0000)]).toEqual(['EINVAL', 'EEXIST']);
    expect([set(b, 0, '2/1', 'bad'), has(b, 0, '2/1'), has(b, 0, 'pvtime.ipa')]).toEqual(['ENXIO', 'ENXIO', 'ok']);
  });
});

describe('KVM_ENABLE_CAP on a VM', () => {
  test('NISV_TO_USER and SYSTEM_SUSPEND are taken, MTE and others refused', () => {
    const b = b0();
    expect([enableCap(b, 177), enableCap(b, 216), enableCap(b, 205), enableCap(b, 245), enableCap(b, 206)]).toEqual([
      'ok',
      'ok',
      'EINVAL',
      'EINVAL',
      'EINVAL',
    ]);
    expect(vmOf(b).capabilities).toEqual([177, 216]);
  });
  test('flags before the capability; an unreadable struct before both', () => {
    const b = b0();
    expect(enableCap(b, 999, 1)).toBe('EINVAL');
    expect(b.last?.why).toBe('flags are not zero');
    expect(enableCap(b, 177, 0, [], vmm.BAD_POINTER)).toBe('EFAULT');
  });
  test('SYSTEM_SUSPEND came after the older revisions; a vCPU has nothing to enable', () => {
    expect(enableCap(b0({}, hostOf('rfc-v5')), 216)).toBe('EINVAL');
    const b = b0();
    expect(make(b, vmm.prepare(b.hands, { kind: 'vcpu', vm: 0, vcpu: 0 }, 'KVM_ENABLE_CAP', 0n, ''))).toBe('EINVAL');
  });
});

test('KVM_CREATE_IRQCHIP makes a GICv2: ENODEV, with or without a vGIC', () => {
  for (const vgic of ['none', 'initialised'] as const) {
    const b = b0({ vgic });
    expect(make(b, vmm.prepare(b.hands, { kind: 'vm', vm: 0 }, 'KVM_CREATE_IRQCHIP', 0n, ''))).toBe('ENODEV');
  }
});

test('the VM file has no timer attributes', () => {
  expect(attr(b0(), 'set', 0, '1/0', 27, { on: 'vm' })).toBe('ENXIO');
});
