// continue: on to the next stop (language.md §3, group run).
import { counted, enter, FOREVER, INSIDE } from '../src/session/enter.ts';
import { family } from '../src/shell/family.ts';
import { showStop } from '../src/shell/show-stop.ts';

export const continueCommand = family({
  name: 'continue',
  group: 'run',
  summary: 'run on to the next stop',
  details: ['All vCPUs, round robin; breakpoints are honoured.'],
  see: ['run', 'break', 'until'],
  forms: [
    {
      id: 'continue',
      syntax: 'continue [--ops <ops:EXPR>]',
      about: 'Run all vCPUs until a breakpoint or an exit.',
      words: { '--ops': 'operations at most' },
      effect: 'world',
      run: (context, args) =>
        counted(context, args['ops'], FOREVER, (operations) => enter(context, { ...INSIDE, vcpus: 'all', operations })),
      show: showStop,
    },
  ],
});
