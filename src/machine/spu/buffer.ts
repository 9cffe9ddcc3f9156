// Writing a record into the Profiling Buffer, and the management events that stop it: Arm ARM D17.8, spe-architecture §4.6-§4.8.
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { translateForSpu } from '../cpu/mmu.ts';
import type { Mounted, PhysicalCpu } from '../machine.ts';
import { PAGE_SIZE, writePhysical } from '../memory.ts';
import type { SampledOperation } from './operation.ts';
import {
  largestRecord,
  PMBLIMITR_EL1,
  PMBLIMITR_LIMIT,
  PMBPTR_EL1,
  PMBSR_DL,
  PMBSR_EL1,
  PMBSR_S,
  recordAlignment,
  updateBufferInterrupt,
} from './registers.ts';
import type { SpuState } from './state.ts';

const EC = fieldAccess('PMBSR_EL1', 'EC');
const MSS = fieldAccess('PMBSR_EL1', 'MSS');
const MSS2 = fieldAccess('PMBSR_EL1', 'MSS2');

const EC_BUFFER = 0x00n;
const EC_STAGE1 = 0x24n;
const EC_STAGE2 = 0x25n;
const BSC_NOT_ALLOWED = 0x00n;
const BSC_FILLED = 0x01n;

/** Records a management event: the syndrome (unless S was set already), S, and the interrupt. COLL and EA stay. */
function managementEvent(cpu: PhysicalCpu, ec: bigint, mss: bigint, dataLoss: boolean): void {
  const sys = cpu.context.sys;
  let status = sys[PMBSR_EL1];
  if (dataLoss) status |= PMBSR_DL;
  if ((status & PMBSR_S) === 0n) status = PMBSR_S | MSS2.put(MSS.put(EC.put(status, ec), mss), 0n);
  sys[PMBSR_EL1] = status;
  updateBufferInterrupt(cpu);
}

/** Fewer than one largest record fits before LIMIT. */
function bufferFilled(cpu: PhysicalCpu, spu: SpuState): boolean {
  const limit = cpu.context.sys[PMBLIMITR_EL1] & PMBLIMITR_LIMIT;
  return cpu.context.sys[PMBPTR_EL1] > limit - BigInt(largestRecord(spu.device));
}

function raiseBufferFull(cpu: PhysicalCpu, spu: SpuState): void {
  spu.counts.SAMPLE_BUFFER_FULL += 1;
  managementEvent(cpu, EC_BUFFER, BSC_FILLED, false);
}

/** Software's rules of §4.7 beyond the room: the pointer's top byte is the limit's, and it is aligned. */
function isAllowed(cpu: PhysicalCpu, spu: SpuState): boolean {
  const pointer = cpu.context.sys[PMBPTR_EL1];
  return pointer >> 56n === cpu.context.sys[PMBLIMITR_EL1] >> 56n && pointer % BigInt(recordAlignment(spu.device)) === 0n;
}

/**
 * Writes one record at PMBPTR_EL1 as the owner's privileged stores would, page by page. Before it: an impossible set-up raises "access not
 * allowed", too little room raises buffer full, and nothing is written. A fault stops at the faulting address, with DL where part of
 * the record stands already. After a whole record: buffer full when the next might not fit.
 */
export function writeToBuffer(
  m: Mounted,
  cpu: PhysicalCpu,
  spu: SpuState,
  record: Uint8Array,
  truth: SampledOperation,
): { recordWritten: boolean; bufferEvent: boolean } {
  const sys = cpu.context.sys;
  if (!isAllowed(cpu, spu)) {
    managementEvent(cpu, EC_BUFFER, BSC_NOT_ALLOWED, true);
    return { recordWritten: false, bufferEvent: true };
  }
  if (bufferFilled(cpu, spu)) {
    raiseBufferFull(cpu, spu);
    return { recordWritten: false, bufferEvent: true };
  }
  const address = sys[PMBPTR_EL1];
  for (let at = 0; at < record.length; ) {
    const va = sys[PMBPTR_EL1];
    const to = translateForSpu(m, cpu, va, true);
    if (!('pa' in to)) {
      managementEvent(cpu, to.stage === 2 ? EC_STAGE2 : EC_STAGE1, BigInt(to.fsc), at !== 0);
      return { recordWritten: false, bufferEvent: true };
    }
    const room = PAGE_SIZE - (to.pa % PAGE_SIZE);
    const part = record.subarray(at, at + room);
    writePhysical(m.memory, to.pa, part);
    at += part.length;
    sys[PMBPTR_EL1] = va + BigInt(part.length);
  }
  spu.completed.push({ address, bytes: record, truth });
  if (!bufferFilled(cpu, spu)) return { recordWritten: true, bufferEvent: false };
  raiseBufferFull(cpu, spu);
  return { recordWritten: true, bufferEvent: true };
}
