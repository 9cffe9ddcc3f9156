// What an exploration sees of a world and of a call: what invariants look at.
import type { Refusal } from '../../kernel/call.ts';
import type { Host } from '../../kernel/host.ts';
import type { Kernel, MountedWorld, Process, Vm, World } from '../../kernel/world.ts';
import { EACH, type Omitted } from './parts.ts';

/** A state's world: no tick (unless the file makes it part of a state), no scratch memory of the VMM. Nobody writes it. */
export interface WorldView {
  readonly seed: number;
  readonly host: Host;
  readonly machine: Omit<World['machine'], 'tick'>;
  readonly kernel: Omit<Kernel, 'processes' | 'vms'> & {
    readonly processes: readonly Omit<Process, 'scratch'>[];
    readonly vms: readonly Vm[];
  };
}

const SCRATCH: Omitted = { processes: { [EACH]: { scratch: () => ({}) } } };
/** What the views leave out. */
export const OMITTED: Omitted = { machine: { tick: () => 0 }, kernel: SCRATCH };
export const OMITTED_BUT_TICKS: Omitted = { kernel: SCRATCH };

/** A device attribute that a successful KVM_SET_DEVICE_ATTR on a vCPU's file set. */
export interface StoredValue {
  readonly vm: number;
  readonly vcpu: number;
  readonly group: number;
  readonly attr: bigint;
  readonly value: bigint;
}

/** One ioctl of a call. */
export interface IoctlSeen {
  /** `KVM_RUN`. */
  readonly request: string;
  /** The file's VM and vCPU (indices); -1 where the file is none's. */
  readonly vm: number;
  readonly vcpu: number;
  readonly before: WorldView;
  readonly after: WorldView;
  readonly refusal: Refusal | null;
  /** KVM_RUN went into the guest, or to sleep. */
  readonly entered: boolean;
  readonly stored: StoredValue | null;
}

/** A call of the exploration, whole. */
export interface CallSeen {
  /** `set-pmu`. */
  readonly name: string;
  readonly ioctls: readonly IoctlSeen[];
  /** `ok`, an errno's name, the name of KVM_RUN's exit, or `unmet CODE`. */
  readonly result: string;
}

/** What should hold. `null` means that it holds; a sentence says how it does not. */
export interface Invariant<M = unknown> {
  readonly name: string;
  readonly says: string;
  readonly evidence: string;
  /** Commands that show the failure where it happened: they end the script of a counterexample. */
  readonly shows: readonly string[];
  /** What it wants to know of each state, asked while the live world stands there. Must change nothing but scratch memory. */
  remember?(live: MountedWorld, world: WorldView): M;
  /** Looked at in every state. */
  state?(world: WorldView): string | null;
  /** Looked at behind every ioctl, and behind every call. */
  ioctl?(seen: IoctlSeen): string | null;
  call?(seen: CallSeen, before: M, after: M): string | null;
}
