// The journal of a running shell: a notebook at every moment, that brings the session back.

import { ok } from 'neverthrow';
import { expect, test } from 'vitest';
import { families } from '../../commands/table.ts';
import { createSession, finish } from '../../src/session/session.ts';
import { createDriver, type Driver } from '../../src/shell/driver.ts';
import { journalCell, journalHead, journalLength } from '../../src/shell/journal.ts';
import { readNotebook } from '../../src/shell/notebook.ts';
import { readScript } from '../../src/shell/script.ts';
import { type Finished, newShellState } from '../../src/shell/state.ts';
import { verifyNotebook } from '../../src/shell/verify.ts';
import { optionsFor } from '../session-by-text.ts';

const { table } = newShellState(families);
const options = optionsFor('two-spu');

function driver(onFinished: (one: Finished) => void = () => {}): Driver {
  const state = newShellState(families);
  return createDriver({
    state,
    files: { read: () => ok(null), write: () => ok(null) },
    newSession: () => createSession(options),
    onFinished,
  });
}

function run(d: Driver, text: string): void {
  for (const { command } of readScript({ file: 'test', text }, d.state.table, { prefixes: true })._unsafeUnwrap()) finish(d.start(command));
}

test('after each command it parses, and replayed it gives the same world', async () => {
  let journal = '';
  const d: Driver = driver((one) => {
    journal += journalCell(one, d.state) ?? '';
  });
  journal = journalHead(d.state);
  const commands = [
    'up --bare',
    'print 1',
    'vcpu 0 attr set spe.irq 32',
    'expect EINVAL vcpu 0 attr set spe.irq 33',
    'expect ok vcpu 0 attr set spe.irq 34',
    'expect EINVAL vcpu 0 attr set spe.irq 21',
    'vcpu 7 attr get spe.irq',
    'let name = 0x10',
  ];
  for (const command of commands) {
    run(d, command);
    expect(readNotebook({ file: 'journal.md', text: journal }, table).isOk()).toBe(true);
  }
  // What only reads, and what was unmet, changed nothing.
  expect(journalLength(journal)).toBe(7);
  let again = driver();
  const notebook = readNotebook({ file: 'journal.md', text: journal }, table)._unsafeUnwrap();
  const verified = await verifyNotebook(notebook, {
    now: () => 0,
    pause: () => Promise.resolve(),
    stopping: () => false,
    newDriver: (_front, onFinished) => {
      again = driver(onFinished);
      return ok<Driver, never>(again);
    },
  });
  expect(verified._unsafeUnwrap().results.every((r) => r.holds && !r.failed)).toBe(true);
  expect(again.session.worldHash()).toBe(d.session.worldHash());
  expect(again.session.context.variables.get('name')).toBe(16n);
});

test('what was interrupted is kept and does not run; what begins anew begins the journal anew', () => {
  const state = newShellState(families);
  const [{ command }] = readScript({ file: 'test', text: 'run' }, state.table, { prefixes: true })._unsafeUnwrap();
  const outcome = { ok: true, value: null, data: null, events: [] };
  expect(journalCell({ n: 1, tick: 0, command, outcome: { ...outcome, interrupted: true } }, state)).toContain('spe skip\nspe> run\n');
  const [load] = readScript({ file: 'test', text: 'load a.md' }, state.table, { prefixes: true })._unsafeUnwrap();
  expect(journalCell({ n: 1, tick: 0, command: load.command, outcome }, state)).toBeNull();
  expect(journalCell({ n: 1, tick: 0, command: load.command, outcome: { ...outcome, ok: false } }, state)).toBe('');
});
