// How KVM_RUN comes back: the exit in the kvm_run page, by its row in abi/exits.ts.
import { exitNumber, FAIL_ENTRY_CPU_UNSUPPORTED } from '../abi/exits.ts';
import type { Exit, Vcpu } from './world.ts';

/** An exit with its members. */
export const exitOf = (name: string, members: Readonly<Record<string, unknown>> = {}): Exit => ({
  reason: exitNumber(name),
  name,
  ...members,
});

/** The vCPU's CPU is not in supported_cpus: KVM_RUN returns 0 with this (kvm-spe-abi.md §2.7). */
export const failEntry = (cpu: number): Exit =>
  exitOf('KVM_EXIT_FAIL_ENTRY', { hardware_entry_failure_reason: FAIL_ENTRY_CPU_UNSUPPORTED, cpu });

/** Leaves KVM_RUN with an exit; the registers are no longer on a CPU. */
export function leaveRun(vcpu: Vcpu, exit: Exit): void {
  vcpu.run.place = 'out';
  vcpu.run.exit = exit;
  vcpu.run.kicked = false;
}
