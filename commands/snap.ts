// snap, snaps: places of the session under a name (language.md §3, group time).
import { done, unmet } from '../src/session/outcome.ts';
import { BRANCH_NAME } from '../src/session/travel.ts';
import { family } from '../src/shell/family.ts';
import { type NamedRow, namedRows, namedTable } from '../src/shell/show-position.ts';
import { text } from '../src/view/doc.ts';

export const snap = family({
  name: 'snap',
  group: 'time',
  summary: 'keep where the session is under a name',
  details: [
    'A snapshot is the whole session: the world, its histories, stops, variables, values and the commands that led there. restore goes back to it, diff compares two. NAME may be taken again: it moves.',
  ],
  see: ['restore', 'diff', 'undo'],
  forms: [
    {
      id: 'snap',
      syntax: 'snap <name:NAME>',
      about: 'Keep this place as NAME.',
      effect: 'session',
      run: (context, args) => {
        const name = context.word(args['name']);
        if (BRANCH_NAME.test(name)) return unmet('reserved-name', `'${name}' is how branches are called`, 'choose another name');
        context.travel.snap(name);
        return done({ snapshot: name, tick: context.world.world.machine.tick });
      },
      show: ({ data }) =>
        data === null ? [] : [text(`snapshot ${String(data['snapshot'])} at tick ${Number(data['tick']).toLocaleString('en-US')}`)],
    },
    {
      id: 'snaps',
      syntax: 'snaps',
      about: 'List the snapshots.',
      effect: 'pure',
      run: (context) => done({ snapshots: namedRows(context.travel.snaps) }),
      show: ({ data }) => {
        const rows = (data?.['snapshots'] ?? []) as readonly NamedRow[];
        return rows.length === 0 ? [text('no snapshots')] : [namedTable(rows)];
      },
    },
  ],
});
