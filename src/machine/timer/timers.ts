// The two timers of EL1 as their registers stand: output and deadline. Source: Arm ARM DDI 0487, D11.2.4 (operation of the CompareValue views).
// A timer compares unsigned 64-bit numbers, its count with its CompareValue; the virtual timer's count is the physical one less an offset.
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import type { CpuContext } from '../cpu/context.ts';

export interface Timer {
  readonly name: 'virtual' | 'physical';
  /** INTID of its interrupt (vgic.md §6). */
  readonly ppi: number;
  /** CNTx_CTL_EL0 and CNTx_CVAL_EL0, dense indices. */
  readonly control: number;
  readonly compare: number;
}

export const VIRTUAL_TIMER: Timer = {
  name: 'virtual',
  ppi: 27,
  control: indexOfRegister('CNTV_CTL_EL0'),
  compare: indexOfRegister('CNTV_CVAL_EL0'),
};
export const PHYSICAL_TIMER: Timer = {
  name: 'physical',
  ppi: 30,
  control: indexOfRegister('CNTP_CTL_EL0'),
  compare: indexOfRegister('CNTP_CVAL_EL0'),
};
export const TIMERS: readonly Timer[] = [VIRTUAL_TIMER, PHYSICAL_TIMER];

const ENABLE = 1n;
const IMASK = 2n;
const U64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** The count a timer sees; `offset` is CNTVOFF_EL2. */
export const countOf = (timer: Timer, physical: bigint, offset: bigint): bigint =>
  timer.name === 'virtual' ? U64(physical - offset) : physical;

/** CNTx_CTL.ISTATUS: enabled, and its count has come. */
export function isConditionMet(c: CpuContext, timer: Timer, physical: bigint, offset: bigint): boolean {
  return (c.sys[timer.control] & ENABLE) !== 0n && countOf(timer, physical, offset) >= c.sys[timer.compare];
}

/** The output: level of the timer's interrupt. */
export function isAsserted(c: CpuContext, timer: Timer, physical: bigint, offset: bigint): boolean {
  return (c.sys[timer.control] & IMASK) === 0n && isConditionMet(c, timer, physical, offset);
}

/** The physical count at which the output rises; null = it is high already, or nothing will raise it. */
export function deadlineOf(c: CpuContext, timer: Timer, physical: bigint, offset: bigint): bigint | null {
  if ((c.sys[timer.control] & (ENABLE | IMASK)) !== ENABLE) return null;
  const count = countOf(timer, physical, offset);
  const compare = c.sys[timer.compare];
  return compare > count ? physical + (compare - count) : null;
}
