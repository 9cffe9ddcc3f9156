// KVM's ioctl requests: number, what file takes them, argument (uapi linux/kvm.h; kvm-spe-abi.md §2.1, §2.9, vgic.md §1.8).
// A number is direction<<30 | size<<16 | type<<8 | nr, type 0xAE; direction 1 = the kernel reads the argument, 2 = it writes it.
import type { Struct } from './struct.ts';
import * as S from './structs.ts';

export type IoctlTarget = 'kvm' | 'vm' | 'vcpu' | 'vgic';

export interface Ioctl {
  readonly name: string;
  readonly number: number;
  readonly on: readonly IoctlTarget[];
  readonly direction: 'none' | 'w' | 'r' | 'rw';
  /** What the third argument is: nothing, a number, or a pointer to a struct. */
  readonly argument: 'none' | 'number' | Struct;
}

const DIRECTIONS = { none: 0, w: 1, r: 2, rw: 3 } as const;

function ioctl(
  name: string,
  nr: number,
  on: IoctlTarget | readonly IoctlTarget[],
  argument: Ioctl['argument'],
  direction: Ioctl['direction'] = 'none',
): Ioctl {
  const size = typeof argument === 'string' ? 0 : argument.size;
  const number = ((DIRECTIONS[direction] << 30) | (size << 16) | (0xae << 8) | nr) >>> 0;
  return { name, number, on: typeof on === 'string' ? [on] : on, direction, argument };
}

export const IOCTLS: readonly Ioctl[] = [
  ioctl('KVM_GET_API_VERSION', 0x00, 'kvm', 'none'),
  ioctl('KVM_CREATE_VM', 0x01, 'kvm', 'number'),
  ioctl('KVM_CHECK_EXTENSION', 0x03, ['kvm', 'vm'], 'number'),
  ioctl('KVM_GET_VCPU_MMAP_SIZE', 0x04, 'kvm', 'none'),
  ioctl('KVM_CREATE_VCPU', 0x41, 'vm', 'number'),
  ioctl('KVM_SET_USER_MEMORY_REGION', 0x46, 'vm', S.KVM_USERSPACE_MEMORY_REGION, 'w'),
  ioctl('KVM_CREATE_IRQCHIP', 0x60, 'vm', 'none'),
  ioctl('KVM_IRQ_LINE', 0x61, 'vm', S.KVM_IRQ_LEVEL, 'w'),
  ioctl('KVM_RUN', 0x80, 'vcpu', 'none'),
  ioctl('KVM_ENABLE_CAP', 0xa3, ['vm', 'vcpu'], S.KVM_ENABLE_CAP, 'w'),
  ioctl('KVM_GET_ONE_REG', 0xab, 'vcpu', S.KVM_ONE_REG, 'w'),
  ioctl('KVM_SET_ONE_REG', 0xac, 'vcpu', S.KVM_ONE_REG, 'w'),
  ioctl('KVM_ARM_VCPU_INIT', 0xae, 'vcpu', S.KVM_VCPU_INIT, 'w'),
  ioctl('KVM_ARM_PREFERRED_TARGET', 0xaf, 'vm', S.KVM_VCPU_INIT, 'r'),
  ioctl('KVM_GET_REG_LIST', 0xb0, 'vcpu', S.KVM_REG_LIST, 'rw'),
  ioctl('KVM_ARM_VCPU_FINALIZE', 0xc2, 'vcpu', S.INT, 'w'),
  ioctl('KVM_ARM_VCPU_SUPPORTED_CPUS', 0xc5, 'vcpu', S.CPU_LIST, 'w'),
  ioctl('KVM_CREATE_DEVICE', 0xe0, 'vm', S.KVM_CREATE_DEVICE, 'rw'),
  ioctl('KVM_SET_DEVICE_ATTR', 0xe1, ['vm', 'vcpu', 'vgic'], S.KVM_DEVICE_ATTR, 'w'),
  ioctl('KVM_GET_DEVICE_ATTR', 0xe2, ['vm', 'vcpu', 'vgic'], S.KVM_DEVICE_ATTR, 'w'),
  ioctl('KVM_HAS_DEVICE_ATTR', 0xe3, ['vm', 'vcpu', 'vgic'], S.KVM_DEVICE_ATTR, 'w'),
];

const byName = new Map(IOCTLS.map((i) => [i.name, i]));
const byNumber = new Map(IOCTLS.map((i) => [i.number, i]));

export const ioctlByName = (name: string): Ioctl | undefined => byName.get(name);
export const ioctlByNumber = (number: number): Ioctl | undefined => byNumber.get(number);

/** Number of a request that stands in the source code. Throws (our bug) when it has no row. */
export function ioctlNumber(name: string): number {
  const row = byName.get(name);
  if (row === undefined) throw new Error(`no ioctl ${name}`);
  return row.number;
}
