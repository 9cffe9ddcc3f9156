// The decision tables of kvm-spe-abi.md §7.1 (capability, feature), §7.8 (KVM_RUN's way in) and the parts of §7.9 that need no guest.
import { describe, expect, test } from 'vitest';
import { CAPABILITIES } from '../../src/abi/features.ts';
import { oneRegByName } from '../../src/kernel/one-reg.ts';
import { readGuestRegister } from '../../src/kernel/view.ts';
import * as vmm from '../../src/session/vmm.ts';
import {
  type Bench,
  b0,
  boot,
  configure,
  exit,
  has,
  hostOf,
  init,
  make,
  mask,
  move,
  must,
  ran,
  run,
  set,
  vcpuOf,
  vgicAttr,
  vmOf,
} from './bench.ts';

const CAP = CAPABILITIES.find((c) => c.short === 'arm-spe')?.number ?? -1;
const cap = (host: string): number => {
  const b = boot(hostOf(host));
  return must(b, vmm.checkExtension(b.hands, CAP)).ret;
};

describe('CAP', () => {
  test.each([
    ['CAP-01', 'two-spu', 1],
    ['CAP-02', 'no-spe', 0],
    ['CAP-03', 'pkvm', 0],
    ['CAP-04', 'nvhe', 0],
    ['CAP-05', 'nested', 0],
    ['CAP-06', 'config-off', 0],
  ])('%s on %s', (_id, host, expected) => {
    expect(cap(host)).toBe(expected);
  });
  test('kernel page-table isolation hides the SPU from KVM too', () => {
    expect(cap('kpti')).toBe(0);
  });
});

const fresh = (host = hostOf('two-spu')): Bench => b0({ init: false }, host);
const withFeatures = (features: readonly string[]): Bench => {
  const b = fresh();
  init(b, 0, features);
  return b;
};

describe('FEA', () => {
  const rows: readonly (readonly [string, () => Bench, (b: Bench) => string, string])[] = [
    ['FEA-01', fresh, (b) => init(b, 0, ['spe']), 'ok'],
    ['FEA-02', () => fresh(hostOf('no-spe')), (b) => init(b, 0, ['spe']), 'EINVAL'],
    ['FEA-03', () => fresh(hostOf('mainline')), (b) => init(b, 0, [], { mask: 1 << 9 }), 'ENOENT'],
    ['FEA-04', fresh, (b) => init(b, 0, ['spe', 'el1-32bit']), 'EINVAL'],
    ['FEA-05', fresh, (b) => init(b, 0, ['spe', 'has-el2']), 'EINVAL'],
    ['FEA-05 gate on the VM', () => fresh(hostOf('nested', { nestedGate: 'vm' })), (b) => init(b, 0, ['spe', 'has-el2']), 'EINVAL'],
    ['FEA-06', () => withFeatures(['spe']), (b) => init(b, 1, []), 'EINVAL'],
    ['FEA-07', () => withFeatures([]), (b) => init(b, 1, ['spe']), 'EINVAL'],
    ['FEA-08', () => withFeatures(['spe']), (b) => init(b, 0, ['spe']), 'ok'],
    ['FEA-09', () => withFeatures(['spe']), (b) => init(b, 0, []), 'EINVAL'],
    ['FEA-10', fresh, (b) => init(b, 0, ['spe'], { more: [1] }), 'ENOENT'],
    ['power-off does not count as a feature', () => withFeatures(['spe', 'power-off']), (b) => init(b, 1, ['spe']), 'ok'],
    ['another target', fresh, (b) => init(b, 0, ['spe'], { target: 4 }), 'EINVAL'],
    ['one of the two pointer authentication bits', fresh, (b) => init(b, 0, ['ptrauth-address']), 'EINVAL'],
  ];
  test.each(rows)('%s', (_id, state, call, expected) => {
    expect(call(state())).toBe(expected);
  });

  test('PMU_V3 without a PMU for the calling CPU is ENODEV, and the bitmap stays stored', () => {
    const b = fresh({ ...hostOf('two-spu'), pmus: hostOf('two-spu').pmus.slice(1) });
    expect(init(b, 0, ['pmu-v3'])).toBe('ENODEV');
    expect(vmOf(b).features).toBe(1 << 3);
    move(b, 0, 4);
    expect(init(b, 0, ['pmu-v3'])).toBe('ok');
    expect(vmOf(b).pmu).toBe(9);
  });
});

