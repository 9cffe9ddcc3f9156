// The SPE driver of a Linux guest, played by spesh: it programs the unit of one vCPU for a perf event, takes the buffer management interrupt,
// and hands the AUX buffer to perf (spe-architecture §6.7, §6.8; Linux drivers/perf/arm_spe_pmu.c). It takes no operations of the guest.
// Everything goes through the vCPU's registers and memory as the guest's own accesses would (`Port`), traps and all.
import { BSC_FILLED, EC_BUFFER, EC_STAGE1, EC_STAGE2 } from '../../arch/spe/syndrome.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { hex } from '../../base/hex.ts';
import { unitOf } from '../../machine/spu/unit.ts';
import type { Exit } from '../world.ts';
import {
  AUX_COLLISION,
  AUX_PARTIAL,
  AUX_TRUNCATED,
  type AuxOwner,
  type AuxRing,
  beginOutput,
  endOutput,
  newAuxRing,
  nextLimit,
  outputOffset,
  unread,
} from './aux-ring.ts';
import { type EventRegisters, eventRegisters, type OpenEvent } from './event.ts';

/** What perf gets, in order. */
export type PerfPiece =
  /** PERF_RECORD_AUX. */
  | { readonly kind: 'aux'; readonly tick: number; readonly offset: number; readonly size: number; readonly flags: number }
  /** Bytes that perf read from the AUX buffer. */
  | { readonly kind: 'data'; readonly tick: number; readonly offset: number; readonly bytes: Uint8Array }
  /** What the driver printed. */
  | { readonly kind: 'log'; readonly tick: number; readonly text: string };

/** One event on one vCPU; in the world. */
export interface GuestEvent {
  readonly open: OpenEvent;
  readonly registers: EventRegisters;
  /** 'starting': enabled, not programmed yet · 'disabled' by a truncated buffer, until perf has read · 'stopped' for good. */
  phase: 'starting' | 'running' | 'disabled' | 'stopped';
  /** Null in discard mode: there is no buffer. */
  ring: AuxRing | null;
  /** What the driver is about to write to PMBLIMITR_EL1, kept where the write has to be made again. */
  limit: bigint | null;
  /** An event was handled, and PMBSR_EL1 is yet to be cleared. */
  clearing: boolean;
  /** PMSICR_EL1 for the next start: at first the period as the user gave it. */
  periodLeft: bigint;
  /** perf: how many operations after a wake-up it has read, when that is, and how often it was woken. */
  readonly lag: number;
  readAt: number | null;
  wakeups: number;
  /** Since they were last drained. */
  pieces: PerfPiece[];
}

/** The guest's registers and memory as its kernel reaches them. */
export interface Port {
  read(register: string): bigint;
  /** An exit: user space must act first, and the write is to be made again. */
  write(register: string, value: bigint): Exit | null;
  zero(va: bigint, length: number): void;
  bytes(va: bigint, length: number): Uint8Array;
  /** PSB CSYNC, DSB, ISB. */
  drain(): void;
  tick(): number;
  tell(kind: string, members: Readonly<Record<string, unknown>>): void;
}

const LIMIT_E = fieldAccess('PMBLIMITR_EL1', 'E').mask;
const LIMIT_DISCARD = fieldAccess('PMBLIMITR_EL1', 'FM').put(LIMIT_E, 2n);
const status = (name: string): ((word: bigint) => number) => {
  const f = fieldAccess('PMBSR_EL1', name);
  return (word) => Number(f.get(word));
};
const S = status('S');
const DL = status('DL');
const COLL = status('COLL');
const EC = status('EC');
const MSS = status('MSS');
const ECOUNT = fieldAccess('PMSICR_EL1', 'ECOUNT').mask;

/** Opens an event; `aux`: the buffer's address and bytes. Not started yet. */
export function newGuestEvent(
  open: OpenEvent,
  aux: { readonly base: bigint; readonly size: number; readonly snapshot: boolean },
  lag: number,
): GuestEvent {
  const registers = eventRegisters(open);
  return {
    open,
    registers,
    phase: 'starting',
    ring: registers.discard ? null : newAuxRing(aux.base, aux.size, aux.snapshot),
    limit: null,
    clearing: false,
    periodLeft: open.attributes.period,
    lag,
    readAt: null,
    wakeups: 0,
    pieces: [],
  };
}

