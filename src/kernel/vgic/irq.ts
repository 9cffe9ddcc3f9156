// One interrupt of the vGIC: finding it, whether it is pending, where it goes, and putting it on that vCPU's list.
// Source: vgic.md 2.1 and 2.3 (KVM's vgic_get_irq, irq_is_pending, vgic_target_oracle, vgic_queue_irq_unlock).
import type { Vm } from '../world.ts';
import type { Note } from './events.ts';
import { EDGE, FIRST_SPI, type InterruptTable, interruptCount, NOBODY } from './state.ts';

/** A handle on one interrupt's place in its table; not part of the world. */
export interface Irq {
  readonly intid: number;
  readonly table: InterruptTable;
  readonly at: number;
  /** vCPU (index) whose private interrupt it is; NOBODY for an SPI. */
  readonly vcpu: number;
}

/** The interrupt with this INTID; null when it does not exist. `vcpu` (index) matters for private ones only. */
export function findIrq(vm: Vm, vcpu: number, intid: number): Irq | null {
  const dist = vm.vgic;
  if (dist === null || intid < 0 || intid >= interruptCount(dist)) return null;
  if (intid >= FIRST_SPI) {
    const at = intid - FIRST_SPI;
    return at < dist.spis.enabled.length ? { intid, table: dist.spis, at, vcpu: NOBODY } : null;
  }
  const cpu = vm.vcpus[vcpu]?.vgic;
  return cpu ? { intid, table: cpu.privates, at: intid, vcpu } : null;
}

/** The device that owns it; null when nobody does. */
export function ownerOf(irq: Irq): string | null {
  return irq.table.owners[irq.at] ?? null;
}

export function isEdge(irq: Irq): boolean {
  return irq.table.config[irq.at] === EDGE;
}

/** Latch for an edge interrupt; latch or line for a level one. */
export function isPending(irq: Irq): boolean {
  const { table, at } = irq;
  return table.latch[at] !== 0 || (table.config[at] !== EDGE && table.line[at] === 1);
}

/** The vCPU (index) that must have it in a list register now; NOBODY when none must. */
export function routeOf(vm: Vm, irq: Irq): number {
  const { table, at } = irq;
  if (table.active[at] === 1) return table.listed[at] !== NOBODY ? table.listed[at] : table.target[at];
  if (table.enabled[at] === 0 || !isPending(irq) || vm.vgic === null || !vm.vgic.enabled) return NOBODY;
  return table.target[at];
}

/** Makes a vCPU leave the guest, or wake, so that it looks at its list. */
export function kickVcpu(vm: Vm, vcpu: number): void {
  const cpu = vm.vcpus[vcpu]?.vgic;
  if (cpu) cpu.kick = true;
}

/**
 * Puts an interrupt that must be delivered on its vCPU's list, unless it is on one already, and kicks that vCPU.
 * An interrupt that goes to nobody is left alone: it stays where it is until that vCPU prunes its list.
 */
export function queueIrq(vm: Vm, irq: Irq, note?: Note): void {
  const to = routeOf(vm, irq);
  if (to === NOBODY) return;
  if (irq.table.listed[irq.at] === NOBODY) appendToList(vm, irq, to, note);
  kickVcpu(vm, to);
}

/** Whether an SPI is on the list of some vCPU: while one is, ICC_DIR_EL1 must trap on every vCPU, since each may deactivate it. */
export function isSpiListed(vm: Vm): boolean {
  return vm.vcpus.some(({ vgic }) => vgic?.list.some((intid) => intid >= FIRST_SPI));
}

/** Puts an interrupt at the end of a vCPU's list. The first SPI there kicks every vCPU, so that ICC_DIR_EL1 traps from then on. */
export function appendToList(vm: Vm, irq: Irq, vcpu: number, note?: Note): void {
  const cpu = vm.vcpus[vcpu]?.vgic;
  if (!cpu) return;
  if (irq.vcpu === NOBODY && !isSpiListed(vm)) for (const { index } of vm.vcpus) kickVcpu(vm, index);
  cpu.list.push(irq.intid);
  irq.table.listed[irq.at] = vcpu;
  note?.({ kind: 'irq.queued', intid: irq.intid, vcpu });
}