const ready = (cpu: number): Bench => {
  const b = b0();
  configure(b, 0, { spu: 10 });
  move(b, 0, cpu);
  return b;
};
const unready = (leave: 'spe' | 'pmu'): Bench => {
  const b = b0();
  set(b, 0, 'pmu.irq', 23);
  if (leave !== 'pmu') set(b, 0, 'pmu.init');
  set(b, 0, 'spe.irq', 21);
  set(b, 0, 'spe.spu', 10);
  if (leave !== 'spe') set(b, 0, 'spe.init');
  return b;
};

describe('RUN', () => {
  test('RUN-01 enters the guest on an allowed CPU', () => {
    const b = ready(1);
    expect([run(b, 0), exit(b, 0), vmOf(b).hasRanOnce]).toEqual(['ok', 'running', true]);
  });
  test('RUN-02 without KVM_ARM_VCPU_INIT', () => {
    const b = b0({ init: false });
    expect([run(b, 0), vmOf(b).hasRanOnce]).toEqual(['ENOEXEC', false]);
  });
  test('RUN-03 SVE not finalised, then finalised', () => {
    const b = b0({ features: ['spe', 'pmu-v3', 'sve'] });
    configure(b, 0);
    expect([run(b, 0), vmOf(b).hasRanOnce]).toEqual(['EPERM', false]);
    expect(make(b, vmm.vcpuFinalize(b.hands, 0, 0, 4))).toBe('ok');
    expect(run(b, 0)).toBe('ok');
  });
  test('RUN-04 SPE INIT missing', () => {
    const b = unready('spe');
    expect([run(b, 0), vmOf(b).hasRanOnce]).toEqual(['EINVAL', false]);
    expect(b.last?.why).toBe('SPE of this vCPU is not initialised');
  });
  test('RUN-04 on rfc-v4 is EPERM', () => {
    const b = b0({ features: ['spe', 'pmu-v3'] }, hostOf('rfc-v4'));
    set(b, 0, 'pmu.irq', 23);
    set(b, 0, 'pmu.init');
    expect(run(b, 0)).toBe('EPERM');
  });
  test('RUN-05 after RUN-04 the SPU can still be set', () => {
    const b = unready('spe');
    run(b, 0);
    expect(set(b, 0, 'spe.spu', 10)).toBe('ok');
  });
  test('RUN-06 PMU INIT missing', () => {
    const b = unready('pmu');
    expect(run(b, 0)).toBe('EINVAL');
    expect(b.last?.why).toBe('the PMU of this vCPU is not initialised');
  });
  test('RUN-07 on a CPU without the SPU: exit 9, reason 1, and the VM has run', () => {
    const b = ready(5);
    expect([run(b, 0), vmOf(b).hasRanOnce]).toEqual(['ok', true]);
    expect(vcpuOf(b, 0).run).toMatchObject({
      place: 'out',
      exit: { reason: 9, name: 'KVM_EXIT_FAIL_ENTRY', hardware_entry_failure_reason: 1, cpu: 5 },
    });
  });
  test('RUN-08 after RUN-07, moved to CPU 2', () => {
    const b = ready(5);
    run(b, 0);
    move(b, 0, 2);
    expect([run(b, 0), exit(b, 0)]).toEqual(['ok', 'running']);
  });
  test('RUN-09 after RUN-07 the SPU is locked', () => {
    const b = ready(5);
    run(b, 0);
    expect(set(b, 0, 'spe.spu', 10)).toBe('EBUSY');
  });
  test('RUN-10 an empty mask fails the entry on every CPU', () => {
    const b = b0();
    configure(b, 0, { spu: 10, pmu: 9 });
    expect(mask(b)).toBe('');
    for (let cpu = 0; cpu < 8; cpu++) {
      move(b, 0, cpu);
      expect([run(b, 0), exit(b, 0)]).toEqual(['ok', 'KVM_EXIT_FAIL_ENTRY']);
    }
  });
  test('RUN-11 immediate_exit on the first run: EINTR, and the VM has run', () => {
    const b = ran();
    expect(vmOf(b).hasRanOnce).toBe(true);
    expect(vcpuOf(b, 0).run.exit?.name).toBe('KVM_EXIT_INTR');
  });
  test('RUN-12 SPE on the virtual timer PPI', () => {
    const b = b0();
    configure(b, 0, { irq: 27 });
    expect([run(b, 0), vmOf(b).hasRanOnce]).toEqual(['EINVAL', false]);
    expect(b.last?.saw).toBe('PPI 27');
  });
  test('RUN-13 GICv3 not initialised: EBUSY, and in recent kernels the VM is dead', () => {
    const b = b0({ vgic: 'created' });
    expect([run(b, 0), vmOf(b).hasRanOnce]).toEqual(['EBUSY', false]);
    expect([run(b, 0), has(b, 0, 'spe.spu'), set(b, 0, 'spe.irq', 21)]).toEqual(['EIO', 'EIO', 'EIO']);
  });
  test('RUN-13 with an older kernel the VM lives', () => {
    const b = b0({ vgic: 'created' }, hostOf('two-spu', { vmDeadOnMapFailure: false }));
    expect([run(b, 0), run(b, 0)]).toEqual(['EBUSY', 'EBUSY']);
    expect(vgicAttr(b, 4, 0)).toBe('ok');
    configure(b, 0);
    expect(run(b, 0)).toBe('ok');
  });
  test('RUN-14 V0 is configured, V1 lacks SPE INIT', () => {
    const b = ready(1);
    set(b, 1, 'pmu.irq', 23);
    set(b, 1, 'pmu.init');
    expect([run(b, 0), run(b, 1)]).toEqual(['ok', 'EINVAL']);
  });
  test('RUN-16 a powered-off vCPU on a wrong CPU sleeps', () => {
    const b = b0();
    init(b, 1, ['spe', 'pmu-v3', 'psci-0.2', 'power-off']);
    configure(b, 0);
    configure(b, 1);
    move(b, 1, 5);
    expect([run(b, 1), vcpuOf(b, 1).run.place]).toEqual(['ok', 'blocked']);
  });
});

