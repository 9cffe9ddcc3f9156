// The end of a VM: the VMM closes its files and unmaps its memory; nothing of it runs any more (kvm_vm_release, kvm_destroy_vm).

import { PAGE_SIZE, releaseFrames } from '../machine/memory.ts';
import type { KernelEvent } from './call.ts';
import { guestExit } from './guest/exit-state.ts';
import { forgetBuffer, payerOf } from './spe/pinned.ts';
import type { MountedWorld } from './world.ts';
import { leaveGuest, putVcpu } from './world-switch.ts';

/** Destroys a VM (by index): its number is not used again. vCPUs that are inside KVM_RUN are taken out of it. */
export function destroyVm(mw: MountedWorld, index: number): readonly KernelEvent[] {
  const { kernel, machine } = mw.world;
  const vm = kernel.vms[index];
  const events: KernelEvent[] = [];
  for (const vcpu of vm.vcpus) {
    leaveGuest(guestExit(mw, index, vcpu.index, events));
    putVcpu(mw, vcpu);
    forgetBuffer(mw, vm, vcpu, events);
    vcpu.run.place = 'out';
  }
  for (const process of kernel.processes) {
    process.files = process.files.map((file) => (file !== null && 'vm' in file && file.vm === index ? null : file));
  }
  for (const slot of vm.memslots) if (slot.locked !== undefined) payerOf(mw, vm).lockedBytes -= BigInt(slot.size);
  for (const slot of vm.memslots) releaseFrames(mw.mounted.memory, slot.frame, slot.size / PAGE_SIZE);
  vm.memslots = [];
  vm.vcpus = [];
  vm.vgic = null;
  vm.destroyed = true;
  events.push({ kind: 'vm.destroyed', tick: machine.tick, vm: index });
  return events;
}
