// branches: the ends of what was left behind in time (language.md §3, group time; design.md §7).
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { type NamedRow, namedRows, namedTable } from '../src/shell/show-position.ts';
import { text } from '../src/view/doc.ts';

export const branches = family({
  name: 'branches',
  group: 'time',
  summary: 'what a command given in the past left behind',
  details: [
    'A command given behind undo, or restore, leaves the commands that were taken back: their end is kept as branch-1, branch-2, … for restore and diff. The last eight are kept.',
  ],
  see: ['undo', 'restore', 'diff'],
  forms: [
    {
      id: 'branches',
      syntax: 'branches',
      about: 'List the ends of the other branches.',
      effect: 'pure',
      run: (context) => done({ branches: namedRows(context.travel.branches) }),
      show: ({ data }) => {
        const rows = (data?.['branches'] ?? []) as readonly NamedRow[];
        return rows.length === 0 ? [text('no branches')] : [namedTable(rows)];
      },
    },
  ],
});
