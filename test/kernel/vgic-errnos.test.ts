// The error rows of vgic.md §1.9 (E1-E45), each through the ioctl it names, and what else §1.2-1.8 promises about answers.
import { describe, expect, test } from 'vitest';
import { IRQ_TYPE_CPU, IRQ_TYPE_PPI, IRQ_TYPE_SPI, irqLineWord } from '../../src/abi/irq-line.ts';
import * as abi from '../../src/abi/vgic-attributes.ts';
import { GIC_REGISTERS } from '../../src/arch/sysreg/gic.ts';
import { hashPlain } from '../../src/base/plain.ts';
import type { Host } from '../../src/kernel/host.ts';
import { injectInterrupt } from '../../src/kernel/vgic/inject.ts';
import { setOwner } from '../../src/kernel/vgic/owner.ts';
import { mpidrOf } from '../../src/kernel/vm.ts';
import * as vmm from '../../src/session/vmm.ts';
import { type Bench, boot, hostOf, init, make, must, run, set, vcpuOf, vmOf } from './bench.ts';

const LIMIT = 1n << 40n;
const DIST = 0x0800_0000n;
const REDIST = 0x080a_0000n;

/** A VM with vCPUs; with `device`, a vGICv3 too. */
function fresh(plan: { vcpus?: number; device?: boolean; host?: Host } = {}): Bench {
  const b = boot(plan.host);
  must(b, vmm.createVm(b.hands));
  for (let id = 0; id < (plan.vcpus ?? 1); id++) must(b, vmm.createVcpu(b.hands, 0, id));
  if (plan.device !== false) must(b, vmm.createDevice(b.hands, 0));
  return b;
}
const device = (b: Bench, type = 7, flags = 0): string => make(b, vmm.createDevice(b.hands, 0, type, flags));

type Size = 4 | 8;
const sizeOf = (group: number): Size => (group === abi.GRP_ADDR || group === abi.GRP_CPU_SYSREGS ? 8 : 4);
const target = { kind: 'vgic', vm: 0 } as const;

function put(b: Bench, group: number, attr: bigint | number, value: bigint | number | 'bad' = 'bad'): string {
  const pointer: vmm.AttrPointer =
    value === 'bad' ? { kind: 'raw', address: vmm.BAD_POINTER } : { kind: 'value', value: BigInt(value), size: sizeOf(group) };
  return make(b, vmm.deviceAttr(b.hands, { verb: 'set', target, group, attr: BigInt(attr), pointer }));
}
/** The value of a get in hexadecimal, or the errno. */
function read(b: Bench, group: number, attr: bigint | number, preset?: bigint | 'bad'): string {
  const pointer: vmm.AttrPointer =
    preset === 'bad'
      ? { kind: 'raw', address: vmm.BAD_POINTER }
      : { kind: 'room', size: sizeOf(group), ...(preset === undefined ? {} : { preset }) };
  const errno = make(b, vmm.deviceAttr(b.hands, { verb: 'get', target, group, attr: BigInt(attr), pointer }));
  return errno === 'ok' ? `0x${vmm.placedValue(b.hands, sizeOf(group)).toString(16)}` : errno;
}
const has = (b: Bench, group: number, attr: bigint | number): string =>
  make(b, vmm.deviceAttr(b.hands, { verb: 'has', target, group, attr: BigInt(attr), pointer: { kind: 'raw', address: 0n } }));

const dist = (b: Bench, base: bigint): string => put(b, abi.GRP_ADDR, abi.ADDR_DIST, base);
const redist = (b: Bench, base: bigint): string => put(b, abi.GRP_ADDR, abi.ADDR_REDIST, base);
const regionWord = (index: number, base: bigint, count: number, flags = 0): bigint =>
  (BigInt(count) << 52n) | base | (BigInt(flags) << 12n) | BigInt(index);
const region = (b: Bench, index: number, base: bigint, count: number, flags = 0): string =>
  put(b, abi.GRP_ADDR, abi.ADDR_REDIST_REGION, regionWord(index, base, count, flags));
