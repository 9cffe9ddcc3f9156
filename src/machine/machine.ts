// The hardware: physical CPUs with their SPU, timing model and interrupt interface, over host physical memory.
// It knows CPUs, not vCPUs: the kernel loads a vCPU onto a CPU, steps it, and takes it off when it traps.
// `Machine` is in the world (plain data); `Mounted` is how a running world is held (derived caches, dropped at any moment).
import type { MountedCode } from './cpu/code.ts';
import type { CpuContext } from './cpu/context.ts';
import type { TranslationCache } from './cpu/tlb.ts';
import type { VirtualInterface } from './gic/interface.ts';
import type { HostMemory, MountedMemory } from './memory.ts';
import type { SpuState } from './spu/state.ts';
import type { TagArray } from './timing/lru.ts';
import type { TimingModel } from './timing/model.ts';

/** One range of intermediate physical addresses that stage 2 maps: what VTTBR_EL2 leads to. Sizes and addresses in bytes, multiples of 4096. */
export interface Stage2Range {
  ipa: number;
  size: number;
  pa: number;
  writable: boolean;
}

/** Why control left the guest for EL2; plain numbers as in ESR_EL2. `ec` 0 = none. */
export interface Trap {
  /** Exception class: 0x01 WFx, 0x16 HVC, 0x17 SMC, 0x18 system register, 0x20 instruction abort, 0x24 data abort. */
  ec: number;
  /** ESR_EL2.ISS, 25 bits. */
  iss: number;
  /** FAR_EL2 (aborts). */
  far: bigint;
  /** The faulting intermediate physical address (aborts), bytes. */
  ipa: number;
}

/** A physical CPU. Parts that only a guest needs are null until one was loaded. */
export interface PhysicalCpu {
  readonly number: number;
  /** The registers in use: the guest's EL0/EL1 state and, by their own names, the EL2 registers the kernel set up. */
  context: CpuContext;
  /** True while a guest is loaded and EL2 would see its traps. */
  inGuest: boolean;
  stage2: readonly Stage2Range[];
  trap: Trap;
  tlb: TranslationCache | null;
  timing: TimingModel | null;
  spu: SpuState | null;
  ich: VirtualInterface;
  /** The host's view of its own PPI lines, bit n = PPI INTID n: bit 21 is PMBIRQ. */
  hostLines: number;
}

export interface Machine {
  /** Operations executed by all vCPUs since boot. */
  tick: number;
  /** State of the seed's generator (base/prng). */
  random: number;
  cpus: PhysicalCpu[];
  memory: HostMemory;
  /** Tags of the cache that all CPUs share (machine/timing); absent until a CPU with a timing model runs. */
  systemCache?: TagArray;
}

export interface Mounted {
  readonly machine: Machine;
  readonly memory: MountedMemory;
  readonly code: MountedCode;
}

/** Why `stepCpu` came back. */
export type StepStop =
  | 'count' // `operations` were executed
  | 'trap' // cpu.trap says why; PC is at the operation (HVC, SMC: behind it)
  | 'breakpoint' // the next operation is at a breakpoint; it was not executed
  | 'record' // a sample record was written (only when asked for)
  | 'host-irq' // a host line rose (PMBIRQ 21, maintenance 25, timers 27 and 30): the host must look
  | 'wait'; // WFE or WFI had nothing to wait for and did not trap; it was executed (only when asked for)

/** What makes `stepCpu` stop early, besides traps. Addresses are virtual, as the guest uses them. */
export interface StepStops {
  /** Stop before executing an operation at one of these; `skipFirst` lets a run leave the breakpoint it stands on. */
  readonly breakpoints: ReadonlySet<bigint>;
  readonly skipFirst: boolean;
  /** Stop after the operation whose record reached the buffer. */
  readonly afterRecord: boolean;
  /** Stop after a WFE or WFI that would wait and is not trapped: a round robin may let another CPU run. */
  readonly atWait?: boolean;
}

/** An instruction that was UNDEFINED where it stood; the guest took the exception. */
export interface UndefinedInstruction {
  readonly pc: bigint;
  readonly word: number;
}

export interface StepResult {
  /** Operations executed. An operation that trapped to EL2 counts once, when it traps. */
  readonly executed: number;
  readonly stop: StepStop;
  /** A sample record was written by one of the operations, whatever stopped the run. */
  readonly record?: true;
  /** The first few UNDEFINED instructions of the call; absent when there was none. */
  readonly undefinedInstructions?: readonly UndefinedInstruction[];
}
