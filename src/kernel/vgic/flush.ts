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
  WATCH_GROUP0_OFF,
  WATCH_GROUP0_ON,
  WATCH_GROUP1_OFF,
  WATCH_GROUP1_ON,
  WATCH_NO_PENDING,
  WATCH_UNDERFLOW,
} from '../../machine/gic/delivery.ts';
import { clearInterface, copyInterfaceRegisters, type InterfaceRegisters, type VirtualInterface } from '../../machine/gic/interface.ts';
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
    irqs = mostUrgentFirst(vm, vcpu, irqs, ich.registers);
    cpu.list = irqs.map((irq) => irq.intid);
  }
  for (const irq of irqs) {
    if (routeOf(vm, irq) !== vcpu) {
      irq.table.presented[irq.at] = 0;
    } else if (ich.used < capacity) {
      fillListRegister(vm, vcpu, irq, ich, ich.used, note);
      ich.used++;
    } else {
      ich.watch |= watchedAlways(ich.registers, capacity);
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

const groupIsOn = (r: InterfaceRegisters, group: number): boolean => (group === 1 ? r.igrpen1 : r.igrpen0) === 1;

/** With more than fits: a list register to spare, where there are several, and a group that goes on or off, which changes the order. */
function watchedAlways(r: InterfaceRegisters, capacity: number): number {
  const group0 = groupIsOn(r, 0) ? WATCH_GROUP0_OFF : WATCH_GROUP0_ON;
  const group1 = groupIsOn(r, 1) ? WATCH_GROUP1_OFF : WATCH_GROUP1_ON;
  return group0 | group1 | (capacity > 1 ? WATCH_UNDERFLOW : 0);
}

/**
 * What the guest could take first: last what goes to nobody, before that what its group holds back, before that what is not pending or is
 * active already; among equals by priority, otherwise as they stand (vgic_irq_cmp).
 */
function mostUrgentFirst(vm: Vm, vcpu: number, irqs: readonly Irq[], r: InterfaceRegisters): Irq[] {
  const rank = (irq: Irq): number => {
    const { table, at } = irq;
    const goes = routeOf(vm, irq) === vcpu;
    const waits = table.enabled[at] === 1 && isPending(irq) && table.active[at] === 0;
    return (goes ? 0 : 1024) + (groupIsOn(r, table.group[at]) ? 0 : 512) + (waits ? 0 : 256) + table.priority[at];
  };
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
