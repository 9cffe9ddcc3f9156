// MMIO that user space completes: what KVM_EXIT_MMIO asks for, and how the next KVM_RUN puts the answer into a register (kvm_handle_mmio_return).
import { getPc, setPc, setX, ZERO } from '../machine/cpu/context.ts';
import type { MountedWorld, Vcpu } from './world.ts';

/** User space's answer to a read, as it puts it into kvm_run.mmio.data; the next KVM_RUN takes it. */
export function completeMmio(mw: MountedWorld, vm: number, vcpu: number, value: bigint): void {
  const { mmio } = mw.world.kernel.vms[vm].vcpus[vcpu].run;
  if (mmio !== null) mmio.data = BigInt.asUintN(mmio.size * 8, value);
}

/** The value as the load's register gets it: sign-extended or not, 32 or 64 bits wide. */
export function loadedValue(value: bigint, size: number, signExtend: boolean, wide: boolean): bigint {
  const cut = BigInt.asUintN(size * 8, value);
  const extended = signExtend ? BigInt.asIntN(size * 8, cut) : cut;
  return BigInt.asUintN(wide ? 64 : 32, extended);
}

/** Completes a pending access at the next KVM_RUN: a read's register, and behind the instruction. */
export function finishMmio(vcpu: Vcpu): void {
  const { mmio } = vcpu.run;
  if (mmio === null) return;
  if (!mmio.write && mmio.register < ZERO - 1)
    setX(vcpu.context, mmio.register, loadedValue(mmio.data, mmio.size, mmio.signExtend, mmio.wide));
  setPc(vcpu.context, getPc(vcpu.context) + 4n);
  vcpu.run.mmio = null;
}
