// history: the commands of this session (language.md §3, group notebook).
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import type { ShellState } from '../src/shell/state.ts';
import { text } from '../src/view/doc.ts';

const RANGE = /^(\d+)(?:-(\d+)?)?$/;

export const history = (state: ShellState) =>
  family({
    name: 'history',
    group: 'notebook',
    summary: 'the commands of this session',
    details: [
      'RANGE is 4, 4-6 or 4-; -g shows those that contain TEXT. Numbers are those of the JSON objects. `*` marks what is stale: a command before it was rerun.',
    ],
    see: ['rerun', 'save', 'calls'],
    forms: [
      {
        id: 'history',
        syntax: 'history [<range:WORD>] [-g <text:WORD>]',
        about: 'List commands, of RANGE or with TEXT.',
        words: { '-g': 'those with TEXT in them' },
        effect: 'pure',
        check: (args) => {
          const range = args['range'];
          if (range?.kind !== 'word' || RANGE.test(range.text)) return null;
          return { slot: 'range', message: `'${range.text}' is no range`, hint: 'a range is 4, 4-6 or 4-' };
        },
        run: (context, args) => {
          const [, first, last] = RANGE.exec(context.word(args['range'])) ?? [];
          const open = context.word(args['range']).endsWith('-');
          const from = first === undefined ? 1 : Number(first);
          const to = first === undefined || open ? Number.POSITIVE_INFINITY : Number(last ?? first);
          const wanted = context.word(args['text']);
          const rows = state.transcript.filter((f) => f.n >= from && f.n <= to && f.command.text.includes(wanted));
          return done({
            commands: rows.map((f) => ({
              n: f.n,
              command: f.command.text,
              ok: f.outcome.ok,
              ...(state.stale.has(f.n) ? { stale: true } : {}),
            })),
          });
        },
        show: ({ data }) => {
          const rows = (data?.['commands'] ?? []) as readonly { readonly n: number; readonly command: string; readonly stale?: true }[];
          const width = String(rows[rows.length - 1]?.n ?? 0).length;
          return rows.length === 0
            ? []
            : [
                text(
                  ...rows.map((r) => [
                    { text: String(r.n).padStart(width), role: 'dim' as const },
                    r.stale ? { text: '* ', role: 'changed' as const } : { text: '  ' },
                    { text: r.command },
                  ]),
                ),
              ];
        },
      },
    ],
  });
