// Everything a VMM does to get a guest to its first instruction, call by call (language.md §3, `up`).
import { ok, type Result } from 'neverthrow';
import { vcpuAttributeByName } from '../abi/attributes.ts';
import { ADDR_DIST, ADDR_REDIST, CTRL_INIT, GRP_ADDR, GRP_CTRL } from '../abi/vgic-attributes.ts';
import { featureMaskOf } from '../kernel/capability.ts';
import { lowestCpu } from '../kernel/cpu-list.ts';
import type { SpuDevice } from '../kernel/host.ts';
import { oneRegByName } from '../kernel/one-reg.ts';
import { setThreadAffinity } from '../kernel/thread.ts';
import type { Vm } from '../kernel/world.ts';
import { DISTRIBUTOR, placeTree, REDISTRIBUTOR } from './devicetree.ts';
import type { Image } from './image.ts';
import { imageFits, type LoadPlan, placeImage, RAM_BASE, readImage } from './load.ts';
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

/** Makes the VM and everything in it; `calls` has each call in order, up to the first that is refused. */
export function up(context: Context, options: UpOptions): Outcome {
  const host = context.world.world.host;
  const spu = options.spu === null ? host.spus[0] : host.spus.find((s) => s.name === options.spu);
  if (options.spu !== null && spu === undefined)
    return unmet('no-spu', `this host has no SPU '${options.spu}'`, host.spus.map((s) => s.name).join(', ') || 'it has none');
  const plan = options.image === null ? ok(null) : planOf(options.image, options);
  if (plan.isErr()) return unmet(plan.error.code, plan.error.message, plan.error.hint);
  const calls: CallReport[] = [];
  const making = make(context, options, plan.value, spu);
  for (let step = making.next(); ; step = making.next()) {
    if (step.done) {
      if (step.value !== null) return { ...unmet(step.value.code, step.value.message, step.value.hint), calls };
      return finished(context, calls, plan.value?.image ?? null, spu);
    }
    const report = context.call(step.value.call, step.value.describe);
    calls.push(report);
    if (report.errno !== null) return { ...done(null, { calls }), ok: false };
  }
}

/** The image, read and known to fit before the first call is made; so are tree and RAM disk. */
function planOf(image: NonNullable<UpOptions['image']>, options: UpOptions): Result<LoadPlan, Unmet> {
  const memory = { gpa: Number(RAM_BASE), size: Number(options.memory ?? DEFAULT_MEMORY) };
  return readImage(image.path, image.bytes).andThen((plan) => imageFits(plan, [memory]).map(() => plan));
}

/** The calls of a VMM, one by one; each is made before the next is asked for. */
type Calls = Generator<vmm.PreparedCall, Unmet | null, void>;

function* make(context: Context, options: UpOptions, plan: LoadPlan | null, spu: SpuDevice | undefined): Calls {
  yield vmm.createVm(context);
  const { vms } = context.world.world.kernel;
  const vm = vms[vms.length - 1];
  context.setVm(vm.index);
  context.setImage(null);
  if (plan !== null) yield vmm.setMemory(context, vm.index, 0, RAM_BASE, options.memory ?? DEFAULT_MEMORY);
  yield* makeVcpusAndVgic(context, vm, options);
  if (plan === null) return null;
  if (spu !== undefined) placeThreads(vm, spu.cpus);
  yield* configure(context, vm, options, spu);
  return yield* boot(context, vm, options, plan);
}

/** vCPUs must exist before the vGIC is initialised. */
function* makeVcpusAndVgic(context: Context, vm: Vm, { image, vcpus }: UpOptions): Calls {
  const { host } = context.world.world;
  const vgic = { kind: 'vgic', vm: vm.index } as const;
  const device = (group: number, groupName: string, attr: number, attrName: string, pointer: vmm.AttrPointer): vmm.PreparedCall =>
    vmm.deviceAttr(context, { verb: 'set', target: vgic, group, attr: BigInt(attr), groupName, attrName, pointer });
  yield vmm.createDevice(context, vm.index);
  yield device(GRP_ADDR, 'KVM_DEV_ARM_VGIC_GRP_ADDR', ADDR_DIST, 'KVM_VGIC_V3_ADDR_TYPE_DIST', {
    kind: 'value',
    value: DISTRIBUTOR,
    size: 8,
    hex: true,
  });
  yield device(GRP_ADDR, 'KVM_DEV_ARM_VGIC_GRP_ADDR', ADDR_REDIST, 'KVM_VGIC_V3_ADDR_TYPE_REDIST', {
    kind: 'value',
    value: REDISTRIBUTOR,
    size: 8,
    hex: true,
  });
  for (let i = 0; i < vcpus; i++) yield vmm.createVcpu(context, vm.index, i);
  const mask = (names: readonly string[]): number => names.reduce((sum, name) => sum | featureMaskOf(host, name), 0);
  const primary = image === null ? ['spe', 'pmu-v3'] : ['spe', 'pmu-v3', 'psci-0.2'];
  const secondary = image === null ? primary : [...primary, 'power-off'];
  for (let i = 0; i < vcpus; i++) yield vmm.vcpuInit(context, vm.index, i, mask(i === 0 ? primary : secondary));
  yield device(GRP_CTRL, 'KVM_DEV_ARM_VGIC_GRP_CTRL', CTRL_INIT, 'KVM_DEV_ARM_VGIC_CTRL_INIT', { kind: 'raw', address: 0n });
  return null;
}

