// How the host's SPE driver probes a unit: what makes it give up, in its order, with what it prints (spe-architecture §6.5, §6.6).
import { COUNT_SIZES, INTERVALS, release } from '../../abi/spe-sysfs.ts';
import { SPE_V1P2 } from '../../arch/spe/features.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { allCpus, cpuListText, lowestCpu } from '../cpu-list.ts';
import type { Host, SpuDevice } from '../host.ts';

const idField = (register: string, name: string): ((word: bigint) => number) => {
  const f = fieldAccess(register, name);
  return (word) => Number(f.get(word));
};
const owned = idField('PMBIDR_EL1', 'P');
const align = idField('PMBIDR_EL1', 'Align');
const maxSize = idField('PMSIDR_EL1', 'MaxSize');
const interval = idField('PMSIDR_EL1', 'Interval');
const countSize = idField('PMSIDR_EL1', 'CountSize');
const eft = idField('PMSIDR_EL1', 'EFT');
const fds = idField('PMSIDR_EL1', 'FDS');

/** The PPIs, by INTID. */
const isPpi = (intid: number): boolean => intid >= 16 && intid < 32;
/** The largest alignment and the sizes of records that the driver takes, log2 bytes. */
const MAX_ALIGN = 11;
const SIZES = { least: 4, most: 11 };

interface Failure {
  readonly errno: string;
  /** What it prints; null: nothing. */
  readonly line: string | null;
}

/** Why the driver gives a unit up; null: it does not. */
function failure(host: Host, spu: SpuDevice): Failure | null {
  const fails = (errno: string, line: string | null = null): Failure => ({ errno, line });
  const cpu = lowestCpu(spu.cpus);
  if (host.kernel.kpti) return fails('EPERM', 'profiling buffer inaccessible. Try passing "kpti=off" on the kernel command line');
  if (spu.interrupt === 0) return fails('ENXIO');
  if (!isPpi(spu.interrupt)) return fails('EINVAL', `expected PPI but got SPI (${spu.interrupt})`);
  if (spu.pmsver === 0) return fails('ENXIO', `unsupported ID_AA64DFR0_EL1.PMSVer [0] on CPU ${cpu}`);
  if (owned(spu.pmbidr) === 1) return fails('ENXIO', 'profiling buffer owned by higher exception level');
  if (align(spu.pmbidr) > MAX_ALIGN) return fails('ENXIO', `unsupported PMBIDR.Align [${align(spu.pmbidr)}] on CPU ${cpu}`);
  const size = maxSize(spu.pmsidr);
  if (size < SIZES.least || size > SIZES.most) return fails('ENXIO', `unsupported PMSIDR_EL1.MaxSize [${size}] on CPU ${cpu}`);
  return null;
}

/** The driver's feature word as it prints it: bits that its kernel does not know are not there. */
function features(host: Host, spu: SpuDevice): number {
  const since = (version: string): boolean => release(host.kernel.version) >= release(version);
  // PMSIDR bits FE, FT, FL, ArchInst, LDS, ERnd, FnE stand in the driver's order already.
  let word = Number(spu.pmsidr & 0x7fn);
  if (since('6.14') && spu.pmsver >= SPE_V1P2) word |= 0x80;
  if (since('6.18') && eft(spu.pmsidr) === 1) word |= 0x100;
  if (since('6.19') && fds(spu.pmsidr) === 1) word |= 0x200;
  return word;
}

/**
 * The platform device that the driver binds to, which its lines name: ACPI has one for the whole machine, so that it can only tell of a unit that
 * all CPUs have; otherwise it is a node of the devicetree.
 */
function platformDevice(host: Host, spu: SpuDevice): string {
  if (host.spus.length === 1) return spu.cpus === allCpus(host.cpus) ? 'arm,spe-v1' : 'spe-pmu';
  return `spe-pmu-${host.spus.indexOf(spu)}`;
}

export interface Probe {
  /** Name of the errno that probing ended with; null: the unit is there. */
  readonly errno: string | null;
  readonly lines: readonly string[];
}

/** Probes one unit. */
export function probeUnit(host: Host, spu: SpuDevice): Probe {
  const failed = failure(host, spu);
  const prefix = `arm_spe_pmu ${platformDevice(host, spu)}`;
  if (failed !== null) return { errno: failed.errno, lines: failed.line === null ? [] : [`${prefix}: ${failed.line}`] };
  const lines: string[] = [];
  if (INTERVALS[interval(spu.pmsidr)] === undefined) lines.push(`unknown PMSIDR_EL1.Interval [${interval(spu.pmsidr)}]; assuming 8`);
  if (COUNT_SIZES[countSize(spu.pmsidr)] === undefined) lines.push(`unknown PMSIDR_EL1.CountSize [${countSize(spu.pmsidr)}]; assuming 2`);
  const sizes = `max_record_sz ${1 << maxSize(spu.pmsidr)}, align ${1 << align(spu.pmbidr)}, features 0x${features(host, spu).toString(16)}`;
  lines.push(`probed SPEv1.${spu.pmsver - 1} for CPUs ${cpuListText(spu.cpus)} [${sizes}]`);
  return { errno: null, lines: lines.map((line) => `${prefix}: ${line}`) };
}

/** What probing prints on a host. The KPTI warning comes once. */
export function probeLog(host: Host): readonly string[] {
  const units = host.kernel.kpti ? host.spus.slice(0, 1) : host.spus;
  return units.flatMap((spu) => probeUnit(host, spu).lines);
}
