// on: commands that run where a stop ends a command (language.md §3, group stops).

import { stopCandidates } from '../src/session/candidates.ts';
import type { Argument, Command, Running } from '../src/session/command.ts';
import { counted } from '../src/session/enter.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { family, type GrammarFault } from '../src/shell/family.ts';
import { innermost } from '../src/shell/present.ts';
import { text } from '../src/view/doc.ts';

/** They read or write files of commands, end the session, leave the present, or set what is run at stops. */
const NOT_AT_A_STOP = /^(source|load|save|export|rerun.*|quit|more|clear|tutorial|undo|redo|restore|on.*)$/;

function wrongCommand(command: Command): GrammarFault | null {
  const { form } = innermost(command);
  if (!NOT_AT_A_STOP.test(form)) return null;
  return { slot: 'command', message: `a stop cannot run '${command.text}'`, hint: 'what looks, calls or runs the guest, and snap' };
}

/** Gives a stop other commands; what it runs then. */
function change(
  context: Context,
  number: Argument | undefined,
  to: (commands: readonly Command[]) => readonly Command[],
): Outcome | Running {
  return counted(context, number, 0, (id) => {
    const { list } = context.stops;
    const at = list.findIndex((stop) => stop.id === id);
    if (at < 0) return unmet('no-stop', `there is no stop ${id}`, 'info stops');
    list[at] = { ...list[at], commands: to(list[at].commands) };
    return done({ stop: id, on: list[at].commands.map((one) => one.text) });
  });
}

export const on = family({
  name: 'on',
  group: 'stops',
  summary: 'run commands where a stop stops',
  details: [
    'Each `on N` adds one command to breakpoint or catch N. They run in order behind the stop, and what they show stands behind it; one that fails ends the list, and the command that was stopped has failed too.',
    'A command may run the guest on. Where that stops, no further commands run, so that the list ends.',
  ],
  see: ['break', 'catch', 'info', 'display'],
  forms: [
    {
      id: 'on',
      syntax: 'on <number:EXPR> <command:QUOTED>',
      about: "Run 'CMD' whenever stop N is taken.",
      effect: 'session',
      check: ({ command }) => (command?.kind === 'command' ? wrongCommand(command.command) : null),
      run: (context, args) => {
        const inner = args['command'];
        if (inner?.kind !== 'command') throw new Error('on without its command');
        return change(context, args['number'], (commands) => [...commands, inner.command]);
      },
      show: ({ data }) => (data === null ? [] : [text(`on ${String(data['stop'])}: ${(data['on'] as readonly string[]).join('; ')}`)]),
    },
    {
      id: 'on.clear',
      syntax: 'on <number:EXPR> --clear',
      about: 'Stop N runs nothing any more.',
      words: { '--clear': 'take its commands away' },
      effect: 'session',
      run: (context, args) => change(context, args['number'], () => []),
    },
  ],
  complete: (slot, context) => (slot === 'number' ? stopCandidates(context) : []),
});
