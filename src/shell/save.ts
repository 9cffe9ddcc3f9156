// A session as a file: the notebook that `spesh check` verifies, or the script alone.
import { refusalOf } from './exit-code.ts';
import type { Finished, ShellState } from './state.ts';
import { cellText, NOTEBOOK_WIDTH, outputLines } from './verify.ts';

/** Forms that are about files of commands, not part of a session. */
const LEFT_OUT: readonly string[] = ['save', 'quit', 'history'];

const kept = (state: ShellState): readonly Finished[] => state.transcript.filter((f) => !LEFT_OUT.includes(f.command.form));

/** Front matter, and one cell with everything. */
export function sessionNotebook(state: ShellState): string {
  const front = ['---', 'spe: 1', `host: ${state.host}`, ...(state.seed === 0 ? [] : [`seed: ${state.seed}`]), '---', ''].join('\n');
  const prompts = kept(state).map((f) => ({
    typed: f.command.text,
    lines: outputLines([f], { state }, NOTEBOOK_WIDTH),
    refused: !f.outcome.ok && f.outcome.unmet === undefined && f.outcome.expected === undefined ? refusalOf(f.outcome) : null,
  }));
  return front + (prompts.length === 0 ? '' : cellText(prompts));
}

export function sessionScript(state: ShellState): string {
  return kept(state)
    .map((f) => `${f.command.text}\n`)
    .join('');
}
