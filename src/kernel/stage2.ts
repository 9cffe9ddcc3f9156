// Stage 2: the ranges of intermediate physical addresses that a VM's memory slots back.
import type { Stage2Range } from '../machine/machine.ts';
import { PAGE_SIZE } from '../machine/memory.ts';
import type { Vm } from './world.ts';

/** KVM_MEM_READONLY. */
const READONLY = 2;

/** The VM's ranges, by slot number. */
export function stage2Of(vm: Vm): readonly Stage2Range[] {
  return vm.memslots.map((slot) => ({
    ipa: slot.gpa,
    size: slot.size,
    pa: slot.frame * PAGE_SIZE,
    writable: (slot.flags & READONLY) === 0,
  }));
}
