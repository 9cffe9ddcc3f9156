// The state of a freshly booted host: physical CPUs, empty memory, the VMM's process, what the kernel printed.
import { newContext } from '../machine/cpu/context.ts';
import { newVirtualInterface } from '../machine/gic/interface.ts';
import type { Machine, PhysicalCpu } from '../machine/machine.ts';
import { newHostMemory } from '../machine/memory.ts';
import { speUnavailable } from './capability.ts';
import { probeLog } from './driver/probe.ts';
import type { Host } from './host.ts';
import type { Process, World } from './world.ts';

/** The VMM's open /dev/kvm. */
export const KVM_FD = 3;

function newCpu(number: number): PhysicalCpu {
  return {
    number,
    context: newContext(),
    inGuest: false,
    stage2: [],
    trap: { ec: 0, iss: 0, far: 0n, ipa: 0 },
    tlb: null,
    timing: null,
    spu: null,
    ich: newVirtualInterface(),
    hostLines: 0,
  };
}

function newMachine(host: Host, seed: number): Machine {
  return { tick: 0, random: seed >>> 0, cpus: Array.from({ length: host.cpus }, (_, n) => newCpu(n)), memory: newHostMemory() };
}

/** A process with standard streams and /dev/kvm open, RLIMIT_MEMLOCK unlimited, without CAP_PERFMON. */
export function newProcess(id: number): Process {
  const terminal = { kind: 'terminal' } as const;
  return {
    id,
    perfmonCapable: false,
    rlimitMemlock: null,
    lockedBytes: 0n,
    files: [terminal, terminal, terminal, { kind: 'kvm' }],
    scratch: {},
  };
}

/** What the kernel prints at boot about SPE (spe-architecture §6.6; kvm-spe-abi.md §1.2). */
function bootLog(host: Host): string[] {
  const why = speUnavailable(host);
  const kvm = why === null ? 'kvm: SPE is available to virtual machines' : `kvm: SPE is not available to virtual machines: ${why}`;
  return [...probeLog(host), kvm];
}

/** A freshly booted host: no VM; process 1 is the VMM with /dev/kvm open as descriptor 3. */
export function bootWorld(host: Host, seed: number): World {
  return {
    seed,
    host,
    machine: newMachine(host, seed),
    kernel: { processes: [newProcess(1)], vms: [], log: bootLog(host), hostProfiling: false, hostProfiles: {} },
  };
}
