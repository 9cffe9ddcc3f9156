// Building one record from the sampled operation: what is collected (Arm ARM D17.6, spe-architecture §4.9) and how the unit lays it out
// (§1.11): `n1-slots` has a fixed place for each packet and the terminator last; `architectural` is the order of Arm's example model.

import { decodeWord } from '../../arch/a64/decode.ts';
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
import { PMSCR_CX, PMSCR_EL1, PMSCR_EL2, PMSCR_PA, PMSCR_TS, registerHalves } from './registers.ts';
import type { SpuState } from './state.ts';
import { type Unit, unitOf } from './unit.ts';

const CONTEXTIDR_EL2 = indexOfRegister('CONTEXTIDR_EL2');
const CNTVOFF_EL2 = indexOfRegister('CNTVOFF_EL2');
const CNTPOFF_EL2 = indexOfRegister('CNTPOFF_EL2');
const CNTHCTL_EL2 = indexOfRegister('CNTHCTL_EL2');
const ID_AA64MMFR0_EL1 = indexOfRegister('ID_AA64MMFR0_EL1');
const HCR_EL2 = indexOfRegister('HCR_EL2');
const TCR_EL1 = indexOfRegister('TCR_EL1');
// In upper halves.
const TBI0_HIGH = Number(fieldAccess('TCR_EL1', 'TBI0').mask >> 32n);
const TBI1_HIGH = Number(fieldAccess('TCR_EL1', 'TBI1').mask >> 32n);
const TBI_HIGH = TBI0_HIGH | TBI1_HIGH;
const E2H_HIGH = Number(fieldAccess('HCR_EL2', 'E2H').mask >> 32n);
const CNTHCTL_ECV = fieldAccess('CNTHCTL_EL2', 'ECV').mask;
const ECV = fieldAccess('ID_AA64MMFR0_EL1', 'ECV');
/** ID_AA64MMFR0_EL1.ECV: FEAT_ECV_POFF. */
const ECV_POFF = 2n;
const CX = Number(PMSCR_CX);
const PA = Number(PMSCR_PA);
const TS = Number(PMSCR_TS);

/** What the controls let into this record; null = not collected. */
interface Collected {
  readonly context1: number | null;
  readonly context2: number | null;
  readonly va: bigint | null;
  readonly tag: number; // of `va`, its byte 7: zero unless TBI applies, as Neoverse N1 writes it
  readonly pa: bigint | null;
  readonly target: bigint | null;
  readonly previousTarget: SpuState['previousTarget'];
  readonly source: number | null;
  readonly translation: number | null;
  readonly timestamp: bigint | null;
  readonly subclass: number;
  readonly events: number;
}

/** CNTVOFF_EL2, which does not hold for EL2 with HCR_EL2.E2H, nor for EL0 with E2H and TGE. */
function virtualOffset(cpu: PhysicalCpu, el: number): bigint {
  const sys = cpu.context.sys;
  const host = (registerHalves(cpu)[HCR_EL2 * 2 + 1] & E2H_HIGH) !== 0 && (el === 2 || (el === 0 && isHostOnly(cpu)));
  return host ? 0n : sys[CNTVOFF_EL2];
}

/** CNTPOFF_EL2, with FEAT_ECV_POFF and CNTHCTL_EL2.ECV. */
function physicalOffset(cpu: PhysicalCpu): bigint {
  const sys = cpu.context.sys;
  return ECV.get(sys[ID_AA64MMFR0_EL1]) >= ECV_POFF && (sys[CNTHCTL_EL2] & CNTHCTL_ECV) !== 0n ? sys[CNTPOFF_EL2] : 0n;
}

/** PMSCR_ELx.PCT. */
const PCT_VIRTUAL = 0;
const PCT_PHYSICAL = 1;

