// why, calls, mask, explain (language.md §3; kvm-spe-abi.md §7.5, §8.3).
import { describe, expect, test } from 'vitest';
import { callCounts, callLog } from '../../src/session/call-log.ts';
import { newShell, type Shell } from './shell.ts';

const baseline = (host = 'two-spu'): Shell => {
  const shell = newShell(host);
  shell.run('up --bare');
  return shell;
};

describe('why', () => {
  test('nothing was refused yet', () => {
    expect(newShell().run('why').outcome.unmet?.code).toBe('no-refusal');
  });

  test('every check in order, what it saw, and what would have passed', () => {
    const shell = baseline();
    shell.run('vcpu 0 attr set spe.spu 99');
    const { out, json } = shell.run('why');
    expect(out).toEqual([
      'ioctl(vcpu0, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_SPE_CTRL, attr=KVM_ARM_VCPU_SPE_SPU, addr=&99}) = -1 ENXIO (No such device or address)',
      '   1  passed       ENODEV  if the vCPU was not initialised with the SPE feature (saw features pmu-v3, spe)  [seed: kvm_spe_set_attr]',
      '   2  passed       ENXIO   if there is no in-kernel vGIC (saw a vGICv3)  [inferred (M): hunk arithmetic; knob irqchipCheck.errno=ENXIO, else EINVAL]',
      '   3  passed       EFAULT  if the SPU identifier cannot be read (saw 0x7f0000000800, 4 bytes)  [seed: kvm_spe_set_attr]',
      '   4  passed       EBUSY   if a vCPU of this VM has already run (saw the VM never ran)  [seed: kvm_spe_set_spu]',
      '   5  failed       ENXIO   if no SPU on this host has that identifier (saw type 99)  [seed: kvm_spe_set_spu]',
      '                           would have passed: 10 (arm_spe_0), 11 (arm_spe_1)',
      '   6  not reached  EINVAL  if a different SPU is already set  [seed: kvm_spe_set_spu]',
    ]);
    expect(json).toMatchObject({ ok: true, data: { errno: 'ENXIO', check: 5, of: 6 } });
    expect(json).not.toHaveProperty('call');
  });

  test('the last one counts; a success in between does not', () => {
    const shell = baseline();
    shell.all('vcpu 0 attr set spe.spu 99', 'vcpu 0 attr set spe.irq 32', 'vcpu 0 attr set spe.irq 21');
    expect(shell.run('why').json).toMatchObject({ data: { errno: 'EINVAL', check: 5 } });
  });

  test('FAIL_ENTRY: the CPU, the mask, and who narrowed it', () => {
    const shell = newShell();
    shell.all('up pointer-chase', 'thread vcpu 0 cpu 5', 'vcpu 0 run');
    const { out, json } = shell.run('why');
    expect(out.slice(0, 2)).toEqual([
      'ioctl(vcpu0, KVM_RUN, 0) = 0',
      'exit_reason=KVM_EXIT_FAIL_ENTRY, hardware_entry_failure_reason=1, cpu=5',
    ]);
    expect(out.join('\n')).toContain('saw CPU 5, supported_cpus 0-3');
    expect(out.join('\n')).toContain('would have passed: CPU 0-3: thread vcpu 0 cpu 0-3');
    expect(out.at(-1)).toContain('0-7 -> 0-3  KVM_ARM_VCPU_PMU_V3_SET_PMU 8 (armv8_pmuv3_0, CPUs 0-3) on vcpu0');
    expect(json).toMatchObject({ data: { exit: { cpu: 5, cpus: '0-3' } } });
    shell.all('thread vcpu 0 cpu 0', 'step 1');
    expect(shell.run('why').outcome.unmet?.code).toBe('no-refusal');
  });
});

