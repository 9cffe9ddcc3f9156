// The VM's supported_cpus: the CPUs that its vCPUs may enter the guest on (kvm-spe-abi.md §2.7). Choices of a PMU and an SPU narrow it.
import { note, type VcpuCall, vcpuName } from './call-state.ts';
import { kvmSpus } from './capability.ts';
import { cpuListText, hasCpu } from './cpu-list.ts';
import type { Host } from './host.ts';
import type { Vcpu, Vm } from './world.ts';

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

/** The CPUs of every SPU that KVM knows. */
export const cpusWithSpu = (host: Host): bigint => kvmSpus(host).reduce((all, spu) => all | spu.cpus, 0n);

/** May the vCPU enter the guest on this CPU? rfc-v4 asks the vCPU's own list where one was given, the others the VM's mask. */
export function mayRunOn(host: Host, vm: Vm, vcpu: Vcpu, cpu: number): boolean {
  if (host.kernel.revision === 'rfc-v4' && vcpu.cpuList !== 0n) return hasCpu(vcpu.cpuList, cpu);
  return hasCpu(vm.supportedCpus, cpu);
}

/** The CPUs that `mayRunOn` allows, as text. */
export const allowedCpus = (host: Host, vm: Vm, vcpu: Vcpu): string =>
  cpuListText(host.kernel.revision === 'rfc-v4' && vcpu.cpuList !== 0n ? vcpu.cpuList : vm.supportedCpus);

/** A wrong CPU ends KVM_RUN with -ENOEXEC in rfc-v4 and rfc-v5, with KVM_EXIT_FAIL_ENTRY since. */
export const refusesWrongCpu = (host: Host): boolean => host.kernel.revision === 'rfc-v4' || host.kernel.revision === 'rfc-v5';
