// Rows that need the caller's place in the system: another process (GEN-13), a vCPU whose thread is inside KVM_RUN (GEN-18).
import { describe, expect, test } from 'vitest';
import { newShell } from '../commands/shell.ts';

describe('who calls, and when (kvm-spe-abi.md §2.1, §7.2)', () => {
  test('GEN-13 a call from another process: EIO, before anything is read', () => {
    const s = newShell();
    s.run('up --bare');
    const ran = s.run("process 2 'vcpu 0 attr set spe.spu 10'");
    expect(ran.json).toMatchObject({
      ok: false,
      call: { errno: 'EIO', ret: -1, why: 'the caller is not the process that created the VM' },
    });
    expect(s.run("process 2 'vcpu 0 attr set spe.spu 10 --attr-ptr bad'").json).toMatchObject({ call: { errno: 'EIO' } });
    expect(s.run('mask').json['data']).toMatchObject({ cpus: '0-7' });
  });

  test('GEN-18 a vCPU inside KVM_RUN: the call would block; after a kick it is EBUSY, for the VM ran', () => {
    const s = newShell();
    s.all('up pointer-chase', 'step 10');
    const blocked = s.run('vcpu 0 attr set spe.spu 10');
    expect(blocked.outcome.unmet).toMatchObject({ code: 'would-block', hint: 'vcpu 0 kick ends the run' });
    expect(blocked.json['call']).toBeUndefined();
    const kick = s.run('vcpu 0 kick');
    expect(kick.out.join('\n')).toContain('<... ioctl resumed>) = -1 EINTR (Interrupted system call)');
    const busy = s.run('vcpu 0 attr set spe.spu 10');
    expect(busy.json).toMatchObject({ ok: false, call: { errno: 'EBUSY', check: 4, of: 6, why: 'a vCPU of this VM has already run' } });
  });

  test('GEN-18 the other vCPUs of the VM, and the VM itself, are not blocked; another process is refused first', () => {
    const s = newShell();
    s.all('up pointer-chase --vcpus 2', 'step 10');
    expect(s.run('vcpu 1 attr get spe.spu').json).toMatchObject({ ok: true, value: 10 });
    expect(s.run("process 2 'vcpu 0 attr get spe.spu'").json).toMatchObject({ call: { errno: 'EIO' } });
    expect(s.run('vcpu 0 attr get spe.spu').outcome.unmet?.code).toBe('would-block');
  });
});
