// `spesh check`: verifies notebooks, or rewrites what they recorded; the results as text, JSON lines or JUnit XML. Part of main.
import { type Home, newDriver, spareState } from './home.ts';
import type { Invocation } from './io/arguments.ts';
import { readBytes, writeBytes } from './io/files.ts';
import { listenForStop, stopCode } from './io/signals.ts';
import { type BatchPort, printMisreads } from './shell/batch.ts';
import type { Source } from './shell/diagnostic.ts';
import { EXIT } from './shell/exit-code.ts';
import { type CheckedFile, junitXml } from './shell/junit.ts';
import { type Notebook, readNotebook } from './shell/notebook.ts';
import { changeDoc, updatedBytes, type Verified, verifyNotebook } from './shell/verify.ts';
import { type Doc, text } from './view/doc.ts';

type CheckInvocation = Extract<Invocation, { mode: 'check' }>;

/** Checks the files one after the other; the exit code is that of the first failure. */
export async function runCheck(invocation: CheckInvocation, home: Home, port: BatchPort): Promise<number> {
  const read = readAll(invocation.files, home, port);
  if (typeof read === 'number') return read;
  const signals = listenForStop();
  const paced: BatchPort = { ...port, stopping: () => signals.pending() !== null };
  const checked: CheckedFile[] = [];
  let code: number = EXIT.ok;
  for (const { notebook, bytes } of read) {
    const verified = await verifyNotebook(notebook, { ...paced, newDriver: (front, onFinished) => newDriver(home, front, onFinished) });
    if (verified.isErr()) {
      port.err(port.render(verified.error.doc, 'err'));
      code ||= verified.error.code;
      continue;
    }
    if (verified.value.interrupted) break;
    checked.push({ file: notebook.source.file, verified: verified.value });
    code ||= report(verified.value, bytes, invocation, home, port);
  }
  const signal = signals.pending();
  signals.dispose();
  if (signal !== null) return stopCode(signal);
  if (invocation.junit !== null) {
    const wrote = writeBytes(invocation.junit, junitXml(checked));
    if (wrote.isErr()) {
      port.err(`spesh: ${invocation.junit}: ${wrote.error.message}\n`);
      code ||= EXIT.usage;
    }
  }
  return code;
}

interface NotebookFile {
  readonly notebook: Notebook;
  readonly bytes: Uint8Array;
}

/** Every notebook, parsed; or the exit code where one cannot be. */
function readAll(files: readonly string[], home: Home, port: BatchPort): NotebookFile[] | number {
  const { table } = spareState(home);
  const notebooks: NotebookFile[] = [];
  let isSaid = false;
  let code: number = EXIT.ok;
  for (const file of files) {
    const read = readBytes(file);
    if (read.isErr()) {
      port.err(`spesh: ${file}: ${read.error.message}\n`);
      code ||= EXIT.usage;
      continue;
    }
    const { bytes } = read.value;
    const source: Source = { file, text: new TextDecoder().decode(bytes) };
    readNotebook(source, table).match(
      (notebook) => notebooks.push({ notebook, bytes }),
      (faults) => {
        if (!isSaid || !home.options.json) printMisreads(faults, home.options, port);
        isSaid = true;
        code ||= EXIT.misread;
      },
    );
  }
  return code === EXIT.ok ? notebooks : code;
}

/** Prints one notebook's result, and rewrites it where that was asked for. */
function report(verified: Verified, bytes: Uint8Array, { update }: CheckInvocation, home: Home, port: BatchPort): number {
  const { file } = verified.notebook.source;
  const changed = verified.results.filter((r) => !r.holds);
  const failed = verified.results.filter((r) => r.failed);
  const count = verified.results.length;
  let code: number = failed.length > 0 || (changed.length > 0 && !update) ? EXIT.failed : EXIT.ok;
  const shown: Doc = [
    ...(update ? [] : changed.flatMap((r) => changeDoc(verified, r))),
    ...failed.flatMap((r) => (r.holds || update ? changeDoc(verified, r) : [])),
  ];
  port.err(port.render(shown, 'err'));
  if (update && changed.length > 0) {
    const wrote = writeBytes(file, updatedBytes(verified, bytes));
    if (wrote.isErr()) {
      port.err(`spesh: ${file}: ${wrote.error.message}\n`);
      code = EXIT.usage;
    }
  }
  const what = changed.length === 0 ? 'all as recorded' : update ? `${changed.length} recorded anew` : `${changed.length} changed`;
  const line = `${file}: ${count} ${count === 1 ? 'command' : 'commands'}, ${what}${failed.length > 0 ? `, ${failed.length} failed` : ''}`;
  if (home.options.json)
    port.out(
      `${JSON.stringify({ v: 1, file, commands: count, changed: changed.length, failed: failed.length, updated: update && changed.length > 0 })}\n`,
    );
  else if (!home.options.quiet) port.out(port.render([text(line)], 'out'));
  return code;
}
