// sysfs as far as perf devices and CPUs go: /sys/devices/arm_spe_N and the CPU PMUs, their links under /sys/bus/event_source/devices,
// /sys/devices/system/cpu (spe-architecture §6.1-6.4, §6.12; kvm-spe-abi.md §6.1).
import {
  COUNT_SIZE_UNKNOWN,
  COUNT_SIZES,
  EVENT_FILTER_CAP_SINCE,
  FORMAT_FILES,
  type FormatFile,
  INTERVAL_UNKNOWN,
  INTERVALS,
  release,
} from '../abi/spe-sysfs.ts';
import { fieldAccess } from '../arch/sysreg/table.ts';
import { filterableEvents } from '../machine/spu/registers.ts';
import { probedSpus } from './capability.ts';
import { allCpus, cpuListText } from './cpu-list.ts';
import type { CpuPmuDevice, Host, SpuDevice } from './host.ts';

/** A node of the tree: `text` is a file's content, exactly. */
export type SysfsNode =
  | { readonly kind: 'file'; readonly text: string; readonly writable: boolean }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory'; readonly entries: Readonly<Record<string, SysfsNode>> };

const file = (text: string | number, writable = false): SysfsNode => ({ kind: 'file', text: `${text}\n`, writable });
const empty: SysfsNode = { kind: 'file', text: '', writable: true };
const link = (target: string): SysfsNode => ({ kind: 'link', target });
const directory = (entries: Readonly<Record<string, SysfsNode>>): SysfsNode => ({ kind: 'directory', entries });

const pmsidr = (name: string): ((spu: SpuDevice) => number) => {
  const field = fieldAccess('PMSIDR_EL1', name);
  return (spu) => Number(field.get(spu.pmsidr));
};
const FIELDS = { FnE: pmsidr('FnE'), FDS: pmsidr('FDS'), EFT: pmsidr('EFT') };
const archInst = pmsidr('ArchInst');
const countSize = pmsidr('CountSize');
const interval = pmsidr('Interval');
const randomEnd = pmsidr('ERnd');

function isShown(host: Host, spu: SpuDevice, { since, needs }: FormatFile): boolean {
  if (since !== undefined && release(host.kernel.version) < release(since)) return false;
  if (needs === undefined) return true;
  return needs === 'v1p2' ? spu.pmsver >= 3 : FIELDS[needs](spu) !== 0;
}

/** What every device of the event_source bus has. `up` leads from the device's directory to /sys. */
const common = (host: Host): Readonly<Record<string, SysfsNode>> => ({
  perf_event_mux_interval_ms: file(Math.floor(1000 / host.kernel.hz), true),
  power: directory({
    autosuspend_delay_ms: { kind: 'file', text: '', writable: true },
    control: file('auto', true),
    runtime_active_time: file(0),
    runtime_status: file('unsupported'),
    runtime_suspended_time: file(0),
  }),
  subsystem: link('../../bus/event_source'),
  uevent: empty,
});

function speDevice(host: Host, spu: SpuDevice): SysfsNode {
  const formats = FORMAT_FILES.filter((f) => isShown(host, spu, f)).map((f) => [f.name, file(f.text)] as const);
  const eventFilter: Readonly<Record<string, SysfsNode>> =
    release(host.kernel.version) >= release(EVENT_FILTER_CAP_SINCE)
      ? { event_filter: file(`0x${filterableEvents(spu).toString(16)}`) }
      : {};
  return directory({
    ...common(host),
    caps: directory({
      arch_inst: file(archInst(spu)),
      count_size: file(COUNT_SIZES[countSize(spu)] ?? COUNT_SIZE_UNKNOWN),
      ernd: file(randomEnd(spu)),
      ...eventFilter,
      min_interval: file(INTERVALS[interval(spu)] ?? INTERVAL_UNKNOWN),
    }),
    cpumask: file(cpuListText(spu.cpus)),
    format: directory(Object.fromEntries(formats)),
    type: file(spu.type),
  });
}

const cpuPmu = (host: Host, pmu: CpuPmuDevice): SysfsNode =>
  directory({
    ...common(host),
    cpus: file(cpuListText(pmu.cpus)),
    format: directory({ event: file('config:0-15'), long: file('config1:0') }),
    type: file(pmu.type),
  });

function cpuDirectory(host: Host): SysfsNode {
  const list = file(cpuListText(allCpus(host.cpus)));
  const midr = `0x${host.midr.toString(16).padStart(16, '0')}`;
  const cpus = Array.from({ length: host.cpus }, (_, n) => [
    `cpu${n}`,
    directory({ regs: directory({ identification: directory({ midr_el1: file(midr) }) }) }),
  ]);
  return directory({ ...Object.fromEntries(cpus), online: list, possible: list, present: list });
}

// The tree is the same as long as the host is: built once, outside the world.
const trees = new WeakMap<Host, SysfsNode>();

function treeOf(host: Host): SysfsNode {
  let tree = trees.get(host);
  if (tree === undefined) {
    const devices: Record<string, SysfsNode> = {};
    for (const pmu of host.pmus) devices[pmu.name] = cpuPmu(host, pmu);
    for (const spu of probedSpus(host)) devices[spu.name] = speDevice(host, spu);
    const links = Object.keys(devices).map((name) => [name, link(`../../../devices/${name}`)]);
    tree = directory({
      sys: directory({
        bus: directory({ event_source: directory({ devices: directory(Object.fromEntries(links)) }) }),
        devices: directory({ ...devices, system: directory({ cpu: cpuDirectory(host) }) }),
      }),
    });
    trees.set(host, tree);
  }
  return tree;
}

/** A node and the path it really has, links followed. */
export interface Found {
  readonly path: string;
  readonly node: SysfsNode;
}

const MAX_LINKS = 8;

/** The node at an absolute path, links in it followed; the last part only when `follow`. Null: there is no such file. */
export function lookup(host: Host, path: string, follow = true, depth = 0): Found | null {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const stack: { name: string; node: SysfsNode }[] = [{ name: '', node: treeOf(host) }];
  for (const [i, part] of parts.entries()) {
    if (part === '..') {
      if (stack.length > 1) stack.pop();
      continue;
    }
    const { node } = stack[stack.length - 1];
    if (node.kind !== 'directory' || !Object.hasOwn(node.entries, part)) return null;
    const next = node.entries[part];
    if (next.kind === 'link' && (follow || i < parts.length - 1)) {
      if (depth >= MAX_LINKS) return null;
      const here = stack.map((s) => s.name).join('/');
      return lookup(host, [here, next.target, ...parts.slice(i + 1)].join('/'), follow, depth + 1);
    }
    stack.push({ name: part, node: next });
  }
  return { path: stack.map((s) => s.name).join('/') || '/', node: stack[stack.length - 1].node };
}

/** Names in a directory, in order. */
export const entryNames = (node: SysfsNode): readonly string[] => (node.kind === 'directory' ? Object.keys(node.entries).sort() : []);
