// Exit from the guest: what the list registers became is folded into the interrupts, and the list is pruned.
// Source: vgic.md 2.5 (KVM's kvm_vgic_sync_hwstate, vgic_v3_fold_lr, vgic_prune_ap_list); waking: kvm_vgic_vcpu_pending_irq.
import { ACTIVE, groupPriority, PENDING, runningPriority } from '../../machine/gic/delivery.ts';
import { clearInterface, copyInterfaceRegisters, type TrailEntry, type VirtualInterface } from '../../machine/gic/interface.ts';
import type { Vm } from '../world.ts';
import type { Note, VgicEventKind } from './events.ts';
import { appendToList, findIrq, type Irq, isEdge, isPending, kickVcpu, routeOf } from './irq.ts';
import { inputLevel, isMapped } from './mapped.ts';
import { LATCHED_WHILE_ACTIVE, NOBODY, type VgicCpu } from './state.ts';

/** What an entry of the interface's trail is called once the hypervisor has drained it. */
export const KIND_OF: Readonly<Record<TrailEntry['kind'], VgicEventKind>> = {
  acknowledged: 'irq.acknowledged',
  dropped: 'irq.dropped',
  ended: 'irq.ended',
};

/**
 * Takes vCPU `vcpu` (index) off the physical CPU's interface after it left the guest, and leaves that empty.
 * Devices that inject at exit (PMU, SPE) must have done so before.
 */
export function syncVcpu(vm: Vm, vcpu: number, ich: VirtualInterface, note?: Note): void {
  const cpu = vm.vcpus[vcpu].vgic;
  if (ich.enabled && cpu !== null) {
    for (const { kind, intid, tick, listRegister } of ich.trail) note?.({ kind: KIND_OF[kind], intid, vcpu, tick, listRegister });
    copyInterfaceRegisters(cpu.registers, ich.registers);
    fold(vm, vcpu, cpu, ich, note);
    prune(vm, vcpu, cpu, note);
  }
  clearInterface(ich);
}

function fold(vm: Vm, vcpu: number, cpu: VgicCpu, ich: VirtualInterface, note?: Note): void {
  for (let n = 0; n < ich.used; n++) {
    const irq = findIrq(vm, vcpu, ich.lr.intid[n]);
    if (irq !== null) foldListRegister(vm, vcpu, irq, ich.lr.state[n], note);
  }
  deactivateCounted(vm, vcpu, cpu, ich, note);
}

function foldListRegister(vm: Vm, vcpu: number, irq: Irq, state: number, note?: Note): void {
  const { table, at, intid } = irq;
  const quirks = vm.vgic?.quirks;
  const wasActive = table.active[at] === 1;
  const active = (state & ACTIVE) !== 0;
  table.active[at] = Number(active);
  if ((state & PENDING) === 0) table.presented[at] = 0;
  if (isEdge(irq)) {
    if ((state & PENDING) !== 0) table.latch[at] = 1; // not acknowledged: it goes back
    return;
  }
  if (isMapped(irq) && ((state & PENDING) !== 0 || (wasActive && !active && table.line[at] === 1))) {
    table.line[at] = Number(inputLevel(vm, irq));
  }
  if (active && !wasActive && !quirks?.levelLatchSurvivesAck && table.latch[at] === 1) table.latch[at] = 0;
  if (state !== 0) return;
  table.latch[at] = !quirks?.pendWhileActiveLost && table.latch[at] === LATCHED_WHILE_ACTIVE ? 1 : 0;
  if (isPending(irq) && table.enabled[at] === 1) note?.({ kind: 'irq.reraised', intid, vcpu });
}

/**
 * Ends an active interrupt that is in no list register, as the fold of one that was there would: the latch of a level interrupt goes.
 * Its vCPU must be out of the guest.
 */
export function endUnlisted(vm: Vm, irq: Irq, note?: Note): void {
  const vcpu = irq.table.listed[irq.at];
  note?.({ kind: 'irq.ended', intid: irq.intid, vcpu });
  const staysPending = !vm.vgic?.quirks.noActivePendingLevel && isPending(irq);
  foldListRegister(vm, vcpu, irq, staysPending && !isEdge(irq) ? PENDING : 0, note);
}

/** EOIs that met no list register end, in list order, the active interrupts for which there was no room. */
function deactivateCounted(vm: Vm, vcpu: number, cpu: VgicCpu, ich: VirtualInterface, note?: Note): void {
  let left = ich.eoiCount;
  for (const intid of cpu.list) {
    if (left === 0) return;
    const irq = findIrq(vm, vcpu, intid);
    if (irq === null || irq.table.active[irq.at] === 0 || ich.lr.intid.subarray(0, ich.used).includes(intid)) continue;
    endUnlisted(vm, irq, note);
    left--;
  }
}

/** Takes interrupts off the list that go to nobody, and hands over those that go to another vCPU. */
function prune(vm: Vm, vcpu: number, cpu: VgicCpu, note?: Note): void {
  const kept: number[] = [];
  for (const intid of cpu.list) {
    const irq = findIrq(vm, vcpu, intid);
    if (irq === null) continue;
    const to = routeOf(vm, irq);
    if (to === vcpu) {
      kept.push(intid);
      continue;
    }
    irq.table.listed[irq.at] = NOBODY;
    irq.table.presented[irq.at] = 0;
    if (to === NOBODY) continue;
    appendToList(vm, irq, to, note);
    kickVcpu(vm, to);
  }
  cpu.list = kept;
}

/**
 * Whether vCPU `vcpu` (index), out of the guest, has an interrupt that ends its WFI: pending, enabled, not active and above its
 * priority mask. Call it after `syncVcpu`.
 */
export function hasPendingInterrupt(vm: Vm, vcpu: number): boolean {
  const v = vm.vcpus[vcpu];
  if ((v.pins ?? 0) !== 0) return true;
  if (v.vgic === null) return false;
  return v.vgic.list.some((intid) => {
    const irq = findIrq(vm, vcpu, intid);
    return irq !== null && isPending(irq) && couldWake(vm, vcpu, irq);
  });
}

/** Whether an interrupt, were it pending, would end the WFI of vCPU `vcpu` (index). */
export function couldWake(vm: Vm, vcpu: number, { table, at }: Irq): boolean {
  const dist = vm.vgic;
  const cpu = vm.vcpus[vcpu].vgic;
  if (dist === null || cpu === null || !dist.enabled) return false;
  const r = cpu.registers;
  if (table.enabled[at] === 0 || table.active[at] === 1 || table.priority[at] >= r.pmr) return false;
  if (dist.quirks.wfiIgnoresGroups) return true;
  const group = table.group[at];
  return (group === 1 ? r.igrpen1 : r.igrpen0) === 1 && groupPriority(r, group, table.priority[at]) < runningPriority(r);
}
