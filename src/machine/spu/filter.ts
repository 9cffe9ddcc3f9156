// Which samples are recorded: Arm ARM D17.6-D17.7, spe-architecture §4.5. Every enabled filter must pass.
import { fieldAccess } from '../../arch/sysreg/table.ts';
import type { PhysicalCpu } from '../machine.ts';
import type { SampledOperation } from './operation.ts';
import { filterableEvents, hasTypeMasks, PMSDSFR_EL1, PMSEVFR_EL1, PMSFCR_EL1, PMSLATFR_EL1, PMSNEVFR_EL1 } from './registers.ts';
import type { SpuState } from './state.ts';

/** SampledOperation.types: B, LD, ST, FP, SIMD in the order of PMSFCR_EL1 bits 20:16. */
export const TYPE_BRANCH = 1;
export const TYPE_LOAD = 2;
export const TYPE_STORE = 4;
export const TYPE_FP = 8;
export const TYPE_SIMD = 16;

const enable = (name: string): bigint => fieldAccess('PMSFCR_EL1', name).mask;
const FE = enable('FE');
const FT = enable('FT');
const FL = enable('FL');
const FNE = enable('FnE');
const FDS = enable('FDS');

function passesTypes(control: bigint, masks: boolean, types: number): boolean {
  const wanted = Number((control >> 16n) & 31n);
  const exact = masks ? Number((control >> 48n) & 31n) : 0;
  const any = wanted & ~exact;
  if (any !== 0 && (types & any) === 0) return false;
  return (types & exact) === (wanted & exact);
}

/** The sampled operation fails an enabled filter. Settings that select nothing (PMSEVFR 0, MINLAT 0, no type) behave as off. */
export function isFilteredOut(cpu: PhysicalCpu, spu: SpuState, op: SampledOperation): boolean {
  const sys = cpu.context.sys;
  const control = sys[PMSFCR_EL1];
  if ((control & (FE | FNE)) !== 0n) {
    const mask = filterableEvents(spu.device);
    const events = BigInt(op.events >>> 0) & mask;
    const all = sys[PMSEVFR_EL1] & mask;
    if ((control & FE) !== 0n && (events & all) !== all) return true;
    if ((control & FNE) !== 0n && (events & sys[PMSNEVFR_EL1] & mask) !== 0n) return true;
  }
  if ((control & FL) !== 0n && op.totalLatency < Number(sys[PMSLATFR_EL1])) return true;
  if ((control & FDS) !== 0n && (op.types & TYPE_LOAD) !== 0 && op.source >= 0) {
    if (((sys[PMSDSFR_EL1] >> BigInt(op.source & 63)) & 1n) === 0n) return true;
  }
  return (control & FT) !== 0n && !passesTypes(control, hasTypeMasks(spu.device) !== 0, op.types);
}

/** The SAMPLE_FEED_* events: counted from the filters' values, enabled or not (spe-architecture §2.2). */
export function countAgainstFilters(cpu: PhysicalCpu, spu: SpuState, op: SampledOperation): void {
  const sys = cpu.context.sys;
  const counts = spu.counts;
  const control = sys[PMSFCR_EL1];
  if ((op.types & TYPE_BRANCH) !== 0) counts.SAMPLE_FEED_BR += 1;
  if ((op.types & TYPE_LOAD) !== 0) counts.SAMPLE_FEED_LD += 1;
  if ((op.types & TYPE_STORE) !== 0) counts.SAMPLE_FEED_ST += 1;
  const masks = hasTypeMasks(spu.device) !== 0;
  const anyControl = ((control >> 16n) & 31n) !== 0n || (masks && ((control >> 48n) & 31n) !== 0n);
  if (anyControl && passesTypes(control, masks, op.types)) counts.SAMPLE_FEED_OP += 1;
  const mask = filterableEvents(spu.device);
  const events = BigInt(op.events >>> 0) & mask;
  const all = sys[PMSEVFR_EL1] & mask;
  if ((events & all) === all && (events & sys[PMSNEVFR_EL1]) === 0n) counts.SAMPLE_FEED_EVENT += 1;
  if (op.totalLatency >= Number(sys[PMSLATFR_EL1])) counts.SAMPLE_FEED_LAT += 1;
}
