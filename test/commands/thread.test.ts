// thread: affinity and migration, also in mid-run (language.md §3, group process; RUN-15).
import { expect, test } from 'vitest';
import { newShell } from './shell.ts';

test('RUN-15 migrated in mid-run to a CPU outside supported_cpus: KVM_EXIT_FAIL_ENTRY at the next load; moved back, it goes on', () => {
  const s = newShell();
  s.all('up pointer-chase', 'thread vcpu 0 cpu 0-7', 'step 100');
  expect(s.run('thread vcpu 0 migrate 5').json).toMatchObject({ ok: true, data: { vcpu: 'vcpu0', cpu: 5, affinity: '0-7', inside: true } });
  const failed = s.run('step 100').json['data'];
  expect(failed).toMatchObject({ exit: { reason: 9, name: 'KVM_EXIT_FAIL_ENTRY', hardware_entry_failure_reason: 1, cpu: 5 }, executed: 0 });
  s.run('thread vcpu 0 migrate 2');
  expect(s.run('step 100').json['data']).toMatchObject({ stop: 'budget', executed: 100 });
});

test('affinity changed in mid-run moves the thread to the lowest CPU of the list', () => {
  const s = newShell();
  s.all('up pointer-chase', 'step 100', 'thread vcpu 0 cpu 2-3');
  expect(s.run('step 100').json['data']).toMatchObject({ executed: 100 });
  expect(s.session.context.world.world.kernel.vms[0].vcpus[0].thread.cpu).toBe(2);
  expect(s.session.context.log.events.filter((e) => e.kind === 'thread.moved')).toMatchObject([{ vcpu: 'vcpu0', from: 0, to: 2 }]);
});

test('a profile goes on behind a move: no record is lost, none appears twice', () => {
  const straight = newShell();
  const moved = newShell();
  const addresses = (s: typeof moved): string[] =>
    (s.run('records 60').json['data'] as { records: { pc: string; op: string }[] }).records.map((r) => `${r.pc} ${r.op}`);
  straight.all('up pointer-chase', 'thread vcpu 0 cpu 0-3', 'until PMBPTR_EL1 > PMBLIMITR_EL1 - 0x1000');
  moved.all(
    'up pointer-chase',
    'thread vcpu 0 cpu 0-3',
    'sample 5',
    'thread vcpu 0 migrate 3',
    'until PMBPTR_EL1 > PMBLIMITR_EL1 - 0x1000',
  );
  expect(addresses(moved)).toEqual(addresses(straight));
});

test('what cannot be is Unmet', () => {
  const s = newShell();
  s.all('up pointer-chase');
  expect(s.run('thread vcpu 0 migrate 5').outcome.unmet).toMatchObject({
    code: 'not-allowed',
    message: 'the thread of vcpu0 may run on 0 only',
  });
  expect(s.run('thread vcpu 0 migrate 99').outcome.unmet?.message).toBe('this host has no CPU 99');
  expect(s.run('thread vcpu 0 migrate -1').outcome.unmet?.code).toBe('no-cpu');
  expect(s.misread("thread vcpu 0 cpu ''")?.message).toBe("'' is not a CPU list");
});
