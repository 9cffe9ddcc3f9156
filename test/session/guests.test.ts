// The guests of fixtures/guests under spesh: the work's checksums, which QEMU has too (test/oracle/guests.test.ts), and what the unit said.
import { describe, expect, test } from 'vitest';
import { QUIRKS } from '../../src/kernel/vgic/quirks.ts';
import { hostOf } from '../kernel/bench.ts';
import { bootHere } from './booting.ts';
import { EXPECTED, noteOf, workOf } from './guest-table.ts';

test.each(Object.entries(EXPECTED))('%s: its checksum, what the unit said, and its status', (guest, { work, spe }) => {
  const { text, status } = bootHere({ image: guest });
  expect(workOf(text)).toEqual(work);
  expect(noteOf(text)).toEqual(spe);
  expect(status).toBe(0);
});

describe('the four buffer management events are the guest’s to see under every revision', () => {
  const events = ['event-full', 'event-service', 'event-stage1', 'event-external'];
  test.each(['rfc-v5', 'rfc-v4', 'n1-metal', 'spe-v1p2'])('%s', (name) => {
    for (const guest of events) expect(bootHere({ image: guest, host: hostOf(name) }).status, guest).toBe(0);
  });
});

describe('the guests do not care whose way the vGIC goes: every quirk of vgic.md §8 the other way, and one list register', () => {
  const quirks = Object.fromEntries(Object.values(QUIRKS).map((q) => [q.knob, !q.standard]));
  test.each(['event-full', 'event-service', 'event-stage1', 'event-external', 'ticks', 'processes'])('%s', (guest) => {
    const theirs = bootHere({ image: guest });
    const other = bootHere({ image: guest, host: hostOf('two-spu', { ...quirks, 'vgic.lrs': 1 }) });
    expect([workOf(other.text), noteOf(other.text), other.status]).toEqual([workOf(theirs.text), noteOf(theirs.text), theirs.status]);
  });
});

test.each([2, 4, 8])('atomics on %i vCPUs: every addition arrives', (n) => {
  const sum = (first: number, step: number): number => Array.from({ length: n }, (_, cpu) => first + step * cpu).reduce((a, b) => a + b);
  const work = `atomics: cpus=${n} exclusive=${12_000 * sum(1, 1)} add=${12_000 * sum(1, 2)} swap=${12_000 * sum(1, 3)}`;
  expect(workOf(bootHere({ image: 'atomics', vcpus: n }).text)).toEqual([work]);
});

test('vCPUs take turns alike, however the run is sliced', () => {
  const hashes = [1_000_000, 777, 50_000].map((slice) => bootHere({ image: 'atomics', vcpus: 3 }, slice).session.worldHash());
  expect(new Set(hashes).size).toBe(1);
});

test('ticks: while the only vCPU sleeps, time jumps to its timer', () => {
  const { outcome, session } = bootHere({ image: 'ticks' });
  const jumped = session.context.world.world.machine.tick - Number(outcome.data?.['executed']);
  expect(jumped).toBeGreaterThan(9000);
  expect(jumped).toBeLessThan(10_000); // ten times a millisecond at 1 MHz, less what ran meanwhile
});

test('a task at EL0: its context stands in the records of both levels', () => {
  const { text } = bootHere({ image: 'el0' });
  const [, user, kernel, both] = /user=(\d+) kernel=(\d+) both=(\d+)/.exec(text)?.map(Number) ?? [];
  expect(Math.abs(user + kernel - both)).toBeLessThan(3);
});
