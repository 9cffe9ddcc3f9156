// What the files of an arm_spe_N directory say of its unit, and of the kernel that shows them (spe-architecture §6.2, §6.3): a file of caps/ is a
// field of PMSIDR_EL1, and a file of format/ is there when the unit has a feature and the kernel knows it.
import { err, ok, type Result } from 'neverthrow';
import { COUNT_SIZES, EVENT_FILTER_CAP_SINCE, FORMAT_FILES, INTERVALS, release } from '../abi/spe-sysfs.ts';
import { SPE_FEATURES, SPE_V1P2, SPE_V1P5 } from '../arch/spe/features.ts';
import { fieldAccess } from '../arch/sysreg/table.ts';
import { filterableEvents } from '../machine/spu/registers.ts';
import type { Host, SpuDevice } from './host.ts';
import { hexValue, type ImportFact, type TreeFault, type TreeFiles } from './sysfs-files.ts';

type Kernel = Host['kernel'];

export interface KernelFound {
  readonly kernel: Kernel;
  /** The release that the tree proves, as a number (abi/spe-sysfs `release`); 0: none. */
  readonly atLeast: number;
  readonly facts: readonly ImportFact[];
}

/** perf_event_mux_interval_ms is 1000 / CONFIG_HZ, rounded down. */
const HZ_OF_INTERVAL: Readonly<Record<string, Kernel['hz']>> = { '10': 100, '4': 250, '3': 300, '1': 1000 };

/** The release before one: 6.18 → 6.17. */
const before = (version: string): string => version.replace(/\d+$/, (minor) => String(Number(minor) - 1));

/** A release that shows what the units' directories show, the base's where it does; CONFIG_HZ. */
export function kernelOf(files: TreeFiles, directories: readonly string[], base: Kernel): KernelFound {
  const has = (path: string): string | undefined => directories.map((d) => `${d}/${path}`).find(files.has);
  const rows = [
    ...FORMAT_FILES.map((f) => ({ ...f, path: `format/${f.name}` })),
    { path: 'caps/event_filter', since: EVENT_FILTER_CAP_SINCE },
  ];
  const facts: ImportFact[] = [];
  let { version } = base;
  let atLeast = 0;
  let why: string | null = null;
  for (const { path, since } of rows) {
    const found = has(path);
    if (since === undefined || found === undefined || release(since) <= atLeast) continue;
    atLeast = release(since);
    if (release(version) >= atLeast) continue;
    version = since;
    why = `${found}: ${since} or later`;
  }
  // What the unit has and an old kernel does not show.
  const discardMissing = has('format/inv_event_filter') !== undefined && has('format/discard') === undefined;
  const capMissing = has('caps/min_interval') !== undefined && has('caps/event_filter') === undefined;
  const missing = [
    { path: 'format/discard', since: '6.14', is: discardMissing },
    { path: 'caps/event_filter', since: EVENT_FILTER_CAP_SINCE, is: capMissing },
  ];
  for (const { path, since, is } of missing) {
    if (!is || release(version) < release(since) || atLeast >= release(since)) continue;
    version = before(since);
    why = `no ${path}: before ${since}`;
  }
  facts.push({ field: 'kernel.version', source: why });
  const interval = has('perf_event_mux_interval_ms');
  const hz = interval === undefined ? undefined : HZ_OF_INTERVAL[files.text(interval)];
  facts.push({ field: 'kernel.hz', source: hz === undefined || interval === undefined ? null : `${interval}: 1000 / CONFIG_HZ` });
  facts.push({ field: 'kernel: the rest', source: null });
  return { kernel: { ...base, version, hz: hz ?? base.hz }, atLeast, facts };
}

const FIELD = (name: string): ReturnType<typeof fieldAccess> => fieldAccess('PMSIDR_EL1', name);

/** The code of a field whose values these are. */
const coded =
  (codes: Readonly<Record<number, number>>) =>
  (text: string): bigint | null => {
    const code = Object.keys(codes).find((key) => String(codes[Number(key)]) === text);
    return code === undefined ? null : BigInt(code);
  };
const flag = (text: string): bigint | null => (text === '0' || text === '1' ? BigInt(text) : null);

/** Files of caps/, each with its field of PMSIDR_EL1. */
const CAPS: readonly { readonly name: string; readonly field: string; readonly expected: string; read(text: string): bigint | null }[] = [
  { name: 'arch_inst', field: 'ArchInst', expected: '0 or 1', read: flag },
  { name: 'ernd', field: 'ERnd', expected: '0 or 1', read: flag },
  { name: 'count_size', field: 'CountSize', expected: Object.values(COUNT_SIZES).join(' or '), read: coded(COUNT_SIZES) },
  { name: 'min_interval', field: 'Interval', expected: `one of ${Object.values(INTERVALS).join(', ')}`, read: coded(INTERVALS) },
];

