// Records that an SPU completed since they were last drained: the session moves them to its log, so that none stay in the world.
import type { SampledOperation } from '../machine/spu/operation.ts';
import type { MountedWorld } from './world.ts';

export interface DrainedRecord {
  readonly cpu: number;
  /** Guest virtual address of the record's first byte. */
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly truth: SampledOperation;
}

/** Takes the records that the SPU of the vCPU's physical CPU completed, oldest first. */
export function drainRecords(mw: MountedWorld, vm: number, vcpu: number): readonly DrainedRecord[] {
  const cpu = mw.world.kernel.vms[vm].vcpus[vcpu].thread.cpu;
  const spu = mw.world.machine.cpus[cpu].spu;
  if (spu === null || spu.completed.length === 0) return [];
  return spu.completed.splice(0).map((record) => ({ cpu, ...record }));
}
