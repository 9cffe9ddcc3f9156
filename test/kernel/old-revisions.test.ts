// What rfc-v4 and rfc-v5 had and rfc-v6 dropped: locked memory, the list of supported CPUs, -ENOEXEC on a wrong CPU, STOP
// (kvm-spe-abi.md §2.8, §5.2; RFC v4 02, 03, 08, 12, 36/39).
import { describe, expect, test } from 'vitest';
import { destroyVm } from '../../src/kernel/destroy.ts';
import type { Host } from '../../src/kernel/host.ts';
import { hostEvent } from '../../src/kernel/host-event.ts';
import { fillKnobs } from '../../src/kernel/knobs.ts';
import { setMemlockLimit } from '../../src/kernel/process.ts';
import { migrateThread } from '../../src/kernel/thread.ts';
import * as vmm from '../../src/session/vmm.ts';
import { type Bench, b0, exit, get, has, hostOf, make, mask, move, must, run, set, vcpuOf, vmOf } from './bench.ts';
import { enableCap } from './enable-cap.ts';
import { BUFFER, go, guest, kinds, mov, msr, profile, RAM, reg } from './guests.ts';

const OLD = ['rfc-v4', 'rfc-v5'] as const;
type Old = (typeof OLD)[number];
const LOCK_CAP = { 'rfc-v4': 206, 'rfc-v5': 207 } as const;
const PAGE = 4096;

/** partial-spe, SPU on CPUs 2-5, under an older kernel. */
function partial(revision: Old): Host {
  const host = hostOf('partial-spe');
  return { ...host, kernel: { ...host.kernel, revision }, knobs: fillKnobs(revision, {}) };
}

/** What the SPE of a vCPU needs before KVM_RUN under the older kernels. */
function configureOld(b: Bench, vcpu = 0): void {
  for (const [name, value] of [
    ['spe.irq', 21],
    ['spe.init', 'NULL'],
  ] as const)
    if (set(b, vcpu, name, value) !== 'ok') throw new Error(`${name}: ${JSON.stringify(b.last)}`);
}
const ready = (host: Host): Bench => {
  const b = b0({ features: ['spe', 'psci-0.2'] }, host);
  configureOld(b);
  return b;
};
const oldGuest = (text: string, revision: Old): Bench =>
  guest(text, { host: hostOf(revision), plan: { features: ['spe', 'pmu-v3', 'psci-0.2'] }, spe: false, before: configureOld });

