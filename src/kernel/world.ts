// The world: one tree of plain data (no class, closure, cycle or pointer to a sibling). Ids, not pointers.
// `World` is what is cloned, hashed, compared and saved; `MountedWorld` is how it is held while it runs.

import type { CpuContext } from '../machine/cpu/context.ts';
import type { Machine, Mounted } from '../machine/machine.ts';
import type { GuestEvent } from './driver/guest-event.ts';
import type { Host } from './host.ts';
import type { VgicCpu, VgicDistributor } from './vgic/state.ts';

export interface World {
  readonly seed: number;
  /** The host fixture, frozen: topology, identification registers, kernel profile and knobs. */
  readonly host: Host;
  readonly machine: Machine;
  readonly kernel: Kernel;
}

export interface MountedWorld {
  readonly world: World;
  readonly mounted: Mounted;
}

/** A world, mounted or not: enough to look at registers. */
export type InWorld = Pick<MountedWorld, 'world'>;

export interface Kernel {
  /** Processes by id - 1: the VMM is process 1. */
  processes: Process[];
  vms: Vm[];
  /** What the host kernel printed. */
  log: string[];
  /** The host profiles itself; its sessions by CPU number, made where a vCPU runs. */
  hostProfiling: boolean;
  hostProfiles: { [cpu: string]: HostProfile };
}

/** A profiling session of the host on one CPU. */
export interface HostProfile {
  /** The host's registers while the CPU is the guest's. */
  readonly context: CpuContext;
  /** Host physical address and bytes of its buffer. */
  readonly buffer: number;
  readonly size: number;
  /** Records written, and how often the buffer was full and begun anew. */
  records: number;
  wraps: number;
}

/** An open file of a process: the number is its index in `files`. */
export type OpenFile =
  | { readonly kind: 'terminal' }
  | { readonly kind: 'kvm' }
  | { readonly kind: 'vm'; readonly vm: number }
  | { readonly kind: 'vcpu'; readonly vm: number; readonly vcpu: number }
  | { readonly kind: 'vgic'; readonly vm: number };

export interface Process {
  readonly id: number;
  perfmonCapable: boolean;
  /** RLIMIT_MEMLOCK in bytes; null = unlimited. */
  rlimitMemlock: bigint | null;
  /** Bytes pinned and accounted so far. */
  lockedBytes: bigint;
  /** Index = file descriptor; null = closed. */
  files: (OpenFile | null)[];
  /** The VMM's own memory where the shell places structs and values: sparse, by page number of the virtual address. A page that is absent is unmapped (-EFAULT). */
  scratch: { [page: string]: Uint8Array };
}

export interface Memslot {
  readonly slot: number;
  readonly gpa: number; // bytes
  readonly size: number; // bytes
  readonly userAddress: bigint;
  readonly flags: number;
  /** First host frame: guest memory lies contiguous in host memory. */
  readonly frame: number;
  /** KVM_CAP_ARM_LOCK_USER_MEMORY_REGION (rfc-v4, rfc-v5): its pages are pinned and mapped, for reads or for writes too. */
  readonly locked?: 'read' | 'write';
}

export interface TimerPpis {
  readonly virtual: number;
  readonly physical: number;
  readonly hypervisorVirtual: number;
  readonly hypervisorPhysical: number;
}

/** Guest pages that are pinned in the host for a vCPU's buffer: the buffer's own, or those of the stage 1 tables that map it. */
export interface PinnedRange {
  /** Guest physical address, bytes. */
  readonly gpa: number;
  /** Bytes, a multiple of the host's pages. */
  readonly size: number;
  readonly kind: 'data' | 'table';
}

