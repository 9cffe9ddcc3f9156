// An exploration made ready: its file read, its commands parsed, a host booted and the set-up run. Part of main, in every thread.
import { err, ok, type Result } from 'neverthrow';
import { failure, type Home, invalidFile, newDriver, spareState } from './home.ts';
import { sameBytes } from './io/bytes.ts';
import { readText } from './io/files.ts';
import { createExplorer, type Explorer, type ReadCall, type Wanted } from './session/explore/explorer.ts';
import { type ExploreFile, parseExploreFile } from './session/explore/file.ts';
import { INVARIANT_NAMES } from './session/explore/invariants.ts';
import { finish } from './session/session.ts';
import type { Failure } from './shell/batch.ts';
import { EXIT, exitCodeOf, refusalOf } from './shell/exit-code.ts';
import { parseExpression } from './shell/expression.ts';
import type { Misread } from './shell/misread.ts';
import { readCommand } from './shell/read.ts';

/** Reads the file. Errors: it cannot be opened (2), it is no exploration (5). */
export function readExploration(path: string): Result<ExploreFile, Failure> {
  const text = readText(path);
  if (text.isErr()) return err(failure(EXIT.usage, `${path}: ${text.error.message}`));
  return parseExploreFile(path, text.value, INVARIANT_NAMES).mapErr(({ file, line, column, message, hint }) => {
    const at = line === undefined ? undefined : { line, ...(column === undefined ? {} : { column }) };
    return invalidFile('explore', { file, text: text.value }, message, hint, at);
  });
}

/** An explorer on a host where the set-up has run. Errors: a command that does not parse, a set-up that fails, no such host. */
export function openExplorer(home: Home, path: string, file: ExploreFile, host: string): Result<Explorer, Failure> {
  const source = { file: path, text: file.text };
  /** `quoted` is what of the file it is about. */
  const wrong = (message: string, hint: string, quoted = '', from = 0, length = Array.from(quoted).length): Failure =>
    invalidFile('explore', source, message, hint, quotedIn(file.text, quoted, from, length));
  const misread = (where: string, text: string, m: Misread): Failure =>
    wrong(`${where}: '${text}': ${m.message}`, m.hint ?? 'help lists the commands', text, m.at, Math.max(1, m.end - m.at));
  const { table } = spareState(home);
  const read = (where: string, text: string) => readCommand(text, table, { prefixes: false }).mapErr((m) => misread(where, text, m));

  const setup = file.setup.map((text) => read('setup', text));
  const calls = file.calls.map((call) => call.commands.map((text) => read(`call ${call.label}`, text)));
  const invariants = wantedInvariants(file, (name, text, m) => misread(`invariant ${name}`, text, m));
  for (const one of [...setup, ...calls.flat(), ...invariants]) if (one.isErr()) return err(one.error);

  const options = { ...home.options, host, seed: home.options.seed ?? file.seed };
  const driver = newDriver({ ...home, options }, {}, () => {});
  home.spare = null; // its state was taken
  if (driver.isErr()) return err(driver.error);
  for (const one of setup) {
    const command = one._unsafeUnwrap();
    const outcome = finish(driver.value.start(command));
    if (exitCodeOf(outcome) === EXIT.ok) continue;
    const why = outcome.unmet?.message ?? outcome.call?.why ?? outcome.calls?.at(-1)?.why ?? refusalOf(outcome) ?? 'it failed';
    return err(
      wrong(`setup: '${command.text}' on ${host}: ${why}`, outcome.unmet?.hint ?? 'spesh run of the set-up shows more', command.text),
    );
  }
  return createExplorer({
    context: driver.value.session.context,
    table: driver.value.state.table.behaviours,
    calls: file.calls.map((call, i): ReadCall => ({ ...call, commands: calls[i].map((c) => c._unsafeUnwrap()) })),
    invariants: invariants.map((w) => w._unsafeUnwrap()),
    same: sameBytes,
    ticks: file.ticks,
  }).mapErr((message) => wrong(message, 'fixtures/explore/README.md shows the form of a file'));
}

/** Where the file has this text for the first time; undefined where it has not, as with parameters. */
function quotedIn(
  text: string,
  quoted: string,
  from: number,
  length: number,
): { line: number; column: number; length: number } | undefined {
  const lines = text.split('\n');
  const line = quoted === '' ? -1 : lines.findIndex((one) => one.includes(quoted));
  if (line < 0) return undefined;
  const before = lines[line].slice(0, lines[line].indexOf(quoted));
  return { line: line + 1, column: Array.from(before).length + from + 1, length };
}

/** The file's invariants; all of the list where it names none. */
function wantedInvariants(
  file: ExploreFile,
  misread: (name: string, text: string, m: Misread) => Failure,
): readonly Result<Wanted, Failure>[] {
  if (file.invariants.length === 0) return INVARIANT_NAMES.map((name) => ok({ kind: 'named', name }));
  return file.invariants.map((one): Result<Wanted, Failure> => {
    if (one.kind === 'named') return ok(one);
    const { name, expression: text, after } = one;
    return parseExpression(text)
      .map((expression): Wanted => ({ kind: 'expression', name, text, expression, after }))
      .mapErr((m) => misread(name, text, m));
  });
}
