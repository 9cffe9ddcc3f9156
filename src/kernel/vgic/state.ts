// The in-kernel vGICv3 as the world holds it: a distributor for the VM, a part for each vCPU, and tables of interrupts with a
// typed array per field. Source: vgic.md 2.1 (KVM's struct vgic_irq, vgic_dist, vgic_cpu), resets included.
import { type InterfaceRegisters, newInterfaceRegisters } from '../../machine/gic/interface.ts';
import type { Quirks } from './quirks.ts';

/** Interrupts that each vCPU has for itself: SGIs 0-15 and PPIs 16-31. */
export const PRIVATE_INTERRUPTS = 32;
export const FIRST_PPI = 16;
export const FIRST_SPI = 32;

/** Values of `config`. */
export const LEVEL = 0;
export const EDGE = 1;

/** Value of `latch` for an interrupt that software made pending while it was active; plain pending is 1. */
export const LATCHED_WHILE_ACTIVE = 2;

/** Nobody, for `target` and `listed`. */
export const NOBODY = -1;

/** A run of interrupts, one element each. Flags are 0 or 1. */
export interface InterruptTable {
  readonly enabled: Uint8Array;
  readonly config: Uint8Array;
  readonly group: Uint8Array;
  /** Bits 7:3. */
  readonly priority: Uint8Array;
  /** The pending latch: 0, 1 or LATCHED_WHILE_ACTIVE. */
  readonly latch: Uint8Array;
  /** Input line, for level interrupts. */
  readonly line: Uint8Array;
  /** As of the last exit; the list register knows better while the vCPU is in the guest. */
  readonly active: Uint8Array;
  /** vCPU (index) that it goes to; NOBODY when IROUTER names none. */
  readonly target: Int16Array;
  /** vCPU (index) on whose list it is. */
  readonly listed: Int16Array;
  /** Whether a list register already showed it pending, so that history tells of it once. */
  readonly presented: Uint8Array;
  /** Devices that own interrupts, by position. Only they may drive them. */
  owners: { [at: string]: string };
}

export interface RedistributorRegion {
  readonly index: number;
  /** Intermediate physical address, bytes. */
  readonly base: number;
  /** Redistributors it has room for; 0 = the open-ended region of the legacy attribute. */
  readonly count: number;
  /** Redistributors placed so far. */
  used: number;
}

export interface VgicDistributor {
  readonly quirks: Quirks;
  /** List registers of the host's CPUs. */
  readonly listRegisters: number;
  /** Intermediate physical address of the distributor's frame, bytes; null until it is set. */
  base: number | null;
  regions: RedistributorRegion[];
  /** SPIs; 0 until NR_IRQS was set or CTRL_INIT chose. */
  spiCount: number;
  maintenanceIrq: number;
  /** GICD_IIDR.Revision: 2 or 3. */
  revision: number;
  /** GICD_CTLR: group 1 is forwarded. */
  enabled: boolean;
  initialised: boolean;
  /** The first KVM_RUN mapped the frames: MMIO is live. */
  ready: boolean;
  spis: InterruptTable;
  /** GICD_IROUTER<n>, bits 23:0, of each SPI. */
  routers: Uint32Array;
}

export interface VgicCpu {
  readonly privates: InterruptTable;
  /** INTIDs that may need a list register, in the order they came (KVM's ap_list). */
  list: number[];
  /** Where its redistributor lies, bytes; null until a region had room. */
  redistributor: { readonly base: number; readonly region: number; readonly slot: number } | null;
  /** The CPU interface while the vCPU is not in the guest. */
  readonly registers: InterfaceRegisters;
  /** GICR_PROPBASER and GICR_PENDBASER: kept, never used (there are no LPIs). */
  propbaser: bigint;
  pendbaser: bigint;
  /** Somebody wants the vCPU to leave the guest or to wake up. `flushVcpu` clears it. */
  kick: boolean;
}

/** A table of `count` interrupts at reset: disabled, edge, group 1, priority 0, going to nobody. */
export function newInterruptTable(count: number): InterruptTable {
  return {
    enabled: new Uint8Array(count),
    config: new Uint8Array(count).fill(EDGE),
    group: new Uint8Array(count).fill(1),
    priority: new Uint8Array(count),
    latch: new Uint8Array(count),
    line: new Uint8Array(count),
    active: new Uint8Array(count),
    target: new Int16Array(count).fill(NOBODY),
    listed: new Int16Array(count).fill(NOBODY),
    presented: new Uint8Array(count),
    owners: {},
  };
}

/** GICR_PENDBASER at reset: inner shareable, read-allocate write-back. */
const PENDBASER_RESET = 0x580n;

/** The vGIC part of the vCPU with this index: SGIs are enabled and edge-triggered, PPIs are level-sensitive. */
export function newVgicCpu(index: number): VgicCpu {
  const privates = newInterruptTable(PRIVATE_INTERRUPTS);
  privates.target.fill(index);
  privates.enabled.fill(1, 0, FIRST_PPI);
  privates.config.fill(LEVEL, FIRST_PPI);
  return {
    privates,
    list: [],
    redistributor: null,
    registers: newInterfaceRegisters(),
    propbaser: 0n,
    pendbaser: PENDBASER_RESET,
    kick: false,
  };
}

/** A vGICv3 as KVM_CREATE_DEVICE leaves it: no addresses, no SPIs, not initialised. */
export function newVgicDistributor(quirks: Quirks, listRegisters: number): VgicDistributor {
  return {
    quirks,
    listRegisters,
    base: null,
    regions: [],
    spiCount: 0,
    maintenanceIrq: 0,
    revision: 3,
    enabled: false,
    initialised: false,
    ready: false,
    spis: newInterruptTable(0),
    routers: new Uint32Array(0),
  };
}

/** INTIDs below this exist: 32 before the number of SPIs is known. */
export function interruptCount(dist: VgicDistributor): number {
  return dist.spiCount + FIRST_SPI;
}
