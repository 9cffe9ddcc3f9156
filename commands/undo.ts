// undo: takes back the last command that changed something (language.md §3, group time).
import { refuse } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { showWhere } from '../src/shell/show-position.ts';

export const undo = family({
  name: 'undo',
  group: 'time',
  summary: 'take back the last command that changed something',
  details: [
    'World, histories, stops, variables and values are again what they were before it. Commands that only looked are passed over, with what they left in the value history; restore is taken back like any other.',
    'A command given then begins another branch: save writes the commands of that one, `branches` lists the ends of the others. The last 64 commands can be taken back.',
  ],
  see: ['redo', 'snap', 'branches'],
  forms: [
    {
      id: 'undo',
      syntax: 'undo',
      about: 'Take back the last command.',
      effect: 'session',
      run: (context) =>
        context.travel
          .undo()
          .match((command) => done({ undid: command, tick: context.world.world.machine.tick }, { rewound: true }), refuse),
      show: ({ data }) => showWhere(data, 'undid'),
    },
  ],
});
