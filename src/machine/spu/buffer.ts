// Writing a record into the Profiling Buffer, and the management events that stop it: Arm ARM D17.8, spe-architecture §4.6-§4.8.

import { FSC_EXTERNAL } from '../../arch/esr.ts';
import { BSC_FILLED, BSC_NOT_FILLED, EC_BUFFER, EC_STAGE1, EC_STAGE2, faultStatusText } from '../../arch/spe/syndrome.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { hex } from '../../base/hex.ts';
import { translateForSpu } from '../cpu/mmu.ts';
import type { Mounted, PhysicalCpu } from '../machine.ts';
import { PAGE_SIZE, writePhysical } from '../memory.ts';
import type { SampledOperation } from './operation.ts';
import {
  PMBLIMITR_EL1,
  PMBLIMITR_LIMIT,
  PMBPTR_EL1,
  PMBSR_DL,
  PMBSR_EA,
  PMBSR_EL1,
  PMBSR_S,
  registerHalves,
  updateBufferInterrupt,
} from './registers.ts';
import { finishSamples, type SpuNotice, type SpuState } from './state.ts';
import { type Unit, unitOf } from './unit.ts';

const EC = fieldAccess('PMBSR_EL1', 'EC');
const MSS = fieldAccess('PMBSR_EL1', 'MSS');
const MSS2 = fieldAccess('PMBSR_EL1', 'MSS2');

/** What became of a record. */
export interface Written {
  /** It is in the buffer whole. */
  readonly recordWritten: boolean;
  /** PMBSR_EL1.S was set: profiling has stopped. */
  readonly bufferEvent: boolean;
}

export const NOTHING_WRITTEN: Written = Object.freeze({ recordWritten: false, bufferEvent: false });
const STOPPED: Written = Object.freeze({ recordWritten: false, bufferEvent: true });
const RECORD: Written = Object.freeze({ recordWritten: true, bufferEvent: false });
const LAST_RECORD: Written = Object.freeze({ recordWritten: true, bufferEvent: true });

/** A management event: what it sets besides S. */
interface ManagementEvent {
  readonly ec: number;
  readonly mss: number;
  readonly dataLoss?: boolean;
  readonly externalAbort?: boolean;
}

function note(m: Mounted, spu: SpuState, kind: SpuNotice['kind'], why: string): void {
  spu.notices.push({ kind, tick: m.machine.tick, why });
}

/**
 * Records a management event: S, the syndrome, and the interrupt. When S was set already the syndrome stays; DL and EA add up. COLL stays.
 * A unit that has stopped has no sample in flight (spe-architecture §4.1).
 */
export function managementEvent(cpu: PhysicalCpu, event: ManagementEvent): void {
  const sys = cpu.context.sys;
  let status = sys[PMBSR_EL1];
  if (event.dataLoss) status |= PMBSR_DL;
  if (event.externalAbort) status |= PMBSR_EA;
  if ((status & PMBSR_S) === 0n) status = PMBSR_S | MSS2.put(MSS.put(EC.put(status, BigInt(event.ec)), BigInt(event.mss)), 0n);
  sys[PMBSR_EL1] = status;
  if (cpu.spu !== null) finishSamples(cpu.spu);
  updateBufferInterrupt(cpu);
}

/** Fewer than one largest record fits before LIMIT. */
function isFilled(cpu: PhysicalCpu, unit: Unit): boolean {
  const h = registerHalves(cpu);
  const limit = (h[PMBLIMITR_EL1 * 2] & ~0xfff) >>> 0;
  if (h[PMBPTR_EL1 * 2 + 1] === h[PMBLIMITR_EL1 * 2 + 1] && limit >= unit.largestRecord) {
    return h[PMBPTR_EL1 * 2] >>> 0 > limit - unit.largestRecord;
  }
  const sys = cpu.context.sys;
  return sys[PMBPTR_EL1] > (sys[PMBLIMITR_EL1] & PMBLIMITR_LIMIT) - BigInt(unit.largestRecord);
}

function raiseBufferFull(m: Mounted, cpu: PhysicalCpu, spu: SpuState): void {
  spu.counts.SAMPLE_BUFFER_FULL += 1;
  managementEvent(cpu, { ec: EC_BUFFER, mss: BSC_FILLED });
  const { sys } = cpu.context;
  const room = (sys[PMBLIMITR_EL1] & PMBLIMITR_LIMIT) - sys[PMBPTR_EL1];
  const have = room < 0n ? `PMBPTR_EL1 ${hex(sys[PMBPTR_EL1])} is above LIMIT` : `${room} bytes are left before LIMIT`;
  note(m, spu, 'spe.stop', `buffer filled: ${have}, and a record may need ${unitOf(spu.device).largestRecord}`);
}

