// An ioctl as strace would print it, and after a refusal the check that failed (language.md §3).
import type { Result } from 'neverthrow';
import { ERRNOS } from '../abi/errno.ts';
import type { Answer, Refusal } from '../kernel/call.ts';
import { evidenceInFull, evidenceText } from '../kernel/steps.ts';
import type { CallReport } from './outcome.ts';

/** How strace would print the call: `ioctl(vcpu0, KVM_SET_DEVICE_ATTR, {group=…})`. */
export interface CallDescription {
  readonly on: string;
  readonly request: string;
  /** Third argument as text; a function where it depends on the answer (`addr=[10]` after a get). */
  readonly argument: string | ((succeeded: boolean) => string);
}

/** `= 0`, `= -1 EINVAL (Invalid argument)`. */
function resultText(ret: number, errno: string | null): string {
  if (errno === null) return `= ${ret}`;
  return `= -1 ${errno} (${ERRNOS.find((row) => row.name === errno)?.text ?? 'unknown error'})`;
}

function argumentText(describe: CallDescription, succeeded: boolean): string {
  return typeof describe.argument === 'string' ? describe.argument : describe.argument(succeeded);
}

/** The report of a finished call. */
export function callReport(describe: CallDescription, answer: Result<Answer, Refusal>): CallReport {
  const text = `ioctl(${describe.on}, ${describe.request}, ${argumentText(describe, answer.isOk())})`;
  return syscallReport({ name: describe.request, on: describe.on, text }, answer, answer.isOk() ? answer.value.ret : -1);
}

/** The report of any system call: `text` as strace prints it up to the result. */
export function syscallReport(
  { name, on, text }: { readonly name: string; readonly on: string; readonly text: string },
  answer: Result<unknown, Refusal>,
  ret: number,
): CallReport {
  if (answer.isOk()) return { ioctl: name, on, strace: `${text} ${resultText(ret, null)}`, ret, errno: null, number: 0 };
  const refusal = answer.error;
  return {
    ioctl: name,
    on,
    strace: `${text} ${resultText(-1, refusal.errno)}`,
    ret: -1,
    errno: refusal.errno,
    number: ERRNOS.find((row) => row.name === refusal.errno)?.number ?? 0,
    why: refusal.why,
    check: refusal.check,
    of: refusal.of,
    evidence: refusal.evidence.tag,
    evidenceText: evidenceText(refusal.evidence),
    checks: refusal.checks.map((c) => ({
      errno: c.errno,
      why: c.why,
      saw: c.saw,
      result: c.result,
      evidence: evidenceInFull(c.evidence),
      ...(c.wouldPass === undefined ? {} : { wouldPass: c.wouldPass }),
    })),
  };
}

/** A call that went into the guest and has not come back. */
export function unfinishedReport(describe: CallDescription): CallReport {
  const strace = `ioctl(${describe.on}, ${describe.request}, ${argumentText(describe, true)} <unfinished ...>`;
  return { ioctl: describe.request, on: describe.on, strace, ret: 0, errno: null, number: 0 };
}

/** A call that an earlier command left unfinished, at its end. */
export function resumedReport(describe: CallDescription, answer: Result<Answer, Refusal>): CallReport {
  const whole = callReport(describe, answer);
  const result = resultText(whole.ret, whole.errno);
  return { ...whole, strace: `<... ioctl resumed>) ${result}` };
}
