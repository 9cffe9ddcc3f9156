// Who owns the Profiling Buffer, and is profiling enabled now: Arm ARM D17.1-D17.3, spe-architecture §4.1. Everything here is Non-secure.
import { fieldAccess, indexOfRegister } from '../../arch/sysreg/table.ts';
import type { PhysicalCpu } from '../machine.ts';
import { PMBLIMITR_E, PMBLIMITR_EL1, PMBSR_EL1, PMBSR_S, PMSCR_EL1, PMSCR_EL2, registerHalves } from './registers.ts';

// Halves in `registerHalves`, and bits in them.
const MDCR_EL2_LOW = indexOfRegister('MDCR_EL2') * 2;
const HCR_EL2_LOW = indexOfRegister('HCR_EL2') * 2;
const E2PB = Number(fieldAccess('MDCR_EL2', 'E2PB').mask);
const TGE = Number(fieldAccess('HCR_EL2', 'TGE').mask);
const E = Number(PMBLIMITR_E);
const S = Number(PMBSR_S);
/** PMSCR_EL1.E1SPE, PMSCR_EL2.E2SPE · PMSCR_EL1.E0SPE, PMSCR_EL2.E0HSPE. */
const SAME_LEVEL = 2;
const EL0 = 1;

/** The Exception level that owns the buffer: EL2 while MDCR_EL2.E2PB is 00. */
export function owningExceptionLevel(cpu: PhysicalCpu): 1 | 2 {
  return (registerHalves(cpu)[MDCR_EL2_LOW] & E2PB) === 0 ? 2 : 1;
}

/** HCR_EL2.TGE: EL0 belongs to the host. */
export function isHostOnly(cpu: PhysicalCpu): boolean {
  return (registerHalves(cpu)[HCR_EL2_LOW] & TGE) !== 0;
}

/** The buffer is enabled and no management event has stopped it. */
export function profilingBufferEnabled(cpu: PhysicalCpu): boolean {
  if (cpu.spu === null) return false;
  const h = registerHalves(cpu);
  return (h[PMBLIMITR_EL1 * 2] & E) !== 0 && (h[PMBSR_EL1 * 2] & S) === 0;
}

/** Operations at Exception level `el` are sampled now. */
export function statisticalProfilingEnabled(cpu: PhysicalCpu, el: number): boolean {
  if (!profilingBufferEnabled(cpu)) return false;
  const h = registerHalves(cpu);
  const owner = owningExceptionLevel(cpu);
  const hostOnly = isHostOnly(cpu);
  if (el > owner || (owner === 1 && hostOnly)) return false;
  switch (el) {
    case 2:
      return (h[PMSCR_EL2 * 2] & SAME_LEVEL) !== 0;
    case 1:
      return !hostOnly && (h[PMSCR_EL1 * 2] & SAME_LEVEL) !== 0;
    default:
      return (h[(hostOnly ? PMSCR_EL2 : PMSCR_EL1) * 2] & EL0) !== 0;
  }
}
