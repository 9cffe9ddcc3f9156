// What the commands of the run group share: a plan for the focused vCPU or for all, with a counted argument.
import type { Argument, Running } from './command.ts';
import { type Outcome, type Unmet, unmet } from './outcome.ts';
import { type RunPlan, startRun } from './run.ts';
import { vcpuOf } from './scope.ts';
import type { Context } from './session.ts';
import { stopOutcome } from './stop-report.ts';

/** A command without a budget of its own runs this many operations: more than any session will want. */
export const FOREVER = Number.MAX_SAFE_INTEGER;

/** Stops honoured, MMIO of the UART completed, and at the end of the budget the vCPU stays inside KVM_RUN. */
export const INSIDE = { stops: true, reenter: true, spent: 'stay' } as const;

export type Plan = Omit<RunPlan, 'vcpus'> & { readonly vcpus: 'focused' | 'all' };

/** Runs the VM in use as planned; the outcome says where it stopped. */
export function enter(context: Context, plan: Plan): Outcome | Running {
  const scope = vcpuOf(context);
  if (scope.isErr()) return refuse(scope.error);
  const { vm, vcpu } = scope.value;
  const vcpus = plan.vcpus === 'focused' ? [vcpu.index] : vm.vcpus.map((v) => v.index);
  return startRun(context, { ...plan, vcpus }, (end) => stopOutcome(context, end));
}

/** Gives `go` the count that the argument says, or `otherwise`; Unmet when it has no value. */
export function counted(
  context: Context,
  argument: Argument | undefined,
  otherwise: number,
  go: (count: number) => Outcome | Running,
): Outcome | Running {
  const value = context.number(argument);
  if (value.isErr()) return refuse(value.error);
  return go(value.value === undefined ? otherwise : Number(value.value));
}

/** An Unmet as an outcome. */
export function refuse(error: Unmet): Outcome {
  return unmet(error.code, error.message, error.hint);
}