/** The timestamp that the table of §4.9 gives; null while timestamps are off. A PCT of 10 is reserved and taken as 00. */
function collectTimestamp(m: Mounted, cpu: PhysicalCpu, el: number): bigint | null {
  const h = registerHalves(cpu);
  const owner = owningExceptionLevel(cpu);
  if ((h[(owner === 2 ? PMSCR_EL2 : PMSCR_EL1) * 2] & TS) === 0) return null;
  const pct = (register: number): number => {
    const value = (h[register * 2] >>> 6) & 3;
    return value === 2 ? PCT_VIRTUAL : value;
  };
  const el2 = pct(PMSCR_EL2);
  // With EL1 as the owner both must agree on a count: virtual wins over offset physical, which wins over physical.
  const el1 = owner === 1 ? pct(PMSCR_EL1) : el2;
  const count = physicalCount(m.machine);
  if (el2 === PCT_VIRTUAL || el1 === PCT_VIRTUAL) return BigInt.asUintN(64, count - virtualOffset(cpu, el));
  return el2 === PCT_PHYSICAL && el1 === PCT_PHYSICAL ? count : BigInt.asUintN(64, count - physicalOffset(cpu));
}

/** TCR_EL1.TBI0 or TBI1 applies: byte 7 of the packet is the tag. */
function tagOf(cpu: PhysicalCpu, va: bigint): number {
  const controls = registerHalves(cpu)[TCR_EL1 * 2 + 1] & TBI_HIGH;
  if (controls === 0) return 0;
  const ignored = (va >> 55n) & 1n ? TBI1_HIGH : TBI0_HIGH;
  return controls & ignored ? Number((va >> 56n) & 0xffn) : 0;
}

/** FEAT_SPE_CRR, bits 4:3 of the operation type: 01 branch with link, 10 procedure return, 11 neither. */
function callOrReturn(word: number): number {
  const branch = decodeWord(word)?.branch;
  return branch?.link ? 0x08 : branch?.return ? 0x10 : 0x18;
}

/** Class 0's bits of floating point and Advanced SIMD, which FEAT_SPE_FPF adds. */
const FP_AND_SIMD = 0x06;

/** The payload of the operation type packet: what the unit tells of it. */
function subclassOf(op: SampledOperation, unit: Unit): number {
  if (op.class === 2 && unit.callReturn) return op.subclass | callOrReturn(op.word);
  return op.class === 0 && !unit.floatingPoint ? op.subclass & ~FP_AND_SIMD : op.subclass;
}

function collect(m: Mounted, cpu: PhysicalCpu, spu: SpuState, unit: Unit, op: SampledOperation): Collected {
  const h = registerHalves(cpu);
  const el1 = h[PMSCR_EL1 * 2];
  const el2 = h[PMSCR_EL2 * 2];
  const physical = (el2 & PA) !== 0 && (owningExceptionLevel(cpu) === 2 || (el1 & PA) !== 0);
  return {
    context1: (el1 & CX) !== 0 && op.el <= 1 && !isHostOnly(cpu) ? op.context : null,
    context2: (el2 & CX) !== 0 ? h[CONTEXTIDR_EL2 * 2] >>> 0 : null,
    va: op.va,
    tag: op.va === null ? 0 : tagOf(cpu, op.va),
    pa: op.va === null || op.pa === null || !physical ? null : BigInt(op.pa),
    target: op.target,
    previousTarget: unit.previousTarget && op.taken ? spu.previousTarget : null,
    source: op.source >= 0 && unit.dataSource ? op.source : null,
    translation: op.translationLatency >= 0 ? op.translationLatency : null,
    timestamp: collectTimestamp(m, cpu, op.el),
    subclass: subclassOf(op, unit),
    events: op.events & unit.events,
  };
}

/**
 * Neoverse N1 slots; a 32-bit Events packet moves what follows by two bytes, up to the timestamp (spe-architecture R10). The previous branch
 * target, which N1 does not have, stands where a load's physical address would.
 */
