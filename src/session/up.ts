// Everything a VMM does to get a guest to its first instruction, call by call (language.md §3, `up`).
import { vcpuAttributeByName } from '../abi/attributes.ts';
import { ADDR_DIST, ADDR_REDIST, CTRL_INIT, GRP_ADDR, GRP_CTRL } from '../abi/vgic-attributes.ts';
import { featureMaskOf } from '../kernel/capability.ts';
import { lowestCpu } from '../kernel/cpu-list.ts';
import type { Host, SpuDevice } from '../kernel/host.ts';
import { oneRegByName } from '../kernel/one-reg.ts';
import { setThreadAffinity } from '../kernel/thread.ts';
import type { Vm } from '../kernel/world.ts';
import { DISTRIBUTOR, placeTree, REDISTRIBUTOR } from './devicetree.ts';
import type { Image } from './image.ts';
import { loadImage, RAM_BASE } from './load.ts';
import { type CallReport, done, type Outcome, type Unmet, unmet } from './outcome.ts';
import type { Context } from './session.ts';
import * as vmm from './vmm.ts';

const DEFAULT_MEMORY = 64n << 20n;
/** PSTATE at entry: EL1h, DAIF masked (arm64 boot protocol). */
const ENTRY_PSTATE = 0x3c5n;

export interface UpOptions {
  /** The guest's name and bytes; null = `--bare`. */
  readonly image: { readonly path: string; readonly bytes: Uint8Array } | null;
  readonly vcpus: number;
  readonly spu: string | null;
  readonly ppi: bigint;
  readonly pmuPpi: bigint;
  readonly maxBuffer: bigint | null;
  readonly memory?: bigint;
  readonly arguments?: string;
  readonly initrd?: Uint8Array;
}

/** Stops at the first call that is refused. */
class Stopped extends Error {}

/** Makes the VM and everything in it; `calls` has each call in order. */
export function up(context: Context, options: UpOptions): Outcome {
  const host = context.world.world.host;
  const spu = options.spu === null ? host.spus[0] : host.spus.find((s) => s.name === options.spu);
  if (options.spu !== null && spu === undefined)
    return unmet('no-spu', `this host has no SPU '${options.spu}'`, host.spus.map((s) => s.name).join(', ') || 'it has none');
  const calls: CallReport[] = [];
  const make = (prepared: vmm.PreparedCall): number => {
    const report = context.call(prepared.call, prepared.describe);
    calls.push(report);
    if (report.errno !== null) throw new Stopped();
    return report.ret;
  };
  try {
    make(vmm.createVm(context));
    const index = context.world.world.kernel.vms.length - 1;
    context.setVm(index);
    context.setImage(null);
    const vm = context.world.world.kernel.vms[index];
    if (options.image !== null) make(vmm.setMemory(context, index, 0, RAM_BASE, options.memory ?? DEFAULT_MEMORY));
    makeVcpusAndVgic(context, make, vm, host, options);
    if (options.image === null) return finished(context, vm, calls, null, null);
    placeThreads(vm, spu);
    configure(make, vm, context, options, spu);
    const booted = boot(context, make, vm, options);
    if (!('path' in booted)) return { ...unmet(booted.code, booted.message, booted.hint), calls };
    return finished(context, vm, calls, booted, spu ?? null);
  } catch (error) {
    if (error instanceof Stopped) return { ...done(null, { calls }), ok: false };
    throw error;
  }
}

type Make = (prepared: vmm.PreparedCall) => number;

/** vCPUs must exist before the vGIC is initialised. */
function makeVcpusAndVgic(context: Context, make: Make, vm: Vm, host: Host, { image, vcpus }: UpOptions): void {
  const vgic = { kind: 'vgic', vm: vm.index } as const;
  const device = (group: number, groupName: string, attr: number, attrName: string, pointer: vmm.AttrPointer): void => {
    make(vmm.deviceAttr(context, { verb: 'set', target: vgic, group, attr: BigInt(attr), groupName, attrName, pointer }));
  };
  make(vmm.createDevice(context, vm.index));
  device(GRP_ADDR, 'KVM_DEV_ARM_VGIC_GRP_ADDR', ADDR_DIST, 'KVM_VGIC_V3_ADDR_TYPE_DIST', {
    kind: 'value',
    value: DISTRIBUTOR,
    size: 8,
    hex: true,
  });
  device(GRP_ADDR, 'KVM_DEV_ARM_VGIC_GRP_ADDR', ADDR_REDIST, 'KVM_VGIC_V3_ADDR_TYPE_REDIST', {
    kind: 'value',
    value: REDISTRIBUTOR,
    size: 8,
    hex: true,
  });
  for (let i = 0; i < vcpus; i++) make(vmm.createVcpu(context, vm.index, i));
  const mask = (names: readonly string[]): number => names.reduce((sum, name) => sum | featureMaskOf(host, name), 0);
  const primary = image === null ? ['spe', 'pmu-v3'] : ['spe', 'pmu-v3', 'psci-0.2'];
  const secondary = image === null ? primary : [...primary, 'power-off'];
  for (let i = 0; i < vcpus; i++) make(vmm.vcpuInit(context, vm.index, i, mask(i === 0 ? primary : secondary)));
  device(GRP_CTRL, 'KVM_DEV_ARM_VGIC_GRP_CTRL', CTRL_INIT, 'KVM_DEV_ARM_VGIC_CTRL_INIT', { kind: 'raw', address: 0n });
}

