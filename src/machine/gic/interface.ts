// The virtual CPU interface of a physical CPU: list registers that the hypervisor fills, and the ICV_* registers behind the
// guest's ICC_*_EL1. Source: IHI 0069 12.2 (register accesses); which of them are UNDEFINED: KVM's vgic-v3-sr.c.
// SGI registers are not here: they trap (`trapsToHypervisor`). How interrupts move is in delivery.ts.
import { GIC_REGISTERS } from '../../arch/sysreg/gic.ts';
import {
  acknowledge,
  acknowledgeable,
  deactivateInterrupt,
  endInterrupt,
  highestPending,
  LIST_REGISTERS,
  runningPriority,
  settle,
} from './delivery.ts';

/** What software sees of the interface and a world switch carries: ICH_VMCR_EL2 and the active priorities. */
export interface InterfaceRegisters {
  /** Priorities below this are signalled. Bits 7:3. */
  pmr: number;
  /** Binary points, already at least their minima (2 and 3). */
  bpr0: number;
  bpr1: number;
  /** Bit n: group priority n << 3 is active. */
  ap0r: number;
  ap1r: number;
  igrpen0: number;
  igrpen1: number;
  cbpr: number;
  eoiMode: number;
}

/** The list registers, a typed array per field; only the first `used` hold anything. */
export interface ListRegisters {
  readonly intid: Uint16Array;
  /** The host's INTID (pINTID) of one with the flag HARDWARE. */
  readonly host: Uint16Array;
  readonly state: Uint8Array;
  readonly priority: Uint8Array;
  readonly group: Uint8Array;
  readonly flags: Uint8Array;
}

/** Something the guest did to an interrupt without leaving the guest; the hypervisor drains these when it takes over. */
export interface TrailEntry {
  readonly tick: number;
  readonly kind: 'acknowledged' | 'dropped' | 'ended';
  readonly intid: number;
  readonly listRegister: number;
}

export interface VirtualInterface {
  /** ICH_HCR_EL2.En: the list registers deliver. */
  enabled: boolean;
  /** The guest has ICC_*_EL1 registers at all (a GICv3). */
  systemRegisters: boolean;
  /** HCR_EL2.VI (bit 0) and VF (bit 1): the pins KVM_IRQ_LINE drives without an in-kernel GIC. */
  pins: number;
  used: number;
  readonly lr: ListRegisters;
  readonly registers: InterfaceRegisters;
  /** ICH_HCR_EL2.EOIcount: EOIs that dropped a priority but met no active list register. */
  eoiCount: number;
  /** Maintenance enables of ICH_HCR_EL2, bits 7:1: WATCH_* of delivery.ts. */
  watch: number;
  /** ICH_HCR_EL2.TDIR. */
  trapDir: boolean;
  /** Ending INTID 1020-1023 drops the running priority (a bug of one emulation; the architecture ignores it). */
  spuriousEoiDrops: boolean;
  /** Bit n: host PPI n was forwarded (a list register with HW, or one to come) and is active on the host until the guest ends it. */
  forwarded: number;
  /** Answers kept up to date by `settle`: the virtual IRQ and FIQ, and the maintenance interrupt. */
  virq: boolean;
  vfiq: boolean;
  maintenance: boolean;
  trail: TrailEntry[];
}

export function newInterfaceRegisters(): InterfaceRegisters {
  return { pmr: 0, bpr0: 2, bpr1: 3, ap0r: 0, ap1r: 0, igrpen0: 0, igrpen1: 0, cbpr: 0, eoiMode: 0 };
}

export function copyInterfaceRegisters(to: InterfaceRegisters, from: InterfaceRegisters): void {
  to.pmr = from.pmr;
  to.bpr0 = from.bpr0;
  to.bpr1 = from.bpr1;
  to.ap0r = from.ap0r;
  to.ap1r = from.ap1r;
  to.igrpen0 = from.igrpen0;
  to.igrpen1 = from.igrpen1;
  to.cbpr = from.cbpr;
  to.eoiMode = from.eoiMode;
}

