// What a debugger sees of a VM's vGIC, wherever its parts are now: on a physical CPU while a vCPU is in the guest, in memory otherwise.
// Plain data for commands: priorities, addresses and register values are hexadecimal texts.
import { hex } from '../../base/hex.ts';
import { getPstate } from '../../machine/cpu/context.ts';
import { ACTIVE, groupPriority, IDLE, PENDING, runningPriority, settle } from '../../machine/gic/delivery.ts';
import { listRegister, readIch } from '../../machine/gic/hypervisor.ts';
import {
  copyInterfaceRegisters,
  type InterfaceRegisters,
  newVirtualInterface,
  peekIcc,
  type VirtualInterface,
  writeStored,
} from '../../machine/gic/interface.ts';
import type { InWorld, MountedWorld, Vcpu, Vm } from '../world.ts';
import type { VgicEvent } from './events.ts';
import { findIrq, type Irq, isEdge, isPending, ownerOf } from './irq.ts';
import { FIRST_PPI, FIRST_SPI, interruptCount, NOBODY } from './state.ts';
import { KIND_OF } from './sync.ts';

const PSTATE_I = 1n << 7n;
const STATES = ['invalid', 'pending', 'active', 'pending and active'];

export interface ListRegisterView {
  readonly number: number;
  readonly intid: number;
  readonly state: string;
  readonly value: string;
}

export interface InterfaceView {
  readonly vcpu: number;
  readonly inGuest: boolean;
  readonly redistributor: string | null;
  readonly pmr: string;
  readonly running: string;
  readonly group0: boolean;
  readonly group1: boolean;
  readonly eoiMode: number;
  /** INTIDs that may need a list register. */
  readonly list: readonly number[];
  readonly listRegisters: readonly ListRegisterView[];
}

export interface InterruptView {
  readonly intid: number;
  readonly kind: 'SGI' | 'PPI' | 'SPI';
  /** The vCPU's id for private ones; of an SPI, the vCPU it goes to, null for none. */
  readonly vcpu: number | null;
  readonly enabled: boolean;
  readonly config: 'edge' | 'level';
  readonly group: number;
  readonly priority: string;
  readonly pending: boolean;
  readonly latch: boolean;
  readonly line: boolean;
  readonly active: boolean;
  readonly owner: string | null;
  /** Id of the vCPU on whose list it is. */
  readonly listed: number | null;
  readonly listRegister: ListRegisterView | null;
  /** Where it stands with the guest, as a sentence. */
  readonly delivery: string;
}

export interface VgicView {
  /** `created`, `initialised`, or `mapped` after the first KVM_RUN. */
  readonly state: 'created' | 'initialised' | 'mapped';
  readonly distributor: string | null;
  readonly enabled: boolean;
  readonly interrupts: number;
  readonly maintenanceIrq: number;
  readonly regions: readonly { readonly index: number; readonly base: string; readonly count: number; readonly used: number }[];
  readonly vcpus: readonly InterfaceView[];
  /** Interrupts that are enabled beyond reset, owned, pending or active. */
  readonly notable: readonly InterruptView[];
}

/** The interface that a vCPU is on; null while it is outside the guest. */
function interfaceOf(mw: InWorld, vcpu: Vcpu): VirtualInterface | null {
  const cpu = mw.world.machine.cpus[vcpu.thread.cpu];
  return vcpu.run.loaded && cpu.inGuest ? cpu.ich : null;
}

function listRegistersOf(ich: VirtualInterface | null): ListRegisterView[] {
  if (ich === null) return [];
  return Array.from({ length: ich.used }, (_, number) => ({
    number,
    intid: ich.lr.intid[number],
    state: STATES[ich.lr.state[number]],
    value: hex(listRegister(ich, number), 16),
  }));
}

const idOf = (vm: Vm, index: number): number | null => vm.vcpus[index]?.id ?? null;

