// The PMU's event counters, for the events of sampling (arch/spe/pmu-events.ts); no other event is counted here. Their registers are in the CPU's
// context. Source: Arm ARM DDI 0487 M.a.a, D13.5 (which Exception levels count), D14.3 (events), D24.5 (registers); spe-architecture §2.2.
import { SAMPLE_EVENTS, type SampleEventName } from '../../arch/spe/pmu-events.ts';
import { fieldAccess, indexOfRegister, REGISTERS } from '../../arch/sysreg/table.ts';
import type { PhysicalCpu } from '../machine.ts';
import { registerHalves } from '../spu/registers.ts';
import type { SampleCounts } from '../spu/state.ts';

const PMCR_EL0 = indexOfRegister('PMCR_EL0');
const PMCNTENSET_EL0 = indexOfRegister('PMCNTENSET_EL0');
const PMOVSSET_EL0 = indexOfRegister('PMOVSSET_EL0');
const PMSELR_EL0 = indexOfRegister('PMSELR_EL0');
const PMXEVTYPER_EL0 = indexOfRegister('PMXEVTYPER_EL0');
const PMXEVCNTR_EL0 = indexOfRegister('PMXEVCNTR_EL0');
const PMCEID0_EL0 = indexOfRegister('PMCEID0_EL0');
const PMCCNTR_EL0 = indexOfRegister('PMCCNTR_EL0');
const PMCCFILTR_EL0 = indexOfRegister('PMCCFILTR_EL0');

/** By number of the counter. */
const numbered = (name: string): readonly number[] =>
  REGISTERS.flatMap((row, index) => (new RegExp(`^${name}\\d+_EL0$`).test(row.name) ? [index] : []));
const PMEVCNTR = numbered('PMEVCNTR');
const PMEVTYPER = numbered('PMEVTYPER');
const COUNTERS = PMEVCNTR.length;
const ALL_COUNTERS = (1 << COUNTERS) - 1;

const mask = (...fields: readonly string[]): bigint => fields.reduce((bits, f) => bits | fieldAccess('PMCR_EL0', f).mask, 0n);
const ENABLE = Number(mask('E'));
const RESET_EVENTS = mask('P');
const RESET_CYCLES = mask('C');
const PMCR_KEPT = mask('FZS', 'FZO', 'LP', 'LC', 'DP', 'X', 'D', 'E');

/** PMEVTYPERn_EL0.P, .U and .NSH: not at EL1, not at EL0, at EL2 too. There is no EL3, so that NSK and NSU are RES0. */
const NOT_EL1 = 1 << 31;
const NOT_EL0 = 1 << 30;
const AT_EL2 = 1 << 27;
const EVENT = 0xffff;

const NAMES: ReadonlyMap<number, SampleEventName> = new Map(SAMPLE_EVENTS.map((e) => [e.number, e.name]));
/** PMCEID0_EL0 bits 63:32 are events 0x4000 to 0x401f. */
const COMMON_EVENTS = SAMPLE_EVENTS.reduce(
  (bits, { number }) => (number >>> 5 === 0x4000 >>> 5 ? bits | (1n << BigInt(32 + (number & 31))) : bits),
  0n,
);

/** Some event counter is on. */
export function countsEvents(cpu: PhysicalCpu): boolean {
  const h = registerHalves(cpu);
  return (h[PMCR_EL0 * 2] & ENABLE) !== 0 && (h[PMCNTENSET_EL0 * 2] & ALL_COUNTERS) !== 0;
}

function countsAt(type: number, el: number): boolean {
  if (el === 2) return (type & AT_EL2) !== 0;
  return (type & (el === 0 ? NOT_EL0 : NOT_EL1)) === 0;
}

/** The events of sampling between `before` and `now`, of operations at Exception level `el`, into the counters that are on; 32 bits, with overflow. */
export function countSampling(cpu: PhysicalCpu, before: SampleCounts, now: SampleCounts, el: number): void {
  const h = registerHalves(cpu);
  const on = h[PMCNTENSET_EL0 * 2];
  for (let n = 0; n < COUNTERS; n++) {
    const type = h[PMEVTYPER[n] * 2];
    const name = ((on >>> n) & 1) === 0 ? undefined : NAMES.get(type & EVENT);
    if (name === undefined || !countsAt(type, el)) continue;
    const sum = (h[PMEVCNTR[n] * 2] >>> 0) + now[name] - before[name];
    h[PMEVCNTR[n] * 2] = sum | 0;
    if (sum >= 2 ** 32) h[PMOVSSET_EL0 * 2] |= 1 << n;
  }
}

/** The register behind PMXEVTYPER_EL0 or PMXEVCNTR_EL0; null: the counter that PMSELR_EL0 selects is not there. */
function selected(cpu: PhysicalCpu, index: number): number | null {
  const n = registerHalves(cpu)[PMSELR_EL0 * 2] & 31;
  if (n === 31 && index === PMXEVTYPER_EL0) return PMCCFILTR_EL0;
  return (index === PMXEVTYPER_EL0 ? PMEVTYPER : PMEVCNTR)[n] ?? null;
}

/** What MRS of a PMU register reads, where it is not the value kept under it; null: it is. */
export function readCounterRegister(cpu: PhysicalCpu, index: number): bigint | null {
  if (index === PMCEID0_EL0) return cpu.spu === null ? 0n : COMMON_EVENTS;
  if (index !== PMXEVTYPER_EL0 && index !== PMXEVCNTR_EL0) return null;
  const register = selected(cpu, index);
  return register === null ? 0n : cpu.context.sys[register];
}

/** What MSR of a PMU register does, where it is not to keep the value. False: it is. */
export function writeCounterRegister(cpu: PhysicalCpu, index: number, value: bigint): boolean {
  const { sys } = cpu.context;
  if (index === PMCR_EL0) {
    if ((value & RESET_EVENTS) !== 0n) for (const counter of PMEVCNTR) sys[counter] = 0n;
    if ((value & RESET_CYCLES) !== 0n) sys[PMCCNTR_EL0] = 0n;
    sys[index] = (sys[index] & ~PMCR_KEPT) | (value & PMCR_KEPT);
    return true;
  }
  if (index !== PMXEVTYPER_EL0 && index !== PMXEVCNTR_EL0) return false;
  const register = selected(cpu, index);
  if (register !== null) sys[register] = value & REGISTERS[register].writable;
  return true;
}