/** Each vCPU's thread on one of the SPU's CPUs, in order. */
function placeThreads(vm: Vm, spu: SpuDevice | undefined): void {
  if (spu === undefined) return;
  let rest = spu.cpus;
  for (const vcpu of vm.vcpus) {
    if (rest === 0n) rest = spu.cpus;
    const cpu = lowestCpu(rest);
    rest &= ~(1n << BigInt(cpu));
    setThreadAffinity(vcpu, 1n << BigInt(cpu));
  }
}

const bits = (mask: bigint): number => mask.toString(2).replaceAll('0', '').length;

/** PMU and SPE of every vCPU. */
function configure(make: Make, vm: Vm, context: Context, options: UpOptions, spu: SpuDevice | undefined): void {
  const host = context.world.world.host;
  const pmu = [...host.pmus].sort((a, b) => bits(b.cpus & (spu?.cpus ?? ~0n)) - bits(a.cpus & (spu?.cpus ?? ~0n)))[0];
  for (const vcpu of vm.vcpus) {
    const set = (short: string, pointer: vmm.AttrPointer): void => {
      const row = vcpuAttributeByName(host.kernel.revision, short);
      if (row === undefined || !row.revisions.includes(host.kernel.revision)) return;
      make(
        vmm.deviceAttr(context, {
          verb: 'set',
          target: { kind: 'vcpu', vm: vm.index, vcpu: vcpu.index },
          group: row.group,
          attr: BigInt(row.attr),
          attrName: row.name,
          pointer,
        }),
      );
    };
    const int = (value: bigint): vmm.AttrPointer => ({ kind: 'value', value, size: 4 });
    const nothing: vmm.AttrPointer = { kind: 'raw', address: 0n };
    if (pmu !== undefined) set('pmu.set-pmu', int(BigInt(pmu.type)));
    set('pmu.irq', int(options.pmuPpi));
    set('pmu.init', nothing);
    set('spe.irq', int(options.ppi));
    if (spu !== undefined && vcpu.index === 0) set('spe.spu', int(BigInt(spu.type)));
    if (options.maxBuffer !== null && vcpu.index === 0) set('spe.max-buffer-size', { kind: 'value', value: options.maxBuffer, size: 8 });
    set('spe.init', nothing);
  }
}

/** Image and devicetree into memory, entry registers through KVM_SET_ONE_REG. */
function boot(context: Context, make: Make, vm: Vm, options: UpOptions): Image | Unmet {
  if (options.image === null) throw new Error('boot without an image');
  const image = loadImage(context, vm, options.image.path, options.image.bytes);
  if (image.isErr()) return image.error;
  const tree = placeTree(context, vm, {
    arguments: options.arguments ?? '',
    imageEnd: image.value.base + BigInt(image.value.size),
    ...(options.initrd === undefined ? {} : { initrd: options.initrd }),
  });
  if (tree.isErr()) return tree.error;
  context.setImage(image.value);
  for (const [name, value] of [
    ['x0', tree.value],
    ['pc', image.value.entry],
    ['pstate', ENTRY_PSTATE],
  ] as const) {
    const register = oneRegByName(name);
    if (register === null) throw new Error(`no ONE_REG ${name}`);
    make(vmm.oneReg(context, vm.index, 0, register.id, value));
  }
  return image.value;
}

function finished(context: Context, vm: Vm, calls: readonly CallReport[], image: Image | null, spu: SpuDevice | null): Outcome {
  return done(
    {
      vm: vm.index,
      vcpus: vm.vcpus.map((v) => v.id),
      guest: image === null ? null : { path: image.path, entry: `0x${image.entry.toString(16)}`, size: image.size },
      spu: spu === null ? null : spu.name,
      threads: vm.vcpus.map((v) => v.thread.cpu),
    },
    { calls, events: context.log.events.slice(-calls.length).filter((e) => e.kind === 'mask.changed') },
  );
}
