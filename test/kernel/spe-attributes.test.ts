// The decision tables of kvm-spe-abi.md §7.2-7.7, row by row under their ids, on baseline B0 unless the row says otherwise.
import { describe, expect, test } from 'vitest';
import * as vmm from '../../src/session/vmm.ts';
import { addVm, type Bench, b0, boot, configure, get, has, hostOf, make, mask, ran, run, set, vcpuOf, vmOf } from './bench.ts';

type Row = readonly [id: string, state: () => Bench, call: (b: Bench) => string, expected: string, after?: (b: Bench) => void];

const MIB = 1024 * 1024;
const quirk = (): Bench => b0({}, hostOf('two-spu', { 'quirk.irqValidBool': true }));
const noFeature = (): Bench => b0({ features: ['pmu-v3', 'psci-0.2'] });
const noVgic = (): Bench => b0({ vgic: 'none' });
const vgicCreated = (): Bench => b0({ vgic: 'created' });
const withIrq = (irq = 21): Bench => {
  const b = b0();
  set(b, 0, 'spe.irq', irq);
  return b;
};
const withSpu = (host = hostOf('two-spu')): Bench => {
  const b = b0({}, host);
  set(b, 0, 'spe.spu', 10);
  return b;
};
const withIrqAndSpu = (): Bench => {
  const b = withIrq();
  set(b, 0, 'spe.spu', 10);
  return b;
};
const initialised = (host = hostOf('two-spu')): Bench => {
  const b = b0({}, host);
  configure(b, 0);
  return b;
};
const withSize = (): Bench => {
  const b = withSpu();
  set(b, 0, 'spe.max-buffer-size', 4 * MIB);
  return b;
};
const limited = (): Bench => withSpu(hostOf('limited-buffer'));
const ranWithoutSpu = (): Bench => {
  const b = b0({}, hostOf('two-spu', { spuRequired: 'never' }));
  set(b, 0, 'pmu.irq', 23);
  set(b, 0, 'pmu.init');
  set(b, 0, 'spe.irq', 21);
  set(b, 0, 'spe.init');
  vcpuOf(b, 0).run.immediateExit = true;
  run(b, 0);
  return b;
};

const calls = {
  set:
    (name: string, value: Parameters<typeof set>[3] = 'NULL', vcpu = 0, options: Parameters<typeof set>[4] = {}) =>
    (b: Bench) =>
      set(b, vcpu, name, value, options),
  get:
    (name: string, pointer: Parameters<typeof get>[3] = 'NULL', vcpu = 0) =>
    (b: Bench) =>
      get(b, vcpu, name, pointer),
  has:
    (name: string, vcpu = 0) =>
    (b: Bench) =>
      has(b, vcpu, name),
};

