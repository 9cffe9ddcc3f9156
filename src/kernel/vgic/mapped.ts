// Interrupts that are mapped to the host's own: the timers' PPIs, once their vCPU has run (kvm_vgic_map_phys_irq). The guest's end of such an
// interrupt ends the host's, whose line then speaks for itself. Source: vgic.md 2.1, 2.4, 2.5 (KVM's vgic_irq_is_mapped_level,
// vgic_get_phys_line_level, vgic_irq_handle_resampling).
import { TIMERS, type Timer } from '../../machine/timer/timers.ts';
import type { Vm } from '../world.ts';
import { findIrq, type Irq, isPending, ownerOf } from './irq.ts';
import { timerOwner } from './owner.ts';
import { NOBODY } from './state.ts';

/** The timer that owns a PPI; undefined when none does. */
function timerOf(irq: Irq): Timer | undefined {
  if (irq.vcpu === NOBODY) return undefined;
  const owner = ownerOf(irq);
  return owner === null ? undefined : TIMERS.find((timer) => timerOwner(timer) === owner);
}

/** Whether a device of the host drives it: the timer that owns the PPI. */
export const isMapped = (irq: Irq): boolean => timerOf(irq) !== undefined;

/** The host's INTID behind a mapped interrupt; its own when it is not mapped. */
export const hostIntid = (irq: Irq): number => timerOf(irq)?.ppi ?? irq.intid;

/** The level of the device behind a mapped interrupt, as it was last looked at (kernel/timer.ts). */
export function inputLevel(vm: Vm, irq: Irq): boolean {
  const timer = timerOf(irq);
  return timer !== undefined && vm.vcpus[irq.vcpu].timers[timer.name];
}

/** The host interrupts (bits by INTID) that a vCPU (index) has to end: active on the host until it does, so that they do not come again. */
export function forwardedInterrupts(vm: Vm, vcpu: number): number {
  let bits = 0;
  for (const timer of TIMERS) {
    const irq = findIrq(vm, vcpu, vm.timerPpis[timer.name]);
    if (irq !== null && isMapped(irq) && (irq.table.active[irq.at] === 1 || isPending(irq))) bits |= 1 << timer.ppi;
  }
  return bits;
}
