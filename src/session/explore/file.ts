// An exploration's file (language.md §8): TOML to plain data, every field checked. A call's parameters (`vcpu = [0, 1]`) make one call of
// each combination, and stand in its commands as `{vcpu}`.
import { err, ok, type Result } from 'neverthrow';
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod';
import { lineOf } from '../../base/toml-lines.ts';

/** One call: what is made at most once on a path. Calls with the same `slot` are alternatives: at most one of them is made. */
export interface ExploreCall {
  /** `set-pmu vcpu=0 pmu=8`. */
  readonly label: string;
  /** `set-pmu`. */
  readonly name: string;
  readonly slot: number;
  /** Commands of the shell, made in order until one is refused. */
  readonly commands: readonly string[];
}

export type ExploreInvariant =
  | { readonly kind: 'named'; readonly name: string }
  | {
      readonly kind: 'expression';
      readonly name: string;
      /** What must not be 0. */
      readonly expression: string;
      /** Looked at behind calls of this name only; null: in every state. */
      readonly after: string | null;
    };

export interface ExploreFile {
  readonly about: string;
  readonly hosts: readonly string[];
  readonly seed: number;
  /** The tick is part of a state, so that calls may let guests run. */
  readonly ticks: boolean;
  readonly setup: readonly string[];
  /** Calls on a path, at most; null = all of them. */
  readonly depth: number | null;
  readonly calls: readonly ExploreCall[];
  /** Empty: every named invariant. */
  readonly invariants: readonly ExploreInvariant[];
  /** The file's text. */
  readonly text: string;
}

export interface ExploreFault {
  readonly file: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly hint: string;
}

/** A state's calls left are the bits of one number. */
export const MOST_SLOTS = 30;
/** What is known of a transition by call is kept in a table. */
export const MOST_CALLS = 250;
export const MOST_INVARIANTS = 30;

/** Of a field that is missing, unknown or wrong. */
const FORM_HINT = 'fields are about, host, seed, ticks, setup, depth, [[call]] with name and do, [[invariant]] with name, holds and after';

z.config({ jitless: true });

const commands = z.union([
  z
    .string()
    .min(1)
    .transform((text) => [text]),
  z.array(z.string().min(1)).min(1),
]);
const parameter = z.array(z.union([z.string().regex(/^\S+$/), z.number().int()])).min(1);
const name = z.string().regex(/^[\w.-]+$/);
const call = z.object({ name, do: commands, once: z.boolean().default(false) }).catchall(parameter);
const invariant = z.strictObject({ name, holds: z.string().min(1).optional(), after: z.string().min(1).optional() });

const fixture = z.strictObject({
  about: z.string().min(1),
  host: z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1)]).default(['two-spu']),
  seed: z.number().int().min(0).max(0xffff_ffff).default(0),
  ticks: z.boolean().default(false),
  setup: z.array(z.string().min(1)).default([]),
  depth: z.number().int().min(1).optional(),
  call: z.array(call).min(1),
  invariant: z.array(invariant).default([]),
});

/** An exploration from its file's text. `named` are the invariants that need no expression. */
export function parseExploreFile(file: string, text: string, named: readonly string[]): Result<ExploreFile, ExploreFault> {
  /** `path` is where in the file, as `call.1.do`. */
  const wrong = (path: string, message: string, hint: string): Result<never, ExploreFault> => {
    const line = lineOf(text, path);
    return err({ file, message, hint, ...(line === undefined ? {} : { line }) });
  };
  let table: unknown;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split('\n')[0].replace(/^Invalid TOML document: /, '');
    return err({ file, message, line: error.line, column: error.column, hint: 'expected TOML' });
  }
  const read = fixture.safeParse(table);
  if (!read.success) {
    const issue = read.error.issues[0];
    const path = 'keys' in issue ? [...issue.path, issue.keys[0]] : issue.path;
    const where = path.map(String).join('.');
    return wrong(where, `${where}: ${issue.message}`, FORM_HINT);
  }
  const { about, host, seed, ticks, setup, depth, call: rows, invariant: invariants } = read.data;
  const calls: ExploreCall[] = [];
  for (const [i, row] of rows.entries()) {
    const made = callsOf(row, calls);
    const twice = typeof made === 'string' ? undefined : made.find((c) => calls.some((d) => d.label === c.label));
    if (twice !== undefined) return wrong(`call.${i}.name`, `two calls are called '${twice.label}'`, 'give each a name of its own');
    if (typeof made === 'string')
      return wrong(`call.${i}.do`, `call ${row.name}: ${made}`, 'a parameter {NAME} of do has its values in NAME = […]');
    calls.push(...made);
  }
  const slots = new Set(calls.map((c) => c.slot)).size;
  if (slots > MOST_SLOTS || calls.length > MOST_CALLS)
    return wrong('call', `${calls.length} calls are too many`, `at most ${MOST_SLOTS}, or ${MOST_CALLS} with alternatives`);
  if (invariants.length > MOST_INVARIANTS)
    return wrong('invariant', `${invariants.length} invariants are too many`, `at most ${MOST_INVARIANTS}`);
  const checked: ExploreInvariant[] = [];
  for (const [i, one] of invariants.entries()) {
    if (one.after !== undefined && !calls.some((c) => c.name === one.after))
      return wrong(
        `invariant.${i}.after`,
        `invariant ${one.name}: no call is called '${one.after}'`,
        `calls are ${rows.map((r) => r.name).join(', ')}`,
      );
    if (one.holds !== undefined) checked.push({ kind: 'expression', name: one.name, expression: one.holds, after: one.after ?? null });
    else if (named.includes(one.name)) checked.push({ kind: 'named', name: one.name });
    else
      return wrong(`invariant.${i}.name`, `there is no invariant '${one.name}'`, `one of ${named.join(', ')}, or an expression in holds`);
  }
  return ok({ about, hosts: host, seed, ticks, setup, depth: depth ?? null, calls, invariants: checked, text });
}

type Row = z.infer<typeof call>;

/** A row's calls: one of each combination of its parameters; or what is wrong. */
function callsOf(row: Row, before: readonly ExploreCall[]): ExploreCall[] | string {
  const { name: callName, do: texts, once, ...rest } = row;
  const parameters = Object.entries(rest as Record<string, readonly (string | number)[]>);
  const unused = parameters.find(([key]) => !texts.some((text) => text.includes(`{${key}}`)));
  if (unused !== undefined) return `no command has {${unused[0]}}`;
  const first = before.length === 0 ? 0 : Math.max(...before.map((c) => c.slot)) + 1;
  const made: ExploreCall[] = [];
  for (const values of combinations(parameters.map(([, list]) => list))) {
    const chosen = new Map(parameters.map(([key], i) => [key, String(values[i])]));
    const filled = texts.map((text) => text.replace(/\{(\w+)\}/g, (whole, key: string) => chosen.get(key) ?? whole));
    const open = filled.flatMap((text) => text.match(/\{\w+\}/g) ?? [])[0];
    if (open !== undefined) return `${open} has no values`;
    const label = [callName, ...[...chosen].map(([key, value]) => `${key}=${value}`)].join(' ');
    made.push({ label, name: callName, slot: first + (once ? 0 : made.length), commands: filled });
  }
  return made;
}

function combinations<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((value) => [...head, value])), [[]]);
}