const GEN: readonly Row[] = [
  ['GEN-01', b0, (b) => set(b, 0, 'spe.spu', 10, { badStruct: true }), 'EFAULT'],
  ['GEN-02', b0, (b) => get(b, 0, 'spe.spu', 'NULL', { badStruct: true }), 'EFAULT'],
  ['GEN-03', b0, (b) => has(b, 0, 'spe.spu', { badStruct: true }), 'EFAULT'],
  ['GEN-04', b0, calls.set('4/0', 1), 'ENXIO'],
  ['GEN-05', b0, calls.has('4/0'), 'ENXIO'],
  ['GEN-06', b0, calls.set('3/99', 1), 'ENXIO'],
  ['GEN-07', b0, calls.get('3/99'), 'ENXIO'],
  ['GEN-08', b0, calls.has('3/99'), 'ENXIO'],
  ['GEN-09', noFeature, calls.set('3/99', 1), 'ENODEV'],
  ['GEN-10', noFeature, calls.get('3/99'), 'ENODEV'],
  ['GEN-11', noFeature, calls.has('3/0'), 'ENODEV'],
  ['GEN-12', b0, calls.set('spe.spu', 10, 0, { flags: 0xdead }), 'ok', (b) => expect(vmOf(b).spu).toBe(10)],
  [
    'GEN-13',
    b0,
    (b) => {
      const prepared = vmm.checkExtension(b.hands, 0);
      b.mw.world.kernel.processes.push({ ...structuredClone(b.mw.world.kernel.processes[0]), id: 2 });
      const hands = { ...b.hands, process: 2 };
      expect(make(b, { ...prepared, call: { ...prepared.call, process: 2 } })).toBe('ok'); // /dev/kvm does not mind
      const target = { kind: 'vcpu', vm: 0, vcpu: 0 } as const;
      return make(b, vmm.deviceAttr(hands, { verb: 'has', target, group: 3, attr: 1n, pointer: { kind: 'raw', address: 0n } }));
    },
    'EIO',
  ],
  ['GEN-14', () => b0({ features: ['pmu-v3'] }, hostOf('config-off')), calls.set('3/0', 21), 'ENXIO'],
  ['GEN-15', () => b0({ init: false }), calls.set('spe.spu', 10), 'ENODEV'],
  [
    'GEN-16',
    () => {
      const b = b0({ init: false });
      make(b, vmm.vcpuInit(b.hands, 0, 0, 1 << 9));
      return b;
    },
    calls.set('spe.spu', 10, 1),
    'ok',
  ],
  ['GEN-17', b0, (b) => set(b, 0, '3/1', 10, { on: 'vm' }), 'ENXIO'],
  ['GEN-19', b0, calls.set(`3/${1n + (1n << 32n)}`, 10), 'ENXIO'],
  [
    'GEN-20',
    b0,
    (b) => {
      const end = vmm.SCRATCH + 0x2000; // the first page behind the VMM's scratch memory is unmapped
      vmm.place(b.hands, end - 4, new Uint8Array([10, 0, 0, 0]));
      expect(set(b, 0, 'spe.spu', { at: BigInt(end - 3) })).toBe('EFAULT');
      return set(b, 0, 'spe.spu', { at: BigInt(end - 4) });
    },
    'ok',
  ],
];

const IRQ: readonly Row[] = [
  ['IRQ-01', b0, calls.set('spe.irq', 21), 'ok'],
  ['IRQ-02', noFeature, calls.set('spe.irq', 21), 'ENODEV'],
  ['IRQ-03', noFeature, calls.set('spe.irq', 'bad'), 'ENODEV'],
  ['IRQ-04', noVgic, calls.set('spe.irq', 21), 'ENXIO'],
  [
    'IRQ-04 alternative',
    () => b0({ vgic: 'none' }, hostOf('two-spu', { 'irqchipCheck.errno': 'EINVAL' })),
    calls.set('spe.irq', 21),
    'EINVAL',
  ],
  ['IRQ-05', noVgic, calls.set('spe.irq', 'bad'), 'ENXIO'],
  ['IRQ-06', b0, calls.set('spe.irq', 'bad'), 'EFAULT'],
  ['IRQ-07', b0, calls.set('spe.irq', 16), 'ok'],
  ['IRQ-08', b0, calls.set('spe.irq', 31), 'ok'],
  ['IRQ-09', b0, calls.set('spe.irq', 15), 'EINVAL'],
  ['IRQ-09 quirk', quirk, calls.set('spe.irq', 15), 'ok'],
  ['IRQ-10', b0, calls.set('spe.irq', 32), 'EINVAL'],
  ['IRQ-10 quirk', quirk, calls.set('spe.irq', 32), 'ok'],
  ['IRQ-11', b0, calls.set('spe.irq', 0), 'EINVAL'],
  ['IRQ-11 quirk', quirk, calls.set('spe.irq', 0), 'ok', (b) => expect(get(b, 0, 'spe.irq')).toBe('ENXIO')],
  ['IRQ-12', b0, calls.set('spe.irq', -1), 'EINVAL'],
  ['IRQ-12 quirk', quirk, calls.set('spe.irq', -1), 'ok'],
  ['IRQ-13', b0, calls.set('spe.irq', 8192), 'EINVAL'],
  ['IRQ-13 quirk', quirk, calls.set('spe.irq', 8192), 'ok'],
  ['IRQ-14', withIrq, calls.set('spe.irq', 21), 'EBUSY'],
  ['IRQ-15', withIrq, calls.set('spe.irq', 22), 'EBUSY'],
  ['IRQ-16', withIrq, calls.set('spe.irq', 'bad'), 'EBUSY'],
  ['IRQ-17', withIrq, calls.set('spe.irq', 21, 1), 'ok'],
  ['IRQ-18', withIrq, calls.set('spe.irq', 22, 1), 'EINVAL'],
  ['IRQ-19', withIrq, calls.set('spe.irq', 40, 1), 'EINVAL'],
  [
    'IRQ-19 quirk',
    () => {
      const b = quirk();
      set(b, 0, 'spe.irq', 21);
      return b;
    },
    calls.set('spe.irq', 40, 1),
    'ok',
  ],
  ['IRQ-20', initialised, calls.set('spe.irq', 21), 'EBUSY'],
  ['IRQ-21', ran, calls.set('spe.irq', 21, 1), 'ok'],
  ['IRQ-22', vgicCreated, calls.set('spe.irq', 21), 'ok'],
  ['IRQ-23', b0, calls.get('spe.irq'), 'ENXIO'],
  ['IRQ-24', withIrq, calls.get('spe.irq'), '21'],
  ['IRQ-25', withIrq, calls.get('spe.irq', 'NULL', 1), 'ENXIO'],
  ['IRQ-26', withIrq, calls.get('spe.irq', 'bad'), 'EFAULT'],
  ['IRQ-27', b0, calls.get('spe.irq', 'bad'), 'ENXIO'],
  ['IRQ-28', noFeature, calls.get('spe.irq'), 'ENODEV'],
  ['IRQ-29', noVgic, calls.get('spe.irq'), 'ENXIO'],
  ['IRQ-30', b0, calls.has('spe.irq'), 'ok'],
  ['IRQ-31', noVgic, calls.has('spe.irq'), 'ok'],
  ['IRQ-32', initialised, calls.has('spe.irq'), 'ok'],
];

