// alias: a name for the beginning of a command (language.md §3, group shell).
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { didYouMean } from '../src/shell/misread.ts';
import { ALIAS_FORM, UNALIAS_FORM } from '../src/shell/script.ts';
import type { ShellState } from '../src/shell/state.ts';

export const alias = (state: ShellState) =>
  family({
    name: 'alias',
    group: 'shell',
    summary: 'a name for the beginning of a command',
    details: [
      'NAME at the beginning of a command, also behind expect, stands for CMD; what follows NAME follows CMD. A command word cannot be an alias. The journal stores the whole command. The interactive shell keeps aliases for its next start.',
    ],
    see: ['set'],
    forms: [
      {
        id: ALIAS_FORM,
        syntax: 'alias <name:NAME> = <text:WORD>',
        about: "Let NAME stand for 'CMD'.",
        effect: 'session',
        run: (context, args) => {
          const name = context.word(args['name']);
          if (state.table.formsOf(name).length > 0)
            return unmet('command-word', `'${name}' is a command`, 'an alias needs a name of its own');
          state.aliases.set(name, context.word(args['text']));
          return done({ name, text: context.word(args['text']) });
        },
      },
      {
        id: UNALIAS_FORM,
        syntax: 'unalias <name:NAME>',
        about: 'Forget alias NAME.',
        effect: 'session',
        run: (context, args) => {
          const name = context.word(args['name']);
          if (!state.aliases.delete(name))
            return unmet('no-alias', `there is no alias '${name}'`, didYouMean(name, [...state.aliases.keys()]) ?? 'alias lists them');
          return done({ name });
        },
      },
      {
        id: 'alias',
        syntax: 'alias',
        about: 'List the aliases.',
        effect: 'pure',
        run: () => done({ aliases: [...state.aliases].map(([name, text]) => ({ name, text })) }),
        show: ({ data }) => {
          const rows = (data?.['aliases'] ?? []) as readonly { readonly name: string; readonly text: string }[];
          return rows.length === 0 ? [] : [{ kind: 'pairs', rows: rows.map((r) => ({ name: r.name, value: r.text })) }];
        },
      },
    ],
    complete: (slot) => (slot === 'name' ? [...state.aliases].map(([text, about]) => ({ text, about })) : []),
  });
