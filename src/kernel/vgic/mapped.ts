// Interrupts that are mapped to the host's own: the timers' PPIs, once their vCPU has run (kvm_vgic_map_phys_irq). The guest's end of such an
// interrupt ends the host's, whose line then speaks for itself. Source: vgic.md 2.1, 2.4, 2.5 (KVM's vgic_irq_is_mapped_level,
// vgic_get_phys_line_level, vgic_irq_handle_resampling).
import { TIMERS } from '../../machine/timer/timers.ts';
import type { Vm } from '../world.ts';
import { findIrq, type Irq, isPending, ownerOf } from './irq.ts';
import { timerOwner } from './owner.ts';
import { NOBODY } from './state.ts';

/** Whether a device of the host drives it: the timer that owns the PPI. */
export function isMapped(irq: Irq): boolean {
  if (irq.vcpu === NOBODY) return false;
  const timer = TIMERS.find((t) => t.ppi === irq.intid);
  return timer !== undefined && ownerOf(irq) === timerOwner(timer);
}

/** The level of the device behind a mapped interrupt, as it was last looked at (kernel/timer.ts). */
export function inputLevel(vm: Vm, irq: Irq): boolean {
  const timer = TIMERS.find((t) => t.ppi === irq.intid);
  return timer !== undefined && vm.vcpus[irq.vcpu].timers[timer.name];
}

/** The host interrupts (bits by INTID) that a vCPU (index) has to end: active on the host until it does, so that they do not come again. */
export function forwardedInterrupts(vm: Vm, vcpu: number): number {
  let bits = 0;
  for (const { ppi } of TIMERS) {
    const irq = findIrq(vm, vcpu, ppi);
    if (irq !== null && isMapped(irq) && (irq.table.active[irq.at] === 1 || isPending(irq))) bits |= 1 << ppi;
  }
  return bits;
}
