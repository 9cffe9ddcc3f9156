// The VM's supported_cpus: the CPUs that its vCPUs may enter the guest on (kvm-spe-abi.md §2.7). Choices of a PMU and an SPU narrow it.
import { note, type VcpuCall, vcpuName } from './call-state.ts';
import { cpuListText } from './cpu-list.ts';

/** Sets the mask and records who changed it, from what, to what. `choice` as in `KVM_ARM_VCPU_SPE_SPU arm_spe_0`. */
export function setSupportedCpus(s: VcpuCall, cpus: bigint, choice: string): void {
  const from = s.vm.supportedCpus;
  if (from === cpus) return;
  s.vm.supportedCpus = cpus;
  note(s, 'mask.changed', {
    vm: s.vm.index,
    call: `${choice} on ${vcpuName(s.vm, s.vcpu)}`,
    from: cpuListText(from),
    to: cpuListText(cpus),
  });
}
