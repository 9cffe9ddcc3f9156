// Which samples are recorded: Arm ARM D17.6-D17.7, spe-architecture §4.5. Every enabled filter must pass. Settings that select nothing are
// CONSTRAINED UNPREDICTABLE: here the filter behaves as off, and a notice says so once.
import { fieldAccess } from '../../arch/sysreg/table.ts';
import type { PhysicalCpu } from '../machine.ts';
import type { SampledOperation } from './operation.ts';
import { PMSDSFR_EL1, PMSEVFR_EL1, PMSFCR_EL1, PMSLATFR_EL1, PMSNEVFR_EL1, registerHalves } from './registers.ts';
import type { SpuState } from './state.ts';
import { type Unit, unitOf } from './unit.ts';

/** SampledOperation.types: B, LD, ST, FP, SIMD in the order of PMSFCR_EL1 bits 20:16. */
export const TYPE_BRANCH = 1;
export const TYPE_LOAD = 2;
export const TYPE_STORE = 4;
export const TYPE_FP = 8;
export const TYPE_SIMD = 16;
const TYPES = 31;

const enable = (name: string): number => Number(fieldAccess('PMSFCR_EL1', name).mask);
const FE = enable('FE');
const FT = enable('FT');
const FL = enable('FL');
const FNE = enable('FnE');
const FDS = enable('FDS');
/** Where the type flags stand in PMSFCR_EL1's low half, and the mask bits in its high half. */
const TYPE_SHIFT = 16;

// The filter registers' halves in `registerHalves`.
const CONTROL = PMSFCR_EL1 * 2;
const CONTROL_HIGH = CONTROL + 1;
const SELECTED = PMSEVFR_EL1 * 2;
const REJECTED = PMSNEVFR_EL1 * 2;
const LATENCY = PMSLATFR_EL1 * 2;
const SOURCES = PMSDSFR_EL1 * 2;

function passesTypes(wanted: number, exact: number, types: number): boolean {
  const any = wanted & ~exact;
  if (any !== 0 && (types & any) === 0) return false;
  return (types & exact) === (wanted & exact);
}

const wantedTypes = (h: Int32Array): number => (h[CONTROL] >>> TYPE_SHIFT) & TYPES;
const exactTypes = (unit: Unit, h: Int32Array): number => (unit.typeMasks ? (h[CONTROL_HIGH] >>> TYPE_SHIFT) & TYPES : 0);

/** PMSDSFR_EL1 selects a data source: only its bits 5:0 count. */
const selectsSource = (h: Int32Array, source: number): boolean => ((h[SOURCES + ((source >> 5) & 1)] >>> (source & 31)) & 1) !== 0;

/** A load, or an atomic that returns a value, with a data source. */
const hasSource = (op: SampledOperation): boolean => (op.types & TYPE_LOAD) !== 0 && op.source >= 0;

/** The sampled operation fails an enabled filter. */
export function isFilteredOut(cpu: PhysicalCpu, spu: SpuState, op: SampledOperation): boolean {
  const h = registerHalves(cpu);
  const control = h[CONTROL];
  if ((control & (FE | FNE | FL | FDS | FT)) === 0) return false;
  const unit = unitOf(spu.device);
  const events = op.events & unit.filterable;
  const all = h[SELECTED] & unit.filterable;
  if ((control & FE) !== 0 && (events & all) !== all) return true;
  if ((control & FNE) !== 0 && (events & h[REJECTED]) !== 0) return true;
  if ((control & FL) !== 0 && op.totalLatency < h[LATENCY]) return true;
  if ((control & FDS) !== 0 && hasSource(op) && !selectsSource(h, op.source)) return true;
  return (control & FT) !== 0 && !passesTypes(wantedTypes(h), exactTypes(unit, h), op.types);
}

/** Why an enabled filter's setting is CONSTRAINED UNPREDICTABLE, one sentence each (spe-architecture §4.5). */
export function degenerateFilters(cpu: PhysicalCpu, spu: SpuState): readonly string[] {
  const h = registerHalves(cpu);
  const unit = unitOf(spu.device);
  const control = h[CONTROL];
  const why: string[] = [];
  if ((control & FE) !== 0 && (h[SELECTED] & unit.filterable) === 0) {
    why.push('PMSFCR_EL1.FE is 1 and PMSEVFR_EL1 selects no event: the event filter behaves as off');
  }
  if ((control & FNE) !== 0 && (h[REJECTED] & unit.filterable) === 0) {
    why.push('PMSFCR_EL1.FnE is 1 and PMSNEVFR_EL1 selects no event: the inverted event filter behaves as off');
  }
  if ((control & FL) !== 0 && h[LATENCY] === 0) {
    why.push('PMSFCR_EL1.FL is 1 and PMSLATFR_EL1.MINLAT is 0: the latency filter behaves as off');
  }
  if ((control & FT) !== 0 && !unit.typeMasks && wantedTypes(h) === 0) {
    why.push('PMSFCR_EL1.FT is 1 and B, LD and ST are 0: the type filter behaves as off');
  }
  if ((control & FE) !== 0 && (control & FNE) !== 0 && (h[SELECTED] & h[REJECTED] & unit.filterable) !== 0) {
    why.push('PMSEVFR_EL1 and PMSNEVFR_EL1 select the same event: no sample passes both filters');
  }
  return why;
}

const mixed = (a: number, b: number): number => (Math.imul(a, 0x01000193) ^ b) | 0;

/** The notices of settings that select nothing, when the filter registers changed since they were last looked at. */
export function noteFilters(cpu: PhysicalCpu, spu: SpuState, tick: number): void {
  const h = registerHalves(cpu);
  const seen = mixed(mixed(mixed(h[CONTROL], h[SELECTED]), h[REJECTED]), h[LATENCY]);
  if (seen === spu.filtersSeen) return;
  spu.filtersSeen = seen;
  for (const why of degenerateFilters(cpu, spu)) spu.notices.push({ kind: 'spe.filter', tick, why });
}

/** The SAMPLE_FEED_* events: counted from the filters' values, enabled or not (spe-architecture §2.2). */
export function countAgainstFilters(cpu: PhysicalCpu, spu: SpuState, op: SampledOperation): void {
  const unit = unitOf(spu.device);
  if (!unit.feedEvents) return;
  const h = registerHalves(cpu);
  const counts = spu.counts;
  if ((op.types & TYPE_BRANCH) !== 0) counts.SAMPLE_FEED_BR += 1;
  if ((op.types & TYPE_LOAD) !== 0) counts.SAMPLE_FEED_LD += 1;
  if ((op.types & TYPE_STORE) !== 0) counts.SAMPLE_FEED_ST += 1;
  if (unit.typeMasks && (op.types & TYPE_FP) !== 0) counts.SAMPLE_FEED_FP += 1;
  if (unit.typeMasks && (op.types & TYPE_SIMD) !== 0) counts.SAMPLE_FEED_SIMD += 1;
  const wanted = wantedTypes(h);
  const exact = exactTypes(unit, h);
  if ((wanted | exact) !== 0 && passesTypes(wanted, exact, op.types)) counts.SAMPLE_FEED_OP += 1;
  const events = op.events & unit.filterable;
  const all = h[SELECTED] & unit.filterable;
  if ((events & all) === all && (events & h[REJECTED]) === 0) counts.SAMPLE_FEED_EVENT += 1;
  if (op.totalLatency >= h[LATENCY]) counts.SAMPLE_FEED_LAT += 1;
  if (unit.sourceFilter && hasSource(op) && selectsSource(h, op.source)) counts.SAMPLE_FEED_DS += 1;
}
