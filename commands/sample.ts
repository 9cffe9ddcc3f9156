// sample: on until records are written (language.md §3, group run).
import { counted, enter, FOREVER, INSIDE } from '../src/session/enter.ts';
import { family } from '../src/shell/family.ts';
import { showStop } from '../src/shell/show-stop.ts';

export const sample = family({
  name: 'sample',
  group: 'run',
  summary: 'run until records are written',
  details: ['All vCPUs run until N more records (1) reached a profiling buffer.'],
  see: ['records', 'buffer', 'step'],
  forms: [
    {
      id: 'sample',
      syntax: 'sample [<count:EXPR>]',
      about: 'Run until N more records are written.',
      effect: 'world',
      repeats: true,
      run: (context, args) =>
        counted(context, args['count'], 1, (records) => enter(context, { ...INSIDE, vcpus: 'all', operations: FOREVER, records })),
      show: showStop,
    },
  ],
});
