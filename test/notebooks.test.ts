// Every notebook of the project: what it records is what spesh prints. `spesh check --update FILE` records it anew.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { families } from '../commands/table.ts';
import { newDriver, openHome } from '../src/home.ts';
import { NO_CACHE } from '../src/host-cache.ts';
import { readArguments } from '../src/io/arguments.ts';
import { diagnosticDoc } from '../src/shell/diagnostic.ts';
import { readNotebook } from '../src/shell/notebook.ts';
import { newShellState } from '../src/shell/state.ts';
import { changeDoc, updatedText, verifyNotebook } from '../src/shell/verify.ts';
import { renderPlain } from '../src/view/plain.ts';

const root = join(import.meta.dirname, '..');
const below = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
const notebooks = [...below('commands'), ...below('fixtures/sessions'), 'README.md'];

const read = readArguments([], '');
if (read.kind !== 'invocation') throw new Error('no arguments are not an error');
const { options } = read;
const { table } = newShellState(families);
const plain = (doc: Parameters<typeof renderPlain>[0]): string => renderPlain(doc, { width: 200 });

describe('notebooks', () => {
  test.each(notebooks)('%s', { timeout: 120_000 }, async (file) => {
    const source = { file, text: readFileSync(join(root, file), 'utf8') };
    const notebook = readNotebook(source, table).mapErr((faults) => plain(faults.flatMap((fault) => diagnosticDoc(fault.diagnostic))));
    expect(notebook.isErr() ? notebook.error : '').toBe('');
    const home = openHome(root, options, NO_CACHE);
    const verified = await verifyNotebook(notebook._unsafeUnwrap(), {
      now: () => performance.now(),
      pause: () => Promise.resolve(),
      stopping: () => false,
      newDriver: (front, onFinished) => newDriver(home, front, onFinished),
    });
    const { results } = verified._unsafeUnwrap();
    const wrong = results.filter((r) => !r.holds || r.failed).map((r) => plain(changeDoc(verified._unsafeUnwrap(), r)));
    expect(wrong.join('\n')).toBe('');
    expect(updatedText(verified._unsafeUnwrap())).toBe(source.text);
  });
});
