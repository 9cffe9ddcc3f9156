// restore: goes to a snapshot or to the end of a branch (language.md §3, group time).
import { refuse } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { placeNames, showWhere } from '../src/shell/show-position.ts';

export const restore = family({
  name: 'restore',
  group: 'time',
  summary: 'go to a snapshot or to the end of a branch',
  details: [
    'The same commands from there do and show the same as they did. What was done since the snapshot is kept as a branch where no snapshot keeps it; undo comes back.',
  ],
  see: ['snap', 'branches', 'undo', 'diff'],
  forms: [
    {
      id: 'restore',
      syntax: 'restore <name:NAME>',
      about: 'Go to snapshot or branch NAME.',
      effect: 'session',
      run: (context, args) => {
        const name = context.word(args['name']);
        return context.travel
          .restore(name)
          .match(() => done({ restored: name, tick: context.world.world.machine.tick }, { rewound: true }), refuse);
      },
      show: ({ data }) => showWhere(data, 'restored'),
    },
  ],
  complete: (_slot, { travel }) => placeNames(travel),
});
