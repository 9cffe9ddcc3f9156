// The end of a run as data: why, where, what comes next. The commands of the run group share it.
import { SYSTEM_EVENT_SHUTDOWN } from '../abi/exits.ts';
import { hex } from '../base/hex.ts';
import { guestProgramCounter } from '../kernel/view.ts';
import { newReportedStatus, readStatusByte, statusOf } from './exit-status.ts';
import { done, type Outcome, type StopTaken } from './outcome.ts';
import type { RunEnd } from './run.ts';
import type { Context } from './session.ts';
import { type InstructionLine, instructionAt } from './symbols.ts';
import { vcpuName } from './vmm.ts';

export interface StopData {
  readonly stop: string;
  readonly vcpu: string;
  readonly executed: number;
  readonly records: number;
  readonly breakpoint: number | null;
  /** What a catch saw; absent where none stopped the run. */
  readonly caught?: readonly StopTaken[];
  readonly exit: Readonly<Record<string, unknown>> | null;
  /** The next instruction of the vCPU that stopped; null when it left for good (SYSTEM_OFF). */
  readonly next: InstructionLine | null;
  /** What the guest reported on its console before SYSTEM_OFF, and the command's value; null when it reported nothing. */
  readonly status: number | null;
  /** Completed by the built-in VMM and folded in the text: UART exits. */
  readonly tick: number;
}

/** Outcome of a run: the calls, and where it stands. A refused KVM_RUN is a refusal. */
export function stopOutcome(context: Context, end: RunEnd): Outcome {
  const off = end.exit?.name === 'KVM_EXIT_SYSTEM_EVENT';
  const next =
    off || end.stop === 'refused' ? null : instructionAt(context, end.vcpu, guestProgramCounter(context.world, context.vm, end.vcpu));
  const data: StopData = {
    stop: end.stop,
    vcpu: vcpuName(context.vm, context.world.world.kernel.vms[context.vm].vcpus[end.vcpu].id),
    executed: end.executed,
    records: end.records,
    breakpoint: end.stop === 'breakpoint' ? end.stopped[0].number : null,
    ...(end.stop !== 'breakpoint' && end.stopped.length > 0 ? { caught: end.stopped } : {}),
    exit: end.exit === null ? null : exitData(end.exit),
    next,
    status: off && end.exit?.['type'] === SYSTEM_EVENT_SHUTDOWN ? reportedStatus(context) : null,
    tick: context.world.world.machine.tick,
  };
  const outcome = done(data as unknown as Record<string, unknown>, { calls: end.calls, value: data.status, stopped: end.stopped });
  const last = end.calls.at(-1);
  if (end.stop === 'refused' && last !== undefined && last.errno !== null) return { ...outcome, ok: false };
  return outcome;
}

/** The status by the whole console of the VM in use (guest.md §3.4). */
function reportedStatus(context: Context): number | null {
  const status = newReportedStatus();
  for (const { vm, byte } of context.log.console) if (vm === context.vm) readStatusByte(status, byte);
  return statusOf(status);
}

/** Numbers that are addresses become text, as JSON wants them (language.md §6). */
export function exitData(exit: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(exit)) {
    out[key] = typeof value === 'bigint' || (key === 'phys_addr' && typeof value === 'number') ? hex(value as bigint) : value;
  }
  return out;
}
