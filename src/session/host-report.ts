// A host as data: CPUs and the units that serve them, and what its kernel is.
import { hex } from '../base/hex.ts';
import { speUnavailable } from '../kernel/capability.ts';
import { cpuListText, hasCpu } from '../kernel/cpu-list.ts';
import type { Host } from '../kernel/host.ts';
import { fillKnobs } from '../kernel/knobs.ts';

export interface Cluster {
  readonly cpus: string;
  readonly spu: string | null;
  readonly pmu: string | null;
}

/** CPUs that have the same SPU and the same PMU, by the lowest of them. */
function clusters(host: Host): Cluster[] {
  const groups = new Map<string, { cpus: bigint; spu: string | null; pmu: string | null }>();
  for (let cpu = 0; cpu < host.cpus; cpu++) {
    const spu = host.spus.find((u) => hasCpu(u.cpus, cpu))?.name ?? null;
    const pmu = host.pmus.find((u) => hasCpu(u.cpus, cpu))?.name ?? null;
    const group = groups.get(`${spu} ${pmu}`) ?? { cpus: 0n, spu, pmu };
    group.cpus |= 1n << BigInt(cpu);
    groups.set(`${spu} ${pmu}`, group);
  }
  return [...groups.values()].map((g) => ({ ...g, cpus: cpuListText(g.cpus) }));
}

const spuData = (spu: Host['spus'][number]) => ({
  name: spu.name,
  type: spu.type,
  cpus: cpuListText(spu.cpus),
  pmsver: spu.pmsver,
  pmsidr: hex(spu.pmsidr),
  pmbidr: hex(spu.pmbidr),
});

/** Knobs whose value is not the default of the kernel revision. */
export function ownKnobs(host: Host): Readonly<Record<string, string | number | boolean>> {
  const standard = fillKnobs(host.kernel.revision, {});
  return Object.fromEntries(Object.entries(host.knobs).filter(([name, value]) => standard[name] !== value));
}

/** The kernel's profile: what decides which checks there are. */
export function kernelData(host: Host) {
  return { ...host.kernel, spe: speUnavailable(host) === null, unavailable: speUnavailable(host), knobs: ownKnobs(host) };
}
export type KernelData = ReturnType<typeof kernelData>;

/** The host: CPUs, clusters, SPUs, PMUs, kernel. */
export function hostData(host: Host) {
  return {
    name: host.name,
    about: host.about,
    cpus: host.cpus,
    midr: hex(host.midr),
    cntfrq: host.cntfrq,
    clusters: clusters(host),
    spus: host.spus.map(spuData),
    pmus: host.pmus.map((pmu) => ({ name: pmu.name, type: pmu.type, cpus: cpuListText(pmu.cpus) })),
    features: host.features,
    kernel: kernelData(host),
  };
}
export type HostData = ReturnType<typeof hostData>;
