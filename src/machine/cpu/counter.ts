// The counters of the generic timer: they read the machine's tick, one count an operation, and are the only source of time that a guest,
// a timer or a timestamp has. Source: Arm ARM DDI 0487, D11.
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import type { Machine, PhysicalCpu } from '../machine.ts';
import { countOf, deadlineOf, isAsserted, isConditionMet, PHYSICAL_TIMER, TIMERS, VIRTUAL_TIMER } from '../timer/timers.ts';

const CNTVOFF_EL2 = indexOfRegister('CNTVOFF_EL2');

/** CNTPCT_EL0: counts since boot. */
export function physicalCount(m: Machine): bigint {
  return BigInt(m.tick);
}

/** CNTVCT_EL0: the physical count less CNTVOFF_EL2. */
export function virtualCount(m: Machine, cpu: PhysicalCpu): bigint {
  return countOf(VIRTUAL_TIMER, physicalCount(m), cpu.context.sys[CNTVOFF_EL2]);
}

/** CNTx_CTL.ISTATUS: the timer is enabled and its count has come. */
export function timerConditionMet(m: Machine, cpu: PhysicalCpu, virtual: boolean): boolean {
  const c = cpu.context;
  return isConditionMet(c, virtual ? VIRTUAL_TIMER : PHYSICAL_TIMER, physicalCount(m), c.sys[CNTVOFF_EL2]);
}

/** Is either timer enabled? Asked often, so of the low halves of the control registers. */
function isAnyEnabled(words: Int32Array): boolean {
  return ((words[VIRTUAL_TIMER.control * 2] | words[PHYSICAL_TIMER.control * 2]) & 1) !== 0;
}

/** The next tick at which one of the guest's timers asserts its interrupt; null = none will. `words`: halves of the system registers. */
export function nextTimerTick(m: Machine, cpu: PhysicalCpu, words: Int32Array): number | null {
  if (!isAnyEnabled(words)) return null;
  const c = cpu.context;
  let next: number | null = null;
  for (const timer of TIMERS) {
    const deadline = deadlineOf(c, timer, physicalCount(m), c.sys[CNTVOFF_EL2]);
    if (deadline !== null && (next === null || Number(deadline) < next)) next = Number(deadline);
  }
  return next;
}

/** Brings the host's timer lines (PPI 27 and 30) to the level of the timers' outputs. */
export function updateTimerLines(m: Machine, cpu: PhysicalCpu, words: Int32Array): void {
  const c = cpu.context;
  const enabled = isAnyEnabled(words);
  for (const timer of TIMERS) {
    const level = enabled && isAsserted(c, timer, physicalCount(m), c.sys[CNTVOFF_EL2]);
    cpu.hostLines = level ? cpu.hostLines | (1 << timer.ppi) : cpu.hostLines & ~(1 << timer.ppi);
  }
}

export const TIMER = {
  CNTV_CTL: VIRTUAL_TIMER.control,
  CNTV_CVAL: VIRTUAL_TIMER.compare,
  CNTP_CTL: PHYSICAL_TIMER.control,
  CNTP_CVAL: PHYSICAL_TIMER.compare,
} as const;
