// Time travel and stops as a person meets them: what save writes, what a notebook of a branch holds, commands on stop that end.
import { describe, expect, test } from 'vitest';
import { newShell } from './shell.ts';

const savedBy = (shell: ReturnType<typeof newShell>): string[] => {
  const { outcome } = shell.run('save session.spe');
  return new TextDecoder().decode(outcome.writes?.[0].bytes).trimEnd().split('\n');
};

describe('save writes the present branch', () => {
  test('what was taken back is not in it, what was done again is', () => {
    const shell = newShell();
    shell.all(
      'up --bare',
      'vcpu 0 attr set spe.spu 10',
      'undo',
      'vcpu 0 attr set spe.spu 11',
      'vcpu 0 attr set spe.irq 21',
      'undo',
      'redo',
    );
    expect(savedBy(shell)).toEqual(['up --bare', 'vcpu 0 attr set spe.spu 11', 'vcpu 0 attr set spe.irq 21']);
    shell.run('restore branch-1');
    expect(savedBy(shell)).toEqual(['up --bare', 'vcpu 0 attr set spe.spu 10']);
  });

  test('a diff of snapshots stays where both are on the branch', () => {
    const shell = newShell();
    shell.all(
      'up --bare',
      'snap a',
      'vcpu 0 attr set spe.spu 10',
      'snap b',
      'diff a b',
      'snaps',
      'restore a',
      'rlimit memlock 1MiB',
      'diff a b',
    );
    expect(savedBy(shell)).toEqual(['up --bare', 'snap a', 'rlimit memlock 1MiB']);
    shell.run('restore b');
    shell.run('diff a b');
    expect(savedBy(shell)).toEqual(['up --bare', 'snap a', 'vcpu 0 attr set spe.spu 10', 'snap b', 'diff a b']);
  });

  test('what could not be done stands where it was tried', () => {
    const shell = newShell();
    shell.all('vcpu 0', 'up --bare', 'undo', 'vcpu 1');
    expect(savedBy(shell)).toEqual(['vcpu 0', 'vcpu 1']);
  });
});

describe('undo', () => {
  test('passes over what only looks, and takes variables, stops and the focus back', () => {
    const shell = newShell();
    shell.all('up --bare', 'let n = 3', 'focus vcpu 1', 'break 0x40000000', 'tick', 'print $n');
    expect(shell.run('undo').out).toEqual(['undid: break 0x40000000 (tick 0)']);
    expect(shell.run('info stops').out).toEqual(['no stops']);
    expect(shell.run('undo').out).toEqual(['undid: focus vcpu 1 (tick 0)']);
    expect(shell.session.context.focus).toBe(0);
    shell.run('undo');
    expect(shell.run('print $n').outcome.unmet).toBeDefined();
  });

  test('inside expect it is undo all the same', () => {
    const shell = newShell();
    shell.all('up --bare', 'expect ok undo');
    expect(shell.run('vm').outcome.unmet?.code).toBe('no-vm');
    expect(shell.run('undo').outcome.unmet?.code).toBe('nothing-to-undo');
  });

  test('64 commands can be taken back, and a snapshot keeps what is older', () => {
    const shell = newShell();
    shell.all('up --bare', 'snap first');
    for (let i = 0; i < 70; i++) shell.run(`rlimit memlock ${i + 1}KiB`);
    for (let i = 0; i < 64; i++) expect(shell.run('undo').outcome.ok).toBe(true);
    expect(shell.run('undo').outcome.unmet?.code).toBe('nothing-to-undo');
    expect(shell.run('restore first').outcome.ok).toBe(true);
  });
});

describe('commands on stop', () => {
  test('run once where they stop themselves, so that they end', () => {
    const { all, run } = newShell();
    all('up pointer-chase', 'catch record', "on 1 'continue'");
    const { outcome, out } = run('continue');
    expect(outcome.onStop?.map((one) => one.outcome.data?.['stop'])).toEqual(['catch']);
    expect(out.filter((line) => line.startsWith('vcpu0: catch 1, spe.record'))).toHaveLength(2);
  });

  test('what fails there ends the list, and the command has failed', () => {
    const { all, run } = newShell();
    all('up pointer-chase', 'break chase', "on 1 'vcpu 0 attr set spe.spu 11'", "on 1 'tick'");
    const { json, outcome } = run('continue');
    expect(outcome.ok).toBe(false);
    expect((json['on'] as { command: string; ok: boolean }[]).map(({ command, ok }) => ({ command, ok }))).toEqual([
      { command: 'vcpu 0 attr set spe.spu 11', ok: false },
    ]);
    expect(json['stopped']).toEqual([{ number: 1, what: 'chase' }]);
  });

  test('their values are in the value history, behind that of the command', () => {
    const { all, run } = newShell();
    all('up pointer-chase', 'break chase', "on 1 'print 0x77'", 'continue');
    expect(run('print $1 + 1').json['value']).toBe(0x78);
  });

  test.each(['undo', 'restore a', 'save x.md', 'quit', "on 1 'tick'", 'source x.spe'])('cannot be %s', (command) => {
    const { misread } = newShell();
    expect(misread(`on 1 "${command}"`)?.message).toBe(`a stop cannot run '${command}'`);
  });

  test('an interrupt inside them is replayed to where it was', async () => {
    const { replay } = await import('../../src/session/session.ts');
    const { guestAsset, openSession, optionsFor, command } = await import('../session-by-text.ts');
    const session = openSession();
    const guest = guestAsset('pointer-chase');
    session.addAsset(guest);
    for (const text of ['up pointer-chase', 'break chase', "on 1 'run --ops 1000000'"]) session.execute(command(text)).advance(1);
    const running = session.execute(command('continue'));
    expect(running.advance(30_000)).toBeNull();
    expect(running.interrupt().interrupted).toBe(true);
    expect(replay(optionsFor(), session.journal, [guest]).worldHash()).toBe(session.worldHash());
  });
});

describe('catch', () => {
  test('a name that is none says which there are', () => {
    const { misread } = newShell();
    expect(misread('catch exit MMOI')?.hint).toMatch(/MMIO/);
    expect(misread('catch ioctl SET_DEVICE_ATTR')).toBeNull();
    expect(misread('catch irq 21')).toBeNull();
  });

  test('run and step do not stop there; what stops continue stops it again only for another event', () => {
    const { all, run } = newShell();
    all('up pointer-chase', 'catch pin');
    expect(run('run --ops 30000').outcome.data?.['stop']).toBe('budget');
    const second = newShell();
    second.all('up pointer-chase', 'catch pin pin', 'continue');
    const tick = second.session.context.world.world.machine.tick;
    second.run('continue --ops 1000');
    expect(second.session.context.world.world.machine.tick).toBe(tick + 1000);
  });

  test.each([1, 7, 1000])('stops at the same tick in slices of %i', async (slice) => {
    const { openSession, run } = await import('../session-by-text.ts');
    const session = openSession();
    for (const text of ['up pointer-chase', 'catch irq 21']) run(session, text);
    const outcome = run(session, 'continue', slice === 1 ? 50 : slice);
    expect(outcome.data).toMatchObject({ stop: 'catch', tick: 147_794 });
  });
});
