// A command that is one ioctl: the call made, logged, and told as an Outcome. A vCPU inside KVM_RUN would block it (language.md §3).
import { err, ok, type Result } from 'neverthrow';
import type { Vcpu, Vm } from '../kernel/world.ts';
import type { Argument } from './command.ts';
import { type CallReport, done, type Outcome, type Unmet } from './outcome.ts';
import { vcpuOf } from './scope.ts';
import type { Context } from './session.ts';
import { type PreparedCall, vcpuName } from './vmm.ts';

/** Makes the call; `more` adds what the command read, after the call. A refusal is not `ok`. */
export function issue(context: Context, { call, describe }: PreparedCall, more?: (report: CallReport) => Partial<Outcome>): Outcome {
  const before = context.log.events.length;
  const report = context.call(call, describe);
  return { ...done(null, { call: report, events: context.log.events.slice(before) }), ...more?.(report), ok: report.errno === null };
}

/** Unmet while the vCPU is inside KVM_RUN: its mutex is taken. Another process is refused before the mutex (-EIO). */
export function wouldBlock(context: Context, vm: Vm, vcpu: Vcpu): Unmet | null {
  if (vcpu.run.place === 'out' || (context.process ?? 1) !== vm.process) return null;
  return {
    code: 'would-block',
    message: `would block: ${vcpuName(vm.index, vcpu.id)} is inside KVM_RUN`,
    hint: `vcpu ${vcpu.id} kick ends the run`,
  };
}

/** The vCPU that an ioctl goes to: the argument's or the focused one; Unmet where there is none or the call would block. */
export function vcpuForCall(context: Context, argument: Argument | undefined): Result<{ vm: Vm; vcpu: Vcpu }, Unmet> {
  return vcpuOf(context, argument).andThen((scope) => {
    const blocked = wouldBlock(context, scope.vm, scope.vcpu);
    return blocked === null ? ok(scope) : err(blocked);
  });
}