describe('mask', () => {
  const cases: readonly (readonly [id: string, host: string, calls: readonly string[], cpus: string])[] = [
    ['CPU-01', 'two-spu', [], '0-7'],
    ['CPU-02', 'two-spu', ['pmu.set-pmu 8', 'spe.spu 10'], '0-3'],
    ['CPU-03', 'two-spu', ['spe.spu 10', 'pmu.set-pmu 8'], '0-3'],
    ['CPU-04', 'two-spu', ['pmu.set-pmu 9', 'spe.spu 10'], ''],
    ['CPU-08', 'two-spu', ['spe.spu 10', 'spe.spu 11'], '0-3'],
    ['CPU-13', 'partial-spe', ['spe.spu 12', 'pmu.set-pmu 8'], '2-3'],
  ];
  test.each(cases)('%s on %s', (_id, host, calls, cpus) => {
    const shell = baseline(host);
    for (const call of calls) shell.run(`vcpu 0 attr set ${call}`);
    expect(shell.run('mask').json).toMatchObject({ ok: true, data: { cpus } });
  });

  test('each change names its call', () => {
    const shell = baseline();
    shell.all('vcpu 1 attr set pmu.set-pmu 9', 'vcpu 0 attr set spe.spu 10');
    expect(shell.run('mask').out).toEqual([
      'supported_cpus (empty)',
      '  tick 0  0-7 -> 4-7      KVM_ARM_VCPU_PMU_V3_SET_PMU 9 (armv8_pmuv3_1, CPUs 4-7) on vcpu1',
      '  tick 0  4-7 -> (empty)  KVM_ARM_VCPU_SPE_SPU 10 (arm_spe_0, CPUs 0-3) on vcpu0',
    ]);
  });
});

describe('calls', () => {
  test('the strace log, the refused ones, the counts', () => {
    const shell = newShell();
    shell.all('vm create', 'vcpu create 0', 'vcpu create 0', 'vcpu create 1');
    expect(shell.run('calls').out).toEqual([
      'ioctl(kvm, KVM_CREATE_VM, 0) = 4',
      'ioctl(vm, KVM_CREATE_VCPU, 0) = 5',
      'ioctl(vm, KVM_CREATE_VCPU, 0) = -1 EEXIST (File exists)',
      'ioctl(vm, KVM_CREATE_VCPU, 1) = 6',
    ]);
    const failed = shell.run('calls --failed');
    expect(failed.out).toEqual(['ioctl(vm, KVM_CREATE_VCPU, 0) = -1 EEXIST (File exists)']);
    expect(failed.json).toMatchObject({ data: { calls: [{ errno: 'EEXIST', on: 'vm', ioctl: 'KVM_CREATE_VCPU', ret: -1 }] } });
    expect(shell.run('calls -c').out).toEqual([
      'calls  errors  ioctl',
      '    3       1  KVM_CREATE_VCPU',
      '    1          KVM_CREATE_VM',
      '    4       1  total',
    ]);
    expect(newShell().run('calls').out).toEqual(['no calls']);
  });

  test('a KVM_RUN that came back is one line; one that another command ended is two', () => {
    const shell = newShell();
    shell.all('up pointer-chase', 'vcpu 0 run --ops 10', 'step 1', 'vcpu 0 kick');
    const log = shell.session.context.log.calls.slice(-20);
    const runs = callLog(log).filter((call) => call.ioctl === 'KVM_RUN');
    expect(runs.map((call) => call.strace)).toEqual([
      'ioctl(vcpu0, KVM_RUN, 0) = -1 EINTR (Interrupted system call)',
      'ioctl(vcpu0, KVM_RUN, 0 <unfinished ...>',
      '<... ioctl resumed>) = -1 EINTR (Interrupted system call)',
    ]);
    expect(callCounts(log).find((count) => count.ioctl === 'KVM_RUN')).toEqual({ ioctl: 'KVM_RUN', calls: 2, errors: 2 });
  });
});

