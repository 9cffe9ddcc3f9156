// What became of a command of a file, as a diagnostic at its place there (language.md §1).
import type { Outcome } from '../session/outcome.ts';
import type { Diagnostic } from './diagnostic.ts';
import { refusalOf } from './exit-code.ts';
import type { PlacedCommand } from './script.ts';

/** Unmet, or an expectation that does not hold; null for everything else, a refusal too: it is a result. */
export function diagnosticOf(one: PlacedCommand, outcome: Outcome): Diagnostic | null {
  const { unmet, expected, got } = outcome;
  if (expected === undefined) return unmet === undefined ? null : at(one, 'unmet', unmet.code, unmet.message, unmet.hint);
  if (outcome.ok) return null;
  const came = unmet === undefined ? (got ?? 'nothing') : `unmet: ${unmet.message}`;
  const hint = refusalOf(outcome) === null ? 'print EXPR shows a value, calls the calls so far' : 'why shows every check of the call';
  return at(one, 'failed', 'expectation', `expected ${expected}, got ${came}`, hint);
}

/** Where a refusal ended a file. What the hardware refuses has no errno: its sentence is expected. */
export function refusalDiagnostic(one: PlacedCommand, outcome: Outcome): Diagnostic {
  const errno = refusalOf(outcome);
  const hint = `expect ${errno ?? '/REGEX/'} ${one.command.text}, or --keep-going`;
  return at(one, 'refused', errno ?? 'refused', 'nobody expected this refusal', hint);
}

const at = (one: PlacedCommand, kind: string, code: string, message: string, hint: string): Diagnostic => ({
  kind,
  code,
  source: one.source,
  place: one.place,
  length: Array.from(one.typed).length,
  message,
  hint,
});
