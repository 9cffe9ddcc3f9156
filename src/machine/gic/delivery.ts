// How the virtual CPU interface picks, delivers, acknowledges and ends interrupts. Source: IHI 0069 chapter 4.8 and the
// ICV_* register descriptions; where the architecture leaves room, KVM's emulation of the interface (vgic-v3-sr.c) decides.
// Five priority bits and five preemption bits.
import type { InterfaceRegisters, TrailEntry, VirtualInterface } from './interface.ts';

/** Largest number of list registers an implementation has. */
export const LIST_REGISTERS = 16;

/** States of a list register; both bits together are 'pending and active'. */
export const PENDING = 1;
export const ACTIVE = 2;

/** Bits of a list register's `flags`. */
export const EOI_MAINTENANCE = 1; // the end of the interrupt raises the maintenance interrupt
export const HELD = 2; // acknowledging leaves it pending too: a level that stays high
export const RERAISED = 4; // deactivating makes it pending again without an exit
export const HARDWARE = 8; // HW: deactivating ends the host's interrupt too

/** Read by IAR and HPPIR where there is nothing. */
export const SPURIOUS = 1023;
/** Running priority where nothing is active. */
export const IDLE = 0xff;

/** Entries kept between two exits; further ones are lost to history, not to behaviour. */
export const TRAIL_LIMIT = 64;

/** Bits of an interface's `watch`, where ICH_HCR_EL2 has the enables and ICH_MISR_EL2 the reasons. */
export const WATCH_UNDERFLOW = 1 << 1;
export const WATCH_EOI_COUNT = 1 << 2;
export const WATCH_NO_PENDING = 1 << 3;
/** Group 0 is on; its neighbours: it is off, group 1 is on, it is off. */
export const WATCH_GROUP0_ON = 1 << 4;
export const WATCH_GROUP0_OFF = 1 << 5;
export const WATCH_GROUP1_ON = 1 << 6;
export const WATCH_GROUP1_OFF = 1 << 7;

/**
 * A priority without the bits that take no part in preemption: group 0 by BPR0, where 7 leaves none; group 1 by BPR1, with CBPR by BPR0 + 1
 * as BPR1 then reads it.
 */
export function groupPriority(r: InterfaceRegisters, group: number, priority: number): number {
  const low = group === 0 ? r.bpr0 + 1 : r.cbpr === 0 ? r.bpr1 : Math.min(r.bpr0 + 1, 7);
  return (priority >> low) << low;
}

