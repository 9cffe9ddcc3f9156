// rerun: the session again from its beginning, or one cell of it here (language.md §3, group notebook). The driver runs the commands behind it.
import { done, unmet } from '../src/session/outcome.ts';
import { refusalOf } from '../src/shell/exit-code.ts';
import { family } from '../src/shell/family.ts';
import { sessionCommands } from '../src/shell/save.ts';
import type { Brought, Finished, ShellState } from '../src/shell/state.ts';

/** As it ran before; what was unmet changed nothing and is left out. */
const again = (entries: readonly Finished[]): Brought[] =>
  entries.flatMap(({ command, outcome, cell }) => {
    if (outcome.unmet !== undefined) return [];
    const refused = outcome.ok ? null : refusalOf(outcome);
    return [{ command, refused, ...(cell === undefined ? {} : { cell }) }];
  });

/** The command of that number, or those of the cell when it ran last. */
function cellOf(state: ShellState, id: string): readonly Finished[] {
  if (/^\d+$/.test(id)) return state.transcript.filter((f) => f.n === Number(id));
  const last = state.transcript.findLastIndex((f) => f.cell === id);
  const before = state.transcript.findLastIndex((f, i) => i < last && f.cell !== id);
  return last < 0 ? [] : state.transcript.slice(before + 1, last + 1);
}

export const rerun = (state: ShellState) =>
  family({
    name: 'rerun',
    group: 'notebook',
    summary: 'run the session again, or one cell of it',
    details: [
      'Alone it boots the host afresh and runs every command of the session in order, so that nothing of what was tried in between is left. It stops where a command fails that did not fail before.',
      'With ID, the number of a command (history) or the id= of a cell of the notebook that was loaded, it runs those commands here, as things stand. What ran behind them is stale from then on: history marks it with *.',
    ],
    see: ['history', 'load', 'save'],
    forms: [
      {
        id: 'rerun',
        syntax: 'rerun',
        about: 'Boot afresh and run the whole session again.',
        effect: 'world',
        run: (context) => {
          const host = context.hosts.get(state.host);
          if (host === undefined) return unmet('no-host', `there is no host '${state.host}'`, 'host list');
          const commands = again(sessionCommands(state));
          context.boot(host);
          state.rerun = commands;
          state.stale.clear();
          return done({ commands: commands.length });
        },
      },
      {
        id: 'rerun.cell',
        syntax: 'rerun <id:NAME>',
        about: 'Run command or cell ID again, here.',
        effect: 'world',
        run: (context, args) => {
          const id = context.word(args['id']);
          const entries = cellOf(state, id).filter((f) => !f.command.form.startsWith('rerun'));
          if (entries.length === 0) return unmet('no-cell', `nothing ran that is called '${id}'`, 'history shows the numbers');
          const last = entries[entries.length - 1].n;
          for (const { n } of state.transcript) if (n > last) state.stale.add(n);
          for (const { n } of entries) state.stale.delete(n);
          state.rerun = again(entries);
          return done({ commands: state.rerun.length });
        },
      },
    ],
    complete: (slot) =>
      slot === 'id'
        ? [
            ...new Map(state.transcript.flatMap(({ cell, command }) => (cell === undefined ? [] : [[cell, `cell: ${command.text}`]]))),
            ...state.transcript.toReversed().map(({ n, command }) => [String(n), command.text]),
          ].map(([text, about]) => ({ text, about }))
        : [],
  });
