// Which paths of a copied sysfs tree say something about SPUs, CPU PMUs, CPUs and NUMA nodes (spe-architecture §6.1-6.4), wherever the copy
// begins: at /, at /sys, or at a directory that holds the devices' own ones.

/** Names of devices on the event_source bus: an SPU, and the PMU of an Arm CPU (`armv8_pmuv3_0`, `armv8_cortex_a72`). */
export const SPU_NAME = /^arm_spe_\d+$/;
export const CPU_PMU_NAME = /^armv\d\w*$/;
export const CPU_NAME = /^cpu(\d+)$/;
export const NODE_NAME = /^node(\d+)$/;

/** The content of a sysfs file is at most a page. */
export const SYSFS_FILE_LIMIT = 4096;

/** Directories on the way to a device: from kernel 6.12 on it may stand below its parent, `devices/platform/arm,spe-v1/arm_spe_0`. */
const ON_THE_WAY: readonly string[] = ['sys', 'devices', 'platform', 'bus', 'event_source', 'system', 'cpu', 'node'];
/** Directories by the one they stand in. */
const INSIDE: readonly (readonly [parent: RegExp, names: readonly string[]])[] = [
  [SPU_NAME, ['caps', 'format']],
  [CPU_NAME, ['regs', 'topology']],
  [/^regs$/, ['identification']],
];
/** Files by the directory they stand in; null: all of them. */
const FILES: readonly (readonly [parent: RegExp, names: readonly string[] | null])[] = [
  [SPU_NAME, ['type', 'cpumask', 'perf_event_mux_interval_ms']],
  [/^(caps|format)$/, null],
  [CPU_PMU_NAME, ['type', 'cpus']],
  [/^cpu$/, ['possible', 'present', 'online']],
  [/^identification$/, ['midr_el1']],
  [/^topology$/, ['cluster_cpus_list']],
  [NODE_NAME, ['cpulist']],
];

const isDevice = (name: string): boolean => SPU_NAME.test(name) || CPU_PMU_NAME.test(name);

/**
 * Does an entry of the tree matter? A directory is looked into, a file is read, of a link its target is kept. `path` is relative to the tree's root.
 */
export function mattersInSysfs(path: string, kind: 'directory' | 'file' | 'link'): boolean {
  const parts = path.split('/');
  const name = parts[parts.length - 1];
  const parent = parts[parts.length - 2] ?? '';
  switch (kind) {
    case 'link':
      return isDevice(name);
    case 'file':
      return FILES.some(([folder, names]) => folder.test(parent) && (names === null || names.includes(name)));
    case 'directory':
      if (ON_THE_WAY.includes(name) || isDevice(name) || CPU_NAME.test(name) || NODE_NAME.test(name)) return true;
      return parent === 'platform' || INSIDE.some(([folder, names]) => folder.test(parent) && names.includes(name));
  }
}