function n1Slots(op: SampledOperation, c: Collected, unit: Unit): Uint8Array {
  const out = new Uint8Array(64);
  const limit = unit.largestCount;
  const late = unit.eventBytes - 2;
  packet.putAddress(out, 0x00, PC, op.pc, packet.codeTop(op.el));
  if (c.context1 !== null) packet.putContext(out, 0x09, 0, c.context1);
  if (c.context2 !== null) packet.putContext(out, 0x0e, 1, c.context2);
  packet.putOperation(out, 0x13, op.class, c.subclass);
  packet.putLowEvents(out, 0x15, c.events, unit.eventBytes);
  packet.putCounter(out, 0x18 + late, ISSUE_LATENCY, Math.min(op.issueLatency, limit));
  packet.putCounter(out, 0x1b + late, TOTAL_LATENCY, Math.min(op.totalLatency, limit));
  if (c.va !== null) packet.putAddress(out, 0x1e + late, DATA_VIRTUAL, c.va, c.tag);
  else if (c.target !== null) packet.putAddress(out, 0x1e + late, BRANCH_TARGET, c.target, packet.codeTop(op.targetEl));
  if (c.translation !== null) packet.putCounter(out, 0x27 + late, TRANSLATION_LATENCY, Math.min(c.translation, limit));
  if (c.pa !== null) packet.putAddress(out, 0x2a + late, DATA_PHYSICAL, c.pa, packet.PHYSICAL_TOP);
  else if (c.previousTarget !== null)
    packet.putAddress(out, 0x2a + late, PREVIOUS_TARGET, c.previousTarget.address, packet.codeTop(c.previousTarget.el));
  if (c.source !== null) packet.putDataSource(out, 0x33 + late, c.source & 0xff, 1);
  if (c.timestamp !== null) packet.putTimestamp(out, 0x37, c.timestamp);
  else packet.putEnd(out, 0x37);
  return out;
}

/** The largest record of the example order: every packet once. */
const ROOM = 128;

function architectural(op: SampledOperation, c: Collected, unit: Unit): Uint8Array {
  const out = new Uint8Array(ROOM);
  const limit = unit.largestCount;
  let at = 0;
  if (c.context1 !== null) at = packet.putContext(out, at, 0, c.context1);
  if (c.context2 !== null) at = packet.putContext(out, at, 1, c.context2);
  at = packet.putCounter(out, at, TOTAL_LATENCY, Math.min(op.totalLatency, limit));
  at = packet.putCounter(out, at, ISSUE_LATENCY, Math.min(op.issueLatency, limit));
  if (c.translation !== null) at = packet.putCounter(out, at, TRANSLATION_LATENCY, Math.min(c.translation, limit));
  at = packet.putAddress(out, at, PC, op.pc, packet.codeTop(op.el));
  if (c.target !== null && op.taken) at = packet.putAddress(out, at, BRANCH_TARGET, c.target, packet.codeTop(op.targetEl));
  if (c.va !== null) at = packet.putAddress(out, at, DATA_VIRTUAL, c.va, c.tag);
  if (c.pa !== null) at = packet.putAddress(out, at, DATA_PHYSICAL, c.pa, packet.PHYSICAL_TOP);
  if (c.previousTarget !== null)
    at = packet.putAddress(out, at, PREVIOUS_TARGET, c.previousTarget.address, packet.codeTop(c.previousTarget.el));
  if (c.source !== null) at = packet.putDataSource(out, at, c.source, c.source > 0xff ? 2 : 1);
  at = packet.putOperation(out, at, op.class, c.subclass);
  at = packet.putLowEvents(out, at, c.events, unit.eventBytes);
  at = c.timestamp !== null ? packet.putTimestamp(out, at, c.timestamp) : packet.putEnd(out, at);
  return out.subarray(0, at);
}

/** The record's bytes: a multiple of 1 << PMBIDR_EL1.Align, at most 1 << PMSIDR_EL1.MaxSize. Counters saturate at PMSIDR_EL1.CountSize. */
export function constructRecord(m: Mounted, cpu: PhysicalCpu, spu: SpuState, op: SampledOperation): Uint8Array {
  const unit = unitOf(spu.device);
  const collected = collect(m, cpu, spu, unit, op);
  const packets = unit.slots ? n1Slots(op, collected, unit) : architectural(op, collected, unit);
  const length = Math.ceil(packets.length / unit.alignment) * unit.alignment;
  if (length === packets.length && unit.slots) return packets;
  const record = new Uint8Array(length);
  record.set(packets);
  return record;
}