function interfaceView(mw: MountedWorld, vcpu: Vcpu): InterfaceView {
  const ich = interfaceOf(mw, vcpu);
  const r = ich?.registers ?? vcpu.vgic?.registers;
  const place = vcpu.vgic?.redistributor ?? null;
  return {
    vcpu: vcpu.id,
    inGuest: ich !== null,
    redistributor: place === null ? null : hex(place.base),
    pmr: hex(r?.pmr ?? 0),
    running: hex(r === undefined ? IDLE : runningPriority(r)),
    group0: r?.igrpen0 === 1,
    group1: r?.igrpen1 === 1,
    eoiMode: r?.eoiMode ?? 0,
    list: vcpu.vgic?.list ?? [],
    listRegisters: listRegistersOf(ich),
  };
}

/** Why an interrupt that is pending is not signalled; empty when it is. */
function obstacles(mw: MountedWorld, vm: Vm, irq: Irq, vcpu: Vcpu | undefined, r: InterfaceRegisters | undefined): string[] {
  const { table, at } = irq;
  const priority = table.priority[at];
  const group = table.group[at];
  if (vcpu === undefined || r === undefined) return ['IROUTER names no vCPU'];
  const why: string[] = [];
  if (table.enabled[at] === 0) why.push('it is disabled (ISENABLER)');
  if (!vm.vgic?.enabled) why.push('the distributor is off (GICD_CTLR)');
  if (why.length === 0 && table.listed[at] === NOBODY) why.push('it is on no list: no event queued it since the distributor went on');
  if ((group === 1 ? r.igrpen1 : r.igrpen0) === 0) why.push(`group ${group} is off (ICC_IGRPEN${group}_EL1)`);
  if (priority >= r.pmr) why.push(`its priority does not pass the mask ${hex(r.pmr)} (ICC_PMR_EL1)`);
  const running = runningPriority(r);
  if (running !== IDLE && groupPriority(r, group, priority) >= running) why.push(`it does not preempt ${hex(running)} (ICC_RPR_EL1)`);
  if (why.length === 0 && interfaceOf(mw, vcpu) !== null && (getPstate(mw.world.machine.cpus[vcpu.thread.cpu].context) & PSTATE_I) !== 0n) {
    why.push('the guest masks IRQs (PSTATE.I)');
  }
  return why;
}

function deliveryOf(mw: MountedWorld, vm: Vm, irq: Irq, shown: ListRegisterView | null): string {
  const { table, at } = irq;
  const vcpu = vm.vcpus[irq.vcpu === NOBODY ? table.target[at] : irq.vcpu];
  const ich = vcpu === undefined ? null : interfaceOf(mw, vcpu);
  const state = shown === null || ich === null ? (table.active[at] === 1 ? ACTIVE : 0) : ich.lr.state[shown.number];
  if ((state & ACTIVE) !== 0)
    return isPending(irq) && !isEdge(irq) ? 'active; it comes again after its end, unless the line falls' : 'active: taken and not ended';
  if ((state & PENDING) === 0 && !isPending(irq)) return shown === null ? 'idle' : 'ended; the next exit takes it off the list register';
  const why = obstacles(mw, vm, irq, vcpu, ich?.registers ?? vcpu?.vgic?.registers);
  if (why.length > 0) return `pending, but ${why.join(', ')}`;
  if (ich === null) return 'pending: a list register will show it at the next entry';
  return shown === null ? 'pending: a list register will show it after the next exit' : 'pending: signalled to the guest';
}

/** One interrupt; `vcpu` (index) matters for SGIs and PPIs. Null when there is no such interrupt. */
export function interruptView(mw: MountedWorld, vm: Vm, vcpu: number, intid: number): InterruptView | null {
  const irq = findIrq(vm, vcpu, intid);
  if (irq === null) return null;
  const { table, at } = irq;
  const holder = vm.vcpus[table.listed[at]];
  const shown = holder === undefined ? null : (listRegistersOf(interfaceOf(mw, holder)).find((l) => l.intid === intid) ?? null);
  return {
    intid,
    kind: intid < FIRST_PPI ? 'SGI' : intid < FIRST_SPI ? 'PPI' : 'SPI',
    vcpu: idOf(vm, irq.vcpu === NOBODY ? table.target[at] : irq.vcpu),
    enabled: table.enabled[at] === 1,
    config: isEdge(irq) ? 'edge' : 'level',
    group: table.group[at],
    priority: hex(table.priority[at]),
    pending: isPending(irq),
    latch: table.latch[at] !== 0,
    line: table.line[at] === 1,
    active: table.active[at] === 1,
    owner: ownerOf(irq),
    listed: idOf(vm, table.listed[at]),
    listRegister: shown,
    delivery: deliveryOf(mw, vm, irq, shown),
  };
}

