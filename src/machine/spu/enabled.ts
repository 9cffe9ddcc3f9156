// Who owns the Profiling Buffer, and is profiling enabled now: Arm ARM D17.1-D17.3, spe-architecture §4.1. Everything here is Non-secure.
import { fieldAccess, indexOfRegister } from '../../arch/sysreg/table.ts';
import type { PhysicalCpu } from '../machine.ts';
import { PMBLIMITR_E, PMBLIMITR_EL1, PMBSR_EL1, PMBSR_S, PMSCR_EL1, PMSCR_EL2 } from './registers.ts';

const MDCR_EL2 = indexOfRegister('MDCR_EL2');
const HCR_EL2 = indexOfRegister('HCR_EL2');
const e2pb = fieldAccess('MDCR_EL2', 'E2PB');
const TGE = fieldAccess('HCR_EL2', 'TGE').mask;

/** The Exception level that owns the buffer: EL2 while MDCR_EL2.E2PB is 00. */
export function owningExceptionLevel(cpu: PhysicalCpu): 1 | 2 {
  return e2pb.get(cpu.context.sys[MDCR_EL2]) === 0n ? 2 : 1;
}

/** HCR_EL2.TGE: EL0 belongs to the host. */
export function isHostOnly(cpu: PhysicalCpu): boolean {
  return (cpu.context.sys[HCR_EL2] & TGE) !== 0n;
}

/** The buffer is enabled and no management event has stopped it. */
export function profilingBufferEnabled(cpu: PhysicalCpu): boolean {
  const sys = cpu.context.sys;
  return cpu.spu !== null && (sys[PMBLIMITR_EL1] & PMBLIMITR_E) !== 0n && (sys[PMBSR_EL1] & PMBSR_S) === 0n;
}

/** Operations at Exception level `el` are sampled now. */
export function statisticalProfilingEnabled(cpu: PhysicalCpu, el: number): boolean {
  if (!profilingBufferEnabled(cpu)) return false;
  const owner = owningExceptionLevel(cpu);
  const hostOnly = isHostOnly(cpu);
  if (el > owner || (owner === 1 && hostOnly)) return false;
  const sys = cpu.context.sys;
  switch (el) {
    case 2:
      return (sys[PMSCR_EL2] & 2n) !== 0n; // E2SPE
    case 1:
      return !hostOnly && (sys[PMSCR_EL1] & 2n) !== 0n; // E1SPE
    default:
      return (sys[hostOnly ? PMSCR_EL2 : PMSCR_EL1] & 1n) !== 0n; // E0HSPE, E0SPE
  }
}
