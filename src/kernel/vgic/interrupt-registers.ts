// The registers that speak of single interrupts, the same in the distributor and in a redistributor: how the guest and how
// user space read and write them. Source: vgic.md 1.6, 2.7, 4 (KVM's vgic-mmio.c).

import { mpidrOf } from '../vm.ts';
import type { Vm } from '../world.ts';
import type { Note, VgicEventKind } from './events.ts';
import { findIrq, type Irq, isEdge, isPending, kickVcpu, queueIrq } from './irq.ts';
import { inputLevel, isMapped } from './mapped.ts';
import { EDGE, FIRST_PPI, FIRST_SPI, LATCHED_WHILE_ACTIVE, LEVEL, NOBODY, type VgicDistributor } from './state.ts';

/** Whose frame is accessed: the distributor's (`vcpu` -1) or the redistributor of a vCPU (index). */
export interface Frame {
  readonly vm: Vm;
  readonly dist: VgicDistributor;
  readonly vcpu: number;
  /** vCPU (index) that makes the access; -1: user space. */
  readonly by: number;
  readonly note?: Note;
}

/**
 * How a register is accessed. `at` is the byte offset from the first byte of its name, `size` 1 or 4 bytes (a double word is two
 * accesses). Without a function of its own, user space sees and does what the guest does.
 */
export interface Accessors {
  read(frame: Frame, at: number, size: number): number;
  write?(frame: Frame, at: number, size: number, value: number): void;
  userRead?(frame: Frame, at: number, size: number): number;
  userWrite?(frame: Frame, at: number, size: number, value: number): void;
}

/** The distributor does not have the private interrupts: with affinity routing those bits read as zero. */
function irqIn(frame: Frame, intid: number): Irq | null {
  if (frame.vcpu === -1 && intid < FIRST_SPI) return null;
  return findIrq(frame.vm, frame.vcpu, intid);
}

function eachBit(frame: Frame, at: number, act: (irq: Irq, bit: number) => void): void {
  for (let bit = 0; bit < 32; bit++) {
    const irq = irqIn(frame, at * 8 + bit);
    if (irq !== null) act(irq, bit);
  }
}

function readBits(frame: Frame, at: number, test: (irq: Irq) => boolean): number {
  let word = 0;
  eachBit(frame, at, (irq, bit) => {
    if (test(irq)) word |= 1 << bit;
  });
  return word >>> 0;
}

const isSet = (value: number, bit: number): boolean => ((value >>> bit) & 1) === 1;

/** A register where writing a one to a bit does something, and a zero nothing. */
const writeOnes = (read: (irq: Irq) => boolean, act: (frame: Frame, irq: Irq) => void): Accessors => ({
  read: (frame, at) => readBits(frame, at, read),
  write: (frame, at, _size, value) =>
    eachBit(frame, at, (irq, bit) => {
      if (isSet(value, bit)) act(frame, irq);
    }),
});

const isEnabled = (irq: Irq): boolean => irq.table.enabled[irq.at] === 1;
const isActive = (irq: Irq): boolean => irq.table.active[irq.at] === 1;
const isLatched = (irq: Irq): boolean => irq.table.latch[irq.at] !== 0;

/** Pending as the guest reads it: of a mapped interrupt the live line. */
const seenPending = (vm: Vm, irq: Irq): boolean => (isMapped(irq) ? inputLevel(vm, irq) : isPending(irq));

/** The active bits: user space leaves those of mapped interrupts alone, which are the host's. */
function activity(act: (frame: Frame, irq: Irq) => void): Accessors {
  const byGuest = writeOnes(isActive, act);
  const byUser = writeOnes(isActive, (frame, irq) => {
    if (!isMapped(irq)) act(frame, irq);
  });
  return { ...byGuest, userWrite: (frame, at, size, value) => byUser.write?.(frame, at, size, value) };
}

function tell(frame: Frame, irq: Irq, kind: VgicEventKind): void {
  frame.note?.({ kind, intid: irq.intid, vcpu: irq.vcpu, by: frame.by });
}

function latch(frame: Frame, irq: Irq): void {
  const { table, at } = irq;
  table.latch[at] = !isEdge(irq) && isActive(irq) ? LATCHED_WHILE_ACTIVE : 1;
  tell(frame, irq, 'irq.pended');
  queueIrq(frame.vm, irq, frame.note);
}

function unlatch(frame: Frame, irq: Irq): void {
  if (isLatched(irq)) tell(frame, irq, 'irq.unpended');
  irq.table.latch[irq.at] = 0;
}

function setActive(frame: Frame, irq: Irq, active: boolean): void {
  if (isActive(irq) !== active) tell(frame, irq, active ? 'irq.activated' : 'irq.deactivated');
  irq.table.active[irq.at] = Number(active);
}

