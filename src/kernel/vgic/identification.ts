// What a vGIC changes in the identification registers. Source: vgic.md 1.2 (KVM's kvm_vgic_create, kvm_finalize_sys_regs).
import { fieldAccess, indexOfRegister } from '../../arch/sysreg/table.ts';
import type { Vm } from '../world.ts';

export const ID_AA64PFR0_EL1 = indexOfRegister('ID_AA64PFR0_EL1');
const GIC = fieldAccess('ID_AA64PFR0_EL1', 'GIC');

/** ID_AA64PFR0_EL1 as the guest and KVM_GET_ONE_REG read it: without a vGICv3 there are no ICC_*_EL1. */
export const guestPfr0 = (vm: Vm, base: bigint): bigint => GIC.put(base, vm.vgic === null ? 0n : 1n);