/** What the VM's vCPUs did to interrupts since they last left the guest: events that the history gets at the next exit. */
export function untoldEvents(mw: MountedWorld, vm: Vm): readonly (VgicEvent & { readonly tick: number })[] {
  return vm.vcpus.flatMap((vcpu) =>
    (interfaceOf(mw, vcpu)?.trail ?? []).map(({ kind, intid, tick, listRegister }) => ({
      kind: KIND_OF[kind],
      intid,
      vcpu: vcpu.index,
      tick,
      listRegister,
    })),
  );
}

/** Interrupts beyond those that reset leaves as they are. */
function isNotable(irq: Irq): boolean {
  const { table, at } = irq;
  const enabledBeyondReset = irq.intid >= FIRST_PPI && table.enabled[at] === 1;
  return enabledBeyondReset || ownerOf(irq) !== null || isPending(irq) || table.active[at] === 1 || table.listed[at] !== NOBODY;
}

/** A VM's vGIC as a whole; null when it has none. */
export function vgicView(mw: MountedWorld, vm: Vm): VgicView | null {
  const dist = vm.vgic;
  if (dist === null) return null;
  const places = [
    ...vm.vcpus.flatMap((v) => Array.from({ length: FIRST_SPI }, (_, intid) => [v.index, intid] as const)),
    ...Array.from({ length: dist.spis.enabled.length }, (_, n) => [0, FIRST_SPI + n] as const),
  ];
  const notable = places.filter(([vcpu, intid]) => {
    const irq = findIrq(vm, vcpu, intid);
    return irq !== null && isNotable(irq);
  });
  return {
    state: dist.ready ? 'mapped' : dist.initialised ? 'initialised' : 'created',
    distributor: dist.base === null ? null : hex(dist.base),
    enabled: dist.enabled,
    interrupts: interruptCount(dist),
    maintenanceIrq: dist.maintenanceIrq,
    regions: dist.regions.map((r) => ({ index: r.index, base: hex(r.base), count: r.count, used: r.used })),
    vcpus: vm.vcpus.map((v) => interfaceView(mw, v)),
    notable: notable.flatMap(([vcpu, intid]) => interruptView(mw, vm, vcpu, intid) ?? []),
  };
}

/** An interface as a vCPU outside the guest left it: its registers, no list register. */
function savedInterface(vcpu: Vcpu): VirtualInterface {
  const ich = newVirtualInterface();
  ich.systemRegisters = vcpu.vgic !== null;
  if (vcpu.vgic !== null) copyInterfaceRegisters(ich.registers, vcpu.vgic.registers);
  return ich;
}

/**
 * An ICC_*_EL1 or ICH_*_EL2 register of a vCPU by its MSR/MRS key, read without acknowledging anything; null when it cannot be read
 * (write-only, UNDEFINED, no vGIC, or no register of the GIC).
 */
export function readGicRegister(mw: InWorld, vcpu: Vcpu, key: number): bigint | null {
  const ich = interfaceOf(mw, vcpu) ?? savedInterface(vcpu);
  return peekIcc(ich, key) ?? (ich.systemRegisters ? readIch(ich, key) : null);
}

/** Sets a storage register of a vCPU's CPU interface as a debugger does: no side effect but on what is signalled; false when it is none. */
export function writeGicRegister(mw: MountedWorld, vcpu: Vcpu, key: number, value: bigint): boolean {
  const ich = interfaceOf(mw, vcpu);
  const registers = ich?.registers ?? vcpu.vgic?.registers;
  if (registers === undefined || !writeStored(registers, key, Number(BigInt.asUintN(32, value)))) return false;
  if (ich !== null) settle(ich);
  return true;
}
