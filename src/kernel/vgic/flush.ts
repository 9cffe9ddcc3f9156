// Entry to the guest: the vCPU's CPU interface and list registers go onto the physical CPU.
// Source: vgic.md 2.4 (KVM's kvm_vgic_flush_hwstate, vgic_flush_lr_state, vgic_v3_populate_lr).
import {
  ACTIVE,
  EOI_MAINTENANCE,
  HARDWARE,
  HELD,
  PENDING,
  RERAISED,
  settle,
  WATCH_EOI_COUNT,
  WATCH_NO_PENDING,
  WATCH_UNDERFLOW,
} from '../../machine/gic/delivery.ts';
import { clearInterface, copyInterfaceRegisters, type VirtualInterface } from '../../machine/gic/interface.ts';
import type { Vm } from '../world.ts';
import type { Note } from './events.ts';
import { findIrq, type Irq, isEdge, isPending, isSpiListed, routeOf } from './irq.ts';
import { forwardedInterrupts, hostIntid, isMapped } from './mapped.ts';
import type { VgicCpu } from './state.ts';

/** Loads vCPU `vcpu` (index) into the physical CPU's interface, before it enters the guest. A VM without a vGIC gets only its pins. */
export function flushVcpu(vm: Vm, vcpu: number, ich: VirtualInterface, note?: Note): void {
  const v = vm.vcpus[vcpu];
  clearInterface(ich);
  ich.pins = v.pins ?? 0;
  const dist = vm.vgic;
  const cpu = v.vgic;
  if (dist !== null && cpu !== null && dist.initialised) {
    cpu.kick = false;
    ich.enabled = true;
    ich.systemRegisters = true;
    ich.spuriousEoiDrops = dist.quirks.eoiSpecialDrops;
    copyInterfaceRegisters(ich.registers, cpu.registers);
    ich.forwarded = forwardedInterrupts(vm, vcpu);
    fillListRegisters(vm, vcpu, cpu, ich, dist.listRegisters, note);
    ich.trapDir = ich.trapDir || (vm.vcpus.length > 1 && isSpiListed(vm)); // any vCPU may end an SPI
  }
  settle(ich);
}

function fillListRegisters(vm: Vm, vcpu: number, cpu: VgicCpu, ich: VirtualInterface, capacity: number, note?: Note): void {
  let irqs = listOf(vm, vcpu, cpu);
  if (irqs.length > capacity) {
    irqs = mostUrgentFirst(irqs);
    cpu.list = irqs.map((irq) => irq.intid);
  }
  for (const irq of irqs) {
    if (routeOf(vm, irq) !== vcpu) {
      irq.table.presented[irq.at] = 0;
    } else if (ich.used < capacity) {
      fillListRegister(vm, vcpu, irq, ich, ich.used, note);
      ich.used++;
    } else {
      ich.watch |= WATCH_UNDERFLOW;
      if (isPending(irq)) ich.watch |= WATCH_NO_PENDING;
      if (irq.table.active[irq.at] === 1) {
        ich.watch |= WATCH_EOI_COUNT;
        ich.trapDir = true;
      }
    }
  }
  if (!ich.lr.state.includes(PENDING)) ich.watch &= ~WATCH_NO_PENDING;
}

function listOf(vm: Vm, vcpu: number, cpu: VgicCpu): Irq[] {
  return cpu.list.flatMap((intid) => findIrq(vm, vcpu, intid) ?? []);
}

/** Pending and enabled ones first, then by priority; otherwise as they stand. */
function mostUrgentFirst(irqs: readonly Irq[]): Irq[] {
  const rank = (irq: Irq): number => (irq.table.enabled[irq.at] === 1 && isPending(irq) ? 0 : 256) + irq.table.priority[irq.at];
  return [...irqs].sort((a, b) => rank(a) - rank(b));
}

/**
 * One list register. An edge takes its latch along; a level interrupt is shown pending or active, never both, and asks for the
 * maintenance interrupt at its end, since only then can its line be looked at again. A mapped one needs no maintenance: ending it ends
 * the host's interrupt, which comes again if its line is still up.
 */
function fillListRegister(vm: Vm, vcpu: number, irq: Irq, ich: VirtualInterface, n: number, note?: Note): void {
  const { table, at, intid } = irq;
  const quirks = vm.vgic?.quirks;
  const pending = isPending(irq);
  const edge = isEdge(irq);
  const active = table.active[at] === 1;
  let state = active ? ACTIVE : 0;
  let flags = 0;
  if (edge) {
    if (pending) {
      state |= PENDING;
      table.latch[at] = 0;
    }
  } else if (isMapped(irq)) {
    flags = HARDWARE;
    if (pending && !active) {
      state = PENDING;
      table.line[at] = 0; // the host's line tells again once the guest has ended the interrupt
    }
  } else {
    flags = EOI_MAINTENANCE;
    if (!quirks?.noActivePendingLevel) {
      if (pending) state |= PENDING;
      if (table.line[at] === 1) flags |= HELD;
    } else if (pending && !active) state = PENDING;
    if (!quirks?.reraiseNeedsExit && table.line[at] === 1) flags |= RERAISED;
  }
  ich.lr.intid[n] = intid;
  ich.lr.host[n] = hostIntid(irq);
  ich.lr.state[n] = state;
  ich.lr.priority[n] = table.priority[at];
  ich.lr.group[n] = table.group[at];
  ich.lr.flags[n] = flags;
  if ((state & PENDING) === 0) table.presented[at] = 0;
  else if (table.presented[at] === 0) {
    table.presented[at] = 1;
    note?.({ kind: 'irq.delivered', intid, vcpu, listRegister: n });
  }
}