describe.each(OLD)('%s: KVM_CAP_ARM_LOCK_USER_MEMORY_REGION', (revision) => {
  const cap = LOCK_CAP[revision];
  const withSlot = (flags = 0): Bench => {
    const b = b0({ features: ['spe'] }, hostOf(revision));
    must(b, vmm.setMemory(b.hands, 0, 0, BigInt(RAM), BigInt(16 * PAGE), flags));
    return b;
  };
  const locked = (b: Bench): number => Number(b.mw.world.kernel.processes[0].lockedBytes);

  test('CHECK_EXTENSION says 1; lock pins and accounts, unlock gives back', () => {
    const b = withSlot();
    expect(must(b, vmm.checkExtension(b.hands, cap)).ret).toBe(1);
    expect([enableCap(b, cap, 1, [0, 3]), locked(b), vmOf(b).memslots[0].locked]).toEqual(['ok', 16 * PAGE, 'write']);
    expect([enableCap(b, cap, 1, [0, 3]), b.last?.why]).toEqual(['EBUSY', 'the slot is already locked']);
    expect([enableCap(b, cap, 2, [0, 0]), locked(b), vmOf(b).memslots[0].locked]).toEqual(['ok', 0, undefined]);
  });
  test('UNLOCK_ALL, and unlocking a slot that is not locked', () => {
    const b = withSlot();
    enableCap(b, cap, 1, [0, 1]);
    expect([enableCap(b, cap, 2, [999, 1]), locked(b)]).toEqual(['ok', 0]);
    expect(enableCap(b, cap, 2, [0, 0])).toBe(revision === 'rfc-v5' ? 'EINVAL' : 'ok');
    expect(locked(b)).toBe(0);
  });
  test('every refusal: rest not zero, action, slot, READ missing, read-only slot for writes, RLIMIT_MEMLOCK', () => {
    const b = withSlot();
    expect([enableCap(b, cap, 1, [0, 3, 1]), enableCap(b, cap, 4, [0, 3]), enableCap(b, cap, 1, [40_000, 3])]).toEqual([
      'EINVAL',
      'EINVAL',
      'EINVAL',
    ]);
    expect([enableCap(b, cap, 1, [5, 3]), enableCap(b, cap, 1, [0, 2])]).toEqual(['EINVAL', 'EINVAL']);
    expect([enableCap(withSlot(2), cap, 1, [0, 3]), enableCap(withSlot(2), cap, 1, [0, 1])]).toEqual(['EPERM', 'ok']);
    setMemlockLimit(b.mw.world.kernel.processes[0], BigInt(15 * PAGE));
    expect([enableCap(b, cap, 1, [0, 3]), locked(b)]).toEqual(['ENOMEM', 0]);
  });
  test('a locked slot cannot be deleted; only one locked for reads may begin to log dirty pages', () => {
    const b = withSlot();
    enableCap(b, cap, 1, [0, 1]);
    expect([make(b, vmm.setMemory(b.hands, 0, 0, 0n, 0n)), b.last?.why]).toEqual(['EBUSY', 'the slot is locked']);
    expect(make(b, vmm.setMemory(b.hands, 0, 0, BigInt(RAM), BigInt(16 * PAGE), 1))).toBe('ok');
    expect(vmOf(b).memslots[0].locked).toBe('read');
    const written = withSlot();
    enableCap(written, cap, 1, [0, 3]);
    expect(make(written, vmm.setMemory(written.hands, 0, 0, BigInt(RAM), BigInt(16 * PAGE), 1))).toBe('EBUSY');
  });
  test('destroying the VM gives the account back', () => {
    const b = withSlot();
    enableCap(b, cap, 1, [0, 3]);
    destroyVm(b.mw, 0);
    expect(locked(b)).toBe(0);
  });
  test('after a run: rfc-v4 EBUSY, rfc-v5 allows it; with a vCPU inside KVM_RUN both are EBUSY', () => {
    const b = oldGuest('loop: b loop', revision);
    go(b, 10);
    expect([enableCap(b, cap, 1, [0, 3]), b.last?.why]).toEqual(['EBUSY', 'a vCPU is inside an ioctl']);
    go(b, 0, { signal: true });
    expect(enableCap(b, cap, 1, [0, 3])).toBe(revision === 'rfc-v4' ? 'EBUSY' : 'ok');
  });
  test('locked memory stays: the host cannot migrate it, and the SPU meets no fault', () => {
    const b = guest(profile(4 * PAGE), {
      host: hostOf(revision),
      spe: false,
      before: (fresh) => {
        configureOld(fresh);
        expect(enableCap(fresh, cap, 1, [0, 3])).toBe('ok');
      },
    });
    go(b, 3_000);
    expect(hostEvent(b.mw, 0, 'migrate', BUFFER)._unsafeUnwrap()).toMatchObject({
      effect: 'ignored',
      why: 'the page is locked with its slot',
    });
    expect(kinds(go(b, 3_000))).not.toContain('kernel.warning');
  });
});

describe('rfc-v6 has neither', () => {
  test('no capability, no ioctl', () => {
    const b = b0();
    expect([must(b, vmm.checkExtension(b.hands, 206)).ret, must(b, vmm.checkExtension(b.hands, 207)).ret]).toEqual([0, 0]);
    expect(supported(b, 0, '0-3')).toBe('EINVAL');
    expect(supported(b0({ features: ['spe'] }, hostOf('rfc-v5')), 0, '0-3')).toBe('EINVAL');
  });
});

/** KVM_ARM_VCPU_SUPPORTED_CPUS with a text. */
function supported(b: Bench, vcpu: number, text: string | bigint): string {
  const argument = typeof text === 'bigint' ? text : vmm.place(b.hands, vmm.SCRATCH, new TextEncoder().encode(`${text}\0`));
  return make(b, vmm.prepare(b.hands, { kind: 'vcpu', vm: 0, vcpu }, 'KVM_ARM_VCPU_SUPPORTED_CPUS', argument, ''));
}

