// A session as a file: the notebook that `spesh check` verifies, or the script alone.
import type { Command } from '../session/command.ts';
import { refusalOf } from './exit-code.ts';
import type { Finished, ShellState } from './state.ts';
import { cellText, NOTEBOOK_WIDTH, outputLines } from './verify.ts';

/** Forms that are about files of commands, not part of a session; what they brought stands behind them. */
const LEFT_OUT: readonly string[] = ['save', 'quit', 'history', 'export', 'source', 'load', 'rerun', 'rerun.cell'];
/** Forms with which the session begins anew. */
const BEGINNINGS: readonly string[] = ['load', 'rerun'];

export const isLeftOut = (command: Command): boolean => LEFT_OUT.includes(command.form);
export const isBeginning = (command: Command): boolean => BEGINNINGS.includes(command.form);

/** The commands that make the session what it is, in order. */
export function sessionCommands(state: ShellState): readonly Finished[] {
  const begun = state.transcript.findLastIndex((f) => f.outcome.ok && isBeginning(f.command));
  return state.transcript.slice(begun + 1).filter((f) => !isLeftOut(f.command));
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
