// A VM and its vCPUs as they are created (kvm-spe-abi.md §2.2).
import { newContext } from '../machine/cpu/context.ts';
import { featureMaskOf } from './capability.ts';
import { allCpus } from './cpu-list.ts';
import type { Host } from './host.ts';
import { knobOf } from './knobs.ts';
import type { Process, Vcpu, Vm } from './world.ts';

/** A new VM: nothing is configured, every possible CPU is supported. */
export function newVm(host: Host, index: number, process: Process, ipaBits: number): Vm {
  return {
    index,
    process: process.id,
    dead: false,
    destroyed: false,
    ipaBits,
    memslots: [],
    unmapped: [],
    features: null,
    hasRanOnce: false,
    supportedCpus: allCpus(host.cpus),
    spu: null,
    pmu: null,
    maxBufferSize: null,
    perfmonCapable: process.perfmonCapable,
    counterOffset: 0n,
    timerPpis: { virtual: 27, physical: 30, hypervisorVirtual: 28, hypervisorPhysical: 26 },
    capabilities: [],
    pmuFilter: false,
    pmuCounters: null,
    vgic: null,
    lastVcpuOn: {},
    vcpus: [],
  };
}

/** A new vCPU, outside KVM_RUN; its thread may run on every CPU and is on CPU 0. */
export function newVcpu(host: Host, index: number, id: number): Vcpu {
  return {
    index,
    id,
    initialised: false,
    sveFinalised: false,
    hasRanOnce: false,
    poweredOff: false,
    pmu: { irq: null, initialised: false },
    spe: { irq: 0, initialised: false, level: false, stop: 0, on: false, pinned: [] },
    stolenTime: null,
    cpuList: 0n,
    timers: { virtual: false, physical: false },
    context: newContext(),
    vgic: null,
    pins: 0,
    thread: { affinity: allCpus(host.cpus), cpu: 0 },
    run: { place: 'out', loaded: false, immediateExit: false, exit: null, mmio: null, kicked: false },
  };
}

/** Was the VM's feature bitmap stored with this feature? It is per VM: one initialised vCPU speaks for all (kvm-spe-abi.md §1.3). */
export function hasFeature(host: Host, vm: Vm, short: string): boolean {
  return ((vm.features ?? 0) & featureMaskOf(host, short)) !== 0;
}

/** A knob of the host whose values are words. */
export const knobWord = (host: Host, name: string): string => String(knobOf(host, name));

/** MPIDR_EL1 of a vCPU id: Aff0 = id[3:0], Aff1 = id[11:4], Aff2 = id[19:12], bit 31 set (vgic.md §1.1). */
export function mpidrOf(id: number): bigint {
  return 0x8000_0000n | BigInt(id & 15) | (BigInt((id >> 4) & 0xff) << 8n) | (BigInt((id >> 12) & 0xff) << 16n);
}
