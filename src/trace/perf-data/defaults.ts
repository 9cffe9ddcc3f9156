// A recording of buffers of which nothing but the bytes is known: a raw AUX file. The machine is then a plain one, as wide as the buffers.
import { SPE_CONFIG_PA_ENABLE } from '../../abi/perf-data-attributes.ts';
import { timeConversion } from './clock.ts';
import type { ReadAt } from './read-at.ts';
import { type PerfRecording, type RecordedEvent, type RecordedKernel, type RecordedMachine, wholeAux } from './recording.ts';

/** Neoverse N1 r3p1, whose record layout spesh writes itself and whose data sources perf knows. */
export const MIDR_NEOVERSE_N1 = 0x413fd0c1n;

/** A type that no PMU of an x86 machine has: perf shows the name of its own PMU of that number (pitfall 9). */
const UNUSED_PMU_TYPE = 4242;

/** Where the linear map and the kernel's text of an arm64 Linux with 48-bit addresses begin; samples above are the kernel's. */
const LINUX_ARM64_KERNEL: RecordedKernel = {
  start: 0xffff_8000_0800_0000n,
  length: 0x7fff_f7ff_ffffn,
  reference: 0xffff_8000_0800_0000n,
};

/** Blocks that cover the 52 bits of a physical address, so that every record's lies on the node: perf c2c complains of one that does not. */
const WHOLE_MEMORY = { blockSize: 1n << 40n, nodes: [{ node: 0, first: 0, count: 4096 }] };

/** A machine of `cpus` alike CPUs on one node, one SPE PMU over all. */
export function plainMachine(cpus: number, midr = MIDR_NEOVERSE_N1, pmuType = UNUSED_PMU_TYPE): RecordedMachine {
  return {
    hostname: 'spesh',
    release: '6.1.0',
    perfVersion: '6.1.0',
    description: 'ARMv8 Processor rev 1 (v8l)',
    cpus: Array.from({ length: cpus }, (_, cpu) => ({
      cpu,
      midr,
      core: cpu,
      socket: 0,
      node: 0,
      pmuType,
      minInterval: 0,
      eventFilter: 0n,
    })),
    nodes: [{ node: 0, totalKiB: 16 << 20, freeKiB: 8 << 20 }],
    memory: WHOLE_MEMORY,
    pmus: [
      { type: 1, name: 'software' },
      { type: pmuType, name: 'arm_spe_0' },
    ],
  };
}

/** `arm_spe_0/ts_enable=1,pa_enable=1/` of that PMU. */
export function plainEvent(pmuType = UNUSED_PMU_TYPE): RecordedEvent {
  return {
    name: 'arm_spe_0/ts_enable=1,pa_enable=1/',
    pmuType,
    config: 1n | SPE_CONFIG_PA_ENABLE,
    config1: 0n,
    config2: 0n,
    config3: 0n,
    period: 1024,
    excludeUser: false,
    excludeKernel: false,
  };
}

/** One stream of one buffer for each of `buffers`, CPU by CPU. `frequency`: of the counter, Hz; a nanosecond counter unless given. */
export function plainRecording(
  buffers: readonly ReadAt[],
  options: { readonly midr?: bigint; readonly frequency?: bigint; readonly metadata?: 1 | 2; readonly command?: readonly string[] } = {},
): PerfRecording {
  const cpus = Math.max(1, buffers.length);
  return {
    machine: plainMachine(cpus, options.midr),
    event: plainEvent(),
    command: options.command ?? ['perf', 'record', '-a', '-e', plainEvent().name],
    metadata: options.metadata ?? 1,
    clock: timeConversion(options.frequency ?? 1_000_000_000n),
    streams: { by: 'cpu', cpus: Array.from({ length: cpus }, (_, cpu) => cpu) },
    traced: [],
    kernel: LINUX_ARM64_KERNEL,
    sideBand: [],
    buffers: buffers.map((bytes, stream) => ({ stream, bytes, auxOffset: null, aux: wholeAux(bytes) })),
    buildIds: [],
  };
}
