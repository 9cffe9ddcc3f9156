// Which device may drive an interrupt. Source: vgic.md 1.7 (KVM's kvm_vgic_set_owner, timer_irqs_are_valid).
import { PHYSICAL_TIMER, type Timer, VIRTUAL_TIMER } from '../../machine/timer/timers.ts';
import type { Vm } from '../world.ts';
import { findIrq, ownerOf } from './irq.ts';
import { FIRST_PPI } from './state.ts';

/**
 * Claims an interrupt for a device; there is no release. `owner` names the device and is private to the vCPU for PPIs;
 * for an SPI it must differ from vCPU to vCPU where the device does. 'try' only asks. Returns the errno's name, or null.
 */
export function setOwner(vm: Vm, vcpu: number, intid: number, owner: string, mode: 'claim' | 'try' = 'claim'): string | null {
  if (vm.vgic === null || !vm.vgic.initialised) return 'EAGAIN';
  const irq = intid < FIRST_PPI ? null : findIrq(vm, vcpu, intid);
  if (irq === null) return 'EINVAL';
  const now = ownerOf(irq);
  if (now !== null && now !== owner) return 'EEXIST';
  if (mode === 'claim') irq.table.owners[irq.at] = owner;
  return null;
}

/** A timer as the owner of its interrupt. */
export const timerOwner = (timer: Timer): string => `${timer.name} timer`;

/** What the first KVM_RUN of a vCPU does for its timers: the errno's name when another device has one of their PPIs. */
export function claimTimers(vm: Vm, vcpu: number): string | null {
  const claim = (timer: Timer): string | null => setOwner(vm, vcpu, vm.timerPpis[timer.name], timerOwner(timer));
  const failed = claim(VIRTUAL_TIMER) ?? claim(PHYSICAL_TIMER);
  return failed === null ? null : 'EINVAL';
}
