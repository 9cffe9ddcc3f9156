// One KVM_RUN of one vCPU, as a single system call: what a budget or a signal ends is -EINTR (language.md §3, `vcpu N run`).
import type { Running } from './command.ts';
import type { Outcome } from './outcome.ts';
import { startRun } from './run.ts';
import type { Context } from './session.ts';
import { stopOutcome } from './stop-report.ts';

/** Operations that one KVM_RUN may execute unless the command says otherwise. */
export const DEFAULT_BUDGET = 100_000_000n;

/** KVM_RUN of a vCPU (index) of the VM in use, or the end of the one it is in; `finished` is told when it is over. */
export function runOnce(context: Context, vcpu: number, operations: bigint, finished?: () => void): Outcome | Running {
  const before = context.log.events.length;
  const plan = { vcpus: [vcpu], operations: Number(operations), stops: false, reenter: false, spent: 'signal' } as const;
  return startRun(context, plan, (end) => {
    finished?.();
    const { calls, ...outcome } = stopOutcome(context, end);
    const call = calls?.at(-1);
    const events = context.log.events.slice(before).filter((e) => e.kind === 'vcpu.exit' || e.kind === 'vm.ran');
    return { ...outcome, ok: outcome.ok && (call?.errno ?? null) === null, events, ...(call === undefined ? {} : { call }) };
  });
}
