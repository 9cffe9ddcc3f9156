// The SPU as the CPU drives it: is profiling on, how long until a sample, count operations, and hand in the operation that was sampled.
// One sample is in flight at a time and is finished before the next operation, which is always legal (spe-architecture §0, §4.11).
import { EL } from '../cpu/context.ts';
import type { Machine, Mounted, PhysicalCpu } from '../machine.ts';
import { writeToBuffer } from './buffer.ts';
import { profilingBufferEnabled, statisticalProfilingEnabled } from './enabled.ts';
import { countAgainstFilters, isFilteredOut } from './filter.ts';
import { advanceInterval, type IntervalCounter, NO_SAMPLE, operationsUntilSample } from './interval.ts';
import type { SampledOperation } from './operation.ts';
import { constructRecord } from './record.ts';
import { hasRandomEnd, PMBLIMITR_EL1, PMSICR_EL1, PMSIRR_EL1 } from './registers.ts';
import type { SpuState } from './state.ts';

/** Are the operations that this CPU executes now sampled? Changes with PMSCR_EL1, PMBLIMITR_EL1, PMBSR_EL1 and the Exception level. */
export function profilingEnabled(cpu: PhysicalCpu): boolean {
  return statisticalProfilingEnabled(cpu, cpu.context.core[EL]);
}

function intervalCounter(m: Machine, cpu: PhysicalCpu, spu: SpuState): IntervalCounter {
  const counter = cpu.context.sys[PMSICR_EL1];
  const reload = Number(cpu.context.sys[PMSIRR_EL1]);
  return {
    count: Number(counter & 0xffff_ffffn),
    secondary: Number(counter >> 56n),
    interval: Math.floor(reload / 256) * 256,
    jitter: (reload & 1) !== 0,
    randomEnd: hasRandomEnd(spu.device) !== 0,
    random: m.random,
  };
}

/**
 * How many operations until one is sampled, that one included: 1 = the next. Asks, changes nothing; `NO_SAMPLE` (2^31 - 1) = none within
 * that many. Meant for a CPU whose profiling is enabled; ask again after counting, after MSR and after anything that changes who is profiled.
 */
export function operationsToSample(m: Machine, cpu: PhysicalCpu): number {
  return cpu.spu === null ? NO_SAMPLE : operationsUntilSample(intervalCounter(m, cpu, cpu.spu));
}

/**
 * Counts `n` operations of the sampling population that were executed while profiling was enabled. At most `operationsToSample`: when it is
 * as many, the last one is the sampled one, and it is counted here, not again in `sampleOperation`. An MSR is counted before it takes
 * effect. Advances PMSICR_EL1, the seed's generator (jitter) and SAMPLE_POP.
 */
export function countOperations(m: Machine, cpu: PhysicalCpu, n: number): void {
  if (cpu.spu === null || n === 0) return;
  const counter = intervalCounter(m, cpu, cpu.spu);
  advanceInterval(counter, n);
  cpu.context.sys[PMSICR_EL1] = (BigInt(counter.secondary) << 56n) | BigInt(counter.count);
  m.random = counter.random;
  cpu.spu.counts.SAMPLE_POP += n;
}

/** PMBLIMITR_EL1.FM = 10, SPEv1p2: filter and count, write nothing. */
function isDiscardMode(cpu: PhysicalCpu, spu: SpuState): boolean {
  return spu.device.pmsver >= 3 && (cpu.context.sys[PMBLIMITR_EL1] & 6n) === 4n;
}

/**
 * Finishes the sample of one executed operation: filters, builds the record, writes it to the buffer. `recordWritten`: it is in the buffer
 * whole (and in `spu.completed`). `bufferEvent`: PMBSR_EL1.S is now set, profiling has stopped, and the host's PMBIRQ line is high.
 * An operation that itself disabled the buffer loses its record.
 */
export function sampleOperation(m: Mounted, cpu: PhysicalCpu, op: SampledOperation): { recordWritten: boolean; bufferEvent: boolean } {
  const spu = cpu.spu;
  if (spu === null || !profilingBufferEnabled(cpu)) return { recordWritten: false, bufferEvent: false };
  spu.counts.SAMPLE_FEED += 1;
  countAgainstFilters(cpu, spu, op);
  if (isFilteredOut(cpu, spu, op)) return { recordWritten: false, bufferEvent: false };
  spu.counts.SAMPLE_FILTRATE += 1;
  if (isDiscardMode(cpu, spu)) return { recordWritten: false, bufferEvent: false };
  return writeToBuffer(m, cpu, spu, constructRecord(m, cpu, spu, op), op);
}
