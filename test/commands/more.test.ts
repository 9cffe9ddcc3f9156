// more: what it shows where there is no pager (language.md §1: batch never pages).
import { expect, test } from 'vitest';
import { newShell } from './shell.ts';

test('more prints the last output again: results, refusals, and none of its own', () => {
  const shell = newShell();
  const none = shell.run('more');
  expect(none.outcome.ok).toBe(false);
  expect(none.err[0]).toBe('unmet: nothing has been printed yet');
  // What the first `more` said is no output to show.
  expect(shell.run('more').outcome.ok).toBe(false);
  const printed = shell.run('print 6 * 7');
  shell.run('let quiet = 1');
  expect(shell.all('more', 'more').out).toEqual(printed.out);
  shell.run('up --bare');
  const refused = shell.run('vcpu 1 attr set spe.spu 11');
  const again = shell.run('more');
  expect(refused.out.length + refused.err.length).toBeGreaterThan(0);
  expect(again.out).toEqual([...refused.out, ...refused.err]);
  expect(again.json).toMatchObject({ ok: true, data: { command: 'vcpu 1 attr set spe.spu 11' } });
});

test('control characters in what was printed stay escaped', () => {
  const shell = newShell();
  const listed = shell.run("alias bad = 'print \u001b[2J'");
  const shown = shell.run('alias');
  expect(listed.outcome.ok).toBe(true);
  expect(shown.out.join('')).not.toContain('\u001b');
  expect(shell.run('more').out).toEqual(shown.out);
});
