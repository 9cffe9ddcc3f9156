// Entering the guest, stopping, going on: counts are exact, stops honoured or not as language.md §3 says.
import { describe, expect, test } from 'vitest';
import { finish } from '../../src/session/session.ts';
import { command, openSession, run } from '../session-by-text.ts';

const up = (text = 'up pointer-chase'): ReturnType<typeof openSession> => {
  const session = openSession();
  expect(run(session, text).ok).toBe(true);
  return session;
};

describe('runs', () => {
  test('step executes exactly as many operations as it says', () => {
    const session = up();
    for (const n of [1, 7, 1000, 12345]) {
      const before = session.context.world.world.machine.tick;
      expect(run(session, `step ${n}`).data).toMatchObject({ stop: 'budget', executed: n });
      expect(session.context.world.world.machine.tick - before).toBe(n);
    }
  });

  test('a breakpoint stops before its operation; continue leaves it', () => {
    const session = up();
    run(session, 'break chase');
    expect(run(session, 'continue').data).toMatchObject({ stop: 'breakpoint', breakpoint: 1, next: { address: '0x40081080' } });
    run(session, 'break chase+8 if x1 == 5');
    run(session, 'delete 1');
    expect(run(session, 'continue').data).toMatchObject({ stop: 'breakpoint', breakpoint: 2, next: { address: '0x40081088' } });
    expect(run(session, 'print x1').value).toBe('0x5');
  });

  test('run ignores breakpoints', () => {
    const session = up();
    run(session, 'break chase');
    expect(run(session, 'run').data).toMatchObject({ stop: 'exit', exit: { name: 'KVM_EXIT_SYSTEM_EVENT' } });
  });

  test('sample stops after as many records as it says', () => {
    const session = up();
    expect(run(session, 'sample 3').data).toMatchObject({ stop: 'records', records: 3 });
    expect(session.context.log.records).toHaveLength(3);
    run(session, 'sample');
    expect(session.context.log.records).toHaveLength(4);
  });

  test('records are 1,025 operations apart: interval 1024 and the operation that reloads', () => {
    const session = up();
    run(session, 'run');
    const ticks = session.context.log.records.map((r) => r.truth.tick);
    // Between two buffer interrupts nothing stops the counter; the gap at an interrupt is longer.
    const gaps = ticks.slice(1).map((t, i) => t - ticks[i]);
    expect(gaps.filter((g) => g === 1025).length).toBeGreaterThan(gaps.length * 0.95);
    expect(Math.min(...gaps)).toBe(1025);
  });

  test('interrupting leaves a consistent state from which continue goes on', () => {
    const session = up('up forever');
    const running = session.execute(command('run'));
    expect(running.advance(10_000)).toBeNull();
    const outcome = running.interrupt();
    expect(outcome.interrupted).toBe(true);
    expect(outcome.data).toMatchObject({ stop: 'interrupted', executed: 10_000 });
    expect(session.context.world.world.machine.tick).toBe(10_000);
    expect(run(session, 'run --ops 500').data).toMatchObject({ executed: 500, stop: 'budget' });
  });

  test('without a VM or vCPU it is Unmet, and nothing is journalled', () => {
    const session = openSession();
    expect(run(session, 'run').unmet?.code).toBe('no-vm');
    run(session, 'vm create');
    expect(run(session, 'step').unmet?.code).toBe('no-vcpu');
    expect(session.journal).toHaveLength(1);
  });

  test('a vCPU that is refused entry says so: the first run of a vCPU without KVM_ARM_VCPU_INIT', () => {
    const session = openSession();
    run(session, 'vm create');
    run(session, 'vcpu create 0');
    const outcome = run(session, 'run');
    expect(outcome.ok).toBe(false);
    expect(outcome.calls?.at(-1)?.errno).toBe('ENOEXEC');
  });
});

describe('up', () => {
  test('stops at the first call that is refused', () => {
    const session = openSession();
    const outcome = run(session, 'up pointer-chase --ppi 40');
    expect(outcome.ok).toBe(false);
    expect(outcome.calls?.at(-1)).toMatchObject({ errno: 'EINVAL', on: 'vcpu0' });
  });

  test('on a host without SPE the feature is refused', () => {
    const outcome = run(openSession('no-spe'), 'up pointer-chase');
    expect(outcome.calls?.at(-1)).toMatchObject({ ioctl: 'KVM_ARM_VCPU_INIT', errno: 'EINVAL' });
  });

  test('threads stand on the SPU’s CPUs in order', () => {
    const session = openSession();
    expect(run(session, 'up branchy --vcpus 3 --spu arm_spe_1').data).toMatchObject({ threads: [4, 5, 6], spu: 'arm_spe_1' });
  });

  test('every host that offers SPE brings the guest to the same checksum', () => {
    for (const host of ['two-spu', 'one-spu', 'n1-metal', 'spe-v1p2', 'limited-buffer']) {
      const session = openSession(host);
      expect(run(session, 'up branchy').ok, host).toBe(true);
      run(session, 'run');
      expect(String(run(session, 'console').data?.['text']), host).toContain('checksum=b3b7c256');
    }
  });
});

describe('a broken image', () => {
  test('is found before the first call is made: Unmet changes nothing', () => {
    const session = openSession();
    const before = session.worldHash();
    session.addAsset({ path: 'broken', sha256: '', bytes: new TextEncoder().encode('hello\n') });
    const outcome = finish(session.execute(command('up broken')));
    expect(outcome.unmet?.code).toBe('invalid-image');
    expect(outcome.calls ?? []).toEqual([]);
    expect(session.worldHash()).toBe(before);
  });
});
