// rlimit: how much memory the VMM may pin (language.md §3, group process; kvm-spe-abi.md §5.1).
import { setMemlockLimit } from '../src/kernel/process.ts';
import type { Process } from '../src/kernel/world.ts';
import { refuse } from '../src/session/enter.ts';
import { numbersOf } from '../src/session/numbers.ts';
import { done, type Outcome } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { type Form, family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

/** getrlimit(2). */
const RLIM_INFINITY = 2n ** 64n - 1n;

const processOf = (context: Context): Process => context.world.world.kernel.processes[(context.process ?? 1) - 1];

function report(process: Process): Outcome {
  const { rlimitMemlock, lockedBytes } = process;
  return done({ memlock: rlimitMemlock === null ? 'unlimited' : Number(rlimitMemlock), locked: Number(lockedBytes) });
}

const show: Form['show'] = ({ data }) => {
  if (data === null) return [];
  const limit = typeof data['memlock'] === 'number' ? `${data['memlock']} bytes` : String(data['memlock']);
  return [text(`RLIMIT_MEMLOCK ${limit}, ${String(data['locked'])} bytes pinned`)];
};

export const rlimit = family({
  name: 'rlimit',
  group: 'process',
  summary: 'RLIMIT_MEMLOCK of the VMM',
  details: [
    'Pages of the profiling buffer, and those of the tables that map it, are pinned while the guest has the buffer enabled, and count against RLIMIT_MEMLOCK. A guest that would exceed it leaves KVM_RUN with KVM_EXIT_RLIMIT. Unlimited at first.',
  ],
  see: ['pins', 'vcpu', 'perfmon'],
  forms: [
    {
      id: 'rlimit.memlock.unlimited',
      syntax: 'rlimit memlock unlimited',
      about: 'No limit.',
      effect: 'world',
      run: (context) => {
        setMemlockLimit(processOf(context), null);
        return report(processOf(context));
      },
      show,
    },
    {
      id: 'rlimit.memlock',
      syntax: 'rlimit memlock <size:EXPR>',
      about: 'At most SIZE bytes.',
      effect: 'world',
      run: (context, args) => {
        const numbers = numbersOf(context, args, 'size');
        if (numbers.isErr()) return refuse(numbers.error);
        const { size = 0n } = numbers.value;
        setMemlockLimit(processOf(context), size === RLIM_INFINITY ? null : size);
        return report(processOf(context));
      },
      show,
    },
    {
      id: 'rlimit.show',
      syntax: 'rlimit',
      about: 'Show the limit and what is pinned.',
      effect: 'pure',
      run: (context) => report(processOf(context)),
      show,
    },
  ],
});
