// The system counter. It counts the cycles of the run: one an operation, and what the timing models say was waited for.
import type { Machine } from '../machine.ts';

/** CNTPCT of the machine now. CNTVCT is CNTVOFF_EL2 less. Never goes back; equal runs read equal counts. */
export function physicalCount(m: Machine): bigint {
  let cycles = m.tick;
  for (const cpu of m.cpus) if (cpu.timing !== null) cycles += cpu.timing.stallCycles;
  return BigInt(Math.floor(cycles));
}