function ownerOf(e: GuestEvent, ring: AuxRing, port: Port): AuxOwner {
  return {
    zero: (offset, length) => port.zero(ring.base + BigInt(offset), length),
    wake: () => {
      e.wakeups += 1;
      e.readAt ??= port.tick() + e.lag;
    },
    record: (offset, size, flags) => {
      e.pieces.push({ kind: 'aux', tick: port.tick(), offset, size, flags });
      port.tell('perf.aux', { offset, size, flags });
    },
  };
}

/** Points the unit at the room there is: PMBPTR_EL1, PMBLIMITR_EL1. 'no room': the event is disabled until perf has read. */
function pointUnit(e: GuestEvent, port: Port): Exit | 'no room' | null {
  if (e.limit === null) {
    const { ring } = e;
    if (ring === null) e.limit = LIMIT_DISCARD;
    else {
      const owner = ownerOf(e, ring, port);
      const unit = unitOf(e.open.device.unit);
      const limit = beginOutput(ring, owner) ? nextLimit(ring, owner, unit.alignment, unit.largestRecord) : null;
      if (limit === null) {
        port.write('PMBLIMITR_EL1', 0n);
        return 'no room';
      }
      port.write('PMBPTR_EL1', ring.base + BigInt(outputOffset(ring)));
      e.limit = (ring.base + BigInt(limit)) | LIMIT_E;
    }
  }
  const exit = port.write('PMBLIMITR_EL1', e.limit);
  if (exit === null) e.limit = null;
  return exit;
}

/** arm_spe_pmu_start: an exit leaves the event to be started again. */
function start(e: GuestEvent, port: Port): Exit | null {
  const pointed = pointUnit(e, port);
  if (pointed === 'no room') {
    e.phase = 'disabled';
    return null;
  }
  if (pointed !== null) return pointed;
  const { registers: r } = e;
  const writes: [string, bigint | null][] = [
    ['PMSFCR_EL1', r.PMSFCR_EL1],
    ['PMSEVFR_EL1', r.PMSEVFR_EL1],
    ['PMSNEVFR_EL1', r.PMSNEVFR_EL1],
    ['PMSDSFR_EL1', r.PMSDSFR_EL1],
    ['PMSLATFR_EL1', r.PMSLATFR_EL1],
    ['PMSIRR_EL1', r.PMSIRR_EL1],
    ['PMSICR_EL1', e.periodLeft],
    ['PMSCR_EL1', r.PMSCR_EL1],
  ];
  for (const [name, value] of writes) if (value !== null) port.write(name, value);
  e.phase = 'running';
  port.tell('perf.start', { limit: hex(port.read('PMBLIMITR_EL1')), pointer: hex(port.read('PMBPTR_EL1')) });
  return null;
}

/** Sampling off, everything sampled in the buffer, the buffer off. */
function disableAndDrain(port: Port): void {
  port.write('PMSCR_EL1', 0n);
  port.drain();
  port.write('PMBLIMITR_EL1', 0n);
}

/** Ends the output where the unit is now. True: it was truncated. */
function outputEnd(e: GuestEvent, port: Port, flags: number): boolean {
  const { ring } = e;
  if (ring?.handle === null || ring === null) return false;
  ring.handle.flags |= flags;
  return endOutput(ring, ownerOf(e, ring, port), Number(port.read('PMBPTR_EL1') - ring.base));
}

/** Why a buffer event is not one that the driver goes on after; null: the buffer is full. */
function fault(pmbsr: bigint): string | null {
  const ec = EC(pmbsr);
  if (ec === EC_STAGE1 || ec === EC_STAGE2) return 'Unexpected buffer fault';
  if (ec !== EC_BUFFER) return 'Unknown error code';
  return (MSS(pmbsr) & 63) === BSC_FILLED ? null : 'Unknown buffer status code';
}