/** ICV_RPR_EL1: the highest active group priority, IDLE when there is none. */
export function runningPriority(r: InterfaceRegisters): number {
  const active = r.ap0r | r.ap1r;
  return active === 0 ? IDLE : lowestBit(active) << 3;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** The list register of the highest-priority pending interrupt of an enabled group; -1 when there is none. Ties: the first. */
export function candidate(ich: VirtualInterface): number {
  const { lr, registers: r } = ich;
  let best = -1;
  for (let n = 0; n < ich.used; n++) {
    if (lr.state[n] !== PENDING || (lr.group[n] === 1 ? r.igrpen1 : r.igrpen0) === 0) continue;
    if (best === -1 || lr.priority[n] < lr.priority[best]) best = n;
  }
  return best;
}

/** Whether the interrupt in list register `n` passes the priority mask and preempts what runs. */
function isSignalled(ich: VirtualInterface, n: number): boolean {
  const { lr, registers: r } = ich;
  const priority = lr.priority[n];
  return priority < r.pmr && groupPriority(r, lr.group[n], priority) < runningPriority(r);
}

/** Works out the interface's outputs; to be called after every change from outside this room. */
export function settle(ich: VirtualInterface): void {
  const top = ich.enabled ? candidate(ich) : -1;
  const signalled = top !== -1 && isSignalled(ich, top);
  ich.virq = (ich.pins & 1) !== 0 || (signalled && ich.lr.group[top] === 1);
  ich.vfiq = (ich.pins & 2) !== 0 || (signalled && ich.lr.group[top] === 0);
  ich.maintenance = ich.enabled && maintenanceReasons(ich) !== 0;
}

/** ICH_MISR_EL2: bit 0 end of interrupt; of what is watched 1 underflow, 2 EOIcount, 3 nothing pending, 4 to 7 groups that are on or off. */
export function maintenanceReasons(ich: VirtualInterface): number {
  let ended = 0;
  let valid = 0;
  let pending = 0;
  for (let n = 0; n < ich.used; n++) {
    const state = ich.lr.state[n];
    if (state !== 0) valid++;
    else if ((ich.lr.flags[n] & EOI_MAINTENANCE) !== 0) ended = 1;
    if (state === PENDING) pending++;
  }
  if (ich.watch === 0) return ended;
  const groups =
    (ich.registers.igrpen0 === 1 ? WATCH_GROUP0_ON : WATCH_GROUP0_OFF) | (ich.registers.igrpen1 === 1 ? WATCH_GROUP1_ON : WATCH_GROUP1_OFF);
  const underflow = valid <= 1 ? WATCH_UNDERFLOW : 0;
  const unmatched = ich.eoiCount > 0 ? WATCH_EOI_COUNT : 0;
  const idle = pending === 0 ? WATCH_NO_PENDING : 0;
  return ended | (ich.watch & (groups | underflow | unmatched | idle));
}

function remember(ich: VirtualInterface, tick: number, kind: TrailEntry['kind'], intid: number, listRegister: number): void {
  if (ich.trail.length < TRAIL_LIMIT) ich.trail.push({ tick, kind, intid, listRegister });
}

/** The INTID that acknowledging `group` would return now; SPURIOUS without side effects of any kind. */
export function acknowledgeable(ich: VirtualInterface, group: number): number {
  const n = candidate(ich);
  return n !== -1 && ich.lr.group[n] === group && isSignalled(ich, n) ? ich.lr.intid[n] : SPURIOUS;
}

/** IAR of `group`: takes the signalled interrupt (pending becomes active, its priority runs); SPURIOUS when there is none. */
export function acknowledge(ich: VirtualInterface, group: number, tick: number): number {
  const intid = acknowledgeable(ich, group);
  if (intid === SPURIOUS) return SPURIOUS;
  const { lr, registers: r } = ich;
  const n = candidate(ich);
  const bit = (1 << (groupPriority(r, group, lr.priority[n]) >> 3)) >>> 0;
  if (group === 1) r.ap1r = (r.ap1r | bit) >>> 0;
  else r.ap0r = (r.ap0r | bit) >>> 0;
  lr.state[n] = (lr.flags[n] & HELD) !== 0 ? ACTIVE | PENDING : ACTIVE;
  remember(ich, tick, 'acknowledged', intid, n);
  settle(ich);
  return intid;
}

/** Clears the highest active priority of either group and returns it; IDLE when none was active. */
function dropPriority(r: InterfaceRegisters): number {
  const active = r.ap0r | r.ap1r;
  if (active === 0) return IDLE;
  const bit = (active & -active) >>> 0;
  if ((r.ap0r & bit) !== 0) r.ap0r = (r.ap0r & ~bit) >>> 0;
  else r.ap1r = (r.ap1r & ~bit) >>> 0;
  return lowestBit(bit) << 3;
}

function activeListRegister(ich: VirtualInterface, intid: number): number {
  for (let n = 0; n < ich.used; n++) if ((ich.lr.state[n] & ACTIVE) !== 0 && ich.lr.intid[n] === intid) return n;
  return -1;
}

function deactivate(ich: VirtualInterface, n: number, tick: number): void {
  ich.lr.state[n] &= ~ACTIVE;
  if ((ich.lr.flags[n] & HARDWARE) !== 0) ich.forwarded &= ~(1 << ich.lr.host[n]);
  if (ich.lr.state[n] === 0 && (ich.lr.flags[n] & RERAISED) !== 0) ich.lr.state[n] = PENDING;
  remember(ich, tick, 'ended', ich.lr.intid[n], n);
}

/**
 * EOIR of `group`: drops the running priority and, with EOImode 0, deactivates the interrupt when its group and priority are
 * those that were dropped. An INTID that is active in no list register is counted for the hypervisor.
 */
export function endInterrupt(ich: VirtualInterface, group: number, intid: number, tick: number): void {
  const special = intid >= 1020 && intid <= 1023;
  if (special && !ich.spuriousEoiDrops) return;
  const { lr, registers: r } = ich;
  const dropped = dropPriority(r);
  if (!special && intid < 8192) {
    const n = activeListRegister(ich, intid);
    if (r.eoiMode === 1) {
      if (dropped !== IDLE) remember(ich, tick, 'dropped', intid, n);
    } else if (n === -1) {
      if (dropped !== IDLE && ich.eoiCount < 31) ich.eoiCount++;
    } else if (lr.group[n] === group && groupPriority(r, group, lr.priority[n]) === dropped) {
      deactivate(ich, n, tick);
    }
  }
  settle(ich);
}

/** DIR: with EOImode 1, deactivates the interrupt that is active in a list register; the running priority stays. */
export function deactivateInterrupt(ich: VirtualInterface, intid: number, tick: number): void {
  if (ich.registers.eoiMode === 0 || intid >= 8192) return;
  const n = activeListRegister(ich, intid);
  if (n === -1) {
    if (ich.eoiCount < 31) ich.eoiCount++;
  } else deactivate(ich, n, tick);
  settle(ich);
}

/** HPPIR of `group`: the INTID of the candidate, whatever the mask and the running priority; SPURIOUS when it is of the other group. */
export function highestPending(x: VirtualInterface, group: number): number {
  const n = candidate(x);
  return n !== -1 && x.lr.group[n] === group ? x.lr.intid[n] : SPURIOUS;
}