describe('rfc-v4: KVM_ARM_VCPU_SUPPORTED_CPUS', () => {
  test('takes a CPU list; each vCPU has its own', () => {
    const b = ready(partial('rfc-v4'));
    expect([supported(b, 0, '2-3,5'), supported(b, 1, '0')]).toEqual(['ok', 'ok']);
    expect([vcpuOf(b, 0).cpuList, vcpuOf(b, 1).cpuList]).toEqual([0b101100n, 1n]);
    expect(must(b, vmm.checkExtension(b.hands, 207)).ret).toBe(1);
  });
  test('no list EINVAL, an impossible CPU ERANGE, unreadable EFAULT, no end within a page EINVAL, after a run ENOEXEC', () => {
    const b = ready(partial('rfc-v4'));
    expect([supported(b, 0, '3-2'), supported(b, 0, 'x'), supported(b, 0, '0-8'), supported(b, 0, vmm.BAD_POINTER)]).toEqual([
      'EINVAL',
      'EINVAL',
      'ERANGE',
      'EFAULT',
    ]);
    expect(supported(b, 0, '1'.repeat(4096))).toBe('EINVAL');
    move(b, 0, 2);
    run(b, 0);
    vcpuOf(b, 0).run.place = 'out';
    expect(supported(b, 0, '2')).toBe('ENOEXEC');
  });
  test('a list with a CPU that has no SPU: the first KVM_RUN is ENOEXEC; where every CPU has one, it does not matter', () => {
    const b = ready(partial('rfc-v4'));
    supported(b, 0, '0-3');
    move(b, 0, 2);
    expect([run(b, 0), b.last?.why, vcpuOf(b, 0).hasRanOnce]).toEqual(['ENOEXEC', 'a CPU of the vCPU has no SPU', false]);
    supported(b, 0, '2-3');
    expect(run(b, 0)).toBe('ok');
    const everywhere = ready(hostOf('rfc-v4'));
    supported(everywhere, 0, '0-7');
    expect(run(everywhere, 0)).toBe('ok');
  });
  test('on a CPU outside its list: ENOEXEC, KVM_EXIT_UNKNOWN; without a list it runs anywhere', () => {
    const b = ready(partial('rfc-v4'));
    supported(b, 0, '2-3');
    move(b, 0, 5);
    expect([run(b, 0), b.last?.why, exit(b, 0)]).toEqual(['ENOEXEC', 'the vCPU may not run on the CPU of its thread', 'KVM_EXIT_UNKNOWN']);
    move(b, 0, 3);
    expect(run(b, 0)).toBe('ok');
    const free = ready(partial('rfc-v4'));
    move(free, 0, 7);
    expect(run(free, 0)).toBe('ok');
  });
  test('the order of the first KVM_RUN: the list before the missing INIT, both before the vGIC', () => {
    const b = b0({ features: ['spe'], vgic: 'created' }, partial('rfc-v4'));
    supported(b, 0, '0');
    expect([run(b, 0), b.last?.why]).toEqual(['ENOEXEC', 'a CPU of the vCPU has no SPU']);
    supported(b, 0, '2');
    expect([run(b, 0), b.last?.why]).toEqual(['EPERM', 'SPE of this vCPU is not initialised']);
  });
});

describe('rfc-v5: the feature narrows the mask', () => {
  test('to the CPUs of every SPU, at KVM_ARM_VCPU_INIT', () => {
    expect(mask(b0({ features: ['spe'] }, partial('rfc-v5')))).toBe('2-5');
    expect(mask(b0({ features: ['pmu-v3'] }, partial('rfc-v5')))).toBe('0-7');
    expect(mask(b0({ features: ['spe'] }, hostOf('rfc-v5')))).toBe('0-7');
    expect(mask(b0({ features: ['spe'] }, partial('rfc-v4')))).toBe('0-7');
  });
  test('KVM_RUN on another CPU is ENOEXEC, and has-ran-once is set', () => {
    const b = ready(partial('rfc-v5'));
    move(b, 0, 6);
    expect([run(b, 0), exit(b, 0), vmOf(b).hasRanOnce]).toEqual(['ENOEXEC', 'KVM_EXIT_UNKNOWN', true]);
    move(b, 0, 4);
    expect(run(b, 0)).toBe('ok');
  });
  test('migrated in mid-run to a CPU without an SPU: ENOEXEC at the next load', () => {
    const b = ready(partial('rfc-v5'));
    must(b, vmm.setMemory(b.hands, 0, 0, BigInt(RAM), BigInt(16 * PAGE)));
    move(b, 0, 4);
    run(b, 0);
    go(b, 10);
    migrateThread(b.mw, 0, 0, 7);
    const done = go(b, 10);
    expect([done.state, done.answer?._unsafeUnwrapErr().errno]).toEqual(['exited', 'ENOEXEC']);
  });
});

