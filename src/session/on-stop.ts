// Commands on stop (`on N 'CMD'`): where a stop ended a command, those of the stop run behind it, in order. Their own stops run none, so that
// they end; what fails ends the list, as in gdb.
import { type Command, isRunning, type Running } from './command.ts';
import type { Outcome, RanOnStop } from './outcome.ts';
import type { Stops } from './stops.ts';

/** Runs what the stops of the outcome want; null where they want nothing. `start` starts a command, `ended` is told of each outcome. */
export function runOnStop(
  outcome: Outcome,
  stops: Stops,
  start: (command: Command) => Outcome | Running,
  ended: (outcome: Outcome) => void,
): Running | null {
  const queue = (outcome.stopped ?? []).flatMap(({ number }) =>
    (stops.list.find((stop) => stop.id === number)?.commands ?? []).map((command) => ({ stop: number, command })),
  );
  if (queue.length === 0) return null;
  const ran: RanOnStop[] = [];
  let inner: Running | null = null;

  const whole = (): Outcome => ({ ...outcome, ok: outcome.ok && ran.every((one) => one.outcome.ok), onStop: ran });
  const finish = (one: { readonly stop: number; readonly command: Command }, result: Outcome): void => {
    ran.push({ stop: one.stop, command: one.command, outcome: result });
    inner = null;
    ended(result);
  };

  return {
    advance(operations) {
      for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
        const begun: Outcome | Running = inner ?? start(one.command);
        const result = isRunning(begun) ? begun.advance(operations) : begun;
        if (result === null) {
          inner = begun as Running;
          queue.unshift(one);
          return null;
        }
        finish(one, result);
        if (!result.ok) break;
      }
      return whole();
    },
    interrupt() {
      if (inner !== null) finish(queue[0], { ...inner.interrupt(), interrupted: true });
      return whole();
    },
  };
}
