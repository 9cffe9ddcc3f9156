// Stage 2: the ranges of intermediate physical addresses that a VM's memory slots back, less the pages that the host took away
// (kvm-spe-abi.md §5.1: MMU notifiers). A slot counts as mapped from the start: the first touch of a page is not modelled.
import { dropAll } from '../machine/cpu/tlb.ts';
import type { Stage2Range } from '../machine/machine.ts';
import { PAGE_SIZE } from '../machine/memory.ts';
import type { Host } from './host.ts';
import { knobOf } from './knobs.ts';
import type { Memslot, MountedWorld, Vm } from './world.ts';

/** KVM_MEM_READONLY. */
const READONLY = 2;
const HUGE_PAGE = 2 * 1024 * 1024;

/** The size of the host pages behind guest memory, bytes: what the host takes away, pins and maps at once. */
export const hostPageSize = (host: Host): number => (knobOf(host, 'memory.hugetlb') === true ? HUGE_PAGE : PAGE_SIZE);

/** What the VM's slots back, by slot number, whether stage 2 maps it now or not. */
export function memslotRanges(vm: Vm): readonly Stage2Range[] {
  return vm.memslots.map((slot) => ({
    ipa: slot.gpa,
    size: slot.size,
    pa: slot.frame * PAGE_SIZE,
    writable: (slot.flags & READONLY) === 0,
  }));
}

/** What stage 2 maps now. */
export function stage2Of(host: Host, vm: Vm): readonly Stage2Range[] {
  const ranges = memslotRanges(vm);
  return vm.unmapped.length === 0 ? ranges : ranges.flatMap((range) => withoutPages(range, vm.unmapped, hostPageSize(host)));
}

function withoutPages(range: Stage2Range, pages: readonly number[], pageSize: number): Stage2Range[] {
  const end = range.ipa + range.size;
  const pieces: Stage2Range[] = [];
  let from = range.ipa;
  const add = (to: number): void => {
    if (to > from) pieces.push({ ...range, ipa: from, size: to - from, pa: range.pa + from - range.ipa });
  };
  for (const page of pages) {
    if (page + pageSize <= range.ipa || page >= end) continue;
    add(page);
    from = page + pageSize;
  }
  add(end);
  return pieces;
}

/** The slot that backs a guest physical address; undefined when none does. */
export const slotAt = (vm: Vm, gpa: number): Memslot | undefined =>
  vm.memslots.find((slot) => gpa >= slot.gpa && gpa < slot.gpa + slot.size);

/** The host page that an address of a slot lies in, as far as it lies in the slot: guest physical address and bytes. */
export function hostPageAt(host: Host, slot: Memslot, gpa: number): { readonly gpa: number; readonly size: number } {
  const size = hostPageSize(host);
  const page = gpa - (gpa % size);
  const from = Math.max(page, slot.gpa);
  return { gpa: from, size: Math.min(page + size, slot.gpa + slot.size) - from };
}

/** Stage 2 of a VM gained or lost pages: the CPUs that have one of its vCPUs see it, and no CPU keeps a translation. */
export function changeStage2(mw: MountedWorld, vm: Vm): void {
  for (const cpu of mw.world.machine.cpus) {
    if (cpu.tlb !== null) dropAll(cpu.tlb);
    if (vm.vcpus.some((v) => v.run.loaded && v.thread.cpu === cpu.number)) cpu.stage2 = stage2Of(mw.world.host, vm);
  }
}

/**
 * Stage 2 maps again what the host took away between two guest physical addresses: somebody touched it, or it was pinned. True: it had been
 * away.
 */
export function faultIn(mw: MountedWorld, vm: Vm, gpa: number, size: number): boolean {
  const pageSize = hostPageSize(mw.world.host);
  const left = vm.unmapped.filter((page) => page + pageSize <= gpa || page >= gpa + size);
  if (left.length === vm.unmapped.length) return false;
  vm.unmapped = left;
  changeStage2(mw, vm);
  return true;
}
