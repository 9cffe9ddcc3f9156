// A copied sysfs tree as a host: what its files say of CPUs, SPUs and CPU PMUs (spe-architecture §6.1-6.4), and for all else what a host of
// the project has. Every value is a fact with its source, so that the fixture can say which is which.
import { err, ok, Result } from 'neverthrow';
import { CPU_NAME, CPU_PMU_NAME, NODE_NAME, SPU_NAME } from '../abi/sysfs-tree.ts';
import type { TreeEntry } from '../base/tree-bytes.ts';
import { allCpus, cpuListText, lowestCpu, parseCpuList } from './cpu-list.ts';
import type { CpuPmuDevice, Host, SpuDevice } from './host.ts';
import { kernelOf, spuOf } from './host-import-spu.ts';
import { filesOf, hexValue, type ImportFact, type TreeFault, type TreeFiles } from './sysfs-files.ts';

export interface ImportedHost {
  readonly host: Host;
  /** The name of the host that gave the defaults. */
  readonly base: string;
  readonly facts: readonly ImportFact[];
  /** What the tree says and this host cannot have, in sentences. */
  readonly notes: readonly string[];
}

/** The most CPUs that a fixture may have. */
const MOST_CPUS = 512;
/** perf's type numbers of devices begin here. */
const FIRST_TYPE = 6;
const cpuList = (text: string): bigint | null => (text === '' ? null : parseCpuList(text));
const CPU_LIST = 'a CPU list such as 0-3,8';
const typeNumber = (text: string): number | null => (/^\d{1,9}$/.test(text) && Number(text) >= FIRST_TYPE ? Number(text) : null);
const TYPE = `a perf type, a number from ${FIRST_TYPE} on`;

/** Directories of devices with such a name, by device: of one that the tree holds twice, the one that is no copy of a link. */
function devices(
  entries: readonly TreeEntry[],
  files: TreeFiles,
  form: RegExp,
  own: readonly string[],
): Result<Map<string, string>, TreeFault> {
  const found = new Map<string, string>();
  for (const { path, kind } of entries) {
    const parts = path.split('/');
    const at = parts.findLastIndex((part) => form.test(part));
    if (kind !== 'file' || at < 0 || at === parts.length - 1) continue;
    const directory = parts.slice(0, at + 1).join('/');
    const before = found.get(parts[at]);
    if (before === directory) continue;
    if (before === undefined) found.set(parts[at], directory);
    else {
      const [copy, kept] = isBusPath(before) ? [before, directory] : [directory, before];
      const other = own.find((name) => files.text(`${copy}/${name}`) !== files.text(`${kept}/${name}`));
      if (other !== undefined) return err(files.fault(`${copy}/${other}`, `what ${kept}/${other} holds`));
      found.set(parts[at], kept);
    }
  }
  return ok(new Map([...found].sort(([a], [b]) => byNumber(a, b))));
}

const isBusPath = (path: string): boolean => path.includes('event_source/');

/** arm_spe_2 before arm_spe_10. */
function byNumber(a: string, b: string): number {
  const number = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 0);
  return number(a) - number(b) || (a < b ? -1 : a > b ? 1 : 0);
}

interface Cpus {
  readonly count: number;
  readonly source: string;
  readonly notes: readonly string[];
}

/** How many CPUs: those that are possible, else present, else online, else the highest cpuN of the tree. */
function cpusOf(files: TreeFiles): Result<Cpus, TreeFault> {
  const listed = (name: string): string | undefined => files.paths.find((path) => path === `cpu/${name}` || path.endsWith(`/cpu/${name}`));
  const source = ['possible', 'present', 'online'].map(listed).find((path) => path !== undefined);
  if (source === undefined) {
    const numbers = files.paths.flatMap((path) =>
      path
        .split('/')
        .flatMap((part) => CPU_NAME.exec(part)?.[1] ?? [])
        .map(Number),
    );
    const highest = numbers.reduce((most, n) => Math.max(most, n), -1);
    const expected = 'devices/system/cpu/possible of the copied sysfs';
    if (highest < 0) return err({ path: '', expected, message: 'it does not say which CPUs there are' });
    if (highest >= MOST_CPUS) return err({ path: '', expected: `at most ${MOST_CPUS} CPUs`, message: `there is a cpu${highest}` });
    return ok({ count: highest + 1, source: `the highest cpuN, cpu${highest}`, notes: [] });
  }
  const online = listed('online');
  return files.value(source, CPU_LIST, cpuList).andThen((mask) => {
    const count = mask.toString(2).length;
    if (count > MOST_CPUS) return err(files.fault(source, `at most ${MOST_CPUS} CPUs`));
    const notes: string[] = [];
    if (mask !== allCpus(count)) notes.push(`${source} leaves out CPUs ${cpuListText(allCpus(count) & ~mask)}: this host has them.`);
    if (online === undefined) return ok({ count, source, notes });
    return files.value(online, CPU_LIST, cpuList).map((on) => {
      const off = mask & ~on;
      if (off !== 0n) notes.push(`CPUs ${cpuListText(off)} were offline: here all CPUs are online.`);
      return { count, source, notes };
    });
  });
}

