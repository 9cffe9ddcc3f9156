// The state of a freshly booted host: physical CPUs, empty memory, the VMM's process, what the kernel printed.
import { newContext } from '../machine/cpu/context.ts';
import { newVirtualInterface } from '../machine/gic/interface.ts';
import type { Machine, PhysicalCpu } from '../machine/machine.ts';
import { newHostMemory } from '../machine/memory.ts';
import { probedSpus, speUnavailable } from './capability.ts';
import { cpuListText } from './cpu-list.ts';
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

/** log2 bytes of the largest record and of the alignment (PMSIDR_EL1.MaxSize, PMBIDR_EL1.Align). */
const maxSize = (pmsidr: bigint): number => 1 << Number((pmsidr >> 12n) & 15n);
const alignment = (pmbidr: bigint): number => 1 << Number(pmbidr & 15n);

/** The driver's feature word as it prints it (spe-architecture §6.6). */
function driverFeatures(pmsidr: bigint, pmsver: number): number {
  let features = 0;
  // PMSIDR bits FE, FT, FL, ArchInst, LDS, ERnd, FnE stand in the driver's order already.
  for (let bit = 0; bit <= 6; bit++) if ((pmsidr >> BigInt(bit)) & 1n) features |= 1 << bit;
  if (pmsver >= 3) features |= 0x80; // discard
  if ((pmsidr >> 26n) & 1n) features |= 0x100; // EFT
  return features;
}

/** What the kernel prints at boot about SPE (spe-architecture §6.6; kvm-spe-abi.md §1.2). */
function bootLog(host: Host): string[] {
  const log: string[] = [];
  if (host.kernel.kpti && host.spus.length > 0) {
    log.push('arm_spe_pmu: profiling buffer inaccessible. Try passing "kpti=off" on the kernel command line');
  }
  for (const spu of probedSpus(host)) {
    const sizes = `max_record_sz ${maxSize(spu.pmsidr)}, align ${alignment(spu.pmbidr)}, features 0x${driverFeatures(spu.pmsidr, spu.pmsver).toString(16)}`;
    log.push(`arm_spe_pmu ${spu.name}: probed SPEv1.${spu.pmsver - 1} for CPUs ${cpuListText(spu.cpus)} [${sizes}]`);
  }
  const why = speUnavailable(host);
  log.push(why === null ? 'kvm: SPE is available to virtual machines' : `kvm: SPE is not available to virtual machines: ${why}`);
  return log;
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