/** An interface with nothing in it, switched off. */
export function newVirtualInterface(): VirtualInterface {
  return {
    enabled: false,
    systemRegisters: false,
    pins: 0,
    used: 0,
    lr: {
      intid: new Uint16Array(LIST_REGISTERS),
      host: new Uint16Array(LIST_REGISTERS),
      state: new Uint8Array(LIST_REGISTERS),
      priority: new Uint8Array(LIST_REGISTERS),
      group: new Uint8Array(LIST_REGISTERS),
      flags: new Uint8Array(LIST_REGISTERS),
    },
    registers: newInterfaceRegisters(),
    eoiCount: 0,
    watch: 0,
    trapDir: false,
    spuriousEoiDrops: false,
    forwarded: 0,
    virq: false,
    vfiq: false,
    maintenance: false,
    trail: [],
  };
}

const RESET: InterfaceRegisters = Object.freeze(newInterfaceRegisters());

/** Empties the list registers and switches the interface off: what the host sees of it between guests. */
export function clearInterface(ich: VirtualInterface): void {
  const { lr } = ich;
  for (let n = 0; n < LIST_REGISTERS; n++) {
    lr.intid[n] = 0;
    lr.host[n] = 0;
    lr.state[n] = 0;
    lr.priority[n] = 0;
    lr.group[n] = 0;
    lr.flags[n] = 0;
  }
  copyInterfaceRegisters(ich.registers, RESET);
  ich.enabled = false;
  ich.systemRegisters = false;
  ich.pins = 0;
  ich.used = 0;
  ich.eoiCount = 0;
  ich.watch = 0;
  ich.trapDir = false;
  ich.forwarded = 0;
  ich.trail = [];
  settle(ich);
}

/** True while the guest's IRQ line is asserted. */
export function virqPending(ich: VirtualInterface): boolean {
  return ich.virq;
}

/** True while the guest's FIQ line is asserted. */
export function vfiqPending(ich: VirtualInterface): boolean {
  return ich.vfiq;
}

/** True while the maintenance interrupt asks for the hypervisor. */
export function maintenancePending(ich: VirtualInterface): boolean {
  return ich.maintenance;
}

const keyOf = (name: string): number => {
  const row = GIC_REGISTERS.find((r) => r.name === name);
  if (row === undefined) throw new Error(`no GIC register ${name}`);
  return row.key;
};
const icc = (name: string): number => keyOf(`ICC_${name}_EL1`);

export const ICC = {
  PMR: icc('PMR'),
  IAR0: icc('IAR0'),
  EOIR0: icc('EOIR0'),
  HPPIR0: icc('HPPIR0'),
  BPR0: icc('BPR0'),
  AP0R0: icc('AP0R0'),
  AP1R0: icc('AP1R0'),
  DIR: icc('DIR'),
  RPR: icc('RPR'),
  SGI1R: icc('SGI1R'),
  ASGI1R: icc('ASGI1R'),
  SGI0R: icc('SGI0R'),
  IAR1: icc('IAR1'),
  EOIR1: icc('EOIR1'),
  HPPIR1: icc('HPPIR1'),
  BPR1: icc('BPR1'),
  CTLR: icc('CTLR'),
  SRE: icc('SRE'),
  IGRPEN0: icc('IGRPEN0'),
  IGRPEN1: icc('IGRPEN1'),
} as const;

/** ICC_CTLR_EL1's read-only part: A3V, no SEIS, 16-bit INTIDs, five priority bits. */
export const CTLR_FIXED = 0x8400;

/** The registers whose guest accesses always reach the hypervisor, and ICC_DIR_EL1 where it asked for that. */
export function trapsToHypervisor(x: VirtualInterface, key: number): boolean {
  return key === ICC.SGI1R || key === ICC.ASGI1R || key === ICC.SGI0R || (key === ICC.DIR && x.trapDir);
}

