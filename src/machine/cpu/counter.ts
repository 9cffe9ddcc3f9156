// The generic timer: the counters read the machine's tick, one count an operation. Source: Arm ARM DDI 0487, D11.
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import type { Machine, PhysicalCpu } from '../machine.ts';

const CNTVOFF_EL2 = indexOfRegister('CNTVOFF_EL2');
const CNTV_CTL = indexOfRegister('CNTV_CTL_EL0');
const CNTV_CVAL = indexOfRegister('CNTV_CVAL_EL0');
const CNTP_CTL = indexOfRegister('CNTP_CTL_EL0');
const CNTP_CVAL = indexOfRegister('CNTP_CVAL_EL0');

const ENABLE = 1n;
const IMASK = 2n;
const MASK = (1n << 64n) - 1n;

/** The host's PPIs of the guest's timers (vgic.md §6). */
export const VIRTUAL_TIMER_PPI = 27;
export const PHYSICAL_TIMER_PPI = 30;

/** CNTPCT_EL0: counts since boot. */
export function physicalCount(m: Machine): bigint {
  return BigInt(m.tick);
}

/** CNTVCT_EL0: the physical count less CNTVOFF_EL2. */
export function virtualCount(m: Machine, cpu: PhysicalCpu): bigint {
  return (physicalCount(m) - cpu.context.sys[CNTVOFF_EL2]) & MASK;
}

/** A timer as its registers stand: enabled, not masked, and the count at which its condition is met. */
function deadline(cpu: PhysicalCpu, control: number, compare: number): bigint | null {
  return (cpu.context.sys[control] & (ENABLE | IMASK)) === ENABLE ? cpu.context.sys[compare] : null;
}

/** CNTx_CTL.ISTATUS: the timer is enabled and its count has come. */
export function timerConditionMet(m: Machine, cpu: PhysicalCpu, virtual: boolean): boolean {
  const sys = cpu.context.sys;
  if ((sys[virtual ? CNTV_CTL : CNTP_CTL] & ENABLE) === 0n) return false;
  return (virtual ? virtualCount(m, cpu) : physicalCount(m)) >= sys[virtual ? CNTV_CVAL : CNTP_CVAL];
}

/** The next tick at which one of the guest's timers asserts its interrupt; null = none is armed. May lie in the past. */
export function nextTimerTick(cpu: PhysicalCpu): number | null {
  const virtual = deadline(cpu, CNTV_CTL, CNTV_CVAL);
  const physical = deadline(cpu, CNTP_CTL, CNTP_CVAL);
  const ticks: number[] = [];
  if (virtual !== null) ticks.push(Number((virtual + cpu.context.sys[CNTVOFF_EL2]) & MASK));
  if (physical !== null) ticks.push(Number(physical));
  return ticks.length === 0 ? null : Math.min(...ticks);
}

/** Brings the host's timer lines (PPI 27 and 30) to the level of the timers' outputs. */
export function updateTimerLines(m: Machine, cpu: PhysicalCpu): void {
  const sys = cpu.context.sys;
  const line = (control: number, virtual: boolean): boolean => (sys[control] & IMASK) === 0n && timerConditionMet(m, cpu, virtual);
  const set = (ppi: number, level: boolean): void => {
    cpu.hostLines = level ? cpu.hostLines | (1 << ppi) : cpu.hostLines & ~(1 << ppi);
  };
  set(VIRTUAL_TIMER_PPI, line(CNTV_CTL, true));
  set(PHYSICAL_TIMER_PPI, line(CNTP_CTL, false));
}

export const TIMER = { CNTV_CTL, CNTV_CVAL, CNTP_CTL, CNTP_CVAL } as const;
