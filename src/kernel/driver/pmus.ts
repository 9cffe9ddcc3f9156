// The SPE PMUs as a guest's perf finds them in sysfs: the terms of format/, the least interval of caps/ (spe-architecture §6.2, §6.3).
// What the guest's unit hides from it (FEAT_SPE_FDS) its kernel does not show.
import { FORMAT_FILES } from '../../abi/spe-sysfs.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { entryNames, lookup, type SysfsNode } from '../sysfs.ts';
import type { MountedWorld } from '../world.ts';
import type { EventPmu } from './event-text.ts';
import { parseFormat } from './format.ts';
import { guestDevice } from './service.ts';

const DEVICES = '/sys/bus/event_source/devices';
/** perf's period where caps/min_interval cannot be read. */
const DEFAULT_PERIOD = 4096n;

export interface SpePmu extends EventPmu {
  readonly type: number;
  /** caps/min_interval, or 4096. */
  readonly minInterval: bigint;
}

const textOf = (node: SysfsNode | undefined): string | null => (node?.kind === 'file' ? node.text : null);

/** Does the guest's unit have what a format file needs? */
function isShown(pmsidr: bigint, name: string): boolean {
  const needs = FORMAT_FILES.find((f) => f.name === name)?.needs;
  if (needs === undefined || needs === 'v1p2') return true;
  return fieldAccess('PMSIDR_EL1', needs).get(pmsidr) !== 0n;
}

/** The PMUs whose names begin with `arm_spe_`, the VM's own first. */
export function spePmus(mw: MountedWorld, vm: number): readonly SpePmu[] {
  const { host } = mw.world;
  const own = guestDevice(mw, vm);
  const file = (path: string): string | null => textOf(lookup(host, `${DEVICES}/${path}`)?.node);
  const found = lookup(host, DEVICES)?.node;
  const names = found === undefined ? [] : entryNames(found).filter((name) => name.startsWith('arm_spe_'));
  const pmus = names.map((name): SpePmu => {
    const directory = lookup(host, `${DEVICES}/${name}/format`)?.node;
    const formats = (directory === undefined ? [] : entryNames(directory)).flatMap((term) => {
      const field = parseFormat(term, file(`${name}/format/${term}`) ?? '');
      return field === null || (name === own?.name && !isShown(own.unit.pmsidr, term)) ? [] : [field];
    });
    const interval = file(`${name}/caps/min_interval`);
    return { name, formats, type: Number(file(`${name}/type`)), minInterval: interval === null ? DEFAULT_PERIOD : BigInt(interval.trim()) };
  });
  return own === null ? [] : pmus.sort((a, b) => Number(b.name === own.name) - Number(a.name === own.name));
}
