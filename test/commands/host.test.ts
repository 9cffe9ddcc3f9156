// The host, its sysfs, its kernel (language.md §3, group host, and §5; kvm-spe-abi.md §1.2, §7.1).
import { describe, expect, test } from 'vitest';
import { parseHost } from '../../src/kernel/host-schema.ts';
import { hostFixtureText } from '../../src/session/host-text.ts';
import { HOSTS, newShell } from './shell.ts';

describe('host', () => {
  test('CPUs, clusters, units, kernel', () => {
    const { out, json } = newShell().run('host');
    expect(out[0]).toBe('two-spu: 8 CPUs in two clusters, each with its own SPU and PMU');
    expect(out).toContain('cluster 1      CPUs 4-7  arm_spe_1  armv8_pmuv3_1');
    expect(json).toMatchObject({
      data: {
        name: 'two-spu',
        cpus: 8,
        spus: [
          { name: 'arm_spe_0', type: 10, cpus: '0-3', pmsidr: '0x26417' },
          { name: 'arm_spe_1', type: 11, cpus: '4-7' },
        ],
        pmus: [
          { type: 8, cpus: '0-3' },
          { type: 9, cpus: '4-7' },
        ],
        kernel: { revision: 'rfc-v6', mode: 'vhe' },
      },
    });
    expect(newShell('partial-spe').run('host').outcome.data?.['clusters']).toMatchObject([
      { cpus: '0-1', spu: null },
      { cpus: '2-3', spu: 'arm_spe_0' },
      { cpus: '4-5', spu: 'arm_spe_0' },
      { cpus: '6-7', spu: null },
    ]);
  });

  test('host list names every fixture of language.md §5 and the SPE versions, and marks this one', () => {
    const names =
      'two-spu one-spu partial-spe limited-buffer n1-metal spe-v1p2 spe-v1p3 spe-v1p4 spe-v1p5 spe-unaligned far-memory four-sockets small-cache fault-impdef no-spe config-off nvhe pkvm nested kpti rfc-v5 rfc-v4 mainline';
    const hosts = newShell('one-spu').run('host list').outcome.data?.['hosts'] as readonly { name: string; current: boolean }[];
    expect(hosts.map((h) => h.name).sort()).toEqual(names.split(' ').sort());
    expect(hosts.filter((h) => h.current).map((h) => h.name)).toEqual(['one-spu']);
  });

  test('host load boots: no VM, no call, no event', () => {
    const shell = newShell();
    shell.all('vm create', 'vcpu create 0');
    expect(shell.run('host load no-spe').outcome.ok).toBe(true);
    expect(shell.run('vm').outcome.unmet?.code).toBe('no-vm');
    expect(shell.run('calls').out).toEqual(['no calls']);
    expect(shell.run('cap arm-spe').outcome.value).toBe(0);
    expect(shell.run('host load two-spus').outcome.unmet?.code).toBe('no-file');
  });

  test('host load of a file that extends a fixture; a broken one is invalid, with its place', () => {
    const shell = newShell('two-spu', {
      'mine.toml': 'extends = "two-spu"\nabout = "mine"\n[kernel]\nrevision = "rfc-v5"\n',
      'bad.toml': 'extends = "two-spu"\nabout = "mine"\ncpus = "many"\n',
      'clash.toml': 'extends = "two-spu"\ncpus = 4\n',
      'text.toml': 'this is no fixture\n',
    });
    expect(shell.run('host load mine.toml').json).toMatchObject({
      ok: true,
      data: { name: 'mine', kernel: { revision: 'rfc-v5', knobs: {} } },
    });
    expect(shell.run('host load bad.toml').outcome.unmet).toMatchObject({
      code: 'invalid-host',
      message: expect.stringContaining('bad.toml:3: cpus: '),
      hint: 'expected number',
    });
    expect(shell.run('host load clash.toml').outcome.unmet).toMatchObject({ code: 'invalid-host', hint: 'expected CPUs 0-3' });
    expect(shell.run('host load text.toml').outcome.unmet?.code).toBe('invalid-host');
    expect(shell.run('host').json).toMatchObject({ data: { name: 'mine' } });
  });

  test.each([...HOSTS.keys()])('%s as fixture text reads back to the same host', (name) => {
    const host = HOSTS.get(name);
    if (host === undefined) throw new Error('no host');
    expect(parseHost(`${name}.toml`, hostFixtureText(host))._unsafeUnwrap()).toEqual(host);
  });
});

