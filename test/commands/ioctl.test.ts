// Raw ioctls (language.md §3, group ioctl): FIELD=VALUE, pointers, descriptors, what strace shows, and what does not parse.
import { describe, expect, test } from 'vitest';
import { newShell, type Shell } from './shell.ts';

const baseline = (): Shell => {
  const shell = newShell();
  shell.run('up --bare');
  return shell;
};
const SPU = 'group=KVM_ARM_VCPU_SPE_CTRL, attr=KVM_ARM_VCPU_SPE_SPU';

describe('ioctl', () => {
  const cases: readonly (readonly [command: string, line: string])[] = [
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR group=3 attr=1 addr=&10', `ioctl(vcpu0, KVM_SET_DEVICE_ATTR, {${SPU}, addr=&10}) = 0`],
    ['ioctl vcpu 0 0x4018AEE1 group=3 attr=1 addr=&10', `ioctl(vcpu0, KVM_SET_DEVICE_ATTR, {${SPU}, addr=&10}) = 0`],
    ['ioctl fd 6 KVM_SET_DEVICE_ATTR group=3 attr=1 addr=&10', `ioctl(vcpu0, KVM_SET_DEVICE_ATTR, {${SPU}, addr=&10}) = 0`],
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR bad', 'ioctl(vcpu0, KVM_SET_DEVICE_ATTR, 0xdead0000) = -1 EFAULT (Bad address)'],
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR arg=NULL', 'ioctl(vcpu0, KVM_SET_DEVICE_ATTR, NULL) = -1 EFAULT (Bad address)'],
    [
      'ioctl vcpu0 KVM_SET_DEVICE_ATTR group=3 attr=1 addr=bad',
      `ioctl(vcpu0, KVM_SET_DEVICE_ATTR, {${SPU}, addr=0xdead0000}) = -1 EFAULT (Bad address)`,
    ],
    [
      'ioctl vcpu0 KVM_SET_DEVICE_ATTR group=3 attr=1+(1<<32) addr=&10',
      'ioctl(vcpu0, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_SPE_CTRL, attr=0x100000001, addr=&10}) = -1 ENXIO (No such device or address)',
    ],
    [
      'ioctl vcpu0 KVM_ARM_VCPU_INIT target=5 features=0x208,1',
      'ioctl(vcpu0, KVM_ARM_VCPU_INIT, {target=5, features=[520, 1]}) = -1 ENOENT (No such file or directory)',
    ],
    ['ioctl kvm KVM_CHECK_EXTENSION 245', 'ioctl(kvm, KVM_CHECK_EXTENSION, 245) = 1'],
    ['ioctl kvm KVM_GET_API_VERSION', 'ioctl(kvm, KVM_GET_API_VERSION, 0) = 12'],
    ['ioctl vm KVM_CREATE_VCPU 9', 'ioctl(vm, KVM_CREATE_VCPU, 9) = -1 EBUSY (Device or resource busy)'],
    [
      'ioctl vm KVM_CREATE_DEVICE type=5',
      'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_ARM_VGIC_V2, fd=0, flags=0}) = -1 ENODEV (No such device)',
    ],
    [
      'ioctl vgic KVM_SET_DEVICE_ATTR group=0 attr=2 addr=&u64:0x8000000',
      'ioctl(vgic, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_ARM_VGIC_GRP_ADDR, attr=KVM_VGIC_V3_ADDR_TYPE_DIST, addr=&0x8000000}) = -1 EEXIST (File exists)',
    ],
    ['ioctl vcpu0 KVM_ARM_VCPU_FINALIZE value=4', 'ioctl(vcpu0, KVM_ARM_VCPU_FINALIZE, &4) = -1 EINVAL (Invalid argument)'],
    ['ioctl vcpu0 0xae99', 'ioctl(vcpu0, 0xae99, 0) = -1 EINVAL (Invalid argument)'],
    ['ioctl fd 0 0xae01', 'ioctl(0, KVM_CREATE_VM, 0) = -1 ENOTTY (Inappropriate ioctl for device)'],
    ['ioctl fd 77 0xae01', 'ioctl(77, KVM_CREATE_VM, 0) = -1 EBADF (Bad file descriptor)'],
    ['ioctl fd 77 KVM_RUN', 'ioctl(77, KVM_RUN, 0) = -1 EBADF (Bad file descriptor)'],
  ];
  test.each(cases)('%s', (command, line) => {
    expect(baseline().run(command).out[0]).toBe(line);
  });

  test('a get shows and gives the value that came back', () => {
    const shell = baseline();
    shell.run('vcpu 0 attr set spe.spu 10');
    const attr = shell.run('ioctl vcpu1 KVM_GET_DEVICE_ATTR group=3 attr=1 addr=&0');
    expect(attr.out).toEqual([`ioctl(vcpu1, KVM_GET_DEVICE_ATTR, {${SPU}, addr=[10]}) = 0`]);
    expect(attr.json).toMatchObject({ value: 10, call: { ioctl: 'KVM_GET_DEVICE_ATTR', on: 'vcpu1' } });
    const register = shell.run('ioctl vcpu0 KVM_GET_ONE_REG id=0x6030000000100042 addr=&u64:0');
    expect(register.out).toEqual(['ioctl(vcpu0, KVM_GET_ONE_REG, {id=0x6030000000100042 /* pstate */, addr=[0x3c5]}) = 0']);
    expect(register.outcome.value).toBe('0x3c5');
  });

  test('GEN-20: an int attribute reads 4 bytes: a pointer to the last 4 of a page will do', () => {
    const shell = baseline();
    shell.run('ioctl vcpu0 KVM_SET_DEVICE_ATTR group=3 attr=1 addr=&u64:10<<32');
    // The value stands at SCRATCH + 0x1000; the scratch memory ends at SCRATCH + 0x2000.
    expect(shell.run('vcpu 0 attr set spe.spu --addr 0x7f0000001004').outcome.call?.errno ?? null).toBe(null);
    expect(shell.run('vcpu 0 attr set spe.irq --addr 0x7f0000001ffc').outcome.call?.errno).toBe('EINVAL');
    expect(shell.run('vcpu 0 attr set spe.irq --addr 0x7f0000001ffd').outcome.call?.errno).toBe('EFAULT');
  });

  test('a VM that a raw call makes is the one in use', () => {
    const shell = newShell();
    shell.run('ioctl kvm KVM_CREATE_VM 0');
    expect(shell.run('ioctl vm KVM_CREATE_VCPU 3').out).toEqual(['ioctl(vm, KVM_CREATE_VCPU, 3) = 5']);
    expect(shell.run('vcpu 3').outcome.ok).toBe(true);
  });

  test('KVM_RUN as a raw call is one run', () => {
    const shell = newShell();
    shell.all('up pointer-chase', 'thread vcpu 0 cpu 6');
    expect(shell.run('ioctl vcpu0 KVM_RUN').json).toMatchObject({
      call: { ioctl: 'KVM_RUN', ret: 0 },
      data: { exit: { reason: 9, cpu: 6 } },
    });
  });

  test('Unmet: no VM, no vCPU, no vGIC', () => {
    const shell = newShell();
    expect(shell.run('ioctl vm KVM_CREATE_VCPU 0').outcome.unmet?.code).toBe('no-vm');
    shell.run('vm create');
    expect(shell.run('ioctl vcpu0 KVM_RUN').outcome.unmet?.code).toBe('no-vcpu');
    expect(shell.run('ioctl vgic KVM_SET_DEVICE_ATTR group=4').outcome.unmet?.code).toBe('no-vgic');
  });

  const misreads: readonly (readonly [command: string, at: number, message: string])[] = [
    ['ioctl vcpu0 KVM_SET_DEVICE_ATR group=3', 12, "there is no ioctl 'KVM_SET_DEVICE_ATR'"],
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR attr=1 grup=3', 39, "struct kvm_device_attr has no field 'grup'"],
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR group=&3', 32, 'group is no pointer'],
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR attr=1,2', 32, 'attr has one element'],
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR attr=1 attr=2', 39, 'attr stands twice'],
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR attr=1 bad', 39, 'the argument is either fields or one value'],
    ['ioctl kvm KVM_CREATE_VM 0 1', 26, 'the argument stands twice'],
    ['ioctl kvm KVM_CREATE_VM id=1', 24, "'KVM_CREATE_VM' takes no struct: there is no field 'id'"],
    ['ioctl kvm KVM_CREATE_VM 0x', 24, "0x: '0x' is no number"],
  ];
  test.each(misreads)('misread: %s', (command, at, message) => {
    expect(newShell().misread(command)).toMatchObject({ at, message });
  });
});
