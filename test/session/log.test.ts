// Histories do not grow without bound: what a guest can cause as often as it likes is forgotten from the old end, the rest is kept.
import { expect, test } from 'vitest';
import { newLog, trimLog } from '../../src/session/log.ts';

test('the oldest frequent events and successful KVM_RUN calls go; choices, refusals, records stay', () => {
  const log = newLog();
  log.events.push({ kind: 'mask.changed', tick: 0 });
  for (let tick = 1; tick <= 250_000; tick++) log.events.push({ kind: 'irq.raised', tick });
  const call = (errno: string | null) => ({ ioctl: 'KVM_RUN', on: 'vcpu0', strace: '', ret: 0, errno, number: 0 });
  log.calls.push(call('EINTR'));
  for (let i = 0; i < 250_000; i++) log.calls.push(call(null));
  trimLog(log);
  expect(log.events[0].kind).toBe('mask.changed');
  expect(log.events).toHaveLength(100_001);
  expect(log.events.at(-1)).toEqual({ kind: 'irq.raised', tick: 250_000 });
  expect(log.calls[0].errno).toBe('EINTR');
  expect(log.calls).toHaveLength(100_001);
  const before = log.events;
  trimLog(log);
  expect(log.events).toBe(before);
});
