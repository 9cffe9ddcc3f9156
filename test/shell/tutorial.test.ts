// The project's tutorial, typed to its end as it asks; and what it says to other things.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from 'neverthrow';
import { expect, test } from 'vitest';
import { families } from '../../commands/table.ts';
import type { Outcome } from '../../src/session/outcome.ts';
import { createSession, finish } from '../../src/session/session.ts';
import { createDriver, type Driver } from '../../src/shell/driver.ts';
import { readScript } from '../../src/shell/script.ts';
import { newShellState } from '../../src/shell/state.ts';
import { readTutorial, stepLines } from '../../src/shell/tutorial.ts';
import { guestAsset, optionsFor } from '../session-by-text.ts';

const options = optionsFor('two-spu');
const text = readFileSync(join(import.meta.dirname, '../../fixtures/sessions/tutorial.md'), 'utf8');

function shell(): Driver {
  const state = newShellState(families);
  state.names = { ...state.names, tutorial: () => text };
  const files = { read: (name: string, kind: string) => ok(kind === 'GUEST' ? guestAsset(name) : null), write: () => ok(null) };
  return createDriver({ state, files, newSession: (table) => createSession({ ...options, table }) });
}
function type(driver: Driver, line: string): Outcome {
  const [{ command }] = readScript({ file: 'typed', text: line }, driver.state.table, { prefixes: true })._unsafeUnwrap();
  return finish(driver.start(command));
}

test('typed as it asks, it comes to its end', () => {
  const driver = shell();
  let said = (type(driver, 'tutorial').data?.['lines'] ?? []) as readonly string[];
  const { steps } = readTutorial('t.md', text, driver.state.table)._unsafeUnwrap();
  expect(steps.length).toBeGreaterThan(8);
  for (let i = 0; i < steps.length; i++) {
    const [, asked = ''] = /^\[\d+ of \d+\] type: (.*)$/.exec(said.at(-1) ?? '') ?? [];
    expect(asked).toBe(steps[i].command.text);
    // A prefix is as good as the whole word.
    said = type(driver, asked.replace(/^vcpu /, 'v ')).notes ?? [];
  }
  expect(said.at(-1)).toContain('That was the tutorial.');
  expect(driver.state.tutorial).toBeNull();
  expect(type(driver, 'tick').notes).toBeUndefined();
});

test('something else may be tried; what fails reminds of the step; a wrong result is told', () => {
  const driver = shell();
  type(driver, 'tutorial');
  expect(type(driver, 'tick').notes).toBeUndefined();
  expect(type(driver, 'vcpu 0 run').notes).toEqual(['tutorial: the step is still: up --bare']);
  type(driver, 'up --bare');
  expect(type(driver, 'vcpu 0 attr set spe.spu 11').notes).toEqual(['tutorial: the step is still: vcpu 0 attr set spe.spu 10']);
  expect(type(driver, 'vcpu 0 attr set spe.spu 10').notes?.[0]).toContain('it should have succeeded');
});

test('any notebook is a tutorial; one that does not parse says where', () => {
  const { table } = newShellState(families);
  const lesson = readTutorial('a.md', '# A\n\nfirst\n\n```spe\nspe> tick\nspe> vm\n```\n', table)._unsafeUnwrap();
  expect(lesson.steps.map((s) => s.command.text)).toEqual(['tick', 'vm']);
  expect(stepLines(lesson)).toEqual(['', 'A', '', 'first', '', '[1 of 2] type: tick']);
  expect(readTutorial('a.md', '```spe\nspe> nonsense\n```\n', table)._unsafeUnwrapErr()).toContain('a.md:2: ');
});
