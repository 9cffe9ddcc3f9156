// Inside KVM_RUN: the vCPU is loaded onto its thread's CPU, enters the guest, leaves it at every trap, and goes on until user space is needed.
// Order of one stay: device flush, vGIC flush, guest, device sync, vGIC sync, trap handling (vgic.md §2.5; kvm_arch_vcpu_ioctl_run).

import { err, ok, type Result } from 'neverthrow';
import { EC_DATA_ABORT_LOWER, EC_HVC, EC_INSTRUCTION_ABORT_LOWER, EC_SMC, EC_SYSREG, EC_WFX } from '../arch/esr.ts';
import { hex } from '../base/hex.ts';
import { getPc, setPc, setX } from '../machine/cpu/context.ts';
import { stepCpu } from '../machine/cpu/step.ts';
import type { StepStops } from '../machine/machine.ts';
import type { Answer, KernelEvent, Refusal } from './call.ts';
import { operationsToService, serviceGuestEvent } from './driver/service.ts';
import { exitOf, failEntry, leaveRun } from './exits.ts';
import { handleDataAbort, handleInstructionAbort } from './guest/abort.ts';
import { type GuestExit, guestExit, type Handled, tell } from './guest/exit-state.ts';
import { injectUndefined } from './guest/inject.ts';
import { callPsci } from './guest/psci.ts';
import { handleSystemRegister } from './guest/system-register.ts';
import { tellNotices } from './spe/notices.ts';
import { settleBuffer } from './spe/pin.ts';
import { stoppedExit, wouldProfile } from './spe/stop.ts';
import { fails, mainline, type Steps, steps, v4, v5, walk } from './steps.ts';
import { allowedCpus, mayRunOn, refusesWrongCpu } from './supported-cpus.ts';
import { jumpToDeadline, updateTimers } from './timer.ts';
import { hasPendingInterrupt } from './vgic/sync.ts';
import type { Exit, MountedWorld } from './world.ts';
import { enterGuest, leaveGuest, loadVcpu, putVcpu } from './world-switch.ts';

export { completeMmio } from './mmio.ts';

export interface AdvanceStops extends StepStops {
  /** A signal for the thread: KVM_RUN ends with -EINTR and KVM_EXIT_INTR. */
  readonly signal?: boolean;
  /** Comes back behind an event for which this is true. */
  readonly catches?: (event: KernelEvent) => boolean;
}

export interface Advance {
  readonly executed: number;
  /** 'exited': KVM_RUN came back with `answer`. */
  readonly state: 'running' | 'blocked' | 'exited';
  readonly stop?: 'breakpoint' | 'record' | 'event';
  /** The vCPU waited for an event (WFE): another one may as well have its turn. */
  readonly yielded?: true;
  /** Where the vCPU stands now. */
  readonly pc: bigint;
  readonly answer?: Result<Answer, Refusal>;
  readonly events: readonly KernelEvent[];
}

const SIGNAL = steps<{ kicked: boolean }>('KVM_RUN', [
  fails(
    'EINTR',
    'a signal is pending for the thread',
    { when: () => true, saw: (s) => (s.kicked ? 'kicked' : 'the budget of operations is spent') },
    mainline('kvm_arch_vcpu_ioctl_run'),
  ),
]);

const WRONG_CPU = steps<GuestExit>('KVM_RUN', [
  fails(
    'ENOEXEC',
    'the vCPU may not run on the CPU of its thread',
    { when: () => true, saw: (g) => `CPU ${g.cpu.number}`, wouldPass: (g) => allowedCpus(g.host, g.vm, g.vcpu) || 'no CPU' },
    v5('kvm_arch_vcpu_ioctl_run'),
  ),
]);

const STOPPED = steps<GuestExit>('KVM_RUN', [
  fails(
    'EAGAIN',
    'the guest would profile while user space has stopped it',
    {
      when: () => true,
      saw: () => 'KVM_ARM_VCPU_SPE_STOP_EXIT, the buffer and sampling enabled',
      wouldPass: () => 'KVM_ARM_VCPU_SPE_RESUME',
    },
    v4('kvm_spe_exit_to_user'),
  ),
]);

/**
 * Lets a vCPU that is inside KVM_RUN go on for at most `operations` operations. It stays inside when they are spent; `stops.signal` ends the
 * call. The vCPU (by index) must be inside KVM_RUN: run.place is 'guest' or 'blocked'.
 */
