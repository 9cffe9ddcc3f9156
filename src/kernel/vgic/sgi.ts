// CPU interface registers whose writes trap: software generated interrupts, and DIR where another vCPU holds the interrupt.
// Source: vgic.md 3 (KVM's vgic_v3_dispatch_sgi, vgic_v3_deactivate).
import { ICC } from '../../machine/gic/interface.ts';
import { mpidrOf } from '../vm.ts';
import type { Vm } from '../world.ts';
import type { Note } from './events.ts';
import { findIrq, kickVcpu, queueIrq } from './irq.ts';
import { NOBODY } from './state.ts';
import { endUnlisted } from './sync.ts';

/** The vCPUs (indices) that an SGI register's value names, seen from vCPU `from`. */
export function sgiTargets(vm: Vm, from: number, value: bigint): number[] {
  const isOthers = ((value >> 40n) & 1n) === 1n;
  if (isOthers) return vm.vcpus.filter((v) => v.index !== from).map((v) => v.index);
  const list = Number(value & 0xffffn);
  const cluster = ((value >> 48n) & 0xffn) === 0n ? (((value >> 32n) & 0xffn) << 16n) | (((value >> 16n) & 0xffn) << 8n) : null;
  const range = vm.vgic?.quirks.noRangeSelector ? 0 : Number((value >> 44n) & 0xfn);
  return vm.vcpus
    .filter(({ id }) => {
      const affinity = mpidrOf(id) & 0xffffffn;
      const aff0 = Number(affinity & 0xffn) - 16 * range;
      return (affinity & 0xffff00n) === cluster && aff0 >= 0 && aff0 < 16 && ((list >> aff0) & 1) === 1;
    })
    .map((v) => v.index);
}

/**
 * A trapped write of ICC_SGI1R_EL1, ICC_SGI0R_EL1 or ICC_ASGI1R_EL1 by vCPU `from` (index). SGI1R raises SGIs of either group,
 * the others only those of group 0. Whether they are enabled does not matter.
 */
export function writeSgi(vm: Vm, from: number, key: number, value: bigint, note?: Note): void {
  const intid = Number((value >> 24n) & 0xfn);
  for (const to of sgiTargets(vm, from, value)) {
    const irq = findIrq(vm, to, intid);
    if (irq === null || (irq.table.group[irq.at] === 1 && key !== ICC.SGI1R)) continue;
    irq.table.latch[irq.at] = 1;
    note?.({ kind: 'irq.pended', intid, vcpu: to, by: from });
    queueIrq(vm, irq, note);
  }
}

/**
 * A trapped write of ICC_DIR_EL1 by vCPU `vcpu` (index), which must be out of the guest, as must the vCPU that has the interrupt
 * (`dirHaltsGuest`): ends the interrupt wherever it is active. With EOImode 0 it is ignored.
 */
export function writeDir(vm: Vm, vcpu: number, value: bigint, note?: Note): void {
  if (vm.vcpus[vcpu].vgic?.registers.eoiMode !== 1) return;
  const irq = findIrq(vm, vcpu, Number(value & 0xffffffn));
  if (irq === null || irq.table.active[irq.at] === 0) return;
  const holder = irq.table.listed[irq.at];
  endUnlisted(vm, irq, note);
  if (holder !== NOBODY) kickVcpu(vm, holder);
}

/** Whether the others of the VM must be out of the guest for a trapped MSR by vCPU `vcpu` (index): a DIR of what one of them has. */
export function dirHaltsGuest(vm: Vm, vcpu: number, key: number, value: bigint): boolean {
  if (key !== ICC.DIR) return false;
  const irq = findIrq(vm, vcpu, Number(value & 0xffffffn));
  return irq !== null && irq.table.listed[irq.at] !== NOBODY && irq.table.listed[irq.at] !== vcpu;
}

/** A trapped MSR of any of these; false when the key is none of them. */
export function writeTrappedIcc(vm: Vm, vcpu: number, key: number, value: bigint, note?: Note): boolean {
  if (key === ICC.SGI1R || key === ICC.SGI0R || key === ICC.ASGI1R) writeSgi(vm, vcpu, key, value, note);
  else if (key === ICC.DIR) writeDir(vm, vcpu, value, note);
  else return false;
  return true;
}
