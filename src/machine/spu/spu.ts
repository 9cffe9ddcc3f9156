// The SPU as the CPU drives it: is profiling on, how long until a sample, count operations, and hand in the operation that was sampled.
// There is room for one sample in flight (spe-architecture §4.2). Its record is written with the operation, which is always legal (§0, §4.11),
// but its place stays taken for as many operations of the population as its total latency has cycles: a CPU that issues one operation a cycle
// has executed that many when the sampled one is complete. An interval that ends within them is a collision: the sample is lost, COLL is set.
import { EL } from '../cpu/context.ts';
import type { Machine, Mounted, PhysicalCpu } from '../machine.ts';
import { countSampling, countsEvents } from '../pmu/event-counters.ts';
import { NOTHING_WRITTEN, type Written, writeToBuffer } from './buffer.ts';
import { profilingBufferEnabled, statisticalProfilingEnabled } from './enabled.ts';
import { countAgainstFilters, isFilteredOut, noteFilters } from './filter.ts';
import { advanceInterval, type IntervalCounter, NO_SAMPLE, operationsUntilSample } from './interval.ts';
import type { SampledOperation } from './operation.ts';
import { constructRecord } from './record.ts';
import { PMBLIMITR_EL1, PMBSR_COLL, PMBSR_EL1, PMSICR_EL1, PMSIRR_EL1, registerHalves } from './registers.ts';
import type { SpuState } from './state.ts';
import { unitOf } from './unit.ts';

/** Are the operations that this CPU executes now sampled? Changes with PMSCR_EL1, PMBLIMITR_EL1, PMBSR_EL1 and the Exception level. */
export function profilingEnabled(cpu: PhysicalCpu): boolean {
  return statisticalProfilingEnabled(cpu, cpu.context.core[EL]);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The counter in hand; valid until the next one is asked for. */
const counter: Writable<IntervalCounter> = { count: 0, secondary: 0, interval: 0, jitter: false, randomEnd: false, random: 0 };

function intervalCounter(m: Machine, cpu: PhysicalCpu, spu: SpuState): IntervalCounter {
  const h = registerHalves(cpu);
  const reload = h[PMSIRR_EL1 * 2];
  counter.count = h[PMSICR_EL1 * 2] >>> 0;
  counter.secondary = h[PMSICR_EL1 * 2 + 1] >>> 24;
  counter.interval = (reload & ~255) >>> 0;
  counter.jitter = (reload & 1) !== 0;
  counter.randomEnd = unitOf(spu.device).randomEnd;
  counter.random = m.random;
  return counter;
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
 * effect. Advances PMSICR_EL1, the seed's generator (jitter) and SAMPLE_POP. All were executed at the Exception level of now.
 */
export function countOperations(m: Machine, cpu: PhysicalCpu, n: number): void {
  if (cpu.spu === null || n === 0) return;
  const c = intervalCounter(m, cpu, cpu.spu);
  advanceInterval(c, n);
  const h = registerHalves(cpu);
  h[PMSICR_EL1 * 2] = c.count;
  h[PMSICR_EL1 * 2 + 1] = c.secondary << 24;
  m.random = c.random;
  const { counts } = cpu.spu;
  const before = countsEvents(cpu) ? { ...counts } : null;
  counts.SAMPLE_POP += n;
  if (before !== null) countSampling(cpu, before, counts, cpu.context.core[EL]);
}

/** PMBLIMITR_EL1.FM = 10, SPEv1p2: filter and count, write nothing. */
function isDiscardMode(cpu: PhysicalCpu, spu: SpuState): boolean {
  return unitOf(spu.device).discard && (registerHalves(cpu)[PMBLIMITR_EL1 * 2] & 6) === 4;
}

/** The interval ended while another sample is in flight: COLL, no stop, no interrupt. */
function collide(m: Mounted, cpu: PhysicalCpu, spu: SpuState): void {
  spu.counts.SAMPLE_COLLISION += 1;
  const sys = cpu.context.sys;
  if ((sys[PMBSR_EL1] & PMBSR_COLL) !== 0n) return;
  sys[PMBSR_EL1] |= PMBSR_COLL;
  const left = spu.sampleUntil - spu.counts.SAMPLE_POP;
  const why = `the interval ended ${left} operations before the sample in flight was complete`;
  spu.notices.push({ kind: 'spe.collision', tick: m.machine.tick, why });
}

/**
 * Finishes the sample of one executed operation, and counts it, in the PMU too: filters, builds the record, writes it to the buffer.
 * `recordWritten`: it is in the buffer whole (and in `spu.completed`). `bufferEvent`: PMBSR_EL1.S is now set, profiling has stopped, and
 * the host's PMBIRQ line is high. An operation that itself disabled the buffer loses its record; one that collides is no sample.
 */
export function sampleOperation(m: Mounted, cpu: PhysicalCpu, op: SampledOperation): Written {
  const spu = cpu.spu;
  if (spu === null || !profilingBufferEnabled(cpu)) return NOTHING_WRITTEN;
  const before = countsEvents(cpu) ? { ...spu.counts } : null;
  const written = finishSample(m, cpu, spu, op);
  if (before !== null) countSampling(cpu, before, spu.counts, op.el);
  return written;
}

function finishSample(m: Mounted, cpu: PhysicalCpu, spu: SpuState, op: SampledOperation): Written {
  const now = spu.counts.SAMPLE_POP;
  if (now < spu.sampleUntil) {
    collide(m, cpu, spu);
    return NOTHING_WRITTEN;
  }
  spu.sampleUntil = now + op.totalLatency;
  spu.counts.SAMPLE_FEED += 1;
  noteFilters(cpu, spu, m.machine.tick);
  countAgainstFilters(cpu, spu, op);
  if (isFilteredOut(cpu, spu, op)) return NOTHING_WRITTEN;
  spu.counts.SAMPLE_FILTRATE += 1;
  if (isDiscardMode(cpu, spu)) return NOTHING_WRITTEN;
  return writeToBuffer(m, cpu, spu, constructRecord(m, cpu, spu, op), op);
}
