// Laws that hold between any two calls, whatever they were: what only shrinks, what is set once, what must agree.
import { diffPlain } from '../../src/base/plain.ts';
import { encodeBufferSize } from '../../src/kernel/spe/buffer-size.ts';
import { pinnedBytes } from '../../src/kernel/spe/pinned.ts';
import type { MountedWorld, Vcpu, Vm, World } from '../../src/kernel/world.ts';

/** What a VM was before, by its index. */
interface Before {
  readonly mask: bigint;
  readonly spu: number | null;
  readonly features: number | null;
  readonly ran: boolean;
  readonly dead: boolean;
  readonly size: bigint | null;
}

export type Memory = Map<number, Before>;
export const newMemory = (): Memory => new Map();

function ofVm(mw: MountedWorld, vm: Vm, before: Before | undefined): string | null {
  const { host } = mw.world;
  const all = (1n << BigInt(host.cpus)) - 1n;
  if ((vm.supportedCpus & ~all) !== 0n) return `supported_cpus has CPUs that are not there: ${vm.supportedCpus}`;
  if (vm.maxBufferSize !== null && encodeBufferSize(vm.maxBufferSize) === null)
    return `maximum buffer size ${vm.maxBufferSize} has no encoding`;
  const irqs = new Set(vm.vcpus.flatMap((v) => (v.spe.irq === 0 ? [] : [v.spe.irq])));
  if (irqs.size > 1 && host.knobs['quirk.irqValidBool'] !== true) return `vCPUs disagree on the interrupt: ${[...irqs].join(', ')}`;
  if (new Set(vm.vcpus.map((v) => v.id)).size !== vm.vcpus.length) return 'two vCPUs have one id';
  for (const [i, a] of vm.memslots.entries())
    for (const b of vm.memslots.slice(i + 1))
      if (a.gpa < b.gpa + b.size && b.gpa < a.gpa + a.size) return `slots ${a.slot} and ${b.slot} overlap`;
  if (before === undefined) return null;
  if (host.knobs['pmuMask'] === 'and' && (vm.supportedCpus & ~before.mask) !== 0n) return 'supported_cpus grew';
  if (before.spu !== null && vm.spu !== before.spu) return 'the SPU changed';
  if (before.features !== null && vm.features !== before.features) return "the VM's features changed";
  if (before.size !== null && vm.maxBufferSize !== before.size) return 'the maximum buffer size changed';
  if (before.ran && !vm.hasRanOnce) return 'has-ran-once was cleared';
  if (before.dead && !vm.dead) return 'a dead VM lives';
  return null;
}

function ofVcpu(mw: MountedWorld, vm: Vm, v: Vcpu): string | null {
  if (v.spe.initialised && (v.spe.irq === 0 || vm.vgic?.initialised !== true))
    return 'SPE is initialised without its interrupt or the vGIC';
  if (v.spe.initialised && mw.world.host.knobs['spuRequired'] === 'init' && vm.spu === null) return 'SPE is initialised without an SPU';
  if (v.hasRanOnce && !vm.hasRanOnce) return 'a vCPU ran and its VM did not';
  if (v.run.place === 'out' && v.run.loaded) return 'a vCPU outside KVM_RUN is loaded';
  if (v.spe.pinned.length > 0 && !v.spe.on) return 'pages are pinned for a buffer that is off';
  return null;
}

/** The first law that does not hold, or null. Remembers the VMs for the next time. */
export function brokenLaw(mw: MountedWorld, memory: Memory): string | null {
  const { kernel } = mw.world;
  const pinned = new Map<number, number>();
  const loaded = new Set<number>();
  for (const vm of kernel.vms) {
    const wrong = ofVm(mw, vm, memory.get(vm.index));
    if (wrong !== null) return `VM ${vm.index}: ${wrong}`;
    memory.set(vm.index, {
      mask: vm.supportedCpus,
      spu: vm.spu,
      features: vm.features,
      ran: vm.hasRanOnce,
      dead: vm.dead,
      size: vm.maxBufferSize,
    });
    let bytes = vm.memslots.reduce((sum, slot) => sum + (slot.locked === undefined ? 0 : slot.size), 0);
    for (const v of vm.vcpus) {
      const bad = ofVcpu(mw, vm, v);
      if (bad !== null) return `VM ${vm.index}, vCPU ${v.index}: ${bad}`;
      bytes += pinnedBytes(v.spe.pinned);
      if (!v.run.loaded) continue;
      if (loaded.has(v.thread.cpu)) return `two vCPUs are loaded on CPU ${v.thread.cpu}`;
      loaded.add(v.thread.cpu);
    }
    pinned.set(vm.process, (pinned.get(vm.process) ?? 0) + bytes);
  }
  for (const process of kernel.processes) {
    if (process.lockedBytes !== BigInt(pinned.get(process.id) ?? 0))
      return `process ${process.id} has ${process.lockedBytes} bytes locked, ${pinned.get(process.id) ?? 0} are pinned`;
    for (const file of process.files) {
      if (file === null || !('vm' in file)) continue;
      const vm = kernel.vms[file.vm];
      if (vm === undefined || (file.kind === 'vcpu' && vm.vcpus[file.vcpu] === undefined)) return 'a file of nothing';
    }
  }
  return null;
}

/** What a refused KVM_RUN, or KVM_ARM_VCPU_INIT with -ENODEV, may leave: vgic resources mapped, timers' PPIs, a dead VM, has-ran-once, the exit. */
const DECLARED = /\.(dead|hasRanOnce|features)$|\.vgic\.ready$|\.vgic\.privates\.owners|\.run\.exit/;
/** The VMM's own memory: KVM_GET_REG_LIST tells the count there. */
const isScratch = (path: string): boolean => /^kernel\.processes\.\d+\.scratch/.test(path);

/** Where two worlds differ, before and after a call that was refused, but for what is declared. */
export const undeclaredChanges = (before: World, after: World): readonly string[] =>
  diffPlain(before, after).flatMap(({ path }) => (isScratch(path) || DECLARED.test(path) ? [] : [path]));
