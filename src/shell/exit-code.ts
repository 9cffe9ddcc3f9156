// Exit codes (language.md §1): what became of a command, as the number a shell script sees.
import type { Outcome } from '../session/outcome.ts';

export const EXIT = {
  ok: 0,
  /** An expectation or recorded output did not hold. */
  failed: 1,
  /** spesh's own options, or a file that cannot be opened. */
  usage: 2,
  /** A command was refused or unmet and nobody expected it. */
  refused: 3,
  /** A script, notebook, tape or `-c` does not parse. */
  misread: 4,
  /** A fixture, image or trace is invalid. */
  invalid: 5,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;

/** The errno that ended the command: that of its call, or of the one of its calls that failed; null when none was refused. */
export function refusalOf(outcome: Outcome): string | null {
  const calls = outcome.calls ?? (outcome.call === undefined ? [] : [outcome.call]);
  return calls.find((call) => call.errno !== null)?.errno ?? null;
}

/** The code of one outcome; `quit` is its own. Unmet codes: `no-file`, `cannot-write`, `does-not-parse`, `invalid-…` have codes of their own. */
export function exitCodeOf(outcome: Outcome): number {
  if (outcome.interrupted === true) return EXIT.interrupted;
  if (outcome.expected !== undefined) return outcome.ok ? EXIT.ok : EXIT.failed;
  if (outcome.unmet !== undefined) {
    const { code } = outcome.unmet;
    if (code === 'no-file' || code === 'cannot-write') return EXIT.usage;
    if (code === 'does-not-parse') return EXIT.misread;
    return code.startsWith('invalid-') ? EXIT.invalid : EXIT.refused;
  }
  if (outcome.ok) return EXIT.ok;
  // What a stop ran may be all that failed.
  const behind = refusalOf(outcome) === null ? outcome.onStop?.find((one) => !one.outcome.ok) : undefined;
  return behind === undefined ? EXIT.refused : exitCodeOf(behind.outcome);
}
