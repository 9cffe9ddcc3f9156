// What the kernel sees of a system call, and what it answers. Everything a VMM does to KVM goes through `systemCall` (kernel.ts).
import type { Evidence } from './steps.ts';

/** An ioctl: arguments are numbers and pointers into the calling process's memory, as in a real kernel. */
export interface Call {
  /** 1 is the VMM; `process 2 '…'` calls from another one. */
  readonly process: number;
  readonly fd: number;
  readonly request: number;
  /** Third argument of ioctl(2): a number or a user pointer. */
  readonly argument: bigint;
  /** The thread's CPU at the call, where it matters: the vCPU whose thread issues it (index), or -1 for the VMM's main thread. */
  readonly thread: number;
}

/** One check as it was evaluated; `saw` in words. */
export interface CheckTrace {
  readonly errno: string;
  readonly why: string;
  readonly saw: string;
  readonly result: 'passed' | 'failed' | 'not reached';
  readonly evidence: Evidence;
  readonly wouldPass?: string;
}

export interface Refusal {
  /** Name of the list of checks: `KVM_ARM_VCPU_SPE_SPU set`. */
  readonly list: string;
  readonly errno: string;
  /** The failed check's sentence, and what it saw (may be ''). */
  readonly why: string;
  readonly saw: string;
  /** 1-based among the checks that can fail under this kernel and its knobs. */
  readonly check: number;
  readonly of: number;
  readonly evidence: Evidence;
  readonly checks: readonly CheckTrace[];
}

/** Something the kernel or the machine did; `tick` when. */
export interface KernelEvent {
  readonly kind: string;
  readonly tick: number;
  readonly [member: string]: unknown;
}

export interface Answer {
  /** ioctl's return value when it is not refused. */
  readonly ret: number;
  readonly events: readonly KernelEvent[];
  /** KVM_RUN went into the guest (or sleeps): advance the vCPU with `advanceVcpu`. */
  readonly running?: boolean;
}
