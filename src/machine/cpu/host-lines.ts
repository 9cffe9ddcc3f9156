// The host's interrupt lines of a CPU as the guest moves them: one that rises takes the guest out, for the host must look.
import { maintenancePending } from '../gic/interface.ts';
import type { PhysicalCpu } from '../machine.ts';

/** The host's maintenance interrupt of the virtual CPU interface. */
const MAINTENANCE_PPI = 25;

/** Interrupts that the host sees: its lines that are up, less those that it forwarded and the guest has not ended. */
export const hostInterrupts = (cpu: PhysicalCpu): number => cpu.hostLines & ~cpu.ich.forwarded;

/** Brings the maintenance line to its level. True: an interrupt is there that was not among those `before`. */
export function hostInterruptCame(cpu: PhysicalCpu, before: number): boolean {
  const maintenance = 1 << MAINTENANCE_PPI;
  cpu.hostLines = maintenancePending(cpu.ich) ? cpu.hostLines | maintenance : cpu.hostLines & ~maintenance;
  return (hostInterrupts(cpu) & ~before) !== 0;
}
