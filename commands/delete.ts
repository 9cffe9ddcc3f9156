// delete: takes a stop away (language.md §3, group stops).
import { counted } from '../src/session/enter.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';

export const deleteCommand = family({
  name: 'delete',
  group: 'stops',
  summary: 'take a breakpoint away',
  see: ['break', 'info'],
  forms: [
    {
      id: 'delete',
      syntax: 'delete <number:EXPR>',
      about: 'Delete the stop with this number.',
      effect: 'session',
      run: (context, args) =>
        counted(context, args['number'], 0, (id) => {
          const at = context.stops.breakpoints.findIndex((b) => b.id === id);
          if (at === -1) return unmet('no-stop', `there is no breakpoint ${id}`, 'info stops');
          context.stops.breakpoints.splice(at, 1);
          return done({ deleted: id });
        }),
    },
  ],
});
