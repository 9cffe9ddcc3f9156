// The thread that runs a vCPU and issues its ioctls: where the scheduler may put it, and where it is (sched_setaffinity(2)).
import type { KernelEvent } from './call.ts';
import { lowestCpu } from './cpu-list.ts';
import { guestExit, tell } from './guest/exit-state.ts';
import type { MountedWorld, Vcpu } from './world.ts';
import { leaveGuest, putVcpu } from './world-switch.ts';

/** Sets the affinity; the thread moves to the lowest CPU of the set. The vCPU must be outside KVM_RUN. `cpus` is not empty. */
export function setThreadAffinity(vcpu: Vcpu, cpus: bigint): void {
  vcpu.thread.affinity = cpus;
  vcpu.thread.cpu = lowestCpu(cpus);
}

/** The same for a vCPU (by index) that may be inside KVM_RUN: it moves as `migrateThread` says. */
export function changeThreadAffinity(mw: MountedWorld, vm: number, vcpu: number, cpus: bigint): readonly KernelEvent[] {
  mw.world.kernel.vms[vm].vcpus[vcpu].thread.affinity = cpus;
  return migrateThread(mw, vm, vcpu, lowestCpu(cpus));
}

/**
 * The scheduler moves the thread of a vCPU (by index) to another CPU, also while it is inside KVM_RUN: the vCPU is taken off its CPU and is
 * loaded on the new one when it goes on, where supported_cpus is looked at again (RUN-15).
 */
export function migrateThread(mw: MountedWorld, vm: number, vcpu: number, cpu: number): readonly KernelEvent[] {
  const events: KernelEvent[] = [];
  const g = guestExit(mw, vm, vcpu, events);
  const from = g.vcpu.thread.cpu;
  if (from === cpu) return events;
  leaveGuest(g);
  putVcpu(mw, g.vcpu);
  g.vcpu.thread.cpu = cpu;
  tell(g, 'thread.moved', { from, to: cpu });
  return events;
}
