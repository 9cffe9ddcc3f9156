// more: the last output once more (language.md §3, group shell). The interactive shell hands it to $PAGER; elsewhere it is printed.
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { present } from '../src/shell/present.ts';
import type { Finished, ShellState } from '../src/shell/state.ts';
import type { Doc } from '../src/view/doc.ts';
import { renderPlain } from '../src/view/plain.ts';

const isEmpty = (doc: Doc): boolean => renderPlain(doc, { width: 80 }) === '';

export const more = (state: ShellState) => {
  const shownBy = ({ command, outcome }: Finished): Doc => {
    const { out, err } = present(command, outcome, (id) => state.table.form(id)?.form);
    return [...out, ...err];
  };
  return family({
    name: 'more',
    group: 'shell',
    summary: 'the last output once more, in a pager',
    details: [
      'At the prompt it opens $PAGER, else less -R, else more; where there is none, and in scripts and notebooks, the output is printed again. Nothing else opens a pager.',
    ],
    see: ['history', 'clear'],
    forms: [
      {
        id: 'more',
        syntax: 'more',
        about: 'Show what the last command that printed something printed.',
        effect: 'pure',
        run: () => {
          const last = state.transcript.findLast((one) => one.command.form !== 'more' && !isEmpty(shownBy(one)));
          return last === undefined
            ? unmet('no-output', 'nothing has been printed yet', 'more shows the output of the command before it')
            : done({ n: last.n, command: last.command.text });
        },
        show: ({ data }) => {
          const last = state.transcript.find((one) => one.n === data?.['n']);
          return last === undefined ? [] : shownBy(last);
        },
      },
    ],
  });
};
