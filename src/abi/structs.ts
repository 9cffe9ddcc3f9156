// The structs of KVM's ioctls that spesh reads and writes (uapi linux/kvm.h, asm/kvm.h; kvm-spe-abi.md §2.1, vgic.md §1.2).
import { struct } from './struct.ts';

export const KVM_DEVICE_ATTR = struct('kvm_device_attr', 24, ['u32 flags', 'u32 group', 'u64 attr', 'ptr addr']);
export const KVM_CREATE_DEVICE = struct('kvm_create_device', 12, ['u32 type', 'u32 fd', 'u32 flags']);
export const KVM_VCPU_INIT = struct('kvm_vcpu_init', 32, ['u32 target', 'u32[7] features']);
export const KVM_USERSPACE_MEMORY_REGION = struct('kvm_userspace_memory_region', 32, [
  'u32 slot',
  'u32 flags',
  'u64 guest_phys_addr',
  'u64 memory_size',
  'u64 userspace_addr',
]);
export const KVM_ONE_REG = struct('kvm_one_reg', 16, ['u64 id', 'ptr addr']);
export const KVM_IRQ_LEVEL = struct('kvm_irq_level', 8, ['u32 irq', 'u32 level']);
export const KVM_ENABLE_CAP = struct('kvm_enable_cap', 104, ['u32 cap', 'u32 flags', 'u64[4] args', 'u8[64] pad']);
/** Only the head: `n` register ids of 8 bytes each follow. */
export const KVM_REG_LIST = struct('kvm_reg_list', 8, ['u64 n']);
/** KVM_ARM_VCPU_SUPPORTED_CPUS takes a pointer to a text that ends with a zero byte; the first eight bytes of it. */
export const CPU_LIST = struct('cpu list', 8, ['u8[8] text']);
/** KVM_ARM_VCPU_FINALIZE takes a pointer to an int: the feature. */
export const INT = struct('int', 4, ['s32 value']);
export const U32 = struct('u32', 4, ['u32 value']);
export const U64 = struct('u64', 8, ['u64 value']);
export const U128 = struct('u128', 16, ['u128 value']);
