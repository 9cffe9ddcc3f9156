// The thread that runs a vCPU and issues its ioctls: where the scheduler may put it, and where it is (sched_setaffinity(2)).
import { lowestCpu } from './cpu-list.ts';
import type { Vcpu } from './world.ts';

/** Sets the affinity; the thread moves to the lowest CPU of the set. The vCPU must be outside KVM_RUN. `cpus` is not empty. */
export function setThreadAffinity(vcpu: Vcpu, cpus: bigint): void {
  vcpu.thread.affinity = cpus;
  vcpu.thread.cpu = lowestCpu(cpus);
}
