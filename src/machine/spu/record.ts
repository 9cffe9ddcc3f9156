// Building one record from the sampled operation: what is collected (Arm ARM D17.6, spe-architecture §4.9) and how the unit lays it out
// (§1.11): `n1-slots` has a fixed place for each packet and the terminator last; `architectural` is the order of Arm's example model.

import * as packet from '../../arch/spe/encode.ts';
import {
  BRANCH_TARGET,
  DATA_PHYSICAL,
  DATA_VIRTUAL,
  ISSUE_LATENCY,
  PC,
  PREVIOUS_TARGET,
  TOTAL_LATENCY,
  TRANSLATION_LATENCY,
} from '../../arch/spe/packets.ts';
import { fieldAccess, indexOfRegister } from '../../arch/sysreg/table.ts';
import { physicalCount } from '../cpu/counter.ts';
import type { Mounted, PhysicalCpu } from '../machine.ts';
import { isHostOnly, owningExceptionLevel } from './enabled.ts';
import type { SampledOperation } from './operation.ts';
import {
  hasDataSource,
  hasPreviousTarget,
  largestCount,
  PMSCR_CX,
  PMSCR_EL1,
  PMSCR_EL2,
  PMSCR_PA,
  PMSCR_TS,
  recordAlignment,
} from './registers.ts';
import type { SpuState } from './state.ts';

const CONTEXTIDR_EL1 = indexOfRegister('CONTEXTIDR_EL1');
const CONTEXTIDR_EL2 = indexOfRegister('CONTEXTIDR_EL2');
const CNTVOFF_EL2 = indexOfRegister('CNTVOFF_EL2');
const TCR_EL1 = indexOfRegister('TCR_EL1');
const TBI0 = fieldAccess('TCR_EL1', 'TBI0').mask;
const TBI1 = fieldAccess('TCR_EL1', 'TBI1').mask;

/** What the controls let into this record; null = not collected. */
interface Collected {
  readonly context1: number | null;
  readonly context2: number | null;
  readonly va: bigint | null; // all 64 bits of the packet
  readonly pa: bigint | null;
  readonly target: bigint | null;
  readonly previousTarget: bigint | null;
  readonly source: number | null;
  readonly translation: number | null;
  readonly timestamp: bigint | null;
}

const low32 = (word: bigint): number => Number(word & 0xffff_ffffn);

/** The timestamp that the table of §4.9 gives; null while timestamps are off. There is no physical offset (FEAT_ECV_POFF). */
function collectTimestamp(m: Mounted, cpu: PhysicalCpu): bigint | null {
  const sys = cpu.context.sys;
  const owner = owningExceptionLevel(cpu);
  if ((sys[owner === 2 ? PMSCR_EL2 : PMSCR_EL1] & PMSCR_TS) === 0n) return null;
  const pct2 = (sys[PMSCR_EL2] >> 6n) & 3n;
  const pct1 = (sys[PMSCR_EL1] >> 6n) & 3n;
  const virtual = pct2 === 0n || (owner === 1 && pct1 === 0n);
  const count = physicalCount(m.machine);
  return BigInt.asUintN(64, virtual ? count - sys[CNTVOFF_EL2] : count);
}

/** TCR_EL1.TBI0 or TBI1 applies: byte 7 of the packet is the tag. */
function tagOf(cpu: PhysicalCpu, va: bigint): number {
  const ignored = (va >> 55n) & 1n ? TBI1 : TBI0;
  return cpu.context.sys[TCR_EL1] & ignored ? Number((va >> 56n) & 0xffn) : 0;
}

function collect(m: Mounted, cpu: PhysicalCpu, spu: SpuState, op: SampledOperation): Collected {
  const sys = cpu.context.sys;
  const owner = owningExceptionLevel(cpu);
  const physical = (sys[PMSCR_EL2] & PMSCR_PA) !== 0n && (owner === 2 || (sys[PMSCR_EL1] & PMSCR_PA) !== 0n);
  const previous = op.target !== null && op.taken && hasPreviousTarget(spu.device) ? spu.previousTarget : null;
  return {
    context1: (sys[PMSCR_EL1] & PMSCR_CX) !== 0n && op.el <= 1 && !isHostOnly(cpu) ? low32(sys[CONTEXTIDR_EL1]) : null,
    context2: (sys[PMSCR_EL2] & PMSCR_CX) !== 0n ? low32(sys[CONTEXTIDR_EL2]) : null,
    va: op.va === null ? null : packet.dataAddress(op.va, tagOf(cpu, op.va)),
    pa: op.va === null || op.pa === null || !physical ? null : packet.physicalAddress(BigInt(op.pa)),
    target: op.target === null ? null : packet.codeAddress(op.target, op.targetEl),
    previousTarget: previous === null ? null : packet.codeAddress(previous.address, previous.el),
    source: op.source >= 0 && hasDataSource(spu.device) ? op.source : null,
    translation: op.translationLatency >= 0 ? op.translationLatency : null,
    timestamp: collectTimestamp(m, cpu),
  };
}

