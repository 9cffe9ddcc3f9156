// What handling a guest's exit works on: the vCPU as it is loaded on a physical CPU, and where its events go.
import type { PhysicalCpu } from '../../machine/machine.ts';
import type { KernelEvent } from '../call.ts';
import { vcpuName } from '../call-state.ts';
import type { Host } from '../host.ts';
import type { Note } from '../vgic/events.ts';
import type { Exit, MountedWorld, Vcpu, Vm } from '../world.ts';

export interface GuestExit {
  readonly mw: MountedWorld;
  readonly host: Host;
  readonly vm: Vm;
  readonly vcpu: Vcpu;
  readonly cpu: PhysicalCpu;
  readonly events: KernelEvent[];
  /** `vcpu0`, as events name it. */
  readonly name: string;
  /** Where the vGIC's events go. */
  readonly note: Note;
}

/** What becomes of the vCPU after an exit was handled: back into the guest, back but not at once, asleep, or out to user space. */
export type Handled = 'resume' | 'yield' | 'block' | { readonly exit: Exit };

/** Records something that happened now. */
export function tell(g: GuestExit, kind: string, members: Readonly<Record<string, unknown>> = {}): void {
  g.events.push({ kind, tick: g.mw.world.machine.tick, vcpu: g.name, ...members });
}

/** The vGIC's events among the kernel's, with the machine's tick where they have none. */
export const noteInto =
  (events: KernelEvent[], mw: MountedWorld, vm: Vm): Note =>
  ({ kind, tick, ...members }) => {
    events.push({ kind, tick: tick ?? mw.world.machine.tick, vm: vm.index, ...members });
  };

/** The vCPU (by index) with the CPU of its thread; events go to `events`. */
export function guestExit(mw: MountedWorld, vmIndex: number, vcpuIndex: number, events: KernelEvent[]): GuestExit {
  const { world } = mw;
  const vm = world.kernel.vms[vmIndex];
  const vcpu = vm.vcpus[vcpuIndex];
  const cpu = world.machine.cpus[vcpu.thread.cpu];
  return { mw, host: world.host, vm, vcpu, cpu, events, name: vcpuName(vm, vcpu), note: noteInto(events, mw, vm) };
}
