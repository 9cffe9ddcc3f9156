// What the front end of a system call gathers for its list of steps, and the rows of the dispatch tables.
import { ok, type Result } from 'neverthrow';
import type { Call, KernelEvent, Refusal } from './call.ts';
import type { Host } from './host.ts';
import { type Evidence, type Steps, walk } from './steps.ts';
import type { MountedWorld, OpenFile, Process, Vcpu, Vm } from './world.ts';

export interface CallState {
  readonly mw: MountedWorld;
  readonly host: Host;
  readonly call: Call;
  readonly process: Process;
  readonly events: KernelEvent[];
  /** ioctl's return value when nothing fails. */
  ret: number;
  /** KVM_RUN went into the guest. */
  running?: boolean;
}

export interface VmCall extends CallState {
  readonly vm: Vm;
}

export interface VcpuCall extends VmCall {
  readonly vcpu: Vcpu;
}

/** How much of a request spesh models; the reason of a gap is what documentation prints. */
export type Support = 'full' | { readonly partial: string } | { readonly none: string };

/** What of a list of steps does not depend on the state it works on. */
export interface ListFacts {
  readonly name: string;
  readonly steps: readonly { readonly kind: string; readonly evidence: Evidence }[];
}

/** A row of a dispatch table. */
export interface Request<S> {
  readonly ioctl: string;
  readonly support: Support;
  /** The kernel revisions that have it; absent: every one. */
  readonly revisions?: readonly Host['kernel']['revision'][];
  /** The lists it walks under a host's kernel. */
  readonly lists: (host: Host) => readonly ListFacts[];
  run(state: S): Result<null, Refusal>;
}

/** A request that is one list of steps over the call's state and its own scratch members, which start as `scratch`. */
export function request<S extends CallState, X extends object>(
  ioctl: string,
  support: Support,
  scratch: X,
  list: Steps<S & X>,
): Request<S> {
  return { ioctl, support, lists: () => [list], run: (state) => walk(list, Object.assign(state, scratch)) };
}

/** Opens a file in the process: the lowest free descriptor. */
export function openFile(process: Process, file: OpenFile): number {
  const free = process.files.indexOf(null);
  const fd = free === -1 ? process.files.length : free;
  process.files[fd] = file;
  return fd;
}

/** Records something that happened, at the machine's tick. */
export function note(state: CallState, kind: string, members: Readonly<Record<string, unknown>>): void {
  state.events.push({ kind, tick: state.mw.world.machine.tick, ...members });
}

/** `vcpu0` by its id, for further VMs `vm1/vcpu0`. */
export const vcpuName = (vm: Vm, vcpu: Vcpu): string => (vm.index === 0 ? `vcpu${vcpu.id}` : `vm${vm.index}/vcpu${vcpu.id}`);

export const DONE: Result<null, Refusal> = ok(null);
