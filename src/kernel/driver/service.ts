// The guest driver on a vCPU: opened, serviced before each stay in the guest, ended. While it has the unit the guest's own code finds none
// (ID_AA64DFR0_EL1.PMSVer reads 0), as a program on Linux finds none.
import { fieldAccess, indexOfRegister } from '../../arch/sysreg/table.ts';
import { walkForDebug } from '../../machine/cpu/walk.ts';
import { PAGE_SIZE, writePhysical } from '../../machine/memory.ts';
import { PMBLIMITR_E, PMBLIMITR_EL1, writeProfilingRegister } from '../../machine/spu/registers.ts';
import { finishSamples } from '../../machine/spu/state.ts';
import type { KernelEvent } from '../call.ts';
import { type GuestExit, guestExit, tell } from '../guest/exit-state.ts';
import { guestDfr0, guestPmsidr, ID_AA64DFR0_EL1, spuOfVm } from '../spe/identification.ts';
import { isTrappedBufferRegister } from '../spe/trap.ts';
import { writeSpeRegister } from '../spe/trapped-access.ts';
import { memslotRanges } from '../stage2.ts';
import type { Exit, MountedWorld } from '../world.ts';
import { leaveGuest } from '../world-switch.ts';
import type { DriverDevice, OpenEvent } from './event.ts';
import { endEvent, type GuestEvent, newGuestEvent, type PerfPiece, type Port, serviceEvent } from './guest-event.ts';

const PMSVER = fieldAccess('ID_AA64DFR0_EL1', 'PMSVer');

/** The registers in use of a vCPU, loaded or not. */
const registersOf = (g: GuestExit): BigUint64Array => (g.vcpu.run.loaded ? g.cpu.context : g.vcpu.context).sys;

/** The pieces of a guest virtual range that lie in one page each, as host physical addresses. Throws (our bug) where nothing is mapped. */
function* physicalPieces(g: GuestExit, va: bigint, length: number): Generator<{ readonly pa: number; readonly size: number }> {
  const context = g.vcpu.run.loaded ? g.cpu.context : g.vcpu.context;
  for (let at = 0; at < length; ) {
    const here = va + BigInt(at);
    const pa = walkForDebug(g.mw.mounted, context, memslotRanges(g.vm), here);
    if (pa === null) throw new Error(`the AUX buffer is not mapped at 0x${here.toString(16)}`);
    const size = Math.min(length - at, PAGE_SIZE - (pa % PAGE_SIZE));
    yield { pa, size };
    at += size;
  }
}

function portOf(g: GuestExit): Port {
  const { memory } = g.mw.mounted;
  return {
    read: (name) => (isTrappedBufferRegister(name) ? g.vcpu.context.sys : registersOf(g))[indexOfRegister(name)],
    write: (name, value) => {
      const register = indexOfRegister(name);
      if (isTrappedBufferRegister(name)) {
        const written = writeSpeRegister(g, register, value);
        return typeof written === 'object' ? written.exit : null;
      }
      if (g.vcpu.run.loaded) writeProfilingRegister(g.cpu, register, value);
      else g.vcpu.context.sys[register] = value;
      return null;
    },
    zero: (va, length) => {
      for (const { pa, size } of physicalPieces(g, va, length)) writePhysical(memory, pa, new Uint8Array(size));
    },
    bytes: (va, length) => {
      const out = new Uint8Array(length);
      let at = 0;
      for (const { pa, size } of physicalPieces(g, va, length)) {
        out.set(memory.u8.subarray(pa, pa + size), at);
        at += size;
      }
      return out;
    },
    drain: () => {
      if (g.cpu.spu !== null) finishSamples(g.cpu.spu);
    },
    tick: () => g.mw.world.machine.tick,
    tell: (kind, members) => tell(g, kind, members),
  };
}

