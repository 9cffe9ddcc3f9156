// expect: a command with what must become of it (language.md §3, group check). A script stops where an expectation does not hold.

import { EXIT_REASONS } from '../src/abi/exits.ts';
import type { Argument, Arguments, Command, Running } from '../src/session/command.ts';
import { isRunning } from '../src/session/command.ts';
import type { Outcome } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { refusalOf } from '../src/shell/exit-code.ts';
import { family } from '../src/shell/family.ts';
import { present } from '../src/shell/present.ts';
import type { ShellState } from '../src/shell/state.ts';
import { renderPlain } from '../src/view/plain.ts';

interface Verdict {
  readonly held: boolean;
  readonly got: string;
}

/** What became of a command, in a word. */
function resultName(o: Outcome): string {
  if (o.unmet !== undefined) return `unmet: ${o.unmet.message}`;
  if (o.expected !== undefined) return o.ok ? 'ok' : 'a failed expectation';
  return refusalOf(o) ?? (o.ok ? 'ok' : 'a failure');
}

function exitName(o: Outcome): string | null {
  const exit = o.data?.['exit'];
  return typeof exit === 'object' && exit !== null && 'name' in exit ? String(exit.name) : null;
}

function innerCommand(argument: Argument | undefined): Command {
  if (argument?.kind !== 'command') throw new Error('expect without its command');
  return argument.command;
}

/** Runs the inner command; its outcome, with the verdict, is the outcome. */
function expecting(context: Context, args: Arguments, expected: string, judge: (o: Outcome) => Verdict): Outcome | Running {
  const judged = (o: Outcome): Outcome => {
    if (o.interrupted === true) return o;
    const { held, got } = judge(o);
    return { ...o, ok: held, expected, got };
  };
  const inner = context.execute(innerCommand(args['command']));
  if (!isRunning(inner)) return judged(inner);
  return {
    advance: (operations) => {
      const outcome = inner.advance(operations);
      return outcome === null ? null : judged(outcome);
    },
    interrupt: () => inner.interrupt(),
  };
}

export const expect = (state: ShellState) =>
  family({
    name: 'expect',
    group: 'check',
    summary: 'run a command that must end so',
    details: [
      'Runs CMD and compares: `ok`, an errno name, an exit of KVM_RUN (with or without KVM_EXIT_), or a regular expression that its output must contain (JavaScript syntax, ^ and $ at line ends).',
      'Where it does not hold the outcome is a failure: a script stops with exit code 1. $? is the inner errno.',
    ],
    see: ['assert', 'why'],
    forms: [
      {
        id: 'expect.ok',
        syntax: 'expect ok <command:COMMAND>',
        about: 'CMD must succeed.',
        effect: 'world',
        run: (context, args) => expecting(context, args, 'ok', (o) => ({ held: resultName(o) === 'ok', got: resultName(o) })),
      },
      {
        id: 'expect.exit',
        syntax: 'expect exit <name:NAME> <command:COMMAND>',
        about: 'KVM_RUN must come back with this exit.',
        effect: 'world',
        run: (context, args) => {
          const name = context.word(args['name']);
          return expecting(context, args, `exit ${name}`, (o) => {
            const exit = exitName(o);
            return {
              held: exit !== null && (exit === name || exit === `KVM_EXIT_${name}`),
              got: exit === null ? resultName(o) : `exit ${exit}`,
            };
          });
        },
      },
      {
        id: 'expect.errno',
        syntax: 'expect <errno:ERRNO> <command:COMMAND>',
        about: 'CMD must be refused with this errno.',
        effect: 'world',
        run: (context, args) => {
          const errno = context.word(args['errno']);
          return expecting(context, args, errno, (o) => ({ held: o.unmet === undefined && refusalOf(o) === errno, got: resultName(o) }));
        },
      },
      {
        id: 'expect.output',
        syntax: 'expect <regex:REGEX> <command:COMMAND>',
        about: 'The output of CMD must contain a match.',
        effect: 'world',
        run: (context, args) => {
          const source = context.word(args['regex']);
          const regex = new RegExp(source, 'mu');
          const command = innerCommand(args['command']);
          return expecting(context, args, `/${source}/`, (o) => {
            const shown = present(command, o, (id) => state.table.behaviours.get(id));
            const text = renderPlain([...shown.out, ...shown.err], { width: Number.POSITIVE_INFINITY });
            const held = regex.test(text);
            return { held, got: held ? 'a match' : text === '' ? 'no output' : 'no match in the output' };
          });
        },
      },
    ],
    complete: (slot) => (slot === 'name' ? EXIT_REASONS.map(({ name, about }) => ({ text: name.replace('KVM_EXIT_', ''), about })) : []),
  });
