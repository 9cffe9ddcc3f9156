// The SPU's registers as the unit sees them: names resolved once, what one unit implements of each, and what a write does
// (spe-architecture §3.2 write masks, §4.13). The values live in the CPU's context.
import { fieldAccess, indexOfRegister } from '../../arch/sysreg/table.ts';
import type { PhysicalCpu } from '../machine.ts';
import type { SpuDescription } from './state.ts';

export const PMSCR_EL1 = indexOfRegister('PMSCR_EL1');
export const PMSCR_EL2 = indexOfRegister('PMSCR_EL2');
export const PMSICR_EL1 = indexOfRegister('PMSICR_EL1');
export const PMSIRR_EL1 = indexOfRegister('PMSIRR_EL1');
export const PMSFCR_EL1 = indexOfRegister('PMSFCR_EL1');
export const PMSEVFR_EL1 = indexOfRegister('PMSEVFR_EL1');
export const PMSNEVFR_EL1 = indexOfRegister('PMSNEVFR_EL1');
export const PMSLATFR_EL1 = indexOfRegister('PMSLATFR_EL1');
export const PMSDSFR_EL1 = indexOfRegister('PMSDSFR_EL1');
export const PMBLIMITR_EL1 = indexOfRegister('PMBLIMITR_EL1');
export const PMBPTR_EL1 = indexOfRegister('PMBPTR_EL1');
export const PMBSR_EL1 = indexOfRegister('PMBSR_EL1');
export const PMBMAR_EL1 = indexOfRegister('PMBMAR_EL1');

const bitsOf = (register: string, ...fields: string[]): bigint => fields.reduce((mask, f) => mask | fieldAccess(register, f).mask, 0n);

export const PMSCR_TS = bitsOf('PMSCR_EL1', 'TS');
export const PMSCR_PA = bitsOf('PMSCR_EL1', 'PA');
export const PMSCR_CX = bitsOf('PMSCR_EL1', 'CX');
export const PMBLIMITR_E = bitsOf('PMBLIMITR_EL1', 'E');
export const PMBLIMITR_LIMIT = bitsOf('PMBLIMITR_EL1', 'LIMIT');
export const PMBSR_S = bitsOf('PMBSR_EL1', 'S');
export const PMBSR_DL = bitsOf('PMBSR_EL1', 'DL');

/** PMBIRQ is PPI 21 of the host (spe-architecture §6.9). */
export const PMBIRQ = 21;

const idField = (name: string): ((device: SpuDescription) => number) => {
  const f = fieldAccess('PMSIDR_EL1', name);
  return (device) => Number(f.get(device.pmsidr));
};
const align = fieldAccess('PMBIDR_EL1', 'Align');
const sizeLog2 = idField('MaxSize');
const countSize = idField('CountSize');

/** PMSIDR_EL1 fields, 0 or 1: jitter after the interval, data sources, inverted event filter, previous branch targets, … */
export const hasRandomEnd = idField('ERnd');
export const hasDataSource = idField('LDS');
export const hasInvertedEvents = idField('FnE');
export const hasDataSourceFilter = idField('FDS');
export const hasTypeMasks = idField('EFT');
export const hasPreviousTarget = idField('PBT');

/** The largest record, and what records are a multiple of; bytes. */
export const largestRecord = (device: SpuDescription): number => 1 << sizeLog2(device);
export const recordAlignment = (device: SpuDescription): number => 1 << Number(align.get(device.pmbidr));
/** Where counters saturate: 12 or 16 bits. */
export const largestCount = (device: SpuDescription): number => (countSize(device) === 3 ? 0xffff : 0xfff);

/**
 * Event bits that the filters look at, from the example model's mask (spe-architecture §2.1); bits that are an implementation's choice
 * (2, 4, 8-10 before SPEv1p4, 12-15, 24-31, 48-63) are not filterable here.
 */
export function filterableEvents(device: SpuDescription): bigint {
  let mask = 0xaan; // 1, 3, 5, 7
  if (hasInvertedEvents(device)) mask |= 1n << 6n;
  if (device.pmsver >= 2) mask |= 0x60800n; // 11, 17, 18
  if (device.pmsver >= 5) mask |= 0xf80714n; // 2, 4, 8-10, 19-23
  return mask;
}

const pmsfcrBase = bitsOf('PMSFCR_EL1', 'FE', 'FT', 'FL', 'B', 'LD', 'ST');
const pmsfcrMasks = bitsOf('PMSFCR_EL1', 'SIMD', 'FP', 'SIMDm', 'FPm', 'STm', 'LDm', 'Bm');

/** The bits of an SPE register that this unit implements; a write changes no others. Null: not a register of this unit (UNDEFINED). */
export function implementedBits(device: SpuDescription, register: number): bigint | null {
  switch (register) {
    case PMSCR_EL1:
    case PMSCR_EL2:
      return 0x7bn; // without FEAT_ECV, SPE_EXC and SPE_nVM
    case PMSICR_EL1:
      return hasRandomEnd(device) ? 0xff00_0000_ffff_ffffn : 0xffff_ffffn;
    case PMSIRR_EL1:
      return 0xffff_ff01n;
    case PMSFCR_EL1:
      return (
        pmsfcrBase |
        (hasInvertedEvents(device) ? bitsOf('PMSFCR_EL1', 'FnE') : 0n) |
        (hasDataSourceFilter(device) ? bitsOf('PMSFCR_EL1', 'FDS') : 0n) |
        (hasTypeMasks(device) ? pmsfcrMasks : 0n)
      );
    case PMSEVFR_EL1:
      return filterableEvents(device);
    case PMSNEVFR_EL1:
      return hasInvertedEvents(device) ? filterableEvents(device) : null;
    case PMSLATFR_EL1:
      return BigInt(largestCount(device));
    case PMSDSFR_EL1:
      return hasDataSourceFilter(device) ? 0xffff_ffff_ffff_ffffn : null;
    case PMBLIMITR_EL1:
      return PMBLIMITR_LIMIT | PMBLIMITR_E | (device.pmsver >= 3 ? bitsOf('PMBLIMITR_EL1', 'PMFZ', 'FM') : 0n);
    case PMBPTR_EL1:
      return 0xffff_ffff_ffff_ffffn;
    case PMBSR_EL1:
      return 0x00ff_ffff_fc0f_ffffn;
    default:
      return null; // PMBMAR_EL1 and the EL2, EL3 syndromes belong to features no unit here has
  }
}

/** Brings the host's PMBIRQ line to the level of PMBSR_EL1.S (spe-architecture §4.10). Call it after any change of PMBSR_EL1. */
export function updateBufferInterrupt(cpu: PhysicalCpu): void {
  const asserted = (cpu.context.sys[PMBSR_EL1] & PMBSR_S) !== 0n;
  cpu.hostLines = asserted ? cpu.hostLines | (1 << PMBIRQ) : cpu.hostLines & ~(1 << PMBIRQ);
}

/**
 * Software's write to an SPE register by its dense index: keeps the unit's bits and moves the interrupt line. False: UNDEFINED (the
 * register is read only or not there). Traps are decided before.
 */
export function writeProfilingRegister(cpu: PhysicalCpu, register: number, value: bigint): boolean {
  if (cpu.spu === null) return false;
  const mask = implementedBits(cpu.spu.device, register);
  if (mask === null) return false;
  cpu.context.sys[register] = value & mask;
  if (register === PMBSR_EL1) updateBufferInterrupt(cpu);
  return true;
}