export function advanceVcpu(mw: MountedWorld, vmIndex: number, vcpuIndex: number, operations: number, stops: AdvanceStops): Advance {
  const { world } = mw;
  const events: KernelEvent[] = [];
  const g = guestExit(mw, vmIndex, vcpuIndex, events);
  const { vm, vcpu, cpu } = g;
  let executed = 0;

  const pc = (): bigint => getPc(vcpu.run.loaded ? cpu.context : vcpu.context);
  let looked = 0; // events that `catches` has seen
  const isCaught = (): boolean => {
    const { catches } = stops;
    if (catches === undefined || looked === events.length) return false;
    return events.slice(looked, (looked = events.length)).some(catches);
  };
  const back = (state: 'running' | 'blocked', stop?: Advance['stop']): Advance => ({
    executed,
    state,
    pc: pc(),
    events,
    ...(stop ? { stop } : {}),
  });
  const out = (exit: Exit, answer: Result<Answer, Refusal>): Advance => {
    leaveGuest(g);
    putVcpu(mw, vcpu);
    leaveRun(vcpu, exit);
    tell(g, 'vcpu.exit', exit);
    return { executed, state: 'exited', pc: pc(), answer, events };
  };

  /** KVM_RUN fails inside the loop. */
  const refused = (list: Steps<GuestExit>, exit: Exit): Advance => {
    const answer = walk(list, g);
    if (answer.isOk()) throw new Error(`${list.name} does not refuse`);
    return out(exit, err(answer.error));
  };

  if (vcpu.run.place === 'out') throw new Error(`${g.name} is not inside KVM_RUN`);
  for (;;) {
    if (stops.signal || vcpu.run.kicked) {
      const refused = walk(SIGNAL, { kicked: vcpu.run.kicked });
      return out(exitOf('KVM_EXIT_INTR'), refused.isErr() ? err(refused.error) : ok({ ret: 0, events: [] }));
    }
    if (vcpu.run.place === 'blocked') {
      putVcpu(mw, vcpu);
      if (!isWoken(g)) {
        jumpToDeadline(world.machine, world.kernel);
        if (!isWoken(g)) return back('blocked');
      }
      vcpu.run.place = 'guest';
      tell(g, 'vcpu.woken');
    }
    if (!mayRunOn(g.host, vm, vcpu, cpu.number)) {
      tell(g, 'vcpu.refused-cpu', { cpu: cpu.number, allowed: allowedCpus(g.host, vm, vcpu) });
      if (refusesWrongCpu(g.host)) return refused(WRONG_CPU, exitOf('KVM_EXIT_UNKNOWN'));
      return out(failEntry(cpu.number), ok({ ret: 0, events: [] }));
    }
    if (wouldProfile(g)) return refused(STOPPED, stoppedExit(g));
    if (isCaught()) return back('running', 'event');
    if (executed >= operations) return back('running');
    const barred = bringIntoGuest(g);
    if (barred !== null) return out(barred, ok({ ret: 0, events: [] }));
    if (isCaught()) return back('running', 'event');
    const stepped = stepCpu(mw.mounted, cpu, Math.min(operations - executed, operationsToService(g)), {
      ...stops,
      skipFirst: stops.skipFirst && executed === 0,
    });
    executed += stepped.executed;
    tellNotices(g);
    for (const { pc: at, word } of stepped.undefinedInstructions ?? []) tell(g, 'guest.undefined', { pc: hex(at), word: hex(word, 8) });
    if (stepped.stop === 'breakpoint' || stepped.stop === 'record') return back('running', stepped.stop);
    if (isCaught()) return back('running', 'event');
    if (stepped.stop === 'count') continue;
    leaveGuest(g);
    if (stepped.stop === 'host-irq') continue;
    const handled = handleTrap(g);
    if (handled === 'yield') return { ...back('running', isCaught() ? 'event' : undefined), yielded: true };
    if (handled === 'resume') continue;
    if (handled === 'block') vcpu.run.place = 'blocked';
    else return out(handled.exit, ok({ ret: 0, events: [] }));
  }
}

/** Into the guest, unless it is there and nobody wants it out. An exit: user space must act first. */
export function bringIntoGuest(g: GuestExit): Exit | null {
  if (g.vcpu.vgic?.kick) leaveGuest(g); // somebody changed an interrupt meanwhile
  loadVcpu(g);
  if (operationsToService(g) === 0) leaveGuest(g); // perf reads the guest's AUX buffer now
  if (g.cpu.inGuest) return null;
  const exit = serviceGuestEvent(g) ?? settleBuffer(g); // user space may have set the registers
  if (exit === null) enterGuest(g);
  return exit;
}

/** A sleeping vCPU has an interrupt that ends its WFI; its timers may just have brought it. */
function isWoken(g: GuestExit): boolean {
  if (g.vcpu.poweredOff) return false;
  updateTimers(g.mw.world.machine, g.vm, g.vcpu, g.vcpu.context, g.note);
  return hasPendingInterrupt(g.vm, g.vcpu.index);
}

/** What a trap to EL2 asks for (handle_exit). PC is at the instruction, behind it for HVC and SMC. */
function handleTrap(g: GuestExit): Handled {
  const { ec, iss } = g.cpu.trap;
  const c = g.cpu.context;
  switch (ec) {
    case EC_WFX:
      setPc(c, getPc(c) + 4n);
      return (iss & 1) === 0 ? 'block' : 'yield';
    case EC_HVC:
      return callPsci(g);
    case EC_SMC:
      setX(c, 0, 0xffff_ffff_ffff_ffffn); // NOT_SUPPORTED
      return 'resume';
    case EC_SYSREG:
      return handleSystemRegister(g);
    case EC_INSTRUCTION_ABORT_LOWER:
      return handleInstructionAbort(g);
    case EC_DATA_ABORT_LOWER:
      return handleDataAbort(g);
    default:
      tell(g, 'guest.undefined', { ec: `0x${ec.toString(16)}` });
      injectUndefined(g);
      return 'resume';
  }
}