const maskIs = (expected: string) => (b: Bench) => expect(mask(b)).toBe(expected);

const SPU: readonly Row[] = [
  ['SPU-01', b0, calls.set('spe.spu', 10), 'ok', maskIs('0-3')],
  ['SPU-02', noFeature, calls.set('spe.spu', 10), 'ENODEV'],
  ['SPU-03', noFeature, calls.set('spe.spu', 'bad'), 'ENODEV'],
  ['SPU-04', noVgic, calls.set('spe.spu', 10), 'ENXIO'],
  [
    'SPU-04 alternative',
    () => b0({ vgic: 'none' }, hostOf('two-spu', { 'irqchipCheck.position': 'inIrqCase' })),
    calls.set('spe.spu', 10),
    'ok',
  ],
  ['SPU-05', b0, calls.set('spe.spu', 'bad'), 'EFAULT'],
  ['SPU-06', ran, calls.set('spe.spu', 'bad'), 'EFAULT'],
  ['SPU-06 alternative', () => ran(hostOf('two-spu', { initBusyCheck: 'top' })), calls.set('spe.spu', 'bad'), 'EBUSY'],
  ['SPU-07', ranWithoutSpu, calls.set('spe.spu', 10), 'EBUSY'],
  ['SPU-08', ran, calls.set('spe.spu', 10), 'EBUSY'],
  ['SPU-09', ran, calls.set('spe.spu', 99), 'EBUSY'],
  ['SPU-10', b0, calls.set('spe.spu', 99), 'ENXIO'],
  ['SPU-11', b0, calls.set('spe.spu', 8), 'ENXIO'],
  ['SPU-12', b0, calls.set('spe.spu', -1), 'ENXIO'],
  ['SPU-13', b0, calls.set('spe.spu', 0), 'ENXIO'],
  ['SPU-14', withSpu, calls.set('spe.spu', 99), 'ENXIO'],
  ['SPU-15', withSpu, calls.set('spe.spu', 11), 'EINVAL', maskIs('0-3')],
  ['SPU-16', withSpu, calls.set('spe.spu', 10), 'ok', maskIs('0-3')],
  ['SPU-17', withSpu, calls.set('spe.spu', 10, 1), 'ok', maskIs('0-3')],
  ['SPU-18', withSpu, calls.set('spe.spu', 11, 1), 'EINVAL'],
  ['SPU-19', initialised, calls.set('spe.spu', 10), 'ok'],
  ['SPU-19 alternative', () => initialised(hostOf('two-spu', { initBusyCheck: 'top' })), calls.set('spe.spu', 10), 'EBUSY'],
  ['SPU-20', initialised, calls.set('spe.spu', 10, 1), 'ok'],
  ['SPU-21', vgicCreated, calls.set('spe.spu', 10), 'ok'],
  ['SPU-22', b0, calls.set('spe.spu', 10), 'ok', (b) => expect(get(b, 0, 'spe.irq')).toBe('ENXIO')],
  ['SPU-23', b0, calls.get('spe.spu'), 'ENXIO'],
  ['SPU-24', b0, calls.get('spe.spu', 'bad'), 'ENXIO'],
  ['SPU-25', withSpu, calls.get('spe.spu'), '10'],
  ['SPU-26', withSpu, calls.get('spe.spu', 'NULL', 1), '10'],
  ['SPU-27', withSpu, calls.get('spe.spu', 'bad'), 'EFAULT'],
  ['SPU-28', ran, calls.get('spe.spu'), '10'],
  ['SPU-29', noFeature, calls.get('spe.spu'), 'ENODEV'],
  ['SPU-30', b0, calls.has('spe.spu'), 'ok'],
  ['SPU-31', ran, calls.has('spe.spu'), 'ok'],
  ['SPU-32', b0, calls.has('spe.spu'), 'ok'],
  [
    'SPU-33',
    () => {
      const b = b0();
      addVm(b);
      return b;
    },
    (b) => `${set(b, 0, 'spe.spu', 10)} ${set(b, 0, 'spe.spu', 11, { vm: 1 })}`,
    'ok ok',
    (b) => expect([mask(b, 0), mask(b, 1)]).toEqual(['0-3', '4-7']),
  ],
];

