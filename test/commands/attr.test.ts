// Device attributes on the command line (language.md §3, group attr): strace lines word for word, JSON of §6, Misreads.
import { describe, expect, test } from 'vitest';
import { newShell, type Shell } from './shell.ts';

/** Baseline B0 of kvm-spe-abi.md §7. */
const baseline = (): Shell => {
  const shell = newShell();
  expect(shell.run('up --bare').outcome.ok).toBe(true);
  return shell;
};
const SPE = 'group=KVM_ARM_VCPU_SPE_CTRL';
const line = (verb: string, rest: string): string => `ioctl(vcpu0, KVM_${verb}_DEVICE_ATTR, {${rest}})`;

describe('attr', () => {
  test('language.md §3: another SPU is refused by check 6 of 6, word for word', () => {
    const shell = baseline();
    shell.run('vcpu 1 attr set spe.spu 10');
    expect(shell.run('vcpu 0 attr set spe.spu 11').out).toEqual([
      'ioctl(vcpu0, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_SPE_CTRL, attr=KVM_ARM_VCPU_SPE_SPU, addr=&11}) = -1 EINVAL (Invalid argument)',
      '  check 6 of 6: a different SPU is already set: arm_spe_0 (type 10)          [seed: kvm_spe_set_spu]',
    ]);
  });

  const cases: readonly (readonly [command: string, line: string])[] = [
    ['vcpu 0 attr set spe.irq 21', `${line('SET', `${SPE}, attr=KVM_ARM_VCPU_SPE_IRQ, addr=&21`)} = 0`],
    ['vcpu0 attr set KVM_ARM_VCPU_SPE_IRQ 0x15', `${line('SET', `${SPE}, attr=KVM_ARM_VCPU_SPE_IRQ, addr=&21`)} = 0`],
    ['vcpu 0 attr set 3/0 21', `${line('SET', `${SPE}, attr=KVM_ARM_VCPU_SPE_IRQ, addr=&21`)} = 0`],
    ['vcpu 0 attr set spe.irq -1', `${line('SET', `${SPE}, attr=KVM_ARM_VCPU_SPE_IRQ, addr=&-1`)} = -1 EINVAL (Invalid argument)`],
    [
      'vcpu 0 attr set spe.irq --addr bad',
      `${line('SET', `${SPE}, attr=KVM_ARM_VCPU_SPE_IRQ, addr=0xdead0000`)} = -1 EFAULT (Bad address)`,
    ],
    ['vcpu 0 attr set spe.irq --addr NULL', `${line('SET', `${SPE}, attr=KVM_ARM_VCPU_SPE_IRQ, addr=NULL`)} = -1 EFAULT (Bad address)`],
    ['vcpu 0 attr set spe.irq --addr 0x1000', `${line('SET', `${SPE}, attr=KVM_ARM_VCPU_SPE_IRQ, addr=0x1000`)} = -1 EFAULT (Bad address)`],
    ['vcpu 0 attr set spe.irq --attr-ptr bad', 'ioctl(vcpu0, KVM_SET_DEVICE_ATTR, 0xdead0000) = -1 EFAULT (Bad address)'],
    ['vcpu 0 attr get spe.irq --attr-ptr bad', 'ioctl(vcpu0, KVM_GET_DEVICE_ATTR, 0xdead0000) = -1 EFAULT (Bad address)'],
    ['vcpu 0 attr has spe.irq --attr-ptr bad', 'ioctl(vcpu0, KVM_HAS_DEVICE_ATTR, 0xdead0000) = -1 EFAULT (Bad address)'],
    ['vcpu 0 attr set spe.spu 10 --flags 0xDEAD', `${line('SET', `flags=0xdead, ${SPE}, attr=KVM_ARM_VCPU_SPE_SPU, addr=&10`)} = 0`],
    ['vcpu 0 attr has spe.spu', `${line('HAS', `${SPE}, attr=KVM_ARM_VCPU_SPE_SPU, addr=NULL`)} = 0`],
    ['vcpu 0 attr has 4/0', `${line('HAS', 'group=4, attr=0, addr=NULL')} = -1 ENXIO (No such device or address)`],
    ['vcpu 0 attr set 3/99 1', `${line('SET', `${SPE}, attr=99, addr=&1`)} = -1 ENXIO (No such device or address)`],
    ['vcpu 0 attr set 3/0x100000001 10', `${line('SET', `${SPE}, attr=0x100000001, addr=&10`)} = -1 ENXIO (No such device or address)`],
    ['vcpu 0 attr set spe.init', `${line('SET', `${SPE}, attr=KVM_ARM_VCPU_SPE_INIT, addr=NULL`)} = -1 ENXIO (No such device or address)`],
    ['vcpu 0 attr set pmu.set-pmu 8', `${line('SET', 'group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_SET_PMU, addr=&8')} = 0`],
    [
      'vm attr set spe.spu 10',
      `ioctl(vm, KVM_SET_DEVICE_ATTR, {${SPE}, attr=KVM_ARM_VCPU_SPE_SPU, addr=&10}) = -1 ENXIO (No such device or address)`,
    ],
    ['vm attr has 0/0', 'ioctl(vm, KVM_HAS_DEVICE_ATTR, {group=0, attr=0, addr=NULL}) = -1 ENXIO (No such device or address)'],
    ['vm attr get 3/1', 'ioctl(vm, KVM_GET_DEVICE_ATTR, {group=3, attr=1, addr=0x7f0000000800}) = -1 EINVAL (Invalid argument)'],
  ];
  test.each(cases)('%s', (command, expected) => {
    expect(baseline().run(command).out[0]).toBe(expected);
  });

  test('a get shows the value that came back, a refused one the pointer', () => {
    const shell = baseline();
    const unset = shell.run('vcpu 0 attr get spe.spu');
    expect(unset.out[0]).toBe(
      `${line('GET', `${SPE}, attr=KVM_ARM_VCPU_SPE_SPU, addr=0x7f0000000800`)} = -1 ENXIO (No such device or address)`,
    );
    expect(unset.json).toMatchObject({ ok: false, value: null });
    shell.run('vcpu 0 attr set spe.spu 10');
    const set = shell.run('vcpu 1 attr get spe.spu');
    expect(set.out).toEqual([`ioctl(vcpu1, KVM_GET_DEVICE_ATTR, {${SPE}, attr=KVM_ARM_VCPU_SPE_SPU, addr=[10]}) = 0`]);
    expect(set.json).toMatchObject({ ok: true, value: 10, call: { ioctl: 'KVM_GET_DEVICE_ATTR', on: 'vcpu1', ret: 0, errno: null } });
  });

  test('a 64-bit value: MAX_BUFFER_SIZE in bytes', () => {
    const shell = baseline();
    shell.run('vcpu 0 attr set spe.spu 10');
    expect(shell.run('vcpu 0 attr set spe.max-buffer-size 4MiB').out[0]).toContain(
      'attr=KVM_ARM_VCPU_MAX_BUFFER_SIZE, addr=&4194304}) = 0',
    );
    expect(shell.run('vcpu 0 attr get spe.max-buffer-size').json).toMatchObject({ value: 4194304 });
  });

  test('language.md §6: the JSON object of a refusal', () => {
    const shell = baseline();
    shell.run('vcpu 0 attr set spe.spu 10');
    expect(shell.run('vcpu 0 attr set spe.spu 11').json).toMatchObject({
      v: 1,
      tick: 0,
      command: 'vcpu 0 attr set spe.spu 11',
      ok: false,
      call: { ioctl: 'KVM_SET_DEVICE_ATTR', on: 'vcpu0', ret: -1, errno: 'EINVAL', number: 22, check: 6, of: 6, evidence: 'seed' },
      value: null,
      events: [],
    });
    expect(shell.run('vcpu 0 attr set spe.irq 21').json).toMatchObject({ ok: true, call: { errno: null, number: 0 } });
  });

  test('the event says who narrowed the mask', () => {
    const { json } = baseline().run('vcpu 0 attr set spe.spu 10');
    expect(json['events']).toEqual([
      { kind: 'mask.changed', tick: 0, vm: 0, call: 'KVM_ARM_VCPU_SPE_SPU 10 (arm_spe_0, CPUs 0-3) on vcpu0', from: '0-7', to: '0-3' },
    ]);
  });

  const misreads: readonly (readonly [command: string, message: string])[] = [
    ['vcpu 0 attr set spe.spu', 'spe.spu needs a value'],
    ['vcpu 0 attr set KVM_ARM_VCPU_SPE_IRQ', 'KVM_ARM_VCPU_SPE_IRQ needs a value'],
    ['vcpu 0 attr set spe.spu 10 --addr bad', 'a value and --addr exclude each other: addr points to the value'],
    ['vcpu 0 attr set spe.sup 10', "there is no attribute 'spe.sup'"],
    ['vcpu 0 attr set spe.irq --addr 0x', "'0x' is no pointer"],
    ['vm attr set spe.irq', 'spe.irq needs a value'],
  ];
  test.each(misreads)('misread: %s', (command, message) => {
    expect(newShell().misread(command)?.message).toBe(message);
  });
  test('a number, and an attribute without a value, need none', () => {
    for (const text of ['vcpu attr set 3/1', 'vcpu 0 attr set spe.init', 'vcpu 0 attr set spe.init --addr 0xdead']) {
      expect(newShell().misread(text)).toBe(null);
    }
  });
  test('the hint of a slip names the nearest attribute', () => {
    expect(newShell().misread('vcpu 0 attr set spe.sup 10')?.hint).toContain('spe.spu');
  });

  test('a value that no int holds is Unmet, and nothing was called', () => {
    const shell = baseline();
    const before = shell.session.context.log.calls.length;
    expect(shell.run('vcpu 0 attr set spe.irq 0x100000015').json).toMatchObject({ ok: false, unmet: { code: 'range' } });
    expect(shell.session.context.log.calls.length).toBe(before);
  });

  test('rfc-v5: spe.init is 3/1 there, and spe.stop exists', () => {
    const shell = newShell('rfc-v5');
    shell.run('up --bare');
    shell.run('vcpu 0 attr set spe.irq 21');
    expect(shell.run('vcpu 0 attr set 3/1').out[0]).toContain('attr=KVM_ARM_VCPU_SPE_INIT, addr=NULL}) = 0');
    expect(shell.run('vcpu 0 attr set spe.stop 1').outcome.ok).toBe(true);
    expect(shell.run('vcpu 0 attr get spe.stop').outcome.value).toBe(1);
  });
});
