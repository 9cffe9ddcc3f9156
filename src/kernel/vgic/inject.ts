// How a device or user space drives an interrupt line. Source: vgic.md 2.2 (KVM's kvm_vgic_inject_irq, vgic_validate_injection).
import type { Vm } from '../world.ts';
import type { Note } from './events.ts';
import { findIrq, isEdge, kickVcpu, ownerOf, queueIrq } from './irq.ts';
import { FIRST_SPI, NOBODY } from './state.ts';

/**
 * Drives an interrupt's input. `vcpu` is the index for private INTIDs and -1 for SPIs; `owner` is the device that drives it,
 * null for user space. Returns the errno's name, or null: also when nothing changed, and (as KVM does) when somebody else owns it.
 */
export function injectInterrupt(vm: Vm, vcpu: number, intid: number, level: boolean, owner: string | null, note?: Note): string | null {
  const dist = vm.vgic;
  if (dist === null || !dist.initialised) return 'EBUSY';
  if (intid < FIRST_SPI && vcpu < 0) return 'EINVAL';
  const irq = findIrq(vm, vcpu, intid);
  if (irq === null) return 'EINVAL';
  const { table, at } = irq;
  if (ownerOf(irq) !== owner) return dist.quirks.ownerMismatchSilent ? null : 'EINVAL';
  if (isEdge(irq)) {
    if (!level) return null;
    table.latch[at] = 1;
  } else {
    if (table.line[at] === Number(level)) return null;
    table.line[at] = Number(level);
  }
  note?.({ kind: level ? 'irq.raised' : 'irq.lowered', intid, vcpu: irq.vcpu, ...(owner === null ? {} : { owner }) });
  if (!level && !dist.quirks.noRetract && table.listed[at] !== NOBODY) kickVcpu(vm, table.listed[at]);
  queueIrq(vm, irq, note);
  return null;
}
