// apropos: commands by what their help says (language.md §3, group shell).
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { aproposRows } from '../src/shell/help.ts';
import type { ShellState } from '../src/shell/state.ts';
import { text } from '../src/view/doc.ts';

export const apropos = (state: ShellState) =>
  family({
    name: 'apropos',
    group: 'shell',
    summary: 'find commands by a word of their help',
    details: ['Searches names, usage lines and help texts, whatever the case; several words must all be there.'],
    see: ['help'],
    forms: [
      {
        id: 'apropos',
        syntax: 'apropos <words:TEXT>',
        about: 'List the commands whose help holds the words.',
        effect: 'pure',
        run: (context, args) => done({ commands: aproposRows(state.table, context.word(args['words'])) }),
        show: ({ data }) => {
          const rows = (data?.['commands'] ?? []) as readonly { readonly usage: string; readonly about: string }[];
          if (rows.length === 0) return [text('nothing')];
          return rows.flatMap((r) => [
            text([{ text: r.usage, role: 'name' as const }]),
            { kind: 'prose', paragraphs: [r.about], indent: 4 } as const,
          ]);
        },
      },
    ],
  });