const pmu = (type: number) => (b: Bench) => set(b, 0, 'pmu.set-pmu', type);
const spu = (type: number) => (b: Bench) => set(b, 0, 'spe.spu', type);
const both =
  (...each: readonly ((b: Bench) => string)[]) =>
  (b: Bench) =>
    each.map((call) => call(b)).join(' ');

const CPU: readonly Row[] = [
  ['CPU-01', b0, () => '', '', maskIs('0-7')],
  ['CPU-02', b0, both(pmu(8), spu(10)), 'ok ok', maskIs('0-3')],
  ['CPU-03', b0, both(spu(10), pmu(8)), 'ok ok', maskIs('0-3')],
  ['CPU-04', b0, both(pmu(9), spu(10)), 'ok ok', maskIs('')],
  ['CPU-05', b0, both(spu(10), pmu(9)), 'ok ok', maskIs('')],
  ['CPU-06', b0, both(pmu(8), pmu(9)), 'ok ok', maskIs('')],
  ['CPU-06 before v6', () => b0({ features: ['pmu-v3'] }, hostOf('mainline')), both(pmu(8), pmu(9)), 'ok ok', maskIs('4-7')],
  ['CPU-07', b0, both(pmu(8), pmu(8)), 'ok ok', maskIs('0-3')],
  ['CPU-08', b0, both(spu(10), spu(11)), 'ok EINVAL', maskIs('0-3')],
  ['CPU-09', b0, both(spu(11)), 'ok', maskIs('4-7')],
  ['CPU-10', () => b0({}, hostOf('one-spu')), (b) => set(b, 0, 'spe.spu', b.mw.world.host.spus[0].type), 'ok', maskIs('0-7')],
  ['CPU-11', b0, both(spu(10), pmu(99)), 'ok ENXIO', maskIs('0-3')],
  // V1's PMU is not initialised; V0's own would be refused by the common check first.
  ['CPU-12', ran, calls.set('pmu.set-pmu', 8, 1), 'EBUSY', maskIs('0-3')],
  ['CPU-13', () => b0({}, hostOf('partial-spe')), both(spu(12), pmu(8)), 'ok ok', maskIs('2-3')],
];

