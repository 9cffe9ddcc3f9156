// The SPU's registers as the unit sees them: names resolved once, what one unit implements of each, and what a write does
// (spe-architecture §3.2 write masks, §4.13). The values live in the CPU's context.
import { fieldAccess, indexOfRegister } from '../../arch/sysreg/table.ts';
import type { PhysicalCpu } from '../machine.ts';
import { finishSamples, type SpuDescription } from './state.ts';
import { unitOf } from './unit.ts';

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
const ID_AA64MMFR0_EL1 = indexOfRegister('ID_AA64MMFR0_EL1');

const bitsOf = (register: string, ...fields: string[]): bigint => fields.reduce((mask, f) => mask | fieldAccess(register, f).mask, 0n);

export const PMSCR_TS = bitsOf('PMSCR_EL1', 'TS');
export const PMSCR_PA = bitsOf('PMSCR_EL1', 'PA');
export const PMSCR_CX = bitsOf('PMSCR_EL1', 'CX');
export const PMBLIMITR_E = bitsOf('PMBLIMITR_EL1', 'E');
export const PMBLIMITR_LIMIT = bitsOf('PMBLIMITR_EL1', 'LIMIT');
export const PMBSR_S = bitsOf('PMBSR_EL1', 'S');
export const PMBSR_DL = bitsOf('PMBSR_EL1', 'DL');
export const PMBSR_EA = bitsOf('PMBSR_EL1', 'EA');
export const PMBSR_COLL = bitsOf('PMBSR_EL1', 'COLL');

/** PMBIRQ is PPI 21 of the host (spe-architecture §6.9). */
export const PMBIRQ = 21;

/** PMSCR_EL1 without FEAT_ECV, SPE_EXC and SPE_nVM: PCT has one bit. */
const PMSCR_BITS = bitsOf('PMSCR_EL1', 'E0SPE', 'E1SPE', 'CX', 'PA', 'TS') | 0x40n;
const PCT_HIGH = 0x80n;
const ECV = fieldAccess('ID_AA64MMFR0_EL1', 'ECV');

const PMSFCR_BASE = bitsOf('PMSFCR_EL1', 'FE', 'FT', 'FL', 'B', 'LD', 'ST');
const PMSFCR_INVERTED = bitsOf('PMSFCR_EL1', 'FnE');
const PMSFCR_SOURCES = bitsOf('PMSFCR_EL1', 'FDS');
const PMSFCR_MASKS = bitsOf('PMSFCR_EL1', 'SIMD', 'FP', 'SIMDm', 'FPm', 'STm', 'LDm', 'Bm');
const PMSICR_COUNT = bitsOf('PMSICR_EL1', 'COUNT');
const PMSICR_ECOUNT = bitsOf('PMSICR_EL1', 'ECOUNT');
const PMSIRR_BITS = bitsOf('PMSIRR_EL1', 'INTERVAL', 'RND');
const PMBLIMITR_V1P2 = bitsOf('PMBLIMITR_EL1', 'PMFZ', 'FM');
const PMBSR_BITS = bitsOf('PMBSR_EL1', 'MSS2', 'EC', 'DL', 'EA', 'S', 'COLL', 'MSS');
const ALL = 0xffff_ffff_ffff_ffffn;

/**
 * Event bits that the filters look at, from the example model's mask (spe-architecture §2.1); bits that are an implementation's choice
 * (2, 4, 8-10 before SPEv1p4, 12-15, 24-31, 48-63) are not filterable here.
 */
export function filterableEvents(device: SpuDescription): bigint {
  return BigInt(unitOf(device).filterable >>> 0);
}

/**
 * The bits of an SPE register that this unit implements; a write changes no others. Null: not a register of this unit (UNDEFINED).
 * `offsets`: the CPU has FEAT_ECV, which gives PMSCR_ELx.PCT its second bit.
 */
export function implementedBits(device: SpuDescription, register: number, offsets = false): bigint | null {
  const unit = unitOf(device);
  switch (register) {
    case PMSCR_EL1:
    case PMSCR_EL2:
      return PMSCR_BITS | (offsets ? PCT_HIGH : 0n);
    case PMSICR_EL1:
      return PMSICR_COUNT | (unit.randomEnd ? PMSICR_ECOUNT : 0n);
    case PMSIRR_EL1:
      return PMSIRR_BITS;
    case PMSFCR_EL1:
      return (
        PMSFCR_BASE |
        (unit.invertedEvents ? PMSFCR_INVERTED : 0n) |
        (unit.sourceFilter ? PMSFCR_SOURCES : 0n) |
        (unit.typeMasks ? PMSFCR_MASKS : 0n)
      );
    case PMSEVFR_EL1:
      return filterableEvents(device);
    case PMSNEVFR_EL1:
      return unit.invertedEvents ? filterableEvents(device) : null;
    case PMSLATFR_EL1:
      return BigInt(unit.largestCount);
    case PMSDSFR_EL1:
      return unit.sourceFilter ? ALL : null;
    case PMBLIMITR_EL1:
      return PMBLIMITR_LIMIT | PMBLIMITR_E | (unit.discard ? PMBLIMITR_V1P2 : 0n);
    case PMBPTR_EL1:
      return ALL;
    case PMBSR_EL1:
      return unit.externalAborts === 'reported' ? PMBSR_BITS : PMBSR_BITS & ~PMBSR_EA; // a unit that never sets EA has none
    default:
      return null; // PMBMAR_EL1 and the EL2, EL3 syndromes belong to features no unit here has
  }
}

// The 32-bit halves of the registers, low first: register r is at 2r and 2r + 1. Reading a half makes no BigInt.
let halved: BigUint64Array | null = null;
let halves: Int32Array = new Int32Array(0);

/** The registers of a CPU as 32-bit halves: a view, good until its context is replaced. */
export function registerHalves(cpu: PhysicalCpu): Int32Array {
  const { sys } = cpu.context;
  if (halved !== sys) {
    halved = sys;
    halves = new Int32Array(sys.buffer, sys.byteOffset, sys.length * 2);
  }
  return halves;
}

/** Brings the host's PMBIRQ line to the level of PMBSR_EL1.S (spe-architecture §4.10). Call it after any change of PMBSR_EL1. */
export function updateBufferInterrupt(cpu: PhysicalCpu): void {
  const asserted = (cpu.context.sys[PMBSR_EL1] & PMBSR_S) !== 0n;
  cpu.hostLines = asserted ? cpu.hostLines | (1 << PMBIRQ) : cpu.hostLines & ~(1 << PMBIRQ);
}

/**
 * Software's write to an SPE register by its dense index: keeps the unit's bits and moves the interrupt line; a sample in flight is gone
 * when the buffer is disabled or S is set. False: UNDEFINED (the register is read only or not there). Traps are decided before.
 */
export function writeProfilingRegister(cpu: PhysicalCpu, register: number, value: bigint): boolean {
  if (cpu.spu === null) return false;
  const { sys } = cpu.context;
  const mask = implementedBits(cpu.spu.device, register, ECV.get(sys[ID_AA64MMFR0_EL1]) !== 0n);
  if (mask === null) return false;
  sys[register] = value & mask;
  if (register === PMBSR_EL1) updateBufferInterrupt(cpu);
  const stops = register === PMBLIMITR_EL1 ? (value & PMBLIMITR_E) === 0n : register === PMBSR_EL1 && (value & PMBSR_S) !== 0n;
  if (stops) finishSamples(cpu.spu);
  return true;
}
