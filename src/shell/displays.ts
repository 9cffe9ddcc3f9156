// What `display` shows: expressions, each time a run stops (gdb manual, "Automatic Display").
import { hex } from '../base/hex.ts';
import type { Command } from '../session/command.ts';
import type { Displayed, Outcome } from '../session/outcome.ts';
import { innermost } from './present.ts';
import type { Display, ShellState } from './state.ts';

/** The values now; what cannot be read says why. */
export const displayed = (displays: readonly Display[], state: ShellState): Displayed[] =>
  displays.map(({ n, text, expression }) => ({
    n,
    expression: text,
    value:
      state.context?.evaluate(expression).match(
        (value) => (value < 10n ? String(value) : hex(value)),
        (fault) => `(${fault.message})`,
      ) ?? '',
  }));

/** The outcome with what is displayed, where the command ran the guest. */
export function withDisplays(command: Command, outcome: Outcome, state: ShellState): Outcome {
  if (state.displays.length === 0 || outcome.unmet !== undefined) return outcome;
  if (state.table.form(innermost(command).form)?.family.group !== 'run') return outcome;
  return { ...outcome, displays: displayed(state.displays, state) };
}
