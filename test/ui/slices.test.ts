// Slices of a running command: as long as the machine's speed allows, never much longer than ten milliseconds.
import { expect, test } from 'vitest';
import { done } from '../../src/session/outcome.ts';
import { slices } from '../../src/ui/slices.ts';

/** A machine of so many operations per millisecond, on a clock of its own. */
function machine(speed: number, total = Infinity) {
  let now = 0;
  let left = total;
  const took: number[] = [];
  const running = {
    advance(operations: number) {
      const some = Math.min(operations, left);
      left -= some;
      now += some / speed;
      took.push(some / speed);
      return left === 0 ? done() : null;
    },
    interrupt: () => done(null, { interrupted: true }),
  };
  return { run: slices(running, { now: () => now, later: () => {}, after: () => {} }), took };
}

test.each([[10_000], [100_000], [3_000_000]])('%i operations a millisecond', (speed) => {
  const { run, took } = machine(speed);
  for (let i = 0; i < 40; i++) expect(run.next()).toBeNull();
  for (const ms of took.slice(10)) {
    expect(ms).toBeGreaterThan(5);
    expect(ms).toBeLessThanOrEqual(10);
  }
  expect(Math.max(...took)).toBeLessThanOrEqual(10);
});

test('a slow machine is found out with the first slice', () => {
  const { run, took } = machine(400);
  for (let i = 0; i < 10; i++) run.next();
  expect(took[0]).toBe(50);
  expect(took[1]).toBeLessThanOrEqual(10);
});

test('the outcome comes with the last operation, and the sum is what was asked for', () => {
  const { run } = machine(10_000, 25_000);
  expect(run.next()).toBeNull();
  expect(run.operations()).toBe(20_000);
  expect(run.next()?.ok).toBe(true);
});