const ctrlInit = (b: Bench): string => put(b, abi.GRP_CTRL, abi.CTRL_INIT, 0);
const nrIrqs = (b: Bench, value: number): string => put(b, abi.GRP_NR_IRQS, 0, value);
const ofVcpu = (id: number, low: number): bigint => abi.mpidrAttr(mpidrOf(id) & 0xffffffn, BigInt(low));
const line = (b: Bench, type: number, number: number, level = 1, vcpu = 0): string =>
  make(b, vmm.irqLine(b.hands, 0, irqLineWord({ type, vcpu, number }), level));
const sysreg = (name: string): number => GIC_REGISTERS.find((r) => r.name === `ICC_${name}_EL1`)?.key ?? -1;
const lineOf = (b: Bench, intid: number, vcpu = 0): number => vcpuOf(b, vcpu).vgic?.privates.line[intid] ?? -1;

/** Device, addresses, and CTRL_INIT. */
function initialised(plan: { vcpus?: number; irqs?: number; host?: Host } = {}): Bench {
  const b = fresh(plan);
  expect([dist(b, DIST), redist(b, REDIST)]).toEqual(['ok', 'ok']);
  if (plan.irqs !== undefined) expect(nrIrqs(b, plan.irqs)).toBe('ok');
  expect(ctrlInit(b)).toBe('ok');
  return b;
}

/** KVM_RUN of vCPU 0 without SPE and PMU, with immediate_exit so that it comes back: 'EINTR' means that every check passed. */
function firstRun(b: Bench): string {
  for (const v of vmOf(b).vcpus) if (!v.initialised) expect(init(b, v.index, ['psci-0.2'])).toBe('ok');
  vcpuOf(b, 0).run.immediateExit = true;
  return run(b, 0);
}

