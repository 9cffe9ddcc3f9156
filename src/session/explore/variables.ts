// What an invariant's expression can name of a state's world, beside the registers of the focused vCPU: `$supported_cpus != 0`.
import { hasCpu } from '../../kernel/cpu-list.ts';
import type { Vcpu, Vm } from '../../kernel/world.ts';
import type { WorldView } from './seen.ts';

const flag = (value: boolean): bigint => (value ? 1n : 0n);

/** Of the VM in use. */
const OF_VM: Readonly<Record<string, (vm: Vm) => bigint>> = {
  supported_cpus: (vm) => vm.supportedCpus,
  spu: (vm) => BigInt(vm.spu ?? 0),
  pmu: (vm) => BigInt(vm.pmu ?? 0),
  max_buffer: (vm) => vm.maxBufferSize ?? 0n,
  ran: (vm) => flag(vm.hasRanOnce),
  dead: (vm) => flag(vm.dead),
  vcpus: (vm) => BigInt(vm.vcpus.length),
};

/** Of a vCPU by its index: `$vcpu0_spe_irq`. */
const OF_VCPU: Readonly<Record<string, (vcpu: Vcpu, vm: Vm) => bigint>> = {
  initialised: (v) => flag(v.initialised),
  ran: (v) => flag(v.hasRanOnce),
  cpu: (v) => BigInt(v.thread.cpu),
  allowed: (v, vm) => flag(hasCpu(vm.supportedCpus, v.thread.cpu)),
  spe_irq: (v) => BigInt(v.spe.irq),
  spe_initialised: (v) => flag(v.spe.initialised),
  pmu_irq: (v) => BigInt(v.pmu.irq ?? 0),
  pmu_initialised: (v) => flag(v.pmu.initialised),
  exit: (v) => BigInt(v.run.exit?.reason ?? 0),
};

/** Their names, for what explains them. */
export const VARIABLE_NAMES: readonly string[] = [...Object.keys(OF_VM), ...Object.keys(OF_VCPU).map((name) => `vcpuN_${name}`)];

/** The value of a name in a state; undefined when there is no such name, VM or vCPU. What is not set is 0. */
export function stateVariable(world: WorldView, vmIndex: number, name: string): bigint | undefined {
  const vm = world.kernel.vms[vmIndex];
  if (vm === undefined) return undefined;
  const own = OF_VM[name];
  if (own !== undefined) return own(vm);
  const [, index, member] = /^vcpu(\d+)_(\w+)$/.exec(name) ?? [];
  const vcpu = vm.vcpus[Number(index)];
  return vcpu === undefined ? undefined : OF_VCPU[member]?.(vcpu, vm);
}
