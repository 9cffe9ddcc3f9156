// Where the units of some CPUs stand, for people: is profiling on, the interval counter, the sample in flight (language.md §3, `spu`).
import { PMSICR_EL1 } from '../../machine/spu/registers.ts';
import { operationsToSample, profilingEnabled } from '../../machine/spu/spu.ts';
import { vcpuName } from '../call-state.ts';
import { hasCpu } from '../cpu-list.ts';

import type { MountedWorld } from '../world.ts';
import { loadedOn } from '../world-switch.ts';

export interface CpuUnitView {
  readonly cpu: number;
  /** The vCPU whose registers are on the CPU. */
  readonly vcpu: string;
  /** Operations are sampled now, at the Exception level where the CPU is. */
  readonly profiling: boolean;
  /** PMSICR_EL1. */
  readonly counter: bigint;
  /** Operations until the sampled one, that one included; null: profiling is off, or none within 2^31. */
  readonly untilSample: number | null;
  /** Operations until the sample in flight is complete; 0: none is in flight. */
  readonly inFlight: number;
}

const NEVER = 0x7fff_ffff;

/** The units of those of `cpus` (bits) that a vCPU is loaded on. Changes nothing: asking draws no random number. */
export function unitsInUse(mw: MountedWorld, cpus: bigint): readonly CpuUnitView[] {
  const { machine, kernel } = mw.world;
  return machine.cpus.flatMap((cpu): CpuUnitView[] => {
    const loaded = loadedOn(mw, cpu.number);
    if (cpu.spu === null || loaded === undefined || !hasCpu(cpus, cpu.number)) return [];
    const profiling = cpu.inGuest && profilingEnabled(cpu);
    const untilSample = profiling ? operationsToSample(machine, cpu) : NEVER;
    return [
      {
        cpu: cpu.number,
        vcpu: vcpuName(kernel.vms[loaded.vm], loaded.vcpu),
        profiling,
        counter: cpu.context.sys[PMSICR_EL1],
        untilSample: untilSample === NEVER ? null : untilSample,
        inFlight: Math.max(0, cpu.spu.sampleUntil - cpu.spu.counts.SAMPLE_POP),
      },
    ];
  });
}
