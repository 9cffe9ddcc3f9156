// redo: does again what undo took back (language.md §3, group time).
import { refuse } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { showWhere } from '../src/shell/show-position.ts';

export const redo = family({
  name: 'redo',
  group: 'time',
  summary: 'do again what undo took back',
  details: ['The command does not run again: the session goes on to where it was behind it.'],
  see: ['undo', 'branches'],
  forms: [
    {
      id: 'redo',
      syntax: 'redo',
      about: 'Do again what undo took back last.',
      effect: 'session',
      run: (context) =>
        context.travel
          .redo()
          .match((command) => done({ redid: command, tick: context.world.world.machine.tick }, { rewound: true }), refuse),
      show: ({ data }) => showWhere(data, 'redid'),
    },
  ],
});