describe('vgic.md 1.9', () => {
  test('E1: create type 0 with TEST', () => {
    expect(device(fresh({ device: false }), 0, 1)).toBe('ENODEV');
  });

  test('E2, E3: create twice; TEST when one exists', () => {
    const b = fresh();
    expect(device(b)).toBe('EEXIST');
    expect(device(b, 7, 1)).toBe('ok');
  });

  test('E4: create after a vCPU ran', () => {
    const b = fresh({ device: false });
    expect(firstRun(b)).toBe('EINTR');
    expect(device(b)).toBe('EBUSY');
  });

  test('E5: has ADDR of attribute -1', () => {
    expect(has(fresh(), abi.GRP_ADDR, 0xffff_ffff_ffff_ffffn)).toBe('ENXIO');
  });

  test('E6: DIST unaligned', () => {
    expect(dist(fresh(), 0x1000n)).toBe('EINVAL');
  });

  test('E7: DIST at the IPA limit', () => {
    expect(dist(fresh(), LIMIT)).toBe('E2BIG');
    expect(dist(fresh(), LIMIT - 0x10000n)).toBe('ok');
  });

  test('E8: REDIST 64 KiB below the IPA limit with one vCPU', () => {
    expect(redist(fresh(), LIMIT - 0x10000n)).toBe('E2BIG');
  });

  test('E9: DIST twice', () => {
    const b = fresh();
    expect([dist(b, DIST), dist(b, DIST)]).toEqual(['ok', 'EEXIST']);
  });

  test('E10: REDIST twice', () => {
    const b = fresh();
    expect([redist(b, 0n), redist(b, 0xe0000n)]).toEqual(['ok', 'EEXIST']);
  });

  test('E11: REDIST, then REGION 0', () => {
    const b = fresh();
    expect([redist(b, 0n), region(b, 0, 0x200000n, 2)]).toEqual(['ok', 'EINVAL']);
  });

  test('E12: REGION with flags, without redistributors, starting at 1', () => {
    const b = fresh();
    expect([region(b, 0, 0x200000n, 2, 1), region(b, 0, 0x200000n, 0), region(b, 1, 0x200000n, 2)]).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
  });

  test('E13: REGION again, with a gap, overlapping', () => {
    const b = fresh();
    expect(region(b, 0, 0x200000n, 2)).toBe('ok');
    expect([region(b, 0, 0x200000n, 2), region(b, 2, 0x400000n, 2), region(b, 1, 0x210000n, 2)]).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
    expect(b.last?.why).toBe('the region overlaps another one');
    expect(region(b, 1, 0x240000n, 2)).toBe('ok');
  });

  test('E14: REGION 0, then REDIST', () => {
    const b = fresh();
    expect([region(b, 0, 0x200000n, 2), redist(b, 0n)]).toEqual(['ok', 'EINVAL']);
  });

  test('E15: REGION get of an index that is not there', () => {
    const b = fresh();
    expect([region(b, 0, 0x200000n, 2), region(b, 1, 0x240000n, 1)]).toEqual(['ok', 'ok']);
    expect(read(b, abi.GRP_ADDR, abi.ADDR_REDIST_REGION, 2n)).toBe('ENOENT');
    expect(read(b, abi.GRP_ADDR, abi.ADDR_REDIST_REGION, 1n)).toBe(`0x${regionWord(1, 0x240000n, 1).toString(16)}`);
    expect(read(b, abi.GRP_ADDR, abi.ADDR_REDIST_REGION, 'bad')).toBe('EFAULT');
  });

  test('E16: four vCPUs, regions for three', () => {
    const b = fresh({ vcpus: 4 });
    expect([dist(b, 0n), region(b, 0, 0x200000n, 3), ctrlInit(b)]).toEqual(['ok', 'ok', 'ok']);
    expect(firstRun(b)).toBe('ENXIO');
    expect(vmOf(b).dead).toBe(true);
    expect(device(b)).toBe('EIO');
  });

  test('E17: addresses but no CTRL_INIT', () => {
    const b = fresh();
    expect([dist(b, DIST), redist(b, REDIST), firstRun(b)]).toEqual(['ok', 'ok', 'EBUSY']);
  });

  test('E18: DIST over REDIST', () => {
    const b = fresh();
    expect([redist(b, 0x10000n), dist(b, 0x20000n), ctrlInit(b), firstRun(b)]).toEqual(['ok', 'ok', 'ok', 'EINVAL']);
  });

  test('E18b: the distributor is missing', () => {
    const b = fresh();
    expect([redist(b, REDIST), ctrlInit(b), firstRun(b)]).toEqual(['ok', 'ok', 'ENXIO']);
  });

  test('E18c: newer kernels refuse REDIST over DIST when it is set', () => {
    const b = fresh();
    expect([dist(b, 0x20000n), redist(b, 0x10000n)]).toEqual(['ok', 'EINVAL']);
    expect(vmOf(b).vgic?.regions).toEqual([]);
  });

  test('E19: KVM_CREATE_VCPU after CTRL_INIT', () => {
    const b = initialised();
    expect(make(b, vmm.createVcpu(b.hands, 0, 1))).toBe('EBUSY');
  });

  test('E20: CTRL_INIT twice changes nothing the second time', () => {
    const b = initialised();
    const before = hashPlain(vmOf(b));
    expect(ctrlInit(b)).toBe('ok');
    expect(hashPlain(vmOf(b))).toBe(before);
  });

  test.each([32, 65, 1024])('E21: NR_IRQS %i', (value) => {
    expect(nrIrqs(fresh(), value)).toBe('EINVAL');
  });

  test('E22: NR_IRQS 992', () => {
    expect(nrIrqs(fresh(), 992)).toBe('ok');
  });

  test('E23: NR_IRQS 64, then 96', () => {
    const b = fresh();
    expect([nrIrqs(b, 64), nrIrqs(b, 96)]).toEqual(['ok', 'EBUSY']);
  });

  test('E24, E25: NR_IRQS around a default CTRL_INIT', () => {
    const b = fresh();
    expect(read(b, abi.GRP_NR_IRQS, 0)).toBe('0x20');
    expect(ctrlInit(b)).toBe('ok');
    expect(nrIrqs(b, 64)).toBe('EBUSY');
    expect(read(b, abi.GRP_NR_IRQS, 0)).toBe('0x100');
  });

  test('E26, E27: GICR_TYPER of a vCPU that is not there; before CTRL_INIT', () => {
    const b = fresh();
    expect(read(b, abi.GRP_REDIST_REGS, ofVcpu(1, 8))).toBe('EINVAL');
    expect(read(b, abi.GRP_REDIST_REGS, ofVcpu(0, 8))).toBe('EBUSY');
  });

  test('E28, E29: GICD_IIDR and GICD_CTLR before CTRL_INIT', () => {
    const b = fresh();
    expect(read(b, abi.GRP_DIST_REGS, 8)).toBe('0x4b00343b');
    expect(read(b, abi.GRP_DIST_REGS, 0)).toBe('EBUSY');
    expect(read(fresh({ vcpus: 0 }), abi.GRP_DIST_REGS, 8)).toBe('EINVAL');
  });

  test('E30, E31: LEVEL_INFO of INTID 33, of info 1', () => {
    const b = initialised();
    expect(put(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 33), 0)).toBe('EINVAL');
    expect(put(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 1 << 10), 0)).toBe('EINVAL');
    expect(has(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 1 << 10))).toBe('ENXIO');
    expect(has(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 0))).toBe('ok');
  });

  test('E32: CPU_SYSREGS SRE = 0', () => {
    const b = initialised();
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('SRE')), 0)).toBe('EINVAL');
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('SRE')), 1)).toBe('ok');
  });

  test('E33: CPU_SYSREGS IAR1', () => {
    const b = initialised();
    expect(read(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('IAR1')))).toBe('ENOENT');
    expect(has(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('IAR1')))).toBe('ENXIO');
    expect(has(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('PMR')))).toBe('ok');
    expect(read(initialised({ host: hostOf('two-spu', {}, withRevision('rfc-v5')) }), abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('IAR1')))).toBe(
      'ENXIO',
    );
  });

  test('E34: CPU_SYSREGS AP1R1 with five priority bits', () => {
    const b = initialised();
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('AP1R1')), 0)).toBe('EINVAL');
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('AP1R0')), 0x100)).toBe('ok');
    expect(read(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('AP1R0')))).toBe('0x100');
  });

  test('E35: MAINT_IRQ', () => {
    const b = fresh();
    expect([15, 32, 25].map((irq) => put(b, abi.GRP_MAINT_IRQ, 0, irq))).toEqual(['EINVAL', 'EINVAL', 'ok']);
    expect(read(b, abi.GRP_MAINT_IRQ, 0)).toBe('0x19');
    expect(ctrlInit(b)).toBe('ok');
    expect(put(b, abi.GRP_MAINT_IRQ, 0, 25)).toBe('EBUSY');
  });

  test('E36: IRQ_LINE without a vGIC', () => {
    const b = fresh({ device: false });
    expect([line(b, IRQ_TYPE_PPI, 22), line(b, IRQ_TYPE_SPI, 40)]).toEqual(['ENXIO', 'ENXIO']);
    expect([line(b, IRQ_TYPE_CPU, 0), line(b, IRQ_TYPE_CPU, 2), line(b, IRQ_TYPE_CPU, 1, 1, 3)]).toEqual(['ok', 'EINVAL', 'EINVAL']);
    expect(vcpuOf(b, 0).pins).toBe(1);
  });

  test('E37: IRQ_LINE before CTRL_INIT', () => {
    expect(line(fresh(), IRQ_TYPE_PPI, 22)).toBe('EBUSY');
  });

  test('E38: IRQ_LINE numbers and types', () => {
    const b = initialised();
    const lines = [
      [IRQ_TYPE_PPI, 15],
      [IRQ_TYPE_PPI, 32],
      [IRQ_TYPE_SPI, 31],
      [IRQ_TYPE_SPI, 256],
      [3, 0],
      [IRQ_TYPE_CPU, 0],
    ] as const;
    expect(lines.map(([type, number]) => line(b, type, number))).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL', 'EINVAL', 'ENXIO']);
    expect([line(b, IRQ_TYPE_PPI, 22), line(b, IRQ_TYPE_SPI, 40), line(b, IRQ_TYPE_PPI, 22, 1, 5)]).toEqual(['ok', 'ok', 'EINVAL']);
    expect(lineOf(b, 22)).toBe(1);
  });

  test('E39, E40: SPE owns 21: IRQ_LINE does nothing, LEVEL_INFO does', () => {
    const b = initialised();
    expect(setOwner(vmOf(b), 0, 21, 'spe')).toBeNull();
    expect(line(b, IRQ_TYPE_PPI, 21)).toBe('ok');
    expect(lineOf(b, 21)).toBe(0);
    expect(put(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 0), 1 << 21)).toBe('ok');
    expect(lineOf(b, 21)).toBe(1);
    expect(read(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 0))).toBe('0x200000');
  });

  test('E41: PMU and SPE on one PPI: the second INIT fails', () => {
    const b = initialised();
    expect(init(b, 0, ['spe', 'pmu-v3', 'psci-0.2'])).toBe('ok');
    expect([set(b, 0, 'pmu.irq', 23), set(b, 0, 'pmu.init')]).toEqual(['ok', 'ok']);
    expect([set(b, 0, 'spe.irq', 23), set(b, 0, 'spe.spu', 10), set(b, 0, 'spe.init')]).toEqual(['ok', 'ok', 'ENXIO']);
  });

  test('E42: PMU on the virtual timer: INIT succeeds, the first KVM_RUN fails', () => {
    const b = initialised();
    expect(init(b, 0, ['pmu-v3', 'psci-0.2'])).toBe('ok');
    expect([set(b, 0, 'pmu.irq', 27), set(b, 0, 'pmu.init'), firstRun(b)]).toEqual(['ok', 'ok', 'EINVAL']);
  });

  test('E43: PMU INIT before CTRL_INIT', () => {
    const b = fresh();
    expect(init(b, 0, ['pmu-v3', 'psci-0.2'])).toBe('ok');
    expect([set(b, 0, 'pmu.irq', 23), set(b, 0, 'pmu.init')]).toEqual(['ok', 'ENODEV']);
  });

  test('E44: NR_IRQS 64: the register of INTID 64 is not there', () => {
    const b = initialised({ irqs: 64 });
    expect(put(b, abi.GRP_DIST_REGS, 0x108, 0xffffffff)).toBe('ok');
    expect(read(b, abi.GRP_DIST_REGS, 0x108)).toBe('0x0');
    expect([has(b, abi.GRP_DIST_REGS, 0x104), has(b, abi.GRP_DIST_REGS, 0x108), has(b, abi.GRP_DIST_REGS, 0x102)]).toEqual([
      'ok',
      'ENXIO',
      'ENXIO',
    ]);
  });

  test('E45: GICR_TYPER without a region: id << 8, never Last', () => {
    const b = fresh({ vcpus: 4 });
    expect(ctrlInit(b)).toBe('ok');
    expect([0, 1, 2, 3].map((id) => read(b, abi.GRP_REDIST_REGS, ofVcpu(id, 8)))).toEqual(['0x0', '0x100', '0x200', '0x300']);
  });
});