const MBS: readonly Row[] = [
  ['MBS-01', withSpu, calls.set('spe.max-buffer-size', 4 * MIB), 'ok'],
  ['MBS-02', noFeature, calls.set('spe.max-buffer-size', 4 * MIB), 'ENODEV'],
  ['MBS-03', withSpu, calls.set('spe.max-buffer-size', 'bad'), 'EFAULT'],
  ['MBS-04', b0, calls.set('spe.max-buffer-size', 4 * MIB), 'ENXIO'],
  ['MBS-05', ran, calls.set('spe.max-buffer-size', 4 * MIB), 'EBUSY'],
  ['MBS-06', withSpu, calls.set('spe.max-buffer-size', 4 * MIB + 4096), 'EINVAL'],
  ['MBS-07', withSpu, calls.set('spe.max-buffer-size', 4097), 'EINVAL'],
  ['MBS-08', limited, calls.set('spe.max-buffer-size', 4 * MIB), 'EINVAL'],
  ['MBS-09', withSpu, calls.set('spe.max-buffer-size', 1024 * MIB), 'ok'],
  ['MBS-10', withSize, calls.set('spe.max-buffer-size', 4 * MIB), 'ok'],
  ['MBS-11', withSize, calls.set('spe.max-buffer-size', 8 * MIB), 'EINVAL'],
  ['MBS-12', b0, calls.get('spe.max-buffer-size'), 'ENXIO'],
  ['MBS-13', withSize, calls.get('spe.max-buffer-size'), '4194304'],
  ['MBS-14', b0, calls.has('spe.max-buffer-size'), 'ok'],
  ['MBS-17', withSpu, calls.set('spe.max-buffer-size', 0), 'ok'],
  ['MBS-17 alternative', () => withSpu(hostOf('two-spu', { 'maxBuf.zero': 'EINVAL' })), calls.set('spe.max-buffer-size', 0), 'EINVAL'],
];

const irq23WithPmu = (): Bench => {
  const b = b0();
  set(b, 0, 'pmu.irq', 23);
  set(b, 0, 'pmu.init');
  set(b, 0, 'spe.irq', 23);
  set(b, 0, 'spe.spu', 10);
  return b;
};

const INI: readonly Row[] = [
  ['INI-01', withIrqAndSpu, calls.set('spe.init'), 'ok'],
  ['INI-02', noFeature, calls.set('spe.init'), 'ENODEV'],
  ['INI-03', noVgic, calls.set('spe.init'), 'ENXIO'],
  ['INI-04', withSpu, calls.set('spe.init'), 'ENXIO'],
  ['INI-05', withIrq, calls.set('spe.init'), 'ENXIO'],
  [
    'INI-06',
    () => {
      const b = vgicCreated();
      set(b, 0, 'spe.irq', 21);
      set(b, 0, 'spe.spu', 10);
      return b;
    },
    calls.set('spe.init'),
    'ENXIO',
  ],
  ['INI-07', initialised, calls.set('spe.init'), 'EBUSY'],
  ['INI-08', irq23WithPmu, calls.set('spe.init'), 'ENXIO'],
  [
    'INI-09',
    () => {
      const b = b0();
      set(b, 0, 'spe.irq', 23);
      set(b, 0, 'spe.spu', 10);
      set(b, 0, 'spe.init');
      set(b, 0, 'pmu.irq', 23);
      return b;
    },
    calls.set('pmu.init'),
    'EEXIST',
  ],
  [
    'INI-10',
    () => {
      const b = b0();
      set(b, 0, 'pmu.irq', 23);
      set(b, 0, 'pmu.init');
      set(b, 0, 'spe.irq', 27);
      set(b, 0, 'spe.spu', 10);
      return b;
    },
    (b) => `${set(b, 0, 'spe.init')} ${run(b, 0)}`,
    'ok EINVAL',
  ],
  ['INI-11', withIrqAndSpu, calls.set('spe.init', 'bad'), 'ok'],
  ['INI-12', initialised, calls.set('spe.init', 'NULL', 1), 'ENXIO'],
  ['INI-13', initialised, calls.get('spe.init'), 'ENXIO'],
  ['INI-14', b0, calls.has('spe.init'), 'ok'],
  [
    'INI-15',
    () => {
      const b = withIrqAndSpu();
      set(b, 0, 'pmu.set-pmu', 9);
      return b;
    },
    calls.set('spe.init'),
    'ok',
    maskIs(''),
  ],
];

for (const [name, rows] of Object.entries({ GEN, IRQ, SPU, CPU, MBS, INI })) {
  describe(name, () => {
    test.each(rows.map((row) => [row[0], row] as const))('%s', (_id, [, state, call, expected, after]) => {
      const b = state();
      expect(call(b)).toBe(expected);
      after?.(b);
    });
  });
}

test('the SPU setter has six checks, and the last one names the SPU that is set', () => {
  const b = withSpu();
  set(b, 0, 'spe.spu', 11);
  expect(b.last).toMatchObject({ errno: 'EINVAL', check: 6, of: 6, why: 'a different SPU is already set', saw: 'arm_spe_0 (type 10)' });
  expect(boot(hostOf('two-spu')).mw.world.kernel.vms).toEqual([]);
});