interface UnitFound {
  readonly spu: SpuDevice;
  readonly facts: readonly ImportFact[];
  readonly notes: readonly string[];
}

/** One unit: its directory, on top of what `base` has. `index` is its place in the fixture. */
export function spuOf(
  files: TreeFiles,
  unit: Pick<SpuDevice, 'name' | 'type' | 'cpus'> & { readonly directory: string },
  index: number,
  base: SpuDevice,
  atLeast: number,
): Result<UnitFound, TreeFault> {
  const { directory, ...own } = unit;
  const field = (name: string): string => `spu.${index}.${name}`;
  const facts: ImportFact[] = [
    { field: field('type'), source: `${directory}/type` },
    { field: field('cpus'), source: `${directory}/cpumask` },
  ];
  const notes: string[] = [];
  let { pmsidr } = base;
  const rest: string[] = ['LDS', 'MaxSize', 'PBT', 'CRR', 'FPF'];

  for (const { name, field: of, expected, read } of CAPS) {
    const path = `${directory}/caps/${name}`;
    if (!files.has(path)) {
      rest.unshift(of);
      continue;
    }
    const value = files.value(path, expected, read);
    if (value.isErr()) return err(value.error);
    pmsidr = FIELD(of).put(pmsidr, value.value);
    facts.push({ field: field(`pmsidr.${of}`), source: path });
  }

  let least: number = 1;
  let leastWhy: string | null = null;
  for (const { name, needs, since } of FORMAT_FILES) {
    if (needs === undefined || since === undefined) continue;
    const path = `${directory}/format/${name}`;
    const there = files.has(path);
    const from = needs === 'v1p2' ? SPE_V1P2 : (SPE_FEATURES.find((f) => 'field' in f.found && f.found.field === needs)?.from ?? 1);
    if (there && from > least) {
      least = from;
      leastWhy = path;
    }
    if (needs === 'v1p2' || facts.some((f) => f.field === field(`pmsidr.${needs}`)) || rest.includes(needs)) continue;
    if (there || atLeast >= release(since)) {
      pmsidr = FIELD(needs).put(pmsidr, there ? 1n : 0n);
      facts.push({ field: field(`pmsidr.${needs}`), source: there ? path : `${directory}/format: no ${name}` });
    } else rest.unshift(needs);
  }

  let pmsver = Math.max(least, base.pmsver);
  let versionWhy: string | null = least > base.pmsver ? `${leastWhy}: SPEv1p${least - 1} or later` : null;
  const described = (version: number): SpuDevice => ({ ...base, ...own, pmsver: version, pmsidr });
  const filter = `${directory}/caps/event_filter`;
  if (files.has(filter)) {
    const events = files.value(filter, 'a mask of events such as 0xaa', hexValue);
    if (events.isErr()) return err(events.error);
    // The events that a unit filters by grow with its version.
    const fits = (version: number): boolean => filterableEvents(described(version)) === events.value;
    const versions = Array.from({ length: SPE_V1P5 - least + 1 }, (_, i) => least + i);
    const version = fits(pmsver) ? pmsver : versions.find(fits);
    if (version === undefined)
      notes.push(
        `${filter} is 0x${events.value.toString(16)}: units here filter by 0x${filterableEvents(described(pmsver)).toString(16)}.`,
      );
    else {
      pmsver = version;
      versionWhy = `${filter}: the events of SPEv1p${version - 1}`;
    }
  }
  facts.push({ field: field('pmsver'), source: versionWhy });
  facts.push(
    { field: `${field('pmsidr')}: ${rest.join(', ')}`, source: null },
    { field: `${field('pmbidr')}, interrupt, layout`, source: null },
  );

  const unknown = files.paths.filter((path) => path.startsWith(`${directory}/`) && isUnknown(path.slice(directory.length + 1)));
  if (unknown.length > 0) notes.push(`spesh does not know ${unknown.slice(0, 4).join(', ')}${unknown.length > 4 ? ', …' : ''}.`);
  return ok({ spu: described(pmsver), facts, notes });
}

function isUnknown(path: string): boolean {
  const [folder, name] = path.split('/');
  if (folder === 'format') return !FORMAT_FILES.some((f) => f.name === name);
  return folder === 'caps' && name !== 'event_filter' && !CAPS.some((cap) => cap.name === name);
}
