// A machine of one CPU with an SPU, its buffer memory mapped flat: IPA and VA 0x10000-0x13fff, stage 1 off.
import { mountCode } from '../../../src/machine/cpu/code.ts';
import { EL, newContext, setSys } from '../../../src/machine/cpu/context.ts';
import { newVirtualInterface } from '../../../src/machine/gic/interface.ts';
import type { Machine, Mounted, PhysicalCpu } from '../../../src/machine/machine.ts';
import { allocateFrames, mountMemory, newHostMemory } from '../../../src/machine/memory.ts';
import type { Written } from '../../../src/machine/spu/buffer.ts';
import type { SampledOperation } from '../../../src/machine/spu/operation.ts';
import { sampleOperation } from '../../../src/machine/spu/spu.ts';
import { finishSamples, newSpuState, type SpuDescription, type SpuState } from '../../../src/machine/spu/state.ts';

/** The unit of spe-architecture §0: Neoverse N1-like. */
export const N1_LIKE: SpuDescription = { pmsver: 2, pmsidr: 0x26417n, pmbidr: 0x26n, layout: 'n1-slots' };

export interface OneCpu {
  readonly m: Mounted;
  readonly cpu: PhysicalCpu;
  readonly spu: SpuState;
  /** Host physical address of IPA 0x10000. */
  readonly pa: number;
}

/** Registers by name over: EL1 owns the buffer 0x10000-0x12000, samples EL1 and EL0, with timestamps. */
export function aCpu(device: Partial<SpuDescription> = {}, registers: Record<string, bigint> = {}): OneCpu {
  const memory = newHostMemory();
  const machine: Machine = { tick: 1000, random: 1, cpus: [], memory };
  const m: Mounted = { machine, memory: mountMemory(memory), code: mountCode() };
  const pa = allocateFrames(m.memory, 4) * 4096;
  const spu = newSpuState({ ...N1_LIKE, ...device });
  const cpu: PhysicalCpu = {
    number: 0,
    context: newContext(),
    inGuest: true,
    stage2: [{ ipa: 0x10000, size: 0x4000, pa, writable: true }],
    trap: { ec: 0, iss: 0, far: 0n, ipa: 0 },
    tlb: null,
    timing: null,
    spu,
    ich: newVirtualInterface(),
    hostLines: 0,
  };
  machine.cpus.push(cpu);
  cpu.context.core[EL] = 1;
  const start = {
    MDCR_EL2: 3n << 12n,
    ID_AA64MMFR0_EL1: 2n,
    SCTLR_EL1: 0n,
    PMBPTR_EL1: 0x10000n,
    PMBLIMITR_EL1: 0x12001n,
    PMSCR_EL1: 0x23n,
    PMSCR_EL2: 0n,
    ...registers,
  };
  for (const [name, value] of Object.entries(start)) setSys(cpu.context, name, value);
  return { m, cpu, spu, pa };
}

/** A load that hit L1, as R1 of spe-architecture §1.14 records it; fields over. */
export function aLoad(over: Partial<SampledOperation> = {}): SampledOperation {
  return {
    tick: 7,
    pc: 0xffffba66eda1c2d0n,
    el: 1,
    context: 0x11,
    word: 0xf9400000,
    class: 1,
    subclass: 0,
    types: 2,
    events: 0x16,
    issueLatency: 4,
    totalLatency: 12,
    translationLatency: 1,
    va: 0xffff0e3703096b28n,
    pa: 0x803096b28,
    source: 0,
    target: null,
    targetEl: 1,
    taken: false,
    ...over,
  };
}

/** Samples an operation when none is in flight any more. */
export function sampleAlone(c: OneCpu, op: SampledOperation = aLoad()): Written {
  finishSamples(c.spu);
  return sampleOperation(c.m, c.cpu, op);
}
