// VMs, vCPUs, KVM_RUN and registers on the command line (language.md §3, groups vm, vcpu, one-reg, process; kvm-spe-abi.md §7).
import { describe, expect, test } from 'vitest';
import { newShell, type Shell } from './shell.ts';

/** pointer-chase at its first instruction, on CPU 0 and arm_spe_0. */
const guest = (): Shell => {
  const shell = newShell();
  expect(shell.run('up pointer-chase').outcome.ok).toBe(true);
  return shell;
};
const unmetCode = (shell: Shell, command: string): string | undefined => shell.run(command).outcome.unmet?.code;

describe('vm', () => {
  test('vm create is one call, with --mem two; the new VM is in use', () => {
    const shell = newShell();
    const one = shell.run('vm create');
    expect(one.out).toEqual(['ioctl(kvm, KVM_CREATE_VM, 0) = 4']);
    expect(one.json).toMatchObject({ ok: true, call: { ioctl: 'KVM_CREATE_VM', on: 'kvm', ret: 4 }, data: { vm: 0 } });
    const two = shell.run('vm create --mem 16MiB');
    expect(two.out).toEqual([
      'ioctl(kvm, KVM_CREATE_VM, 0) = 5',
      'ioctl(vm1, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, guest_phys_addr=0x40000000, memory_size=16777216, userspace_addr=0x610000000000}) = 0',
    ]);
    expect(two.json).not.toHaveProperty('call');
    expect(two.json['calls']).toHaveLength(2);
    expect(shell.session.context.vm).toBe(1);
  });

  test('an IPA size that the host does not have: -EINVAL, and no VM', () => {
    const shell = newShell();
    expect(shell.run('vm create --ipa-bits 52 --mem 1MiB').out[0]).toBe(
      'ioctl(kvm, KVM_CREATE_VM, KVM_VM_TYPE_ARM_IPA_SIZE(52)) = -1 EINVAL (Invalid argument)',
    );
    expect(unmetCode(shell, 'vm')).toBe('no-vm');
  });

  test('vm use changes the VM that vCPU numbers mean', () => {
    const shell = newShell();
    shell.all('vm create', 'vcpu create 0', 'vm create', 'vcpu create 0');
    expect(shell.run('vcpu 0 init psci-0.2').out[0]).toMatch(/^ioctl\(vm1\/vcpu0, KVM_ARM_VCPU_INIT, /);
    shell.run('vm use 0');
    expect(shell.run('vcpu 0 init psci-0.2').out[0]).toMatch(/^ioctl\(vcpu0, /);
    expect(shell.run('vm use 2').outcome.unmet).toMatchObject({ code: 'no-vm', message: 'there is no VM 2' });
  });

  test('memory slots: added, overlapping, deleted', () => {
    const shell = newShell();
    shell.run('vm create');
    expect(shell.run('vm memory add 1 0x80000000 64KiB').out[0]).toBe(
      'ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=1, flags=0, guest_phys_addr=0x80000000, memory_size=65536, userspace_addr=0x601000000000}) = 0',
    );
    expect(shell.run('vm memory add 2 0x80008000 64KiB').outcome.call?.errno).toBe('EEXIST');
    expect(shell.run('vm').json).toMatchObject({ data: { memory: [{ slot: 1, gpa: '0x80000000', size: 65536 }] } });
    expect(shell.run('vm memory del 1').out[0]).toContain('guest_phys_addr=0x80000000, memory_size=0, ');
    expect(shell.run('vm').json).toMatchObject({ data: { memory: [] } });
    expect(shell.run('vm memory del 1').outcome.call?.errno).toBe('EINVAL');
  });

  test('a destroyed VM is gone; the others stay', () => {
    const shell = newShell();
    shell.all('vm create --mem 1MiB', 'vm create', 'vcpu create 0');
    expect(shell.run('vm destroy').outcome.ok).toBe(true);
    expect(unmetCode(shell, 'vm use 1')).toBe('no-vm');
    expect(shell.run('vcpu create 0').out[0]).toMatch(/^ioctl\(vm, KVM_CREATE_VCPU, 0\) = \d+$/);
    shell.run('vm destroy');
    expect(unmetCode(shell, 'vm')).toBe('no-vm');
    expect(unmetCode(shell, 'vcpu 0 run')).toBe('no-vm');
  });

  test('vm shows its units by name', () => {
    const shell = newShell();
    shell.all('up --bare', 'vcpu 0 attr set spe.spu 11');
    const { out } = shell.run('vm');
    expect(out).toContain('SPU             arm_spe_1 (type 11)');
    expect(out).toContain('supported_cpus  4-7');
  });
});

describe('vcpu', () => {
  test('features by name; power-off is a bit too', () => {
    const shell = newShell();
    shell.all('vm create', 'vcpu create 0', 'vcpu create 1');
    expect(shell.run('vcpu 0 init spe,pmu-v3').out).toEqual([
      'ioctl(vcpu0, KVM_ARM_VCPU_INIT, {target=KVM_ARM_TARGET_GENERIC_V8, features=[1<<KVM_ARM_VCPU_PMU_V3|1<<KVM_ARM_VCPU_SPE]}) = 0',
    ]);
    expect(shell.run('vcpu 1 init spe,pmu-v3,power-off').outcome.ok).toBe(true);
    expect(shell.run('vcpu 1').json).toMatchObject({ data: { vcpu: 'vcpu1', poweredOff: true, initialised: true } });
  });

  const features: readonly (readonly [id: string, host: string, init: string, errno: string | null])[] = [
    ['FEA-01', 'two-spu', 'spe', null],
    ['FEA-02', 'no-spe', 'spe', 'EINVAL'],
    ['FEA-03', 'mainline', 'spe', 'ENOENT'],
    ['FEA-04', 'two-spu', 'spe,el1-32bit', 'EINVAL'],
    ['FEA-05', 'two-spu', 'spe,has-el2', 'EINVAL'],
    ['FEA-10', 'two-spu', '--features 0x100000000', 'ENOENT'],
    ['no features', 'two-spu', '', null],
    ['another target', 'two-spu', 'spe --target 0', 'EINVAL'],
  ];
  test.each(features)('%s on %s: init %s', (_id, host, init, errno) => {
    const shell = newShell(host);
    shell.all('vm create', 'vcpu create 0');
    expect(shell.run(`vcpu 0 init ${init}`).outcome.call?.errno ?? null).toBe(errno);
  });

  test('an unknown feature is a Misread with the nearest', () => {
    const misread = newShell().misread('vcpu 0 init spe,pmu-v4');
    expect(misread?.message).toBe("there is no vCPU feature 'pmu-v4'");
    expect(misread?.hint).toContain('pmu-v3');
  });

  test('finalize sve', () => {
    const shell = newShell();
    shell.all('vm create', 'vcpu create 0', 'vcpu 0 init sve');
    expect(shell.run('vcpu 0 finalize sve').out).toEqual(['ioctl(vcpu0, KVM_ARM_VCPU_FINALIZE, &KVM_ARM_VCPU_SVE) = 0']);
    expect(shell.run('vcpu 0 finalize sve').outcome.call?.errno).toBe('EPERM');
  });

  test('a vCPU has the name of its id', () => {
    const shell = newShell();
    shell.all('vm create', 'vcpu create 5');
    expect(shell.run('vcpu 5 init spe').out[0]).toMatch(/^ioctl\(vcpu5, /);
    expect(shell.run('vcpu 0').outcome.unmet).toMatchObject({ code: 'no-vcpu', hint: 'this VM has vcpu5' });
  });

  test('Unmet: no VM, no such vCPU', () => {
    const shell = newShell();
    for (const command of [
      'vcpu 0',
      'vcpu create 0',
      'vcpu 0 run',
      'vcpu 0 attr get spe.irq',
      'mask',
      'vm memory del 0',
      'thread vcpu 0 cpu 1',
    ])
      expect([command, unmetCode(shell, command)]).toEqual([command, 'no-vm']);
    shell.run('vm create');
    for (const command of ['vcpu 0', 'vcpu 3 attr set spe.irq 21', 'vcpu 1 init spe', 'vcpu 0 kick', 'vcpu 0 one-reg get x0'])
      expect([command, unmetCode(shell, command)]).toEqual([command, 'no-vcpu']);
    expect(shell.session.journal.map((entry) => entry.command.text)).toEqual(['vm create']);
  });
});

describe('KVM_RUN', () => {
  test('RUN-07, RUN-08: the wrong CPU ends with FAIL_ENTRY and 0; moved, it enters', () => {
    const shell = guest();
    shell.run('thread vcpu 0 cpu 5');
    const refused = shell.run('vcpu 0 run');
    expect(refused.out[0]).toBe('ioctl(vcpu0, KVM_RUN, 0) = 0');
    expect(refused.json).toMatchObject({
      ok: true,
      call: { ioctl: 'KVM_RUN', ret: 0, errno: null },
      data: { exit: { reason: 9, name: 'KVM_EXIT_FAIL_ENTRY', hardware_entry_failure_reason: 1, cpu: 5 } },
    });
    expect(refused.json).not.toHaveProperty('calls');
    expect(shell.run('vcpu 0 attr set spe.spu 10').outcome.call?.errno).toBe('EBUSY'); // RUN-09
    shell.run('thread vcpu 0 cpu 1');
    const ran = shell.run('vcpu 0 run --ops 1000');
    expect(ran.json).toMatchObject({
      ok: false,
      tick: 1000,
      call: { ret: -1, errno: 'EINTR', number: 4 },
      data: { executed: 1000, exit: { reason: 10, name: 'KVM_EXIT_INTR' } },
    });
    expect(ran.out[0]).toBe('ioctl(vcpu0, KVM_RUN, 0) = -1 EINTR (Interrupted system call)');
  });

  test('RUN-11: immediate_exit, for this run only', () => {
    const shell = guest();
    expect(shell.run('vcpu 0 run --immediate-exit').json).toMatchObject({ call: { errno: 'EINTR' }, data: { executed: 0 } });
    expect(shell.run('vm').json).toMatchObject({ data: { hasRun: true } });
    expect(shell.run('step 1').json).toMatchObject({ ok: true, data: { executed: 1 } });
    shell.run('vcpu 0 kick');
    expect(shell.run('vcpu 0 run --ops 10').json).toMatchObject({ data: { executed: 10 } });
  });

  test('RUN-02: a vCPU that was not initialised', () => {
    const shell = newShell();
    shell.all('vm create', 'vcpu create 0');
    expect(shell.run('vcpu 0 run').outcome.call?.errno).toBe('ENOEXEC');
  });

  test('inside KVM_RUN every other call of the vCPU would block; a kick ends the run', () => {
    const shell = guest();
    shell.run('step 5');
    for (const command of [
      'vcpu 0 attr get spe.irq',
      'vcpu 0 run',
      'vcpu 0 init spe',
      'vcpu 0 one-reg get x0',
      'vcpu 0 one-reg list',
      'ioctl vcpu0 KVM_SET_DEVICE_ATTR group=3 attr=1 addr=&10',
      'ioctl fd 6 KVM_SET_DEVICE_ATTR bad',
    ]) {
      const { outcome } = shell.run(command);
      expect([command, outcome.unmet?.code, outcome.unmet?.message]).toEqual([
        command,
        'would-block',
        'would block: vcpu0 is inside KVM_RUN',
      ]);
    }
    expect(shell.run('thread vcpu 0 cpu 2').json).toMatchObject({ ok: true, data: { cpu: 2, inside: true } });
    const kicked = shell.run('vcpu 0 kick');
    expect(kicked.out[0]).toBe('<... ioctl resumed>) = -1 EINTR (Interrupted system call)');
    expect(kicked.out[1]).toContain('a signal is pending for the thread: kicked');
    expect(kicked.json).toMatchObject({ call: { ioctl: 'KVM_RUN', errno: 'EINTR' }, data: { exit: { name: 'KVM_EXIT_INTR' } } });
    expect(unmetCode(shell, 'vcpu 0 kick')).toBe('not-running');
    expect(shell.run('vcpu 0 attr get spe.irq').outcome.value).toBe(21);
  });

  test('the errno of a run that came back is $?', () => {
    const shell = guest();
    shell.run('vcpu 0 run --ops 10');
    expect(shell.run('assert $? == EINTR').outcome.ok).toBe(true);
    shell.all('thread vcpu 0 cpu 6', 'vcpu 0 run');
    expect(shell.run('assert $? == ok').outcome.ok).toBe(true);
  });

  test('expect exit', () => {
    const shell = guest();
    shell.run('thread vcpu 0 cpu 4-7');
    expect(shell.run('expect exit FAIL_ENTRY vcpu 0 run').outcome.ok).toBe(true);
  });
});

describe('one-reg', () => {
  test('get and set by name and by id', () => {
    const shell = guest();
    const got = shell.run('vcpu 0 one-reg get pc');
    expect(got.out).toEqual(['ioctl(vcpu0, KVM_GET_ONE_REG, {id=0x6030000000100040 /* pc */, addr=[0x40080000]}) = 0']);
    expect(got.json).toMatchObject({ value: '0x40080000' });
    expect(shell.run('vcpu 0 one-reg set x0 5').out).toEqual([
      'ioctl(vcpu0, KVM_SET_ONE_REG, {id=0x6030000000100000 /* x0 */, addr=&0x5}) = 0',
    ]);
    expect(shell.run('vcpu 0 one-reg get 0x6030000000100000').outcome.value).toBe('0x5');
  });

  test('a SIMD&FP register is read whole, set by a number of 64 bits', () => {
    const shell = guest();
    expect(shell.run('vcpu 0 one-reg set v1 0x3ff8000000000000').out).toEqual([
      'ioctl(vcpu0, KVM_SET_ONE_REG, {id=0x6040000000100058 /* v1 */, addr=&0x3ff8000000000000}) = 0',
    ]);
    expect(shell.run('vcpu 0 one-reg get v1').outcome.value).toBe('0x3ff8000000000000');
    expect(shell.run('print d1').outcome.value).toBe('0x3ff8000000000000');
    shell.run('reg s2=0x3fc00000');
    expect(shell.run('regs fp').out.slice(0, 3)).toEqual([
      'v0    0x00000000000000000000000000000000',
      'v1    0x00000000000000003ff8000000000000  d=1.5 s=0',
      'v2    0x0000000000000000000000003fc00000  d=5.28426686e-315 s=1.5',
    ]);
    // One by name, of whatever kind (language.md §3: regs NAME).
    expect(['v1', 'x0', 'PC', 'fpsr'].map((name) => shell.run(`regs ${name}`).out)).toEqual([
      ['v1  0x00000000000000003ff8000000000000  d=1.5 s=0'],
      [`x0  ${String(shell.run('reg x0').outcome.value)}`],
      ['pc  0x40080000'],
      ['FPSR  0x0'],
    ]);
    const listed = shell.run('vcpu 0 one-reg list').outcome.data?.['registers'] as readonly { name: string | null }[];
    expect(listed.filter(({ name }) => /^(v\d+|fpsr|fpcr)$/i.test(name ?? ''))).toHaveLength(34);
  });

  test('REG-01, REG-02, REG-06', () => {
    const without = newShell();
    without.all('vm create', 'vcpu create 0', 'vcpu 0 init psci-0.2');
    expect(without.run('vcpu 0 one-reg get PMBLIMITR_EL1').outcome.call?.errno).toBe('ENOENT');
    const shell = newShell();
    shell.all('up --bare', 'vcpu 0 attr set spe.spu 10');
    expect(shell.run('vcpu 0 one-reg get PMBLIMITR_EL1').outcome.value).toBe('0x0');
    const dfr0 = BigInt(String(shell.run('vcpu 0 one-reg get ID_AA64DFR0_EL1').outcome.value));
    expect((dfr0 >> 32n) & 15n).toBe(2n);
    expect(shell.run(`vcpu 0 one-reg set ID_AA64DFR0_EL1 0x${(dfr0 - (1n << 32n)).toString(16)}`).outcome.call?.errno).toBe('EINVAL');
  });

  test('list is one call with every register', () => {
    const listed = guest().run('vcpu 0 one-reg list');
    const registers = listed.outcome.data?.['registers'] as readonly { id: string; name: string | null }[];
    expect(listed.out[0]).toMatch(
      /^ioctl\(vcpu0, KVM_GET_REG_LIST, \{n=\d+, reg=\[0x6030000000100000, 0x6030000000100002, \.\.\.\]\}\) = 0$/,
    );
    expect(registers[0]).toEqual({ id: '0x6030000000100000', name: 'x0' });
    expect(registers.map((r) => r.name)).toContain('PMBLIMITR_EL1');
  });

  test('a register of no name is Unmet; one that KVM does not give out is refused', () => {
    const shell = guest();
    expect(unmetCode(shell, 'vcpu 0 one-reg get nonsense')).toBe('unknown-name');
    expect(shell.run('vcpu 0 one-reg get ICC_IAR1_EL1').outcome.call?.errno).toBe('ENOENT');
  });
});

describe('process', () => {
  test('thread: affinity, the lowest CPU, CPUs the host lacks', () => {
    const shell = newShell();
    shell.run('up --bare');
    const { out, json } = shell.run('thread vcpu 1 cpu 5-7,3');
    expect(out).toEqual(['vcpu1: its thread is on CPU 3, may run on 3,5-7']);
    expect(json).toMatchObject({ ok: true, data: { cpu: 3, affinity: '3,5-7' } });
    expect(shell.run('thread vcpu 1 cpu 6-9').outcome.unmet).toEqual({
      code: 'no-cpu',
      message: 'this host has no CPU 8-9',
      hint: 'it has CPUs 0-7',
    });
    expect(shell.misread('thread vcpu 0 cpu 5-3')?.message).toBe("'5-3' is not a CPU list");
  });

  test('GEN-13: a call from another process is -EIO, before anything would block', () => {
    const shell = guest();
    expect(shell.run("process 2 'vcpu 0 attr set spe.irq 21'").outcome.call).toMatchObject({ errno: 'EIO', on: 'vcpu0' });
    expect(shell.run("process 2 'vm attr has 0/0'").outcome.call?.errno).toBe('EIO');
    expect(shell.run("process 2 'cap arm-spe'").outcome.value).toBe(1);
    expect(shell.run("process 2 'tick'").out).toEqual(['tick 0']);
    expect(shell.run("process 2 'expect EIO vcpu 0 run'").outcome.ok).toBe(true);
    shell.run('step 5');
    expect(shell.run("process 2 'vcpu 0 attr get spe.irq'").outcome.call?.errno).toBe('EIO');
    expect(shell.run('vcpu 0 kick').outcome.call?.errno).toBe('EINTR');
    expect(shell.run('vcpu 0 attr get spe.irq').outcome.ok).toBe(true);
    expect(unmetCode(shell, "process 0 'vm'")).toBe('no-process');
  });

  test('a VM that process 2 makes is its own', () => {
    const shell = newShell();
    expect(shell.run("process 2 'vm create'").outcome.call?.ret).toBe(4);
    expect(shell.run("process 2 'vcpu create 0'").outcome.call?.ret).toBe(5);
    expect(shell.run('vcpu create 1').outcome.call?.errno).toBe('EBADF');
  });

  test('rlimit and perfmon', () => {
    const shell = newShell();
    expect(shell.run('rlimit').out).toEqual(['RLIMIT_MEMLOCK unlimited, 0 bytes pinned']);
    expect(shell.run('rlimit memlock 64KiB').json).toMatchObject({ data: { memlock: 65536, locked: 0 } });
    expect(shell.run('rlimit memlock unlimited').json).toMatchObject({ data: { memlock: 'unlimited' } });
    shell.run('vm create');
    expect(shell.run('perfmon on').out).toEqual(['CAP_PERFMON on']);
    shell.run('vm create');
    expect(shell.run('perfmon').json).toMatchObject({ data: { vms: [{ perfmonCapable: false }, { perfmonCapable: true }] } });
    expect(shell.run('perfmon off').out).toEqual(['CAP_PERFMON off']);
  });
});
