// KVM_ARM_VCPU_SPE_STOP (rfc-v4, rfc-v5; kvm-spe-abi.md §5.2): user space stops a guest's profiling for the time of a migration. Every SPE register
// traps then and is shadowed, nothing of it reaches the hardware; in mode EXIT, KVM_RUN fails when the guest would profile.
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { PMBLIMITR_E, PMBLIMITR_EL1, PMSCR_EL1 } from '../../machine/spu/registers.ts';
import { exitOf } from '../exits.ts';
import type { GuestExit } from '../guest/exit-state.ts';
import type { Exit, Vcpu } from '../world.ts';

/** The modes that the attribute takes. */
export const STOP_TRAP = 1;
export const STOP_EXIT = 2;
export const STOP_RESUME = 4;

const SAMPLING = fieldAccess('PMSCR_EL1', 'E0SPE').mask | fieldAccess('PMSCR_EL1', 'E1SPE').mask;

export const isStopped = (vcpu: Vcpu): boolean => vcpu.spe.stop !== 0;

/** In mode EXIT: the buffer is enabled and no event stopped it, and sampling is on at EL0 or EL1 (EL0 is entered without a trap). */
export function wouldProfile(g: GuestExit): boolean {
  const { spe, context, run } = g.vcpu;
  if (spe.stop !== STOP_EXIT) return false;
  const { sys } = run.loaded ? g.cpu.context : context;
  return !spe.level && (context.sys[PMBLIMITR_EL1] & PMBLIMITR_E) !== 0n && (sys[PMSCR_EL1] & SAMPLING) !== 0n;
}

/** How KVM_RUN comes back then, with -EAGAIN: rfc-v4 gives reason 1, rfc-v5 zeroes. */
export const stoppedExit = (g: GuestExit): Exit =>
  exitOf('KVM_EXIT_FAIL_ENTRY', { hardware_entry_failure_reason: g.host.kernel.revision === 'rfc-v4' ? 1 : 0, cpu: 0 });