/** Why software's rules of §4.7, beyond the room, are broken; null when they are kept: the pointer's top byte is the limit's, and it is aligned. */
function brokenRule(cpu: PhysicalCpu, unit: Unit): string | null {
  const h = registerHalves(cpu);
  if (h[PMBPTR_EL1 * 2 + 1] >>> 24 !== h[PMBLIMITR_EL1 * 2 + 1] >>> 24) {
    return 'PMBPTR_EL1 and PMBLIMITR_EL1.LIMIT differ in bits 63:56';
  }
  if ((h[PMBPTR_EL1 * 2] & (unit.alignment - 1)) !== 0) {
    return `PMBPTR_EL1 ${hex(cpu.context.sys[PMBPTR_EL1])} is not a multiple of ${unit.alignment} (PMBIDR_EL1.Align)`;
  }
  return null;
}

/**
 * An External abort on the write at `pa`, `at` bytes into the record: there is no memory. Before SPEv1p3 the unit reports it as a synchronous
 * one; later it is ignored, or an SError that nobody here takes. True: the unit has stopped.
 */
function abortStops(m: Mounted, cpu: PhysicalCpu, spu: SpuState, unit: Unit, pa: number, at: number): boolean {
  const where = `no memory at host physical ${hex(pa)}`;
  if (unit.externalAborts === 'reported') {
    managementEvent(cpu, { ec: EC_STAGE1, mss: FSC_EXTERNAL, externalAbort: true, dataLoss: at !== 0 });
    note(m, spu, 'spe.stop', `External abort: ${where}`);
    return true;
  }
  note(m, spu, 'spe.abort', `External abort, ${unit.externalAborts === 'ignored' ? 'ignored' : 'an SError'} (PMBIDR_EL1.EA): ${where}`);
  return false;
}

/**
 * Writes one record at PMBPTR_EL1 as the owner's privileged stores would, page by page. Before it: an impossible set-up raises "access not
 * allowed", too little room raises buffer full, and nothing is written. A fault stops at the faulting address, with DL where part of
 * the record stands already. After a whole record: buffer full when the next might not fit.
 */
export function writeToBuffer(m: Mounted, cpu: PhysicalCpu, spu: SpuState, record: Uint8Array, truth: SampledOperation): Written {
  const sys = cpu.context.sys;
  const unit = unitOf(spu.device);
  const broken = brokenRule(cpu, unit);
  if (broken !== null) {
    managementEvent(cpu, { ec: EC_BUFFER, mss: BSC_NOT_FILLED, dataLoss: true });
    note(m, spu, 'spe.stop', `access not allowed: ${broken}`);
    return STOPPED;
  }
  if (isFilled(cpu, unit)) {
    raiseBufferFull(m, cpu, spu);
    return STOPPED;
  }
  const address = sys[PMBPTR_EL1];
  let whole = true;
  for (let at = 0; at < record.length; ) {
    const va = at === 0 ? address : sys[PMBPTR_EL1];
    const to = translateForSpu(m, cpu, va, true);
    if (!('pa' in to)) {
      managementEvent(cpu, { ec: to.stage === 2 ? EC_STAGE2 : EC_STAGE1, mss: to.fsc, dataLoss: at !== 0 });
      note(m, spu, 'spe.stop', `stage ${to.stage} ${faultStatusText(to.fsc)}, writing ${hex(va)}`);
      return STOPPED;
    }
    const room = PAGE_SIZE - (to.pa % PAGE_SIZE);
    const part = at === 0 && record.length <= room ? record : record.subarray(at, at + room);
    if (to.pa + part.length > m.memory.u8.length) {
      if (abortStops(m, cpu, spu, unit, to.pa, at)) return STOPPED;
      whole = false;
    } else writePhysical(m.memory, to.pa, part);
    at += part.length;
    sys[PMBPTR_EL1] = va + BigInt(part.length);
  }
  if (whole) spu.completed.push({ address, bytes: record, truth });
  if (!isFilled(cpu, unit)) return whole ? RECORD : NOTHING_WRITTEN;
  raiseBufferFull(m, cpu, spu);
  return whole ? LAST_RECORD : STOPPED;
}
