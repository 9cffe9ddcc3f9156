// The feature sections that say what was recorded and on what machine (reference perf-data §1.3).

import { HEADER_CPUID, PERF_AUXTRACE } from '../../abi/perf-data.ts';
import {
  HEADER_ARCH,
  HEADER_AUXTRACE,
  HEADER_BUILD_ID,
  HEADER_CMDLINE,
  HEADER_CPU_TOPOLOGY,
  HEADER_CPUDESC,
  HEADER_EVENT_DESC,
  HEADER_HOSTNAME,
  HEADER_MEM_TOPOLOGY,
  HEADER_NRCPUS,
  HEADER_NUMA_TOPOLOGY,
  HEADER_OSRELEASE,
  HEADER_PMU_MAPPINGS,
  HEADER_TOTAL_MEM,
  HEADER_VERSION,
} from '../../abi/perf-data-features.ts';
import {
  PERF_HEADER_BUILD_ID,
  PERF_RECORD_MISC_BUILD_ID_SIZE,
  PERF_RECORD_MISC_KERNEL,
  PERF_RECORD_MISC_USER,
} from '../../abi/perf-data-records.ts';
import type { EventLayout } from './attributes.ts';
import { type Bytes, featureString, filledUp, joined, joinedAll, recordName, words32, words64, wordsOf64 } from './bytes.ts';
import type { PerfRecording, RecordedMachine } from './recording.ts';
import { perfRecord } from './records-out.ts';

export interface FeatureSection {
  readonly bit: number;
  readonly payload: Bytes;
}

/**
 * The sections by rising bit. `auxtraces`: file offsets of the AUXTRACE records, for the index that lets perf find them without reading
 * the data; a pipe has none.
 */
export function featuresOf(r: PerfRecording, events: readonly EventLayout[], auxtraces: readonly number[] | null): FeatureSection[] {
  const m = r.machine;
  const rows: (FeatureSection | null)[] = [
    r.buildIds.length === 0 ? null : { bit: HEADER_BUILD_ID, payload: buildIds(r) },
    { bit: HEADER_HOSTNAME, payload: featureString(m.hostname) },
    { bit: HEADER_OSRELEASE, payload: featureString(m.release) },
    { bit: HEADER_VERSION, payload: featureString(m.perfVersion) },
    { bit: HEADER_ARCH, payload: featureString('aarch64') },
    { bit: HEADER_NRCPUS, payload: words32(m.cpus.length, m.cpus.length) },
    { bit: HEADER_CPUDESC, payload: featureString(m.description) },
    { bit: HEADER_CPUID, payload: featureString(midrText(m)) },
    { bit: HEADER_TOTAL_MEM, payload: words64(m.nodes.reduce((sum, n) => sum + n.totalKiB, 0)) },
    { bit: HEADER_CMDLINE, payload: joined(words32(r.command.length), ...r.command.map(featureString)) },
    { bit: HEADER_EVENT_DESC, payload: eventDescriptions(events) },
    { bit: HEADER_CPU_TOPOLOGY, payload: cpuTopology(m) },
    { bit: HEADER_NUMA_TOPOLOGY, payload: numaTopology(m) },
    { bit: HEADER_PMU_MAPPINGS, payload: pmuMappings(m) },
    auxtraces === null ? null : { bit: HEADER_AUXTRACE, payload: auxtraceIndex(auxtraces) },
    { bit: HEADER_MEM_TOPOLOGY, payload: memoryTopology(m) },
  ];
  return rows.filter((row) => row !== null);
}

/** MIDR_EL1 of the first CPU that has an SPU, as perf's get_cpuid writes it. */
function midrText(m: RecordedMachine): string {
  const midr = (m.cpus.find((c) => c.pmuType !== null) ?? m.cpus[0])?.midr ?? 0n;
  return `0x${midr.toString(16).padStart(16, '0')}`;
}

