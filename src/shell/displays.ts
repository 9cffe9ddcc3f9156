// What `display` shows: expressions, each time a run stops (gdb manual, "Automatic Display").
import { hex } from '../base/hex.ts';
import type { Command } from '../session/command.ts';
import type { Displayed, Outcome } from '../session/outcome.ts';
import { innermost } from './present.ts';
import type { Display, ShellState } from './state.ts';

/** The values now, each with what it was when it was shown last; what cannot be read says why. */
export const displayed = (displays: readonly Display[], state: ShellState): Displayed[] =>
  displays.map((display) => {
    const { n, text, expression, last } = display;
    const value =
      state.context?.evaluate(expression).match(
        (known) => (known < 10n ? String(known) : hex(known)),
        (fault) => `(${fault.message})`,
      ) ?? '';
    display.last = value;
    return { n, expression: text, value, ...(last === undefined || last === value ? {} : { was: last }) };
  });

/** Is it a command of the group run, or an expectation of one? */
export const runsGuest = (command: Command, state: ShellState): boolean =>
  state.table.form(innermost(command).form)?.family.group === 'run';

/** The outcome with what is displayed, where the command ran the guest. */
export function withDisplays(command: Command, outcome: Outcome, state: ShellState): Outcome {
  if (state.displays.length === 0 || outcome.unmet !== undefined) return outcome;
  if (!runsGuest(command, state)) return outcome;
  return { ...outcome, displays: displayed(state.displays, state) };
}
