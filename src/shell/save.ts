// A session as a file: the notebook that `spesh check` verifies, or the script alone.
import type { Command } from '../session/command.ts';
import { refusalOf } from './exit-code.ts';
import { innermost } from './present.ts';
import type { Finished, ShellState } from './state.ts';
import { cellText, NOTEBOOK_WIDTH, outputLines } from './verify.ts';

/** Forms that are about files of commands, not part of a session; what they brought stands behind them. */
const LEFT_OUT: readonly string[] = ['save', 'quit', 'history', 'export', 'source', 'load', 'rerun', 'rerun.cell'];
/** Forms with which the session begins anew. */
const BEGINNINGS: readonly string[] = ['load', 'rerun'];

export const isLeftOut = (command: Command): boolean => LEFT_OUT.includes(command.form);
export const isBeginning = (command: Command): boolean => BEGINNINGS.includes(command.form);

/** Forms that look at other branches: what they show is not to be had where those are not. */
const BETWEEN_BRANCHES: readonly string[] = ['snaps', 'branches'];

/** Those that are on the branch of time where the session is; what could not be done stands with what was done before it. */
export function presentBranch(state: ShellState): readonly Finished[] {
  const journal = new Set(state.context?.journal ?? []);
  let on = true;
  return state.transcript.filter(({ entry, outcome }) => {
    if (outcome.rewound === true) {
      on = true;
      return false;
    }
    if (entry !== undefined) on = journal.has(entry);
    return on;
  });
}

/** A `diff` of snapshots that are not on the branch cannot be repeated there. */
function standsAlone(command: Command, snaps: ReadonlySet<string>): boolean {
  const { form, args } = innermost(command);
  if (BETWEEN_BRANCHES.includes(form)) return false;
  const named = [args['a'], args['b']].flatMap((argument) => (argument?.kind === 'word' ? [argument.text] : []));
  return form !== 'diff' || named.every((name) => snaps.has(name));
}

/** The commands that make the session what it is, in order. */
export function sessionCommands(state: ShellState): readonly Finished[] {
  const branch = presentBranch(state);
  const begun = branch.findLastIndex((f) => f.outcome.ok && isBeginning(f.command));
  const own = branch.slice(begun + 1).filter((f) => !isLeftOut(f.command));
  const snaps = own.flatMap(({ command }) => {
    const { form, args } = innermost(command);
    return form === 'snap' && args['name']?.kind === 'word' ? [args['name'].text] : [];
  });
  return own.filter((f) => standsAlone(f.command, new Set(snaps)));
}

/** Front matter, and one cell with everything. */
export function sessionNotebook(state: ShellState): string {
  const front = ['---', 'spe: 1', `host: ${state.host}`, ...(state.seed === 0 ? [] : [`seed: ${state.seed}`]), '---', ''].join('\n');
  const prompts = sessionCommands(state).map((f) => ({
    typed: f.command.text,
    lines: outputLines([f], { state }, NOTEBOOK_WIDTH),
    refused: !f.outcome.ok && f.outcome.unmet === undefined && f.outcome.expected === undefined ? refusalOf(f.outcome) : null,
  }));
  return front + (prompts.length === 0 ? '' : cellText(prompts));
}

export function sessionScript(state: ShellState): string {
  return sessionCommands(state)
    .map((f) => `${f.command.text}\n`)
    .join('');
}