/** Neoverse N1 slots; a 32-bit Events packet moves what follows by two bytes, up to the timestamp (spe-architecture R10). */
function n1Slots(op: SampledOperation, c: Collected, limit: number): Uint8Array {
  const out = new Uint8Array(64);
  const wide = op.events >>> 16 !== 0;
  const late = wide ? 2 : 0;
  packet.putAddress(out, 0x00, PC, packet.codeAddress(op.pc, op.el));
  if (c.context1 !== null) packet.putContext(out, 0x09, 0, c.context1);
  if (c.context2 !== null) packet.putContext(out, 0x0e, 1, c.context2);
  packet.putOperation(out, 0x13, op.class, op.subclass);
  packet.putEvents(out, 0x15, BigInt(op.events >>> 0), wide ? 4 : 2);
  packet.putCounter(out, 0x18 + late, ISSUE_LATENCY, Math.min(op.issueLatency, limit));
  packet.putCounter(out, 0x1b + late, TOTAL_LATENCY, Math.min(op.totalLatency, limit));
  if (c.va !== null) packet.putAddress(out, 0x1e + late, DATA_VIRTUAL, c.va);
  else if (c.target !== null) packet.putAddress(out, 0x1e + late, BRANCH_TARGET, c.target);
  if (c.translation !== null) packet.putCounter(out, 0x27 + late, TRANSLATION_LATENCY, Math.min(c.translation, limit));
  if (c.pa !== null) packet.putAddress(out, 0x2a + late, DATA_PHYSICAL, c.pa);
  if (c.source !== null) packet.putDataSource(out, 0x33 + late, BigInt(c.source & 0xff), 1);
  if (c.timestamp !== null) packet.putTimestamp(out, 0x37, c.timestamp);
  else packet.putEnd(out, 0x37);
  return out;
}

/** The largest record of the example order: every packet once, with 8 bytes of events. */
const ROOM = 128;

function architectural(op: SampledOperation, c: Collected, limit: number): Uint8Array {
  const out = new Uint8Array(ROOM);
  let at = 0;
  if (c.context1 !== null) at = packet.putContext(out, at, 0, c.context1);
  if (c.context2 !== null) at = packet.putContext(out, at, 1, c.context2);
  at = packet.putCounter(out, at, TOTAL_LATENCY, Math.min(op.totalLatency, limit));
  at = packet.putCounter(out, at, ISSUE_LATENCY, Math.min(op.issueLatency, limit));
  if (c.translation !== null) at = packet.putCounter(out, at, TRANSLATION_LATENCY, Math.min(c.translation, limit));
  at = packet.putAddress(out, at, PC, packet.codeAddress(op.pc, op.el));
  if (c.target !== null && op.taken) at = packet.putAddress(out, at, BRANCH_TARGET, c.target);
  if (c.va !== null) at = packet.putAddress(out, at, DATA_VIRTUAL, c.va);
  if (c.pa !== null) at = packet.putAddress(out, at, DATA_PHYSICAL, c.pa);
  if (c.previousTarget !== null) at = packet.putAddress(out, at, PREVIOUS_TARGET, c.previousTarget);
  if (c.source !== null) at = packet.putDataSource(out, at, BigInt(c.source), c.source > 0xff ? 2 : 1);
  at = packet.putOperation(out, at, op.class, op.subclass);
  at = packet.putEvents(out, at, BigInt(op.events >>> 0), op.events >>> 16 !== 0 ? 4 : 2);
  at = c.timestamp !== null ? packet.putTimestamp(out, at, c.timestamp) : packet.putEnd(out, at);
  return out.subarray(0, at);
}

/** The record's bytes: a multiple of 1 << PMBIDR_EL1.Align, at most 1 << PMSIDR_EL1.MaxSize. Counters saturate at PMSIDR_EL1.CountSize. */
export function constructRecord(m: Mounted, cpu: PhysicalCpu, spu: SpuState, op: SampledOperation): Uint8Array {
  const collected = collect(m, cpu, spu, op);
  const limit = largestCount(spu.device);
  const packets = spu.device.layout === 'n1-slots' ? n1Slots(op, collected, limit) : architectural(op, collected, limit);
  const unit = recordAlignment(spu.device);
  const record = new Uint8Array(Math.ceil(packets.length / unit) * unit);
  record.set(packets);
  return record;
}
