// display: expressions that every stop shows (language.md §3, group shell; gdb manual, "Automatic Display").
import type { Displayed } from '../src/session/outcome.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { displayed } from '../src/shell/displays.ts';
import { family } from '../src/shell/family.ts';
import { displayLine } from '../src/shell/present.ts';
import type { ShellState } from '../src/shell/state.ts';
import { type Doc, text } from '../src/view/doc.ts';

const lines = (data: Readonly<Record<string, unknown>> | null): Doc => {
  const rows = (data?.['displays'] ?? []) as readonly Displayed[];
  return rows.length === 0 ? [] : [text(...rows.map(displayLine))];
};

export const display = (state: ShellState) =>
  family({
    name: 'display',
    group: 'shell',
    summary: 'expressions that every stop shows',
    details: [
      'EXPR is evaluated when step, finish, sample, continue, until or run comes back, and shown behind what that command shows. What cannot be read then says why. `undisplay N` takes one away, `undisplay` all.',
    ],
    see: ['print', 'step', 'expressions'],
    forms: [
      {
        id: 'display.add',
        syntax: 'display <value:REST>',
        about: 'Show EXPR now, and at every stop.',
        effect: 'session',
        run: (context, args) => {
          const argument = args['value'];
          if (argument?.kind !== 'expression') throw new Error('display without its expression');
          const value = context.evaluate(argument.expression);
          if (value.isErr()) return unmet(value.error.code, value.error.message, value.error.hint);
          const one = { n: (state.displays.at(-1)?.n ?? 0) + 1, text: argument.text, expression: argument.expression };
          state.displays.push(one);
          return done({ displays: displayed([one], state) });
        },
        show: ({ data }) => lines(data),
      },
      {
        id: 'display',
        syntax: 'display',
        about: 'Show every one of them now.',
        effect: 'pure',
        run: () => done({ displays: displayed(state.displays, state) }),
        show: ({ data }) => lines(data),
      },
      {
        id: 'display.remove',
        syntax: 'undisplay [<number:EXPR>]',
        about: 'Show number N no longer, or none.',
        effect: 'session',
        run: (context, args) => {
          const number = context.number(args['number']);
          if (number.isErr()) return unmet(number.error.code, number.error.message, number.error.hint);
          const at = state.displays.findIndex(({ n }) => BigInt(n) === number.value);
          if (number.value === undefined) state.displays.splice(0);
          else if (at < 0) return unmet('no-display', `there is no display ${number.value}`, 'display shows them');
          else state.displays.splice(at, 1);
          return done();
        },
      },
    ],
    complete: (slot) => (slot === 'number' ? state.displays.map(({ n, text }) => ({ text: String(n), about: text })) : []),
  });
