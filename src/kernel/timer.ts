// The guest's EL1 timers: their outputs are PPIs of the vGIC (27 and 30 unless set), mapped to the host's (vgic/mapped.ts); a vCPU that sleeps wakes at
// its next deadline, and when nobody runs, time jumps there. Source: KVM's arch_timer.c (kvm_timer_update_irq, kvm_arch_timer_handler).
import type { CpuContext } from '../machine/cpu/context.ts';
import { physicalCount } from '../machine/cpu/counter.ts';
import type { Machine } from '../machine/machine.ts';
import { deadlineOf, isAsserted, TIMERS } from '../machine/timer/timers.ts';
import type { Note } from './vgic/events.ts';
import { injectInterrupt } from './vgic/inject.ts';
import { findIrq } from './vgic/irq.ts';
import { timerOwner } from './vgic/owner.ts';
import { couldWake } from './vgic/sync.ts';
import type { Kernel, Vcpu, Vm } from './world.ts';

/** Time does not jump beyond this tick: numbers stay exact for as many operations again. Counted at 1 MHz it is 142 years. */
const LAST_TICK = 2 ** 52;

/**
 * Looks at the timers' outputs and brings the vGIC's lines to them. `forwarded` has the host interrupts (bits by INTID) that the guest has not
 * ended: such a one does not come again. Between stays in the guest that is what is active.
 */
export function updateTimers(m: Machine, vm: Vm, vcpu: Vcpu, context: CpuContext, note: Note, forwarded?: number): void {
  if (vm.vgic === null) return;
  const now = physicalCount(m);
  for (const timer of TIMERS) {
    const level = isAsserted(context, timer, now, vm.counterOffset);
    vcpu.timers[timer.name] = level;
    const irq = findIrq(vm, vcpu.index, vm.timerPpis[timer.name]);
    if (irq === null) continue;
    const held = forwarded === undefined ? irq.table.active[irq.at] === 1 : ((forwarded >> timer.ppi) & 1) === 1;
    if (!level || !held) injectInterrupt(vm, vcpu.index, vm.timerPpis[timer.name], level, timerOwner(timer), note);
  }
}

/** The tick of the first deadline that would wake a sleeping vCPU; null when there is none. */
function wakingTick(m: Machine, vm: Vm, vcpu: Vcpu): number | null {
  let first: number | null = null;
  for (const timer of TIMERS) {
    const irq = findIrq(vm, vcpu.index, vm.timerPpis[timer.name]);
    const deadline = deadlineOf(vcpu.context, timer, physicalCount(m), vm.counterOffset);
    if (irq === null || deadline === null || deadline > BigInt(LAST_TICK) || !couldWake(vm, vcpu.index, irq)) continue;
    if (first === null || Number(deadline) < first) first = Number(deadline);
  }
  return first;
}

/** When every vCPU inside KVM_RUN sleeps, time jumps to the next deadline that wakes one of them. */
export function jumpToDeadline(m: Machine, kernel: Kernel): void {
  const ticks: number[] = [];
  for (const vm of kernel.vms) {
    for (const vcpu of vm.vcpus) {
      if (vcpu.run.place === 'guest') return;
      if (vcpu.run.place === 'out' || vcpu.poweredOff) continue;
      const tick = wakingTick(m, vm, vcpu);
      if (tick !== null) ticks.push(tick);
    }
  }
  if (ticks.length > 0) m.tick = Math.min(...ticks);
}