const withRevision = (revision: Host['kernel']['revision']): Partial<Host> => ({ kernel: { ...hostOf('two-spu').kernel, revision } });

describe('orders of checks', () => {
  test('a vCPU inside KVM_RUN comes before an existing vGIC; older kernels look for the vGIC first', () => {
    for (const [host, errno] of [
      [undefined, 'EBUSY'],
      [hostOf('two-spu', {}, withRevision('rfc-v4')), 'EEXIST'],
    ] as const) {
      const b = fresh({ host });
      vcpuOf(b, 0).run.place = 'guest';
      expect(device(b)).toBe(errno);
    }
  });

  test('a set reads its value before anything else', () => {
    const b = fresh();
    expect(dist(b, DIST)).toBe('ok');
    expect(put(b, abi.GRP_ADDR, abi.ADDR_DIST)).toBe('EFAULT');
    expect(put(b, abi.GRP_ADDR, 99)).toBe('EFAULT');
    expect(put(b, abi.GRP_ADDR, 99, 0)).toBe('ENXIO');
    expect(put(b, abi.GRP_NR_IRQS, 0)).toBe('EFAULT');
    expect(put(b, abi.GRP_MAINT_IRQ, 0)).toBe('EFAULT');
  });

  test('registers: vCPU, value, stopped vCPUs, CTRL_INIT, in that order', () => {
    const b = fresh();
    expect(put(b, abi.GRP_REDIST_REGS, ofVcpu(7, 0x10100))).toBe('EINVAL');
    expect(put(b, abi.GRP_REDIST_REGS, ofVcpu(0, 0x10100))).toBe('EFAULT');
    vcpuOf(b, 0).run.place = 'guest';
    expect(put(b, abi.GRP_REDIST_REGS, ofVcpu(0, 0x10100), 1)).toBe('EBUSY');
    expect(b.last?.why).toBe('a vCPU is inside an ioctl');
    vcpuOf(b, 0).run.place = 'out';
    expect(put(b, abi.GRP_REDIST_REGS, ofVcpu(0, 0x10100), 1)).toBe('EBUSY');
    expect(b.last?.why).toBe('the vGIC is not initialised');
  });

  test('system registers: CTRL_INIT, the register, the value, in that order', () => {
    const b = fresh();
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('IAR1')))).toBe('EBUSY');
    expect(ctrlInit(b)).toBe('ok');
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('IAR1')))).toBe('ENOENT');
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('PMR')))).toBe('EFAULT');
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('CTLR')), 0x8700)).toBe('EINVAL');
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('CTLR')), 0x8c02)).toBe('EINVAL');
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('CTLR')), 0x0402)).toBe('EINVAL');
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('CTLR')), 0x8402)).toBe('ok');
    expect(read(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('CTLR')))).toBe('0x8402');
  });

  test('a refused call changes nothing', () => {
    const b = initialised();
    const before = hashPlain(vmOf(b));
    expect([nrIrqs(b, 64), dist(b, 0n), redist(b, 0n), device(b), put(b, abi.GRP_DIST_REGS, 8, 0x4b00143b)]).toEqual([
      'EBUSY',
      'EEXIST',
      'EEXIST',
      'EEXIST',
      'EINVAL',
    ]);
    expect(hashPlain(vmOf(b))).toBe(before);
  });

  test('unknown groups, and groups of other devices', () => {
    const b = fresh();
    for (const group of [abi.GRP_CPU_REGS, abi.GRP_ITS_REGS, 10, 99]) {
      expect([put(b, group, 0, 0), read(b, group, 0), has(b, group, 0)]).toEqual(['ENXIO', 'ENXIO', 'ENXIO']);
    }
    expect([read(b, abi.GRP_CTRL, 0), has(b, abi.GRP_CTRL, 0), has(b, abi.GRP_CTRL, 1), has(b, abi.GRP_NR_IRQS, 77)]).toEqual([
      'ENXIO',
      'ok',
      'ENXIO',
      'ok',
    ]);
  });

  test('each refusal numbers its check among those of the list, and carries evidence', () => {
    const b = initialised();
    expect(dist(b, 0n)).toBe('EEXIST');
    expect(b.last).toMatchObject({ list: 'KVM_VGIC_V3_ADDR_TYPE_DIST set', check: 2, of: 5, evidence: { tag: 'mainline' } });
    expect(line(b, IRQ_TYPE_SPI, 256)).toBe('EINVAL');
    expect(b.last).toMatchObject({ list: 'KVM_IRQ_LINE KVM_ARM_IRQ_TYPE_SPI', check: 4, of: 4, saw: '256' });
  });
});

