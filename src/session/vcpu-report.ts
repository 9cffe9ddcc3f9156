// A vCPU as data: what the kernel keeps of it, where its thread is, how its last KVM_RUN ended.
import { featureNames } from '../kernel/capability.ts';
import { cpuListText } from '../kernel/cpu-list.ts';
import type { Vcpu, Vm } from '../kernel/world.ts';
import type { Context } from './session.ts';
import { exitData } from './stop-report.ts';
import { vcpuName } from './vmm.ts';

export interface VcpuData {
  readonly vcpu: string;
  readonly id: number;
  readonly initialised: boolean;
  readonly features: readonly string[];
  readonly poweredOff: boolean;
  readonly hasRun: boolean;
  readonly thread: { readonly cpu: number; readonly affinity: string };
  /** `out` of KVM_RUN, in the `guest`, or `blocked` inside KVM_RUN. */
  readonly place: 'out' | 'guest' | 'blocked';
  /** May its thread's CPU run it? */
  readonly supported: boolean;
  readonly spe: { readonly irq: number; readonly initialised: boolean; readonly level: boolean };
  readonly pmu: { readonly irq: number | null; readonly initialised: boolean };
  readonly exit: Readonly<Record<string, unknown>> | null;
}

/** The state of a vCPU. */
export function describeVcpu(context: Context, vm: Vm, vcpu: Vcpu): VcpuData {
  const { host } = context.world.world;
  return {
    vcpu: vcpuName(vm.index, vcpu.id),
    id: vcpu.id,
    initialised: vcpu.initialised,
    features: vcpu.initialised ? featureNames(host, vm.features ?? 0).split(', ') : [],
    poweredOff: vcpu.poweredOff,
    hasRun: vcpu.hasRanOnce,
    thread: { cpu: vcpu.thread.cpu, affinity: cpuListText(vcpu.thread.affinity) },
    place: vcpu.run.place,
    supported: ((vm.supportedCpus >> BigInt(vcpu.thread.cpu)) & 1n) === 1n,
    spe: { irq: vcpu.spe.irq, initialised: vcpu.spe.initialised, level: vcpu.spe.level },
    pmu: { ...vcpu.pmu },
    exit: vcpu.run.exit === null ? null : exitData(vcpu.run.exit),
  };
}
