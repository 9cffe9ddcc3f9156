// Pinned pages and their account: they count against RLIMIT_MEMLOCK of the VM's process, each vCPU's own (kvm-spe-abi.md §5.1, 33/35).
import { PAGE_SIZE } from '../../machine/memory.ts';
import type { KernelEvent } from '../call.ts';
import { vcpuName } from '../call-state.ts';
import type { MountedWorld, PinnedRange, Process, Vcpu, Vm } from '../world.ts';

/** Bytes of pinned ranges, all or of one kind. */
export const pinnedBytes = (ranges: readonly PinnedRange[], kind?: PinnedRange['kind']): number =>
  ranges.reduce((sum, range) => sum + (kind === undefined || range.kind === kind ? range.size : 0), 0);

/** The process whose limit counts: the one that created the VM. */
export const payerOf = (mw: MountedWorld, vm: Vm): Process => mw.world.kernel.processes[vm.process - 1];

/** What of `ranges` lies in [gpa, gpa + size), and what does not. */
function split(ranges: readonly PinnedRange[], gpa: number, size: number): { inside: PinnedRange[]; outside: PinnedRange[] } {
  const inside: PinnedRange[] = [];
  const outside: PinnedRange[] = [];
  const end = gpa + size;
  for (const range of ranges) {
    const to = range.gpa + range.size;
    const piece = (list: PinnedRange[], from: number, until: number): void => {
      if (until > from) list.push({ gpa: from, size: until - from, kind: range.kind });
    };
    piece(outside, range.gpa, Math.min(to, gpa));
    piece(inside, Math.max(range.gpa, gpa), Math.min(to, end));
    piece(outside, Math.max(range.gpa, end), to);
  }
  return { inside, outside };
}

/** The vCPUs that have a page in [gpa, gpa + size) pinned. */
export const pinnersOf = (vm: Vm, gpa: number, size: number): readonly Vcpu[] =>
  vm.vcpus.filter((v) => split(v.spe.pinned, gpa, size).inside.length > 0);

type Change = 'pin' | 'unpin';

/** Sets what a vCPU has pinned; `changed` came or went with it, is accounted and told. */
function account(mw: MountedWorld, vm: Vm, vcpu: Vcpu, change: Change, changed: readonly PinnedRange[], events: KernelEvent[]): void {
  const payer = payerOf(mw, vm);
  const bytes = pinnedBytes(changed);
  payer.lockedBytes += BigInt(change === 'pin' ? bytes : -bytes);
  events.push({
    kind: change,
    tick: mw.world.machine.tick,
    vcpu: vcpuName(vm, vcpu),
    data: pinnedBytes(changed, 'data') / PAGE_SIZE,
    tables: pinnedBytes(changed, 'table') / PAGE_SIZE,
    bytes,
    locked: Number(payer.lockedBytes),
  });
}

/** Pins pages for a vCPU that has none pinned. */
export function pinPages(mw: MountedWorld, vm: Vm, vcpu: Vcpu, ranges: readonly PinnedRange[], events: KernelEvent[]): void {
  vcpu.spe.pinned = ranges;
  if (ranges.length > 0) account(mw, vm, vcpu, 'pin', ranges, events);
}

/** Unpins all that a vCPU has pinned. */
export function unpinPages(mw: MountedWorld, vm: Vm, vcpu: Vcpu, events: KernelEvent[]): void {
  const { pinned } = vcpu.spe;
  vcpu.spe.pinned = [];
  if (pinned.length > 0) account(mw, vm, vcpu, 'unpin', pinned, events);
}

/** The pages of [gpa, gpa + size) are gone from under the VM: nobody has them pinned any more. */
export function releasePinsOf(mw: MountedWorld, vm: Vm, gpa: number, size: number, events: KernelEvent[]): void {
  for (const vcpu of pinnersOf(vm, gpa, size)) {
    const { inside, outside } = split(vcpu.spe.pinned, gpa, size);
    vcpu.spe.pinned = outside;
    account(mw, vm, vcpu, 'unpin', inside, events);
  }
}

/** A vCPU's buffer is no longer: its pages are unpinned, without a guest that could be told. */
export function forgetBuffer(mw: MountedWorld, vm: Vm, vcpu: Vcpu, events: KernelEvent[]): void {
  vcpu.spe.on = false;
  unpinPages(mw, vm, vcpu, events);
}
