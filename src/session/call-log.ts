// The session's calls as strace would list them: a KVM_RUN that came back in the command that made it is one line.
import type { CallReport } from './outcome.ts';

const isUnfinished = (call: CallReport): boolean => call.strace.endsWith('<unfinished ...>');
const isResumed = (call: CallReport): boolean => call.strace.startsWith('<... ');

/** The log's calls in order; of a run's two entries, going in and coming back, those that strace would print. */
export function callLog(calls: readonly CallReport[]): CallReport[] {
  const out: CallReport[] = [];
  const inside = new Map<string, number>();
  for (const call of calls) {
    const began = inside.get(call.on);
    if (isUnfinished(call)) inside.set(call.on, out.length);
    else if (call.ioctl === 'KVM_RUN') inside.delete(call.on);
    if (began !== undefined && call.ioctl === 'KVM_RUN' && !isUnfinished(call) && !isResumed(call)) out[began] = call;
    else out.push(call);
  }
  return out;
}

export interface CallCount {
  readonly ioctl: string;
  readonly calls: number;
  readonly errors: number;
}

/** How often each request was made and refused, the most frequent first, as `strace -c` counts. */
export function callCounts(calls: readonly CallReport[]): CallCount[] {
  const counts = new Map<string, { calls: number; errors: number }>();
  for (const call of callLog(calls)) {
    const count = counts.get(call.ioctl) ?? { calls: 0, errors: 0 };
    counts.set(call.ioctl, count);
    if (!isResumed(call)) count.calls += 1;
    if (call.errno !== null) count.errors += 1;
  }
  return [...counts].map(([ioctl, c]) => ({ ioctl, ...c })).sort((a, b) => b.calls - a.calls || (a.ioctl < b.ioctl ? -1 : 1));
}
