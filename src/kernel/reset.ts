// The registers of a vCPU after KVM_ARM_VCPU_INIT: EL1h with interrupts masked, everything else at reset.
import { copyContext, newContext, setSys } from '../machine/cpu/context.ts';
import type { Host } from './host.ts';
import { mpidrOf } from './vm.ts';
import type { Vcpu } from './world.ts';

/** Resets the vCPU's registers. SPE's attributes (irq, initialised) are kept over a reset (kvm-spe-abi.md §1.3, v5). */
export function resetVcpu(host: Host, vcpu: Vcpu): void {
  copyContext(vcpu.context, newContext());
  setSys(vcpu.context, 'MPIDR_EL1', mpidrOf(vcpu.id));
  setSys(vcpu.context, 'MIDR_EL1', host.midr);
  setSys(vcpu.context, 'CNTFRQ_EL0', BigInt(host.cntfrq));
}
