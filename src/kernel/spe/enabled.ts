// Whether a vCPU has SPE, and whether its guest's Profiling Buffer is enabled (ProfilingBufferEnabled; kvm-spe-abi.md §3.2).
import { PMBLIMITR_E, PMBLIMITR_EL1, PMBSR_EL1, PMBSR_S } from '../../machine/spu/registers.ts';
import type { GuestExit } from '../guest/exit-state.ts';
import { hasFeature } from '../vm.ts';
import type { Vcpu } from '../world.ts';
import { isStopped } from './stop.ts';

export const hasSpe = (g: GuestExit): boolean => hasFeature(g.host, g.vm, 'spe');

/** Not stopped by user space, E = 1 and S = 0 in KVM's copies of the registers (the owning Exception level is always AArch64 here). */
export function bufferEnabled(vcpu: Vcpu): boolean {
  const { sys } = vcpu.context;
  return !isStopped(vcpu) && (sys[PMBLIMITR_EL1] & PMBLIMITR_E) !== 0n && (sys[PMBSR_EL1] & PMBSR_S) === 0n;
}