const id = (name: string): bigint => oneRegByName(name)?.id ?? 0n;
const getReg = (b: Bench, name: string): string => {
  const errno = make(b, vmm.oneReg(b.hands, 0, 0, id(name)));
  return errno === 'ok' ? `0x${vmm.placedRegister(b.hands, id(name)).toString(16)}` : errno;
};
const setReg = (b: Bench, name: string, value: bigint): string => make(b, vmm.oneReg(b.hands, 0, 0, id(name), value));
const PMSVER = (version: bigint): bigint => version << 32n;

describe('REG and ONE_REG', () => {
  test('ids are those of the kernel headers', () => {
    expect([id('x0'), id('pc'), id('pstate'), id('PMBLIMITR_EL1'), id('ID_AA64DFR0_EL1')]).toEqual([
      0x6030000000100000n,
      0x6030000000100040n,
      0x6030000000100042n,
      0x603000000013c4d0n,
      0x603000000013c028n,
    ]);
  });
  test('SIMD&FP registers are 128 and 32 bits wide, at their place in struct kvm_regs', () => {
    expect([id('v0'), id('v31'), id('fpsr'), id('fpcr')]).toEqual([
      0x6040000000100054n,
      0x60400000001000d0n,
      0x60200000001000d4n,
      0x60200000001000d5n,
    ]);
    const b = b0();
    const value = 0x0123456789abcdef_fedcba9876543210n;
    expect(setReg(b, 'v7', value)).toBe('ok');
    expect(getReg(b, 'v7')).toBe('0x123456789abcdeffedcba9876543210');
    expect(getReg(b, 'v8')).toBe('0x0');
    setReg(b, 'fpcr', 0xffffffffn); // bits that are not there stay zero
    expect(getReg(b, 'fpcr')).toBe('0x7c00000');
  });
  test('with SVE the V registers are no core registers: -EINVAL, and not in the list', () => {
    const b = b0({ features: ['sve'] });
    expect(getReg(b, 'v0')).toBe('EINVAL');
    expect(setReg(b, 'v0', 1n)).toBe('EINVAL');
    expect(getReg(b, 'fpsr')).toBe('0x0');
  });
  test('REG-01 hidden without the feature', () => {
    expect(getReg(b0({ features: ['pmu-v3'] }), 'PMBLIMITR_EL1')).toBe('ENOENT');
  });
  test('REG-02 reset value', () => {
    expect(getReg(b0(), 'PMBLIMITR_EL1')).toBe('0x0');
  });
  test('REG-04 PMSVer without the feature', () => {
    const b = b0({ features: ['pmu-v3'] });
    expect(BigInt(getReg(b, 'ID_AA64DFR0_EL1')) & PMSVER(15n)).toBe(0n);
  });
  test('REG-05 PMSVer is the SPU’s', () => {
    const b = b0({}, hostOf('spe-v1p2'));
    set(b, 0, 'spe.spu', 10);
    expect(BigInt(getReg(b, 'ID_AA64DFR0_EL1')) & PMSVER(15n)).toBe(PMSVER(3n));
  });
  test('REG-06 PMSVer cannot be written, the same value can', () => {
    const b = b0({}, hostOf('spe-v1p2'));
    const now = BigInt(getReg(b, 'ID_AA64DFR0_EL1'));
    expect(setReg(b, 'ID_AA64DFR0_EL1', now)).toBe('ok');
    expect(setReg(b, 'ID_AA64DFR0_EL1', (now & ~PMSVER(15n)) | PMSVER(1n))).toBe('EINVAL');
  });
  test('ID_AA64PFR0_EL1.GIC is 1 with a vGICv3 and 0 without, as the guest reads it', () => {
    const GIC = 15n << 24n;
    for (const [vgic, field] of [
      ['none', 0n],
      ['created', 1n << 24n],
    ] as const) {
      const b = b0({ vgic, features: ['psci-0.2'] });
      const shown = BigInt(getReg(b, 'ID_AA64PFR0_EL1'));
      expect(shown & GIC).toBe(field);
      expect(readGuestRegister(b.mw, 0, 0, 'ID_AA64PFR0_EL1')).toBe(shown);
    }
  });
  test('before KVM_ARM_VCPU_INIT there are no registers', () => {
    expect(getReg(b0({ init: false }), 'pc')).toBe('ENOEXEC');
  });
  test('pc, pstate and x3 keep what is written', () => {
    const b = b0();
    for (const [name, value] of [
      ['pc', 0x40080000n],
      ['pstate', 0x3c5n],
      ['x3', 0xdeadbeefcafen],
    ] as const) {
      expect(setReg(b, name, value)).toBe('ok');
      expect(getReg(b, name)).toBe(`0x${value.toString(16)}`);
    }
  });
  test('sp and sp_el1 are the two stack pointers, whichever PSTATE selects', () => {
    const b = b0();
    for (const pstate of [0x3c5n, 0x3c4n, 0x3c0n]) {
      setReg(b, 'pstate', pstate);
      expect([setReg(b, 'sp', 0x1000n + pstate), setReg(b, 'sp_el1', 0x2000n + pstate)]).toEqual(['ok', 'ok']);
      setReg(b, 'pstate', 0x3c5n);
      expect([getReg(b, 'sp'), getReg(b, 'sp_el1')]).toEqual([
        `0x${(0x1000n + pstate).toString(16)}`,
        `0x${(0x2000n + pstate).toString(16)}`,
      ]);
    }
  });
  test('an unknown id is ENOENT', () => {
    const b = b0();
    expect(make(b, vmm.oneReg(b.hands, 0, 0, 0x6030000000100099n))).toBe('ENOENT');
  });
});
