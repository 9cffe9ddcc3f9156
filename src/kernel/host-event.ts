// What the host's memory management does to the pages behind a guest, and what KVM's MMU notifier makes of it (kvm-spe-abi.md §5.1: 30/35
// passes the kind of event on, 31/35 heeds it for the buffer). A pinned page cannot be migrated, nor taken away to see who uses it; but an
// unmapping by its owner takes effect, and then the SPU meets a stage 2 fault.
import { err, ok, type Result } from 'neverthrow';
import { hex } from '../base/hex.ts';
import { PAGE_SIZE, releaseFrames } from '../machine/memory.ts';
import type { KernelEvent } from './call.ts';
import { vcpuName } from './call-state.ts';
import type { Host } from './host.ts';
import { knobOf } from './knobs.ts';
import { pinnersOf, releasePinsOf } from './spe/pinned.ts';
import { changeStage2, hostPageAt, hostPageSize, slotAt } from './stage2.ts';
import type { Memslot, MountedWorld, Vm } from './world.ts';

/** unmap: the VMM gives the page up (MADV_DONTNEED, as a balloon does); migrate: compaction moves it; numa-hint: its accesses are watched. */
export type HostEvent = 'unmap' | 'migrate' | 'numa-hint';
export const HOST_EVENTS: readonly HostEvent[] = ['unmap', 'migrate', 'numa-hint'];

export interface HostEventAnswer {
  /** The host page: guest physical address and bytes. */
  readonly gpa: number;
  readonly size: number;
  /** 'ignored': the page stays where it is, and stage 2 as it is. */
  readonly effect: 'unmapped' | 'ignored';
  /** Why, in words. */
  readonly why: string;
  /** vCPUs, as printed, that had the page pinned. */
  readonly pinnedBy: readonly string[];
  readonly events: readonly KernelEvent[];
}

/** Why an event does not come about on this host; null when it can. */
function impossible(host: Host, event: HostEvent): string | null {
  if (event !== 'numa-hint') return null;
  if (host.kernel.revision === 'rfc-v4' || host.kernel.revision === 'rfc-v5') {
    return 'this kernel was built without NUMA balancing, which its SPE support excludes';
  }
  return knobOf(host, 'memory.hugetlb') === true ? 'NUMA balancing leaves hugetlb pages alone' : null;
}

/** An event at the host page behind a guest physical address. Err: there is no such page, or the event cannot come about; nothing changed. */
export function hostEvent(mw: MountedWorld, vmIndex: number, event: HostEvent, gpa: number | bigint): Result<HostEventAnswer, string> {
  const { host, kernel, machine } = mw.world;
  const vm = kernel.vms[vmIndex];
  const at = Number(gpa);
  const slot = slotAt(vm, at);
  if (slot === undefined) return err(`no memory slot backs ${hex(gpa)}`);
  const not = impossible(host, event);
  if (not !== null) return err(not);
  const page = hostPageAt(host, slot, at);
  const pinners = pinnersOf(vm, page.gpa, page.size).map((v) => vcpuName(vm, v));
  const events: KernelEvent[] = [];
  const { effect, why } = outcomeOf(event, pinners, slot);
  if (effect === 'unmapped') takeAway(mw, vm, slot, page, event, events);
  events.push({ kind: 'host.event', tick: machine.tick, vm: vmIndex, event, gpa: hex(page.gpa), size: page.size, effect });
  return ok({ ...page, effect, why, pinnedBy: pinners, events });
}

function outcomeOf(event: HostEvent, pinners: readonly string[], slot: Memslot): Pick<HostEventAnswer, 'effect' | 'why'> {
  const held = pinners.length > 0 ? `pinned by ${pinners.join(', ')}` : slot.locked !== undefined ? 'locked with its slot' : null;
  if (event === 'unmap') {
    return {
      effect: 'unmapped',
      why: `the VMM gave the page up${held === null ? '' : `, though it is ${held}`}: the next touch finds zeros`,
    };
  }
  if (held !== null) return { effect: 'ignored', why: `the page is ${held}` };
  if (event === 'migrate') return { effect: 'unmapped', why: 'the page moved: the next touch maps it again' };
  return { effect: 'unmapped', why: 'accesses to the page are watched: the next touch maps it again' };
}

/** Stage 2 loses the page; an unmapped one loses its contents and its pins too. */
function takeAway(
  mw: MountedWorld,
  vm: Vm,
  slot: Memslot,
  page: { readonly gpa: number; readonly size: number },
  event: HostEvent,
  events: KernelEvent[],
): void {
  const start = page.gpa - (page.gpa % hostPageSize(mw.world.host));
  if (!vm.unmapped.includes(start)) vm.unmapped = [...vm.unmapped, start].sort((a, b) => a - b);
  if (event === 'unmap') {
    releasePinsOf(mw, vm, page.gpa, page.size, events);
    releaseFrames(mw.mounted.memory, slot.frame + (page.gpa - slot.gpa) / PAGE_SIZE, page.size / PAGE_SIZE);
  }
  changeStage2(mw, vm);
}
