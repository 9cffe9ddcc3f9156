// One MRS or MSR as the guest would execute it where a vCPU stands, inside KVM_RUN or outside: the CPU's decision, a trap to EL2 and KVM's
// answer. An exception that the guest would take and an exit that user space would get are told, not delivered: nothing was done then.
import { EC_SYSREG, EC_UNKNOWN, syndrome } from '../arch/esr.ts';
import { EL } from '../machine/cpu/context.ts';
import { vectorOf } from '../machine/cpu/exception.ts';
import { moveWhereItStands } from '../machine/cpu/system-move.ts';
import type { KernelEvent } from './call.ts';
import { unreadyToRun } from './calls/run.ts';
import { type GuestExit, guestExit } from './guest/exit-state.ts';
import { answerAccess, trappedAccess } from './guest/system-register.ts';
import { bringIntoGuest } from './run.ts';
import { wouldProfile } from './spe/stop.ts';
import { allowedCpus, mayRunOn } from './supported-cpus.ts';
import type { Exit, MountedWorld } from './world.ts';
import { leaveGuest, putVcpu } from './world-switch.ts';

export interface RegisterAccess {
  /** Exception level that the access was made at. */
  readonly el: number;
  /** The value read, 0 of a write that was done; null: it was not done. */
  readonly value: bigint | null;
  /** ESR_EL2 of the trap that KVM answered; null: it did not trap. */
  readonly trap: bigint | null;
  /** What EL1 would take: ESR_EL1, and the address of the vector. */
  readonly exception: { readonly esr: bigint; readonly vector: bigint } | null;
  /** How KVM_RUN would come back, for user space to act first. */
  readonly exit: Exit | null;
  readonly events: readonly KernelEvent[];
}

/** Why a vCPU (by index) could execute nothing now; null: it could. Nothing is changed. */
export function unableToExecute(mw: MountedWorld, vmIndex: number, vcpuIndex: number): string | null {
  const g = guestExit(mw, vmIndex, vcpuIndex, []);
  const { vm, vcpu, cpu, host } = g;
  if (vm.dead) return 'the VM is dead';
  if (vcpu.poweredOff) return 'it is powered off';
  const process = mw.world.kernel.processes[vm.process - 1];
  const call = { process: vm.process, fd: -1, request: 0, argument: 0n, thread: vcpuIndex };
  const unready = unreadyToRun({ mw, host, vm, vcpu, process, call, events: [], ret: 0 });
  if (unready !== null) return unready;
  if (!mayRunOn(host, vm, vcpu, cpu.number)) {
    return `its thread is on CPU ${cpu.number}, and it may run on ${allowedCpus(host, vm, vcpu) || 'no CPU'}`;
  }
  return wouldProfile(g) ? 'user space has stopped it before it profiles' : null;
}

/**
 * Makes the access of an instruction word (MRS: `value` null; MSR: what its register would hold) on a vCPU (by index) that can execute. PC,
 * the general registers and memory stay, no tick passes and nothing is sampled; what a write does to the machine is done.
 */
export function accessRegister(mw: MountedWorld, vmIndex: number, vcpuIndex: number, word: number, value: bigint | null): RegisterAccess {
  const events: KernelEvent[] = [];
  const g = guestExit(mw, vmIndex, vcpuIndex, events);
  const stays = g.vcpu.run.place === 'guest';
  const access = withinGuest(g, word, value);
  if (!stays) {
    leaveGuest(g);
    putVcpu(mw, g.vcpu);
  }
  return { ...access, events };
}

function withinGuest(g: GuestExit, word: number, value: bigint | null): Omit<RegisterAccess, 'events'> {
  const nothing = { el: (g.vcpu.run.loaded ? g.cpu : g.vcpu).context.core[EL], value: null, trap: null, exception: null, exit: null };
  const barred = bringIntoGuest(g);
  if (barred !== null) return { ...nothing, exit: barred };
  const { context } = g.cpu;
  const exception = (ec: number, iss: number): RegisterAccess['exception'] => ({ esr: syndrome(ec, iss), vector: vectorOf(context) });
  const moved = moveWhereItStands(g.mw.mounted, g.cpu, word, value);
  if (moved.kind === 'exception') return { ...nothing, exception: exception(moved.ec, moved.iss) };
  if (moved.kind === 'done') {
    if (moved.interrupt) leaveGuest(g);
    return { ...nothing, value: moved.value };
  }
  const { ec, iss } = g.cpu.trap;
  leaveGuest(g);
  const answer = ec === EC_SYSREG ? answerAccess(g, trappedAccess(iss).key, value) : 'undefined';
  const trapped = { ...nothing, trap: syndrome(ec, iss) };
  if (answer === 'undefined') return { ...trapped, exception: exception(EC_UNKNOWN, 0) };
  return typeof answer === 'bigint' ? { ...trapped, value: answer } : { ...trapped, exit: answer.exit };
}
