// delete: takes a stop away (language.md §3, group stops).

import { stopCandidates } from '../src/session/candidates.ts';
import { counted } from '../src/session/enter.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';

export const deleteCommand = family({
  name: 'delete',
  group: 'stops',
  summary: 'take a breakpoint or catch away',
  see: ['break', 'catch', 'info'],
  forms: [
    {
      id: 'delete',
      syntax: 'delete <number:EXPR>',
      about: 'Delete the stop with this number.',
      effect: 'session',
      run: (context, args) =>
        counted(context, args['number'], 0, (id) => {
          const at = context.stops.list.findIndex((stop) => stop.id === id);
          if (at === -1) return unmet('no-stop', `there is no stop ${id}`, 'info stops');
          context.stops.list.splice(at, 1);
          return done({ deleted: id });
        }),
    },
  ],
  complete: (slot, context) => (slot === 'number' ? stopCandidates(context) : []),
});
