// why: the last refusal, check by check (language.md §3, group why; kvm-spe-abi.md §8.3).
import type { BufferStop } from '../src/session/buffer-stop.ts';
import { type LastRefusal, lastRefusal } from '../src/session/last-refusal.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { type Doc, type Line, type Role, text } from '../src/view/doc.ts';
import { textWidth } from '../src/view/width.ts';

const ROLES: Readonly<Record<string, Role>> = { passed: 'good', failed: 'bad', 'not reached': 'dim' };
const RESULT_WIDTH = 'not reached'.length;

/** A buffer that stopped, or was not enabled. */
function reportStop({ head, checks, vcpu, pmbsr, tick }: BufferStop): Outcome {
  const failed = checks.findIndex((c) => c.result === 'failed');
  return done({ strace: head, ioctl: null, on: vcpu, errno: null, pmbsr, at: tick, check: failed + 1, of: checks.length, checks });
}

function report({ call, checks, failEntry }: LastRefusal): Outcome {
  const exit = failEntry === null ? {} : { exit: { name: 'KVM_EXIT_FAIL_ENTRY', hardware_entry_failure_reason: 1, ...failEntry } };
  return done({
    strace: call.strace,
    ioctl: call.ioctl,
    on: call.on,
    errno: call.errno,
    check: call.check ?? null,
    of: call.of ?? null,
    checks,
    ...exit,
  });
}

function show({ data }: Outcome): Doc {
  if (data === null) return [];
  const checks = data['checks'] as LastRefusal['checks'];
  const exit = data['exit'] as Exclude<LastRefusal['failEntry'], null> | undefined;
  const errnoWidth = Math.max(0, ...checks.map((c) => textWidth(c.errno)));
  const indent = ' '.repeat(4 + 2 + RESULT_WIDTH + 2 + errnoWidth + 2);
  const lines = checks.flatMap((c, i): Line[] => {
    const head = `${String(i + 1).padStart(4)}  `;
    const saw = c.saw === '' ? '' : ` (saw ${c.saw})`;
    const line: Line = [
      { text: head, role: 'dim' },
      { text: c.result.padEnd(RESULT_WIDTH + 2), role: ROLES[c.result] },
      { text: `${c.errno.padEnd(errnoWidth)}  ` },
      { text: `if ${c.why}${saw}` },
      { text: `  [${c.evidence}]`, role: 'dim' },
    ];
    return c.wouldPass === undefined ? [line] : [line, `${indent}would have passed: ${c.wouldPass}`];
  });
  const narrowed = (exit?.changes ?? []).map((c) => `  ${c.from} -> ${c.to === '' ? '(empty)' : c.to}  ${c.call}`);
  const mask = narrowed.length === 0 ? [] : ['supported_cpus was narrowed by', ...narrowed];
  const head = exit === undefined ? [] : [`exit_reason=KVM_EXIT_FAIL_ENTRY, hardware_entry_failure_reason=1, cpu=${exit.cpu}`];
  return [text(String(data['strace']), ...head, ...lines, ...mask)];
}

export const why = family({
  name: 'why',
  group: 'why',
  summary: 'why the last call failed',
  details: [
    'The last call that was refused, the last KVM_RUN that ended with KVM_EXIT_FAIL_ENTRY or KVM_EXIT_RLIMIT, or the last event that stopped a profiling buffer, whichever is newest: every check in the kernel’s order, whether it passed, failed or was not reached, what it saw, where that stands (seed: the v6 patch; v5, v6-review, mainline; inferred with a confidence), and what would have passed.',
  ],
  see: ['calls', 'explain', 'mask'],
  forms: [
    {
      id: 'why',
      syntax: 'why',
      about: 'Show the checks of the last refusal.',
      effect: 'pure',
      run: (context) => {
        const last = lastRefusal(context);
        if (last === null) return unmet('no-refusal', 'no call was refused in this session', 'calls lists what was made');
        return 'call' in last ? report(last) : reportStop(last);
      },
      show,
    },
  ],
});