describe('explain', () => {
  test('an errno: text, and the checks of this kernel that answer it', () => {
    const { out } = newShell().run('explain EINVAL');
    expect(out[0]).toBe('EINVAL (22): Invalid argument');
    expect(out.join('\n')).toContain('KVM_ARM_VCPU_SPE_SPU set, check 6 of 6: a different SPU is already set  [seed: kvm_spe_set_spu]');
  });

  test('a register: encoding, ONE_REG id, fields', () => {
    const { out, json } = newShell().run('explain PMBLIMITR_EL1');
    expect(out[1]).toContain('S3_0_C9_C10_0, rw, ONE_REG 0x603000000013c4d0');
    expect(json).toMatchObject({ data: { kind: 'register', name: 'PMBLIMITR_EL1' } });
    expect(newShell().run('explain pmbsr_el1.s').outcome.data?.['fields']).toMatchObject([{ bits: '17', name: 'S' }]);
  });

  test('an attribute: numbers, and the ordered checks of each verb', () => {
    const { out } = newShell().run('explain spe.spu');
    expect(out[1]).toBe('KVM_ARM_VCPU_SPE_CTRL 3/1, addr leads to an int; rfc-v6');
    expect(out).toContain('   6  -EINVAL  a different SPU is already set  [seed: kvm_spe_set_spu]');
    expect(newShell().run('explain 3/1').outcome.data).toMatchObject({ name: 'KVM_ARM_VCPU_SPE_SPU' });
    expect(newShell('rfc-v5').run('explain 3/1').outcome.data).toMatchObject({ name: 'KVM_ARM_VCPU_SPE_INIT' });
    expect(newShell().run('explain ctrl.init').outcome.data).toMatchObject({ name: 'KVM_DEV_ARM_VGIC_CTRL_INIT', numbers: '4/0' });
  });

  test('an exit; and a word that is nothing', () => {
    expect(newShell().run('explain KVM_EXIT_FAIL_ENTRY').out[0]).toBe('KVM_EXIT_FAIL_ENTRY (9)');
    expect(newShell().run('explain ENIXO').outcome.unmet).toMatchObject({ code: 'unknown-name', hint: 'did you mean ENXIO?' });
  });
});

describe('why of a profiling buffer', () => {
  const why = (s: Shell) =>
    s.run('why').json['data'] as {
      check: number;
      of: number;
      pmbsr: string | null;
      checks: { errno: string; result: string; wouldPass?: string }[];
    };

  test('too large: the first of four checks; the others were not reached', () => {
    const s = newShell();
    s.all('up pointer-chase --max-buffer 4KiB', 'until PMBSR_EL1.S');
    const d = why(s);
    expect(d).toMatchObject({ check: 1, of: 4, pmbsr: '0x20004' });
    expect(d.checks.map((c) => c.result)).toEqual(['failed', 'not reached', 'not reached', 'not reached']);
    expect(s.run('why').out[1]).toBe(
      '   1  failed       PMBSR 0x20004     if the buffer is larger than the maximum (saw 8192 bytes, maximum 4096)  [v6-review: 14/35; PMBSR_EL1.BSC 4]',
    );
  });
  test('RLIMIT: what would have passed is a command', () => {
    const s = newShell();
    s.all('up pointer-chase', 'rlimit memlock 4096', 'vcpu 0 run');
    const d = why(s);
    expect(d).toMatchObject({ check: 3, of: 4, pmbsr: null });
    expect(d.checks[2].wouldPass).toMatch(/^rlimit memlock \d+, then KVM_RUN again/);
    s.all(d.checks[2].wouldPass?.split(',')[0] ?? '', 'until PMBLIMITR_EL1.E');
    expect(s.run('pins').json['data']).toMatchObject({ vcpus: [{ on: true }] });
  });
  test('the unit’s own event; a newer refusal comes first, an older one does not', () => {
    const s = newShell();
    s.all('up pointer-chase', 'vcpu 1 attr get 9/9', 'until PMBSR_EL1.S');
    expect(why(s)).toMatchObject({ pmbsr: '0x20001', check: 1, of: 1 });
    s.run('vm create --ipa-bits 99');
    expect(s.run('why').json['data']).toMatchObject({ errno: 'EINVAL', ioctl: 'KVM_CREATE_VM' });
  });
});
