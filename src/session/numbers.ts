// The number arguments of a command, all at once: their values, or the first that has none.
import { err, ok, type Result } from 'neverthrow';
import type { Arguments } from './command.ts';
import type { Unmet } from './outcome.ts';
import type { Context } from './session.ts';

/** Values by slot name; absent arguments stay undefined. */
export function numbersOf<K extends string>(
  context: Context,
  args: Arguments,
  ...names: readonly K[]
): Result<Readonly<Record<K, bigint | undefined>>, Unmet> {
  const values: Record<string, bigint | undefined> = {};
  for (const name of names) {
    const value = context.number(args[name]);
    if (value.isErr()) return err(value.error);
    values[name] = value.value;
  }
  return ok(values as Record<K, bigint | undefined>);
}