export interface Vm {
  readonly index: number;
  readonly process: number;
  /** Set when mapping the vGIC's resources failed in recent kernels: every later ioctl is -EIO. */
  dead: boolean;
  destroyed: boolean;
  readonly ipaBits: number;
  memslots: Memslot[];
  /** Host pages, by guest physical address, that the host took from under the VM: stage 2 maps them again when they are touched. In order. */
  unmapped: number[];
  /** KVM_ARM_VCPU_INIT's bitmap without POWER_OFF; null until one vCPU was initialised. */
  features: number | null;
  hasRanOnce: boolean;
  /** CPUs as bits: starts as every possible CPU and only shrinks (PMU and SPU choices). */
  supportedCpus: bigint;
  /** perf `type` of the chosen SPU and CPU PMU; null = not set. */
  spu: number | null;
  pmu: number | null;
  /** KVM_ARM_VCPU_MAX_BUFFER_SIZE in bytes; null = unset. */
  maxBufferSize: bigint | null;
  /** perfmon_capable() of the creating process, at creation. */
  readonly perfmonCapable: boolean;
  /** What the virtual counter lags the physical one by: CNTVOFF_EL2 of every vCPU, in counts. */
  counterOffset: bigint;
  /** INTIDs of the timers, the same for every vCPU. */
  timerPpis: TimerPpis;
  /** Capabilities (numbers) that KVM_ENABLE_CAP enabled. */
  capabilities: number[];
  pmuFilter: boolean;
  pmuCounters: number | null;
  vgic: VgicDistributor | null;
  /** By CPU number: the vCPU (index) of this VM that last ran there; another one must not meet its translations. */
  lastVcpuOn: { [cpu: string]: number };
  vcpus: Vcpu[];
}

export interface Vcpu {
  readonly index: number;
  readonly id: number;
  /** KVM_ARM_VCPU_INIT was done. */
  initialised: boolean;
  sveFinalised: boolean;
  hasRanOnce: boolean;
  poweredOff: boolean;
  pmu: { irq: number | null; initialised: boolean };
  spe: {
    /** 0 = unset, as in the kernel. */
    irq: number;
    initialised: boolean;
    /** Virtual level of the buffer management interrupt as last injected. */
    level: boolean;
    /** KVM_ARM_VCPU_SPE_STOP's mode (rfc-v4, rfc-v5): 0 = not stopped. */
    stop: number;
    /** The buffer is enabled as KVM knows it, with its pages pinned (rfc-v6). */
    on: boolean;
    pinned: readonly PinnedRange[];
  };
  /** KVM_ARM_VCPU_PVTIME_IPA; null = unset. */
  stolenTime: bigint | null;
  /** KVM_ARM_VCPU_SUPPORTED_CPUS (rfc-v4): the CPUs that this vCPU may run on; 0 = no list was given. */
  cpuList: bigint;
  /** Outputs of the EL1 timers as last driven into the vGIC. */
  timers: { virtual: boolean; physical: boolean };
  /** The guest's registers while it is not loaded. PMB* registers here are KVM's copies. */
  context: CpuContext;
  vgic: VgicCpu | null;
  /** Interrupt pins that KVM_IRQ_LINE drives where there is no in-kernel GIC: bit 0 IRQ, bit 1 FIQ; absent = 0. */
  pins?: number;
  /** The thread that runs this vCPU and issues its ioctls. */
  thread: { affinity: bigint; cpu: number };
  /** The perf event that the guest's driver has on this vCPU's SPU; absent: none. */
  event?: GuestEvent;
  run: RunState;
}

/** Where the vCPU's thread stands with KVM_RUN. `loaded` = its registers are on physical CPU `thread.cpu`. */
export interface RunState {
  /** 'out' of KVM_RUN · 'guest': loaded and running · 'blocked': waits for an interrupt (WFI) or powered off. */
  place: 'out' | 'guest' | 'blocked';
  loaded: boolean;
  immediateExit: boolean;
  /** The kvm_run page as the last exit left it; null before the first. */
  exit: Exit | null;
  /** An MMIO access that user space completes before the next entry: `data` is its answer to a read; register 31 is XZR. */
  mmio: { write: boolean; register: number; size: number; signExtend: boolean; wide: boolean; data: bigint } | null;
  kicked: boolean;
}

export interface Exit {
  readonly reason: number;
  readonly name: string;
  readonly [member: string]: unknown;
}