/**
 * What a guest's MRS returns; null = UNDEFINED. Reading an IAR acknowledges: `tick` is when, for the history.
 * A new answer of `virqPending` is there at once.
 */
export function readIcc(x: VirtualInterface, key: number, tick = 0): bigint | null {
  if (!x.systemRegisters) return null;
  if (key === ICC.IAR0) return BigInt(acknowledge(x, 0, tick));
  if (key === ICC.IAR1) return BigInt(acknowledge(x, 1, tick));
  return peekIcc(x, key);
}

/** What `readIcc` would return, without acknowledging anything. */
export function peekIcc(x: VirtualInterface, key: number): bigint | null {
  if (!x.systemRegisters) return null;
  switch (key) {
    case ICC.IAR0:
      return BigInt(acknowledgeable(x, 0));
    case ICC.IAR1:
      return BigInt(acknowledgeable(x, 1));
    case ICC.HPPIR0:
      return BigInt(highestPending(x, 0));
    case ICC.HPPIR1:
      return BigInt(highestPending(x, 1));
    case ICC.RPR:
      return BigInt(runningPriority(x.registers));
    case ICC.SRE:
      return 7n;
    default: {
      const stored = readStored(x.registers, key);
      return stored === null ? null : BigInt(stored);
    }
  }
}

/** The registers that are plain storage, as software reads them; null for any other key. */
export function readStored(r: InterfaceRegisters, key: number): number | null {
  switch (key) {
    case ICC.PMR:
      return r.pmr;
    case ICC.BPR0:
      return r.bpr0;
    case ICC.BPR1:
      return r.cbpr === 1 ? Math.min(r.bpr0 + 1, 7) : r.bpr1;
    case ICC.AP0R0:
      return r.ap0r;
    case ICC.AP1R0:
      return r.ap1r;
    case ICC.CTLR:
      return CTLR_FIXED | (r.eoiMode << 1) | r.cbpr;
    case ICC.IGRPEN0:
      return r.igrpen0;
    case ICC.IGRPEN1:
      return r.igrpen1;
    default:
      return null;
  }
}

/** Writes a register that is plain storage; false for any other key. `value` is the low 32 bits. */
export function writeStored(r: InterfaceRegisters, key: number, value: number): boolean {
  switch (key) {
    case ICC.PMR:
      r.pmr = value & 0xf8;
      return true;
    case ICC.BPR0:
      r.bpr0 = Math.max(value & 7, 2);
      return true;
    case ICC.BPR1:
      if (r.cbpr === 0) r.bpr1 = Math.max(value & 7, 3);
      return true;
    case ICC.AP0R0:
      r.ap0r = value >>> 0;
      return true;
    case ICC.AP1R0:
      r.ap1r = value >>> 0;
      return true;
    case ICC.CTLR:
      r.cbpr = value & 1;
      r.eoiMode = (value >>> 1) & 1;
      return true;
    case ICC.IGRPEN0:
      r.igrpen0 = value & 1;
      return true;
    case ICC.IGRPEN1:
      r.igrpen1 = value & 1;
      return true;
    default:
      return false;
  }
}

/** A guest's MSR; false = UNDEFINED. Registers that trap (`trapsToHypervisor`) must not come here. */
export function writeIcc(x: VirtualInterface, key: number, value: bigint, tick = 0): boolean {
  if (!x.systemRegisters) return false;
  const intid = Number(value & 0xffffffn);
  switch (key) {
    case ICC.EOIR0:
      endInterrupt(x, 0, intid, tick);
      return true;
    case ICC.EOIR1:
      endInterrupt(x, 1, intid, tick);
      return true;
    case ICC.DIR:
      deactivateInterrupt(x, intid, tick);
      return true;
    case ICC.SRE:
      return true; // no legacy operation to select: KVM ignores it
    default:
      if (!writeStored(x.registers, key, Number(value & 0xffffffffn))) return false;
      settle(x);
      return true;
  }
}
