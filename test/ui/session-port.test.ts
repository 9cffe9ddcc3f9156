// The shell's port over a real session: what counts as saved, and how a script reads that is run from the prompt.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from 'neverthrow';
import { expect, test } from 'vitest';
import { families } from '../../commands/table.ts';
import { parseHost } from '../../src/kernel/host-schema.ts';
import type { Outcome } from '../../src/session/outcome.ts';
import { createSession, finish } from '../../src/session/session.ts';
import { newShellState } from '../../src/shell/state.ts';
import { sessionPort } from '../../src/ui/session-port.ts';

const FILES: Readonly<Record<string, string>> = {
  'two.spe': 'let six = 6\nprint $six * 7\n',
  'wrong.spe': 'source wrong-inside.spe\nlet a = 1\n',
  'wrong-inside.spe': 'print 1\nprint nothing\nlet b = 2\nlet c = 3\n',
  'outer.spe': 'source two.spe\n',
};

function open() {
  const text = readFileSync(join(import.meta.dirname, '../../fixtures/hosts/two-spu.toml'), 'utf8');
  const host = parseHost('two-spu.toml', text)._unsafeUnwrap();
  const port = sessionPort({
    state: newShellState(families),
    files: {
      read: (name) => ok(name in FILES ? { path: name, sha256: '', bytes: new TextEncoder().encode(FILES[name]) } : null),
      write: () => ok(null),
    },
    newSession: (table) => createSession({ host, hosts: new Map([['two-spu', host]]), seed: 0, table }),
    colour: false,
  });
  let last: Outcome | undefined;
  /** Runs a line; what it shows. */
  const run = (line: string): string => {
    const read = port.read(line);
    if (!read.ok) throw new Error(read.message);
    last = read.commands.map((command) => finish(port.execute(command))).at(-1);
    return port.news(80);
  };
  return { port, run, last: () => last };
}

test('what `save` wrote is saved: leaving asks about what came behind it only', () => {
  const { port, run } = open();
  expect(port.unsaved()).toBe(false);
  run('up --bare');
  expect(port.unsaved()).toBe(true);
  run('save session.txt');
  expect(port.unsaved()).toBe(true);
  run('save session.md');
  expect(port.unsaved()).toBe(false);
  run('print 6 * 7');
  expect(port.unsaved()).toBe(false);
  run('vcpu 0 attr set spe.spu 10');
  expect(port.unsaved()).toBe(true);
  expect(port.save('session.spe').ok).toBe(true);
  expect(port.unsaved()).toBe(false);
});

test('what a script or rerun brings stands behind its own line, as if it had been typed', () => {
  const { run } = open();
  expect(run('source outer.spe')).toBe('spe> source two.spe\nspe> let six = 6\nspe> print $six * 7\n$1 = 42');
  expect(run('rerun 4')).toBe('spe> print $six * 7\n$2 = 42');
});

test('where a script stops, what stands behind in it and in the one that sourced it is counted', () => {
  const { run, last } = open();
  run('source wrong.spe');
  expect(last()).toMatchObject({ ok: false, notRun: 3 });
  run('source two.spe');
  expect(last()?.notRun).toBeUndefined();
});