describe('cap', () => {
  const cases: readonly (readonly [id: string, host: string, value: number])[] = [
    ['CAP-01', 'two-spu', 1],
    ['CAP-02', 'no-spe', 0],
    ['CAP-03', 'pkvm', 0],
    ['CAP-04', 'nvhe', 0],
    ['CAP-05', 'nested', 0],
    ['CAP-06', 'config-off', 0],
  ];
  test.each(cases)('%s on %s', (_id, host, value) => {
    const { out, json } = newShell(host).run('cap arm-spe');
    expect(out[0]).toBe(`ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SPE) = ${value}`);
    expect(json).toMatchObject({ ok: true, value, call: { ret: value, errno: null } });
  });

  test('by the kernel’s name, by number, by a number that nobody knows', () => {
    const shell = newShell();
    expect(shell.run('cap KVM_CAP_ARM_SPE').outcome.value).toBe(1);
    expect(shell.run('cap 245').out).toEqual(['ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SPE) = 1']);
    expect(shell.run('cap 9999').out).toEqual(['ioctl(kvm, KVM_CHECK_EXTENSION, 9999) = 0']);
    expect(newShell('rfc-v5').run('cap 208').outcome.value).toBe(1);
    expect(shell.misread('cap arm-spi')?.hint).toBe('did you mean arm-spe?');
  });

  test('says why not', () => {
    expect(newShell('pkvm').run('cap arm-spe').out[1]).toBe('  protected KVM is enabled');
  });
});

test('a number of 64 bits is named as it is', () => {
  const shell = newShell();
  shell.run('up --bare');
  const errors = ['vcpu 0xffffffffffffffff', 'vm use 0x8000000000000001', 'host event unmap 0xffffffffffffffff', 'x 0 0xffffffffffffffff'];
  expect(errors.map((text) => shell.run(text).err[0])).toEqual([
    'unmet: there is no vCPU 18446744073709551615',
    'unmet: there is no VM 9223372036854775809',
    'unmet: no memory slot backs 0xffffffffffffffff',
    'unmet: 18446744073709551615 bytes are more than one command shows (1 MiB)',
  ]);
  // RLIM_INFINITY is ~0 (getrlimit(2)).
  expect(shell.run('rlimit memlock -1').out).toEqual(['RLIMIT_MEMLOCK unlimited, 0 bytes pinned']);
});

describe('sysfs', () => {
  test('the exact bytes of type and cpumask, also through the link', () => {
    const shell = newShell();
    expect(shell.run('sysfs cat /sys/devices/arm_spe_1/type').json).toMatchObject({ data: { text: '11\n' } });
    expect(shell.run('sysfs cat /sys/bus/event_source/devices/arm_spe_0/cpumask').out).toEqual(['0-3']);
    expect(shell.run('sysfs cat /sys/bus/event_source/devices/armv8_pmuv3_1/cpus').out).toEqual(['4-7']);
  });

  test('ls and tree', () => {
    const shell = newShell();
    expect(shell.run('sysfs ls /sys/bus/event_source/devices').out).toEqual([
      'arm_spe_0 -> ../../../devices/arm_spe_0',
      'arm_spe_1 -> ../../../devices/arm_spe_1',
      'armv8_pmuv3_0 -> ../../../devices/armv8_pmuv3_0',
      'armv8_pmuv3_1 -> ../../../devices/armv8_pmuv3_1',
    ]);
    expect(shell.run('sysfs ls /sys/devices/arm_spe_0').out).toContain('format/');
    expect(shell.run('sysfs ls /sys/devices/arm_spe_0/type').out).toEqual(['/sys/devices/arm_spe_0/type']);
    expect(shell.run('sysfs tree /sys/devices/arm_spe_0/caps').out[0]).toBe('/sys/devices/arm_spe_0/caps/');
    expect(newShell('no-spe').run('sysfs ls /sys/devices').out.join(' ')).not.toContain('arm_spe');
  });

  test('Unmet: no such file, a directory', () => {
    const shell = newShell();
    expect(shell.run('sysfs cat /sys/devices/arm_spe_7/type').err[0]).toBe('unmet: /sys/devices/arm_spe_7/type: no such file or directory');
    expect(shell.run('sysfs cat /sys/devices/arm_spe_0').outcome.unmet?.code).toBe('is-directory');
  });
});

describe('kernel', () => {
  test('profile and log', () => {
    expect(newShell('pkvm').run('kernel').out.join('\n')).toMatch(/^SPE in VMs +not offered +protected KVM is enabled$/m);
    const { out } = newShell().run('kernel log');
    expect(out[0]).toMatch(/^arm_spe_pmu spe-pmu-0: probed SPEv1\.1 for CPUs 0-3 \[max_record_sz 64, align 64, features 0x17\]$/);
  });

  test('diff: what the SPE series changed between v5 and v6', () => {
    const { out, json } = newShell().run('kernel diff rfc-v5 rfc-v6');
    expect(out).toContain('KVM_ARM_VCPU_SPE_INIT set (3/1 -> 3/3)');
    expect(out).toContain('  + -EINVAL a different SPU is already set');
    expect(out).toContain('  - -ENXIO the vCPU was not initialised with the SPE feature');
    expect(out).toContain('  + -ENODEV the vCPU was not initialised with the SPE feature');
    expect(out).toContain('knob hasErrno: ENXIO -> ENODEV');
    expect(json).toMatchObject({ data: { before: 'rfc-v5', after: 'rfc-v6' } });
    expect(newShell().run('kernel diff rfc-v6 rfc-v6').out).toEqual(['no differences']);
  });
});
