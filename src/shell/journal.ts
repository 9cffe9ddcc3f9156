// A session as it goes, for the case that it is killed: a notebook that grows by one cell a command, so that `load` brings the session back.
import type { Command } from '../session/command.ts';
import { refusalOf } from './exit-code.ts';
import { isBeginning, isLeftOut, sessionCommands } from './save.ts';
import type { Finished, ShellState } from './state.ts';

/** Front matter of the journal. */
export const journalHead = (state: ShellState): string =>
  ['---', 'spe: 1', `host: ${state.host}`, ...(state.seed === 0 ? [] : [`seed: ${state.seed}`]), '---', ''].join('\n');

/** A failed expectation would stop the notebook; what it did to the world was the command inside. */
function without(command: Command, failed: boolean): Command {
  const inner = command.args['command'];
  return failed && command.form.startsWith('expect.') && inner?.kind === 'command' ? without(inner.command, failed) : command;
}

/**
 * The cell to add for a command that has ended: '' where it changed nothing, null where the session is another one with it. What Ctrl-C cut cannot
 * be repeated exactly and is kept as a cell that does not run.
 */
export function journalCell({ command, outcome }: Finished, state: ShellState): string | null {
  if (outcome.rewound === true || (outcome.ok && isBeginning(command))) return null;
  if (isLeftOut(command) || outcome.unmet !== undefined || outcome.quit !== undefined) return '';
  const failed = outcome.expected !== undefined && !outcome.ok;
  const kept = without(command, failed);
  if (state.table.behaviours.get(kept.form)?.effect === 'pure') return '';
  const refused = outcome.expected !== undefined && !failed ? null : refusalOf(outcome);
  const lines = [`spe> ${kept.text}`, '...', ...(refused === null || outcome.ok ? [] : [`? ${refused}`])];
  return `\n\`\`\`\`spe${outcome.interrupted === true ? ' skip' : ''}\n${lines.join('\n')}\n\`\`\`\`\n`;
}

/** The whole journal anew: where the session began again, or went to another branch of time. */
export const journalText = (state: ShellState): string =>
  journalHead(state) +
  sessionCommands(state)
    .map((one) => journalCell(one, state) ?? '')
    .join('');

/** How many commands a journal holds. */
export const journalLength = (text: string): number => text.match(/^spe> /gm)?.length ?? 0;