/** Each vCPU's thread on one of these CPUs (bits), in order, from the first again where there are too few. */
export function placeThreads(vm: Vm, cpus: bigint): void {
  let rest = 0n;
  for (const vcpu of vm.vcpus) {
    if (rest === 0n) rest = cpus;
    const cpu = lowestCpu(rest);
    rest &= ~(1n << BigInt(cpu));
    setThreadAffinity(vcpu, 1n << BigInt(cpu));
  }
}

const bits = (mask: bigint): number => mask.toString(2).replaceAll('0', '').length;

/** PMU and SPE of every vCPU. */
function* configure(context: Context, vm: Vm, options: UpOptions, spu: SpuDevice | undefined): Calls {
  const host = context.world.world.host;
  const pmu = [...host.pmus].sort((a, b) => bits(b.cpus & (spu?.cpus ?? ~0n)) - bits(a.cpus & (spu?.cpus ?? ~0n)))[0];
  for (const vcpu of vm.vcpus) {
    /** No call where this kernel does not have the attribute. */
    const set = (short: string, pointer: vmm.AttrPointer): readonly vmm.PreparedCall[] => {
      const row = vcpuAttributeByName(host.kernel.revision, short);
      if (row === undefined || !row.revisions.includes(host.kernel.revision)) return [];
      const target = { kind: 'vcpu', vm: vm.index, vcpu: vcpu.index } as const;
      return [vmm.deviceAttr(context, { verb: 'set', target, group: row.group, attr: BigInt(row.attr), attrName: row.name, pointer })];
    };
    const int = (value: bigint): vmm.AttrPointer => ({ kind: 'value', value, size: 4 });
    const nothing: vmm.AttrPointer = { kind: 'raw', address: 0n };
    if (pmu !== undefined) yield* set('pmu.set-pmu', int(BigInt(pmu.type)));
    yield* set('pmu.irq', int(options.pmuPpi));
    yield* set('pmu.init', nothing);
    yield* set('spe.irq', int(options.ppi));
    if (spu !== undefined && vcpu.index === 0) yield* set('spe.spu', int(BigInt(spu.type)));
    if (options.maxBuffer !== null && vcpu.index === 0)
      yield* set('spe.max-buffer-size', { kind: 'value', value: options.maxBuffer, size: 8 });
    yield* set('spe.init', nothing);
  }
  return null;
}

/** Image and devicetree into memory, entry registers through KVM_SET_ONE_REG. Unmet: no room for tree and RAM disk. */
function* boot(context: Context, vm: Vm, options: UpOptions, plan: LoadPlan): Calls {
  const { image } = plan;
  const tree = placeImage(context, vm, plan).andThen(() =>
    placeTree(context, vm, {
      arguments: options.arguments ?? '',
      imageEnd: image.base + BigInt(image.size),
      ...(options.initrd === undefined ? {} : { initrd: options.initrd }),
    }),
  );
  if (tree.isErr()) return tree.error;
  context.setImage(image);
  for (const [name, value] of [
    ['x0', tree.value],
    ['pc', image.entry],
    ['pstate', ENTRY_PSTATE],
  ] as const) {
    const register = oneRegByName(name);
    if (register === null) throw new Error(`no ONE_REG ${name}`);
    yield vmm.oneReg(context, vm.index, 0, register.id, value);
  }
  return null;
}

function finished(context: Context, calls: readonly CallReport[], image: Image | null, spu: SpuDevice | undefined): Outcome {
  const vm = context.world.world.kernel.vms[context.vm];
  return done(
    {
      vm: vm.index,
      vcpus: vm.vcpus.map((v) => v.id),
      guest: image === null ? null : { path: image.path, entry: `0x${image.entry.toString(16)}`, size: image.size },
      spu: image === null ? null : (spu?.name ?? null),
      threads: vm.vcpus.map((v) => v.thread.cpu),
    },
    { calls, events: context.log.events.slice(-calls.length).filter((e) => e.kind === 'mask.changed') },
  );
}
