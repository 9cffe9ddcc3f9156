// step: operations one by one (language.md §3, group run).
import { counted, enter, INSIDE } from '../src/session/enter.ts';
import { family } from '../src/shell/family.ts';
import { showStop } from '../src/shell/show-stop.ts';

export const step = family({
  name: 'step',
  group: 'run',
  summary: 'execute operations one by one',
  details: ['The focused vCPU executes N operations (1), the others are held. Enter on an empty line repeats it.'],
  see: ['sample', 'finish', 'dis'],
  forms: [
    {
      id: 'step',
      syntax: 'step [<count:EXPR>]',
      about: 'Execute N operations of the focused vCPU.',
      effect: 'world',
      repeats: true,
      run: (context, args) =>
        counted(context, args['count'], 1, (operations) => enter(context, { ...INSIDE, stops: false, vcpus: 'focused', operations })),
      show: showStop,
    },
  ],
});