/** The size that all groups of CPUs have when each holds the next so many: what the timing model knows of clusters and sockets. */
function equalGroups(groups: readonly bigint[], cpus: number): number | null {
  const distinct = [...new Set(groups)];
  const size = cpus / distinct.length;
  if (!Number.isInteger(size)) return null;
  const fits = distinct.sort((a, b) => lowestCpu(a) - lowestCpu(b)).every((group, i) => group === allCpus(size) << BigInt(i * size));
  return fits ? size : null;
}

/** `timing.clusterCpus` and `timing.socketCpus`, where the tree has equal groups. */
function topologyOf(files: TreeFiles, cpus: number, facts: ImportFact[], notes: string[]): Result<Record<string, number>, TreeFault> {
  const timing: Record<string, number> = {};
  const kinds = [
    { field: 'clusterCpus', what: 'clusters', ending: /\/?cpu\d+\/topology\/cluster_cpus_list$/, shown: 'cpu*/topology/cluster_cpus_list' },
    {
      field: 'socketCpus',
      what: 'NUMA nodes',
      ending: new RegExp(`(^|/)${NODE_NAME.source.slice(1, -1)}/cpulist$`),
      shown: 'node*/cpulist',
    },
  ];
  for (const { field, what, ending, shown } of kinds) {
    const paths = files.paths.filter((path) => ending.test(path));
    const groups: bigint[] = [];
    for (const path of paths) {
      if (files.text(path) === '') continue; // a node of memory alone
      const mask = files.value(path, CPU_LIST, cpuList);
      if (mask.isErr()) return err(mask.error);
      if (mask.value > allCpus(cpus)) return err(files.fault(path, `CPUs 0-${cpus - 1}`));
      groups.push(mask.value);
    }
    const size = groups.length === 0 ? null : equalGroups(groups, cpus);
    if (groups.length > 0 && size === null)
      notes.push(`The ${what} of the tree are not equal groups of consecutive CPUs, which is all that the timing model knows.`);
    if (size !== null) timing[field] = size;
    facts.push({ field: `timing.${field}`, source: size === null ? null : shown });
  }
  return ok(timing);
}

interface DeviceFound {
  readonly name: string;
  readonly directory: string;
  readonly type: number;
  readonly cpus: bigint;
}

/** The devices with such a name, their type and the CPUs that a file of theirs lists. */
function devicesOf(
  entries: readonly TreeEntry[],
  files: TreeFiles,
  form: RegExp,
  mask: 'cpumask' | 'cpus',
): Result<DeviceFound[], TreeFault> {
  return devices(entries, files, form, ['type', mask]).andThen((found) => {
    // Each has a CPU of its own.
    if (found.size > MOST_CPUS) return err({ path: '', expected: `at most ${MOST_CPUS} units of a kind`, message: `it has ${found.size}` });
    return Result.combine(
      [...found].map(([name, directory]) =>
        files
          .value(`${directory}/type`, TYPE, typeNumber)
          .andThen((type) => files.value(`${directory}/${mask}`, CPU_LIST, cpuList).map((cpus) => ({ name, directory, type, cpus }))),
      ),
    );
  });
}

/** The CPU PMUs; where the tree has none, one over all CPUs with the first type that no SPU has. */
function pmusOf(
  found: readonly DeviceFound[],
  cpus: number,
  taken: readonly number[],
  facts: ImportFact[],
  notes: string[],
): CpuPmuDevice[] {
  for (const [i, { directory }] of found.entries())
    facts.push({ field: `pmu.${i}.type`, source: `${directory}/type` }, { field: `pmu.${i}.cpus`, source: `${directory}/cpus` });
  if (found.length > 0) return found.map(({ name, type, cpus: own }) => ({ name, type, cpus: own }));
  let type = FIRST_TYPE;
  while (taken.includes(type)) type += 1;
  notes.push('The tree has no CPU PMU: here one serves all CPUs.');
  return [{ name: 'armv8_pmuv3_0', type, cpus: allCpus(cpus) }];
}