describe.each(OLD)('%s: KVM_ARM_VCPU_SPE_STOP', (revision) => {
  const stopped = (mode: number, text: string): Bench => {
    const b = oldGuest(text, revision);
    go(b, 0, { signal: true });
    expect(set(b, 0, 'spe.stop', mode)).toBe('ok');
    run(b, 0);
    return b;
  };

  test('the getter: EAGAIN before INIT, 0, then the mode; RESUME clears it', () => {
    const b = b0({ features: ['spe'] }, hostOf(revision));
    expect([has(b, 0, 'spe.stop'), get(b, 0, 'spe.stop'), set(b, 0, 'spe.stop', 1)]).toEqual(['ok', 'EAGAIN', 'EAGAIN']);
    configureOld(b);
    expect(get(b, 0, 'spe.stop')).toBe('0');
    expect([set(b, 0, 'spe.stop', 1), get(b, 0, 'spe.stop')]).toEqual(['ok', '1']);
    expect([set(b, 0, 'spe.stop', 2), get(b, 0, 'spe.stop')]).toEqual(['ok', '2']);
    expect([set(b, 0, 'spe.stop', 4), get(b, 0, 'spe.stop')]).toEqual(['ok', '0']);
    expect([set(b, 0, 'spe.stop', 3), set(b, 0, 'spe.stop', 0)]).toEqual(['EINVAL', 'EINVAL']);
  });
  test('TRAP: registers are shadowed, the guest reads back what it wrote, nothing is recorded; RESUME goes on', () => {
    const b = stopped(
      1,
      `${profile(4 * PAGE).replace('loop:', 'mrs x10, pmsirr_el1\nmrs x11, pmblimitr_el1\nmrs x12, pmsidr_el1\nloop:')}`,
    );
    const done = go(b, 5_000);
    expect(kinds(done)).not.toContain('guest.undefined');
    expect([reg(b, 'x10'), reg(b, 'x11') & 1n, reg(b, 'x12')]).toEqual([0x400n, 1n, 0x26417n]);
    expect(b.mw.world.machine.cpus[1].spu?.completed).toHaveLength(0);
    go(b, 0, { signal: true });
    set(b, 0, 'spe.stop', 4);
    run(b, 0);
    go(b, 5_000);
    expect(b.mw.world.machine.cpus[1].spu?.completed.length).toBeGreaterThan(0);
  });
  test('EXIT: KVM_RUN is EAGAIN with KVM_EXIT_FAIL_ENTRY once the guest would profile, not before', () => {
    const b = stopped(2, profile(4 * PAGE));
    const done = go(b, 5_000);
    expect([done.state, done.answer?._unsafeUnwrapErr().errno]).toEqual(['exited', 'EAGAIN']);
    expect(vcpuOf(b, 0).run.exit).toMatchObject({ reason: 9, hardware_entry_failure_reason: revision === 'rfc-v4' ? 1 : 0, cpu: 0 });
    expect(reg(b, 'PMSCR_EL1')).toBe(0x23n);
    run(b, 0);
    expect(go(b, 10).answer?._unsafeUnwrapErr().errno).toBe('EAGAIN'); // again, until RESUME
    set(b, 0, 'spe.stop', 4);
    run(b, 0);
    expect(go(b, 10).state).toBe('running');
    const harmless = stopped(2, `${msr('PMBPTR_EL1', BUFFER)}\n${msr('PMBLIMITR_EL1', BUFFER + 4097)}\n${mov('x1', 5)}\nloop: b loop`);
    expect(go(harmless, 100).state).toBe('running'); // the buffer alone does not sample
  });
});