/** A change that KVM lets act at the next entry: with the architecture's reading the vCPU is fetched out of the guest. */
function actsOnList(frame: Frame, irq: Irq): void {
  const listed = irq.table.listed[irq.at];
  if (!frame.dist.quirks.changesAtNextEntry && listed !== NOBODY) kickVcpu(frame.vm, listed);
}

const priorities: Accessors = {
  read(frame, at, size) {
    let word = 0;
    for (let n = 0; n < size; n++) {
      const irq = irqIn(frame, at + n);
      if (irq !== null) word |= irq.table.priority[irq.at] << (8 * n);
    }
    return word >>> 0;
  },
  write(frame, at, size, value) {
    for (let n = 0; n < size; n++) {
      const irq = irqIn(frame, at + n);
      if (irq === null) continue;
      irq.table.priority[irq.at] = (value >>> (8 * n)) & 0xf8;
      actsOnList(frame, irq);
    }
  },
};

const configurations: Accessors = {
  read(frame, at) {
    let word = 0;
    for (let n = 0; n < 16; n++) {
      const irq = irqIn(frame, at * 4 + n);
      if (irq !== null && isEdge(irq)) word |= 2 << (2 * n);
    }
    return word >>> 0;
  },
  write(frame, at, _size, value) {
    const first = frame.dist.quirks.fixedConfig ? FIRST_SPI : FIRST_PPI;
    for (let n = 0; n < 16; n++) {
      const irq = irqIn(frame, at * 4 + n);
      if (irq !== null && irq.intid >= first) irq.table.config[irq.at] = isSet(value, 2 * n + 1) ? EDGE : LEVEL;
    }
  },
};

/** Aff2.Aff1.Aff0 of a vCPU as IROUTER has it. */
const routerOf = (id: number): number => Number(mpidrOf(id) & 0xffffffn);

/** The low word names the vCPU; Aff3 and the 1-of-N mode are not there. */
const routers: Accessors = {
  read(frame, at) {
    const irq = irqIn(frame, at >> 3);
    return irq === null || (at & 4) !== 0 ? 0 : frame.dist.routers[irq.at];
  },
  write(frame, at, _size, value) {
    const irq = irqIn(frame, at >> 3);
    if (irq === null || (at & 4) !== 0) return;
    const affinity = value & 0xffffff;
    frame.dist.routers[irq.at] = affinity;
    irq.table.target[irq.at] = frame.vm.vcpus.find((v) => routerOf(v.id) === affinity)?.index ?? NOBODY;
    actsOnList(frame, irq);
  },
};

export const RAZ_WI: Accessors = { read: () => 0 };

export const INTERRUPT_REGISTERS = {
  IGROUPR: {
    read: (frame, at) => readBits(frame, at, (irq) => irq.table.group[irq.at] === 1),
    write: (frame, at, _size, value) =>
      eachBit(frame, at, (irq, bit) => {
        irq.table.group[irq.at] = Number(isSet(value, bit));
        queueIrq(frame.vm, irq, frame.note);
      }),
  },
  ISENABLER: writeOnes(isEnabled, (frame, irq) => {
    irq.table.enabled[irq.at] = 1;
    if (isMapped(irq)) irq.table.line[irq.at] = Number(inputLevel(frame.vm, irq)); // it may have changed unseen
    queueIrq(frame.vm, irq, frame.note);
  }),
  ICENABLER: writeOnes(isEnabled, (_frame, irq) => {
    irq.table.enabled[irq.at] = 0; // no kick: it stays on its list until that vCPU prunes it
  }),
  ISPENDR: {
    ...writeOnes(isPending, latch),
    read: (frame, at) => readBits(frame, at, (irq) => seenPending(frame.vm, irq)),
    userRead: (frame, at) => readBits(frame, at, isLatched),
    userWrite(frame, at, _size, value) {
      eachBit(frame, at, (irq, bit) => {
        if (isSet(value, bit)) latch(frame, irq);
        else unlatch(frame, irq);
      });
    },
  },
  ICPENDR: {
    ...writeOnes(isPending, unlatch),
    read: (frame, at) => readBits(frame, at, (irq) => seenPending(frame.vm, irq)),
    userRead: () => 0,
    userWrite: () => {},
  },
  ISACTIVER: activity((frame, irq) => {
    setActive(frame, irq, true);
    queueIrq(frame.vm, irq, frame.note);
  }),
  ICACTIVER: activity((frame, irq) => setActive(frame, irq, false)), // the running priority stays as it is
  IPRIORITYR: priorities,
  ICFGR: configurations,
  IROUTER: routers,
} satisfies Readonly<Record<string, Accessors>>;
