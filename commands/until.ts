// until: on until a condition holds (language.md §3, group run).
import { enter, FOREVER, INSIDE } from '../src/session/enter.ts';
import { family } from '../src/shell/family.ts';
import { showStop } from '../src/shell/show-stop.ts';

export const until = family({
  name: 'until',
  group: 'run',
  summary: 'run until a condition holds',
  details: ['The condition is looked at after every operation, so it is exact and slow; a breakpoint with a condition is faster.'],
  see: ['break', 'continue'],
  forms: [
    {
      id: 'until',
      syntax: 'until <condition:REST>',
      about: 'Run all vCPUs until COND is not zero.',
      effect: 'world',
      run: (context, args) => {
        const condition = args['condition'];
        if (condition?.kind !== 'expression') throw new Error('until without its condition');
        return enter(context, { ...INSIDE, vcpus: 'all', operations: FOREVER, until: condition.expression });
      },
      show: showStop,
    },
  ],
});