function buildIds(r: PerfRecording): Bytes {
  return joined(
    ...r.buildIds.map(({ path, id, kernel }) => {
      const misc = PERF_RECORD_MISC_BUILD_ID_SIZE | (kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER);
      const bytes = [...id.subarray(0, 20)];
      const record = perfRecord(
        0,
        misc,
        PERF_HEADER_BUILD_ID,
        { pid: -1, build_id: bytes, build_id_size: bytes.length },
        filledUp(recordName(path, 4096), HEADER_NAME_ALIGN),
      );
      return record;
    }),
  );
}

/** perf fills the names of this section up to 64 bytes. */
const HEADER_NAME_ALIGN = 64;

export function eventDescriptions(events: readonly EventLayout[]): Bytes {
  return joinedAll([
    words32(events.length, events[0]?.attr.length ?? 0),
    ...events.map((e) => joined(e.attr, words32(e.ids.length), featureString(e.name), wordsOf64(e.ids))),
  ]);
}

/** CPUs by a key, as lists like `0-3,8`, in the order of their first CPU. */
function groups(m: RecordedMachine, key: (cpu: RecordedMachine['cpus'][number]) => string): string[] {
  const lists = new Map<string, number[]>();
  for (const cpu of m.cpus) {
    const list = lists.get(key(cpu));
    if (list === undefined) lists.set(key(cpu), [cpu.cpu]);
    else list.push(cpu.cpu);
  }
  return [...lists.values()].map(cpuList);
}

/** CPU numbers as the kernel lists them: `0-3,8`. */
export function cpuList(cpus: readonly number[]): string {
  const sorted = [...cpus].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (j + 1 < sorted.length && sorted[j + 1] === sorted[j] + 1) j++;
    parts.push(i === j ? `${sorted[i]}` : `${sorted[i]}-${sorted[j]}`);
    i = j + 1;
  }
  return parts.join(',');
}

/** Lists of sibling cores and threads, then core and socket of each CPU, then the dies. */
function cpuTopology(m: RecordedMachine): Bytes {
  const packages = groups(m, (c) => `${c.socket}`);
  const cores = groups(m, (c) => `${c.socket}/${c.core}`);
  const strings = (list: readonly string[]): Bytes => joined(words32(list.length), ...list.map(featureString));
  return joined(
    strings(packages),
    strings(cores),
    ...m.cpus.map((c) => words32(c.core, c.socket)),
    strings(packages),
    ...m.cpus.map(() => words32(0)),
  );
}

function numaTopology(m: RecordedMachine): Bytes {
  return joined(
    words32(m.nodes.length),
    ...m.nodes.map((n) =>
      joined(
        words32(n.node),
        words64(n.totalKiB, n.freeKiB),
        featureString(cpuList(m.cpus.filter((c) => c.node === n.node).map((c) => c.cpu))),
      ),
    ),
  );
}

function pmuMappings(m: RecordedMachine): Bytes {
  return joined(words32(m.pmus.length), ...m.pmus.map((p) => joined(words32(p.type), featureString(p.name))));
}

/** The size in the index is that of the record, not of what follows it (pitfall 2). */
export function auxtraceIndex(offsets: readonly number[]): Bytes {
  return joined(words64(offsets.length), wordsOf64(offsets.flatMap((offset) => [offset, PERF_AUXTRACE.size])));
}

/** Which physical memory each node has, a bit a block. */
function memoryTopology(m: RecordedMachine): Bytes {
  const bits = Math.max(1, ...m.memory.nodes.map((n) => n.first + n.count));
  return joined(
    words64(1, m.memory.blockSize, m.memory.nodes.length),
    ...m.memory.nodes.map((n) => {
      const map = new Uint8Array(Math.ceil(bits / 64) * 8);
      for (let bit = n.first; bit < n.first + n.count; bit++) map[bit >> 3] |= 1 << (bit & 7);
      return joined(words64(n.node, bits, bits), map);
    }),
  );
}