/** What a set PMBSR_EL1.S asks for: the output ends; a fault is printed. True: the unit may go on. */
function endAtEvent(e: GuestEvent, port: Port, pmbsr: bigint): boolean {
  const lost = DL(pmbsr) === 1 ? AUX_TRUNCATED | AUX_PARTIAL : 0;
  const why = fault(pmbsr);
  if (why !== null) {
    const [pointer, limit] = [port.read('PMBPTR_EL1'), port.read('PMBLIMITR_EL1')];
    const cpu = Math.max(e.open.cpu, 0);
    const registers = `[PMBSR=${hex(pmbsr, 16)}, PMBPTR=${hex(pointer, 16)}, PMBLIMITR=${hex(limit, 16)}]`;
    e.pieces.push({ kind: 'log', tick: port.tick(), text: `arm_spe_pmu: ${why} on CPU ${cpu} ${registers}` });
  }
  const truncated = outputEnd(e, port, lost | (COLL(pmbsr) === 1 ? AUX_COLLISION : 0));
  return why === null && !truncated;
}

/** The buffer management interrupt. */
function interrupt(e: GuestEvent, port: Port): Exit | null {
  if (!e.clearing) {
    port.drain();
    const pmbsr = port.read('PMBSR_EL1');
    port.tell('perf.irq', { pmbsr: hex(pmbsr) });
    if (!endAtEvent(e, port, pmbsr) || pointUnit(e, port) !== null) stopUnit(e, port, 'disabled');
    e.clearing = true;
  }
  // The write enables the buffer again, so that it can be the one that user space must act on first.
  const exit = port.write('PMBSR_EL1', 0n);
  if (exit === null) e.clearing = false;
  return exit;
}

/** The event leaves the unit; its interval goes on from here when it is started again. */
function stopUnit(e: GuestEvent, port: Port, phase: 'disabled' | 'stopped'): void {
  disableAndDrain(port);
  const counter = port.read('PMSICR_EL1');
  e.periodLeft = unitOf(e.open.device.unit).randomEnd ? counter : counter & ~ECOUNT;
  e.phase = phase;
  e.limit = null;
}

/** perf reads what there is, and enables an event that was disabled. In overwrite mode it reads once, at the end. */
function readAux(e: GuestEvent, port: Port): void {
  const { ring } = e;
  e.readAt = null;
  if (ring === null) return;
  if (!ring.snapshot || e.phase === 'stopped') copyOut(e, ring, port);
  if (e.phase === 'disabled') e.phase = 'starting';
}

function copyOut(e: GuestEvent, ring: AuxRing, port: Port): void {
  const { index, pieces } = unread(ring);
  const length = pieces.reduce((sum, p) => sum + p.length, 0);
  if (length > 0) {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const p of pieces) {
      bytes.set(port.bytes(ring.base + BigInt(p.offset), p.length), at);
      at += p.length;
    }
    e.pieces.push({ kind: 'data', tick: port.tick(), offset: index, bytes });
  }
  ring.tail = ring.head;
}

/** Does what is due before the guest goes on: perf's reading, the start, the interrupt. An exit: user space must act first. */
export function serviceEvent(e: GuestEvent, port: Port): Exit | null {
  if (e.phase === 'stopped') return null;
  if (e.clearing || (e.phase === 'running' && S(port.read('PMBSR_EL1')) === 1)) {
    const exit = interrupt(e, port);
    if (exit !== null) return exit;
  }
  if (e.readAt !== null && port.tick() >= e.readAt) readAux(e, port);
  return e.phase === 'starting' ? start(e, port) : null;
}

/** perf ends: the event is stopped, what is left in the buffer is read. */
export function endEvent(e: GuestEvent, port: Port): void {
  if (e.phase === 'running' && !e.clearing) {
    port.write('PMSCR_EL1', 0n);
    port.drain();
    const pmbsr = port.read('PMBSR_EL1');
    if (S(pmbsr) === 1) {
      endAtEvent(e, port, pmbsr);
      port.write('PMBSR_EL1', 0n);
    } else outputEnd(e, port, 0);
    stopUnit(e, port, 'stopped');
  }
  e.phase = 'stopped';
  readAux(e, port);
}