describe('what user space reads and writes (vgic.md 1.4-1.6)', () => {
  test('frames that run past the last byte of memory, or end with it, wrap: -EINVAL before -E2BIG', () => {
    const last = 0xffff_ffff_ffff_0000n;
    expect([dist(fresh(), last), dist(fresh(), last - 0x10000n)]).toEqual(['EINVAL', 'E2BIG']);
    expect([redist(fresh(), last), redist(fresh(), last - 0x10000n), redist(fresh(), last - 0x20000n)]).toEqual([
      'EINVAL',
      'EINVAL',
      'E2BIG',
    ]);
  });

  test('addresses read as all ones until they are set', () => {
    const b = fresh();
    const ones = '0xffffffffffffffff';
    expect([read(b, abi.GRP_ADDR, abi.ADDR_DIST), read(b, abi.GRP_ADDR, abi.ADDR_REDIST)]).toEqual([ones, ones]);
    expect([dist(b, DIST), redist(b, REDIST)]).toEqual(['ok', 'ok']);
    expect([read(b, abi.GRP_ADDR, abi.ADDR_DIST), read(b, abi.GRP_ADDR, abi.ADDR_REDIST)]).toEqual(['0x8000000', '0x80a0000']);
  });

  test('ISPENDR is the latch alone, and assigned whole; ICPENDR is nothing', () => {
    const b = initialised();
    expect(injectInterrupt(vmOf(b), 0, 22, true, null)).toBeNull();
    const pend = ofVcpu(0, 0x10200);
    expect(read(b, abi.GRP_REDIST_REGS, pend)).toBe('0x0');
    expect(put(b, abi.GRP_REDIST_REGS, pend, 0x3)).toBe('ok');
    expect(put(b, abi.GRP_REDIST_REGS, pend, 0x2)).toBe('ok');
    expect(read(b, abi.GRP_REDIST_REGS, pend)).toBe('0x2');
    expect(put(b, abi.GRP_REDIST_REGS, ofVcpu(0, 0x10280), 0xffffffff)).toBe('ok');
    expect([read(b, abi.GRP_REDIST_REGS, pend), read(b, abi.GRP_REDIST_REGS, ofVcpu(0, 0x10280))]).toEqual(['0x2', '0x0']);
  });

  test('GICD_IIDR takes revisions 2 and 3 only; GICR_CTLR follows it', () => {
    const b = fresh();
    expect([0x4b00143b, 0x4b00443b, 0x4b00343c, 0x4b00243b].map((v) => put(b, abi.GRP_DIST_REGS, 8, v))).toEqual([
      'EINVAL',
      'EINVAL',
      'EINVAL',
      'ok',
    ]);
    expect(ctrlInit(b)).toBe('ok');
    expect([read(b, abi.GRP_DIST_REGS, 8), read(b, abi.GRP_REDIST_REGS, ofVcpu(0, 0))]).toEqual(['0x4b00243b', '0x0']);
  });

  test('GICD_TYPER2: only what it is can be written', () => {
    const b = fresh();
    expect([put(b, abi.GRP_DIST_REGS, 12, 0), put(b, abi.GRP_DIST_REGS, 12, 0x100)]).toEqual(['ok', 'EINVAL']);
    expect(ctrlInit(b)).toBe('ok');
    expect(put(b, abi.GRP_DIST_REGS, 12, 0x100)).toBe('EBUSY');
  });

  test('BPR1 is not written while CBPR is set', () => {
    const b = initialised();
    const bpr1 = ofVcpu(0, sysreg('BPR1'));
    expect(read(b, abi.GRP_CPU_SYSREGS, bpr1)).toBe('0x3');
    expect([put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('CTLR')), 0x8401), put(b, abi.GRP_CPU_SYSREGS, bpr1, 7)]).toEqual(['ok', 'ok']);
    expect(read(b, abi.GRP_CPU_SYSREGS, bpr1)).toBe('0x3');
    expect(put(b, abi.GRP_CPU_SYSREGS, ofVcpu(0, sysreg('BPR0')), 5)).toBe('ok');
    expect(read(b, abi.GRP_CPU_SYSREGS, bpr1)).toBe('0x6');
  });

  test('KVM_ARM_VCPU_INIT leaves the CPU interface as it is; CTRL_INIT resets it', () => {
    const b = initialised();
    const pmr = ofVcpu(0, sysreg('PMR'));
    expect(read(b, abi.GRP_CPU_SYSREGS, pmr)).toBe('0x0');
    expect(put(b, abi.GRP_CPU_SYSREGS, pmr, 0xf0)).toBe('ok');
    for (let again = 0; again < 2; again++) expect(init(b, 0, ['psci-0.2'])).toBe('ok');
    expect(read(b, abi.GRP_CPU_SYSREGS, pmr)).toBe('0xf0');
    const fresh0 = fresh();
    const { vgic } = vcpuOf(fresh0, 0);
    if (vgic) vgic.registers.pmr = 0xf0;
    expect(ctrlInit(fresh0)).toBe('ok');
    expect(read(fresh0, abi.GRP_CPU_SYSREGS, pmr)).toBe('0x0');
  });

  test('LEVEL_INFO writes every line from 16 on, edge ones too, and reads the level ones', () => {
    const b = initialised();
    expect(put(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 0), 0xffffffff)).toBe('ok');
    expect(read(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 0))).toBe('0xffff0000');
    expect(put(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 32), 0xff)).toBe('ok');
    expect(b.answer?.events).toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'irq.raised', intid: 33 })]));
    expect(read(b, abi.GRP_LEVEL_INFO, ofVcpu(0, 32))).toBe('0x0');
    expect(
      vmOf(b)
        .vgic?.spis.line.subarray(0, 8)
        .every((l) => l === 1),
    ).toBe(true);
  });

  test('GICR_TYPER.Last: the last of a region, unless the next region goes on', () => {
    const b = fresh({ vcpus: 4 });
    expect([region(b, 0, 0x200000n, 2), region(b, 1, 0x240000n, 2), ctrlInit(b)]).toEqual(['ok', 'ok', 'ok']);
    const last = (): string[] => [0, 1, 2, 3].map((id) => read(b, abi.GRP_REDIST_REGS, ofVcpu(id, 8)));
    expect(last()).toEqual(['0x0', '0x100', '0x200', '0x310']);
    const apart = fresh({ vcpus: 3 });
    expect([region(apart, 0, 0x200000n, 1), region(apart, 1, 0x400000n, 3), ctrlInit(apart)]).toEqual(['ok', 'ok', 'ok']);
    expect([0, 1, 2].map((id) => read(apart, abi.GRP_REDIST_REGS, ofVcpu(id, 8)))).toEqual(['0x10', '0x100', '0x210']);
  });

  test('a vCPU that comes after the region gets its redistributor, and may overlap only then', () => {
    const b = fresh({ vcpus: 1 });
    expect([dist(b, 0x60000n), redist(b, 0x20000n)]).toEqual(['ok', 'ok']);
    expect(make(b, vmm.createVcpu(b.hands, 0, 1))).toBe('ok');
    expect(vcpuOf(b, 1).vgic?.redistributor).toEqual({ base: 0x40000, region: 0, slot: 1 });
    expect(make(b, vmm.createVcpu(b.hands, 0, 2))).toBe('EINVAL');
    expect(vmOf(b).vcpus).toHaveLength(2);
  });

  test('Q11 as the documentation has it: NR_IRQS 1024', () => {
    expect(nrIrqs(fresh({ host: hostOf('two-spu', { 'vgic.irqs1024Refused': false }) }), 1024)).toBe('ok');
  });
});

describe('KVM_IRQ_LINE word', () => {
  test.each([
    [{ type: 2, vcpu: 0, number: 21 }, 0x02000015],
    [{ type: 1, vcpu: 0, number: 40 }, 0x01000028],
    [{ type: 2, vcpu: 300, number: 23 }, 0x122c0017],
    [{ type: 2, vcpu: 4095, number: 16 }, 0xf2ff0010],
  ])('%j is %i', (parts, word) => {
    expect(irqLineWord(parts)).toBe(word);
  });
});
