// process: a call from another process (language.md §3, group process).
import { lendFiles } from '../src/kernel/process.ts';
import { isRunning } from '../src/session/command.ts';
import { refuse } from '../src/session/enter.ts';
import { numbersOf } from '../src/session/numbers.ts';
import { type Outcome, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';

const MOST_PROCESSES = 16n;

export const process = family({
  name: 'process',
  group: 'process',
  summary: 'make a call from another process',
  details: [
    'The command’s ioctls come from process N, which has the VMM’s files open, as one that inherited them. KVM refuses the files of a VM to every process but the one that created it (-EIO). The VMM is process 1.',
  ],
  see: ['vcpu', 'ioctl'],
  forms: [
    {
      id: 'process',
      syntax: 'process <number:EXPR> <command:QUOTED>',
      about: 'Run CMD with its calls made by process N.',
      effect: 'world',
      run: (context, args) => {
        const numbers = numbersOf(context, args, 'number');
        if (numbers.isErr()) return refuse(numbers.error);
        const id = numbers.value.number ?? 0n;
        if (id < 1n || id > MOST_PROCESSES)
          return unmet('no-process', `there is no process ${id}`, `1 is the VMM; others are 2 to ${MOST_PROCESSES}`);
        const inner = args['command'];
        if (inner?.kind !== 'command') throw new Error('process without its command');
        const takeBack = lendFiles(context.world.world, Number(id));
        const ended = (outcome: Outcome): Outcome => {
          if (outcome.unmet !== undefined) takeBack();
          return outcome;
        };
        const running = context.execute(inner.command, Number(id));
        if (!isRunning(running)) return ended(running);
        return {
          advance: (operations) => {
            const outcome = running.advance(operations);
            return outcome === null ? null : ended(outcome);
          },
          interrupt: () => ended(running.interrupt()),
        };
      },
    },
  ],
});
