// show: options of the shell and their values (language.md §3, group shell).
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { didYouMean } from '../src/shell/misread.ts';
import { SETTINGS, type ShellState } from '../src/shell/state.ts';

export const show = (state: ShellState) =>
  family({
    name: 'show',
    group: 'shell',
    summary: 'the options of the shell',
    see: ['set'],
    forms: [
      {
        id: 'show',
        syntax: 'show [<name:NAME>]',
        about: 'Show one option, or all.',
        effect: 'pure',
        run: (context, args) => {
          const name = context.word(args['name']);
          const rows = SETTINGS.filter((s) => name === '' || s.name === name).map((s) => ({
            name: s.name,
            value: state.settings.get(s.name) ?? '',
            about: s.about,
          }));
          if (rows.length === 0)
            return unmet(
              'no-option',
              `there is no option '${name}'`,
              didYouMean(
                name,
                SETTINGS.map((s) => s.name),
              ) ?? 'show lists them',
            );
          return done({ options: rows });
        },
        show: ({ data }) => {
          const rows = (data?.['options'] ?? []) as readonly { readonly name: string; readonly value: string; readonly about: string }[];
          return [{ kind: 'pairs', rows: rows.map((r) => ({ name: r.name, value: r.value, note: r.about })) }];
        },
      },
    ],
    complete: (slot) => (slot === 'name' ? SETTINGS.map((s) => ({ text: s.name, about: s.about })) : []),
  });
