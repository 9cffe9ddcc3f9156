// What the host kernel does beside its ioctls, in sentences that depend on the revision: `kernel diff` compares them. Each is kept by the code
// named beside it (kvm-spe-abi.md §3.3-3.7, §5).
import type { Host } from './host.ts';
import { trapsIdentification } from './spe/identification.ts';
import { refusesWrongCpu } from './supported-cpus.ts';

/** What the guest finds of SPE (spe/identification.ts, spe/trap.ts). */
export function shownSentences(host: Host): readonly string[] {
  if (host.kernel.revision === 'mainline') return ['ID_AA64DFR0_EL1.PMSVer reads 0, SPE registers are undefined'];
  return [
    host.kernel.revision === 'rfc-v4' ? 'ID_AA64DFR0_EL1.PMSVer is 2 (SPEv1p1) at most' : "ID_AA64DFR0_EL1.PMSVer is the SPU's",
    trapsIdentification(host)
      ? 'PMSIDR_EL1 and PMBIDR_EL1 are trapped and show what KVM offers'
      : 'PMSIDR_EL1 and PMBIDR_EL1 are read from the hardware',
    'PMBLIMITR_EL1, PMBPTR_EL1 and PMBSR_EL1 are trapped, the other registers are the hardware’s',
  ];
}

/** While a vCPU is inside KVM_RUN (run.ts). */
export function runningSentences(host: Host): readonly string[] {
  return [
    refusesWrongCpu(host)
      ? 'moved to a CPU it may not run on: -ENOEXEC'
      : 'moved to a CPU outside supported_cpus: KVM_EXIT_FAIL_ENTRY, and 0',
    ...(refusesWrongCpu(host) ? ['stopped by KVM_ARM_VCPU_SPE_STOP_EXIT and about to profile: -EAGAIN with KVM_EXIT_FAIL_ENTRY'] : []),
  ];
}