/** The defaults: `n1-metal` where one SPU serves all CPUs, else `two-spu`. */
export const baseFor = (spus: readonly bigint[], cpus: number): 'n1-metal' | 'two-spu' =>
  spus.length === 1 && spus[0] === allCpus(cpus) ? 'n1-metal' : 'two-spu';

/** Why there is no SPU in the tree. */
function noSpu(entries: readonly TreeEntry[]): TreeFault {
  const link = entries.find((e) => e.kind === 'link' && SPU_NAME.test(e.path.replace(/^.*\//, '')));
  if (link === undefined) return { path: '', expected: 'devices/arm_spe_0 of the copied sysfs', message: 'there is no arm_spe_N in it' };
  const message = `it is a link to ${JSON.stringify(link.text)}, which is not in the tree`;
  return { path: link.path, expected: 'the directory that it leads to: cp -rH copies it', message };
}

/**
 * The host of a tree's entries. `hosts` finds the host that gives the defaults. Overlapping CPUs, types given twice and what else a fixture
 * may not say is left to the fixture's schema. Errors: no SPU, no CPUs, a file of sysfs that is missing or malformed.
 */
export function importHost(
  entries: readonly TreeEntry[],
  name: string,
  hosts: (name: string) => Host | undefined,
): Result<ImportedHost, TreeFault> {
  const files = filesOf(entries);
  const found = devicesOf(entries, files, SPU_NAME, 'cpumask');
  if (found.isErr()) return err(found.error);
  const units = found.value;
  if (units.length === 0) return err(noSpu(entries));
  const cpus = cpusOf(files);
  if (cpus.isErr()) return err(cpus.error);
  const pmus = devicesOf(entries, files, CPU_PMU_NAME, 'cpus');
  if (pmus.isErr()) return err(pmus.error);
  const { count, source } = cpus.value;

  const baseName = baseFor(
    units.map((u) => u.cpus),
    count,
  );
  const base = hosts(baseName);
  if (base === undefined) throw new Error(`no host ${baseName}`);

  const facts: ImportFact[] = [{ field: 'cpus', source }];
  const notes: string[] = [...cpus.value.notes];

  const midrs = files.paths.filter((path) => path.endsWith('/regs/identification/midr_el1')).sort(byCpu);
  let { midr } = base;
  for (const [i, path] of midrs.entries()) {
    const value = files.value(path, 'a register value such as 0x00000000413fd0c1', hexValue);
    if (value.isErr()) return err(value.error);
    if (i === 0) midr = value.value;
    else if (value.value !== midr) {
      notes.push(`${path} differs from ${midrs[0]}: here all CPUs have the first one's MIDR_EL1.`);
      break;
    }
  }
  facts.push({ field: 'midr', source: midrs[0] ?? null }, { field: 'cntfrq, features', source: null });

  const kernel = kernelOf(
    files,
    units.map((u) => u.directory),
    base.kernel,
  );
  facts.push(...kernel.facts);
  const topology = topologyOf(files, count, facts, notes);
  if (topology.isErr()) return err(topology.error);
  const spus: SpuDevice[] = [];
  for (const [i, unit] of units.entries()) {
    const spu = spuOf(files, unit, i, base.spus[Math.min(i, base.spus.length - 1)], kernel.atLeast);
    if (spu.isErr()) return err(spu.error);
    spus.push(spu.value.spu);
    facts.push(...spu.value.facts);
    notes.push(...spu.value.notes);
  }
  const types = spus.map((u) => u.type);
  const about = `a copied sysfs tree: ${count} CPUs, ${spus.length === 1 ? 'one SPU' : `${spus.length} SPUs`}`;
  const timing = { ...base.timing, ...topology.value };
  const host: Host = {
    ...base,
    name,
    about,
    cpus: count,
    midr,
    spus,
    pmus: pmusOf(pmus.value, count, types, facts, notes),
    kernel: kernel.kernel,
    timing,
  };
  return ok({ host, base: baseName, facts, notes });
}

function byCpu(a: string, b: string): number {
  const number = (path: string): number => Number(/cpu(\d+)\/regs/.exec(path)?.[1] ?? 0);
  return number(a) - number(b);
}
