// tick: operations executed since the host booted, by all vCPUs (language.md §3, group time).
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

export const tick = family({
  name: 'tick',
  group: 'time',
  summary: 'the time, in operations',
  details: ["A tick is one operation of any vCPU; every vCPU's operations count."],
  see: ['step'],
  forms: [
    {
      id: 'tick',
      syntax: 'tick',
      about: 'Show the tick.',
      effect: 'pure',
      run: (context) => {
        const now = context.world.world.machine.tick;
        return done({ tick: now }, { value: now });
      },
      show: ({ data }) => (data === null ? [] : [text(`tick ${String(data['tick'])}`)]),
    },
  ],
});