/** The unit as the guest's driver probes it; null: the VM has none. FEAT_SPE_FDS and the like are as the guest sees them. */
export function guestDevice(mw: MountedWorld, vm: number): DriverDevice | null {
  const { host, kernel } = mw.world;
  const spu = spuOfVm(host, kernel.vms[vm]);
  if (spu === undefined) return null;
  const { name, type, cpus, pmsver, pmbidr, layout } = spu;
  const unit = { pmsver, pmsidr: guestPmsidr(host, kernel.vms[vm]), pmbidr, layout };
  return { name, type, cpus, unit, kernel: host.kernel.version };
}

/** Why the driver cannot have the unit of a vCPU; null: it can. */
export function unitInUse(mw: MountedWorld, vm: number, vcpu: number): string | null {
  const v = mw.world.kernel.vms[vm].vcpus[vcpu];
  if (v.event !== undefined) return 'an event is open on it';
  return (v.context.sys[PMBLIMITR_EL1] & PMBLIMITR_E) === 0n ? null : 'the guest has programmed it itself (PMBLIMITR_EL1.E is 1)';
}

/** Is every page of a range of guest addresses memory, at EL1 as the vCPU's tables are now? */
export function isMapped(mw: MountedWorld, vm: number, vcpu: number, va: bigint, size: number): boolean {
  const theVm = mw.world.kernel.vms[vm];
  const v = theVm.vcpus[vcpu];
  const context = v.run.loaded ? mw.world.machine.cpus[v.thread.cpu].context : v.context;
  for (let at = 0; at < size; at += PAGE_SIZE) {
    if (walkForDebug(mw.mounted, context, memslotRanges(theVm), va + BigInt(at)) === null) return false;
  }
  return true;
}

export interface AuxArea {
  readonly base: bigint;
  readonly size: number;
  readonly snapshot: boolean;
}

/** Opens an event on a vCPU: it starts when the vCPU enters the guest next. */
export function attachEvent(mw: MountedWorld, vm: number, vcpu: number, open: OpenEvent, aux: AuxArea, lag: number): GuestEvent {
  const g = guestExit(mw, vm, vcpu, []);
  leaveGuest(g);
  g.vcpu.event = newGuestEvent(open, aux, lag);
  return g.vcpu.event;
}

/** Before a loaded vCPU enters the guest: what its driver has to do. An exit: user space must act first, then it is done again. */
export function serviceGuestEvent(g: GuestExit): Exit | null {
  const { event } = g.vcpu;
  if (event === undefined) return null;
  const { sys } = g.cpu.context;
  sys[ID_AA64DFR0_EL1] = PMSVER.put(sys[ID_AA64DFR0_EL1], 0n);
  return serviceEvent(event, portOf(g));
}

/** How many operations until the driver wants to be asked: 0 = now, before the guest goes on. */
export function operationsToService(g: GuestExit): number {
  const due = g.vcpu.event?.readAt;
  return due === undefined || due === null ? Number.POSITIVE_INFINITY : Math.max(0, due - g.mw.world.machine.tick);
}

/** The driver lets the unit go; what it handed to perf since it was last asked, and what happened on the way. */
export function detachEvent(
  mw: MountedWorld,
  vm: number,
  vcpu: number,
): { readonly event: GuestEvent; readonly events: readonly KernelEvent[] } {
  const events: KernelEvent[] = [];
  const g = guestExit(mw, vm, vcpu, events);
  const { event } = g.vcpu;
  if (event === undefined) throw new Error(`no event on ${g.name}`);
  leaveGuest(g);
  endEvent(event, portOf(g));
  delete g.vcpu.event;
  if (g.vcpu.run.loaded) {
    const { sys } = g.cpu.context;
    sys[ID_AA64DFR0_EL1] = guestDfr0(g.host, g.vm, sys[ID_AA64DFR0_EL1]);
  }
  return { event, events };
}

/** Takes what a vCPU's event handed to perf, oldest first. */
export function drainPieces(mw: MountedWorld, vm: number, vcpu: number): readonly PerfPiece[] {
  return mw.world.kernel.vms[vm].vcpus[vcpu].event?.pieces.splice(0) ?? [];
}
