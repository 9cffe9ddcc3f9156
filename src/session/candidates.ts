// What the session and the tables offer where a command takes a vCPU, a stop, a unit, an event: candidates that several families share.
import { IOCTLS, type Ioctl, type IoctlTarget } from '../abi/ioctls.ts';
import { FORMAT_FILES } from '../abi/spe-sysfs.ts';
import { hex } from '../base/hex.ts';
import { cpuListText } from '../kernel/cpu-list.ts';
import { spePmus } from '../kernel/driver/pmus.ts';
import { allRegisterIds, oneRegOf } from '../kernel/one-reg.ts';
import type { Context } from './session.ts';
import { symbolAt } from './symbols.ts';

/** What could stand at a place, and what it is in a few words. */
export interface Candidate {
  readonly text: string;
  readonly about?: string;
}

/** The vCPUs of the VM in use, by the number that commands take. */
export const vcpuCandidates = ({ world, vm }: Context): readonly Candidate[] =>
  (world.world.kernel.vms[vm]?.vcpus ?? []).map(({ id, thread }) => ({
    text: String(id),
    about: `vcpu${id}, its thread on CPU ${thread.cpu}`,
  }));

/** Breakpoints and catches, by number. */
export const stopCandidates = (context: Context): readonly Candidate[] =>
  context.stops.list.map((stop) => ({
    text: String(stop.id),
    about:
      stop.kind === 'catch'
        ? ['catch', stop.what, stop.name].filter((word) => word !== null).join(' ')
        : `break ${symbolAt(context, stop.address) ?? hex(stop.address)}`,
  }));

/** The host's SPUs. */
export const spuCandidates = ({ world }: Context): readonly Candidate[] =>
  world.world.host.spus.map(({ name, type, cpus }) => ({ text: name, about: `SPU of type ${type}, CPUs ${cpuListText(cpus)}` }));

/** The registers that user space may read of a vCPU, as KVM_GET_REG_LIST has them. */
export function oneRegCandidates({ world, vm }: Context): readonly Candidate[] {
  const own = world.world.kernel.vms[vm];
  if (own === undefined) return [];
  return allRegisterIds(world.world.host, own).flatMap((id) => {
    const register = oneRegOf(id);
    return register === null ? [] : [{ text: register.name, about: `id ${hex(id)}` }];
  });
}

/** Functions and objects of the loaded image. */
export const symbolCandidates = (context: Context | null): readonly Candidate[] =>
  (context?.image?.elf?.symbols ?? []).filter((s) => /^[A-Za-z_]\w*$/.test(s.name)).map((s) => ({ text: s.name, about: 'symbol' }));

/** Names joined by commas: what can stand behind the last comma, those that stand already left out. */
export function listCandidates(typed: string, names: readonly Candidate[]): readonly Candidate[] {
  const before = typed.slice(0, typed.lastIndexOf(',') + 1);
  const given = before.split(',');
  return names.filter(({ text }) => !given.includes(text)).map(({ text, about }) => ({ text: before + text, about }));
}

const argumentText = ({ argument }: Ioctl): string =>
  argument === 'none' ? 'no argument' : argument === 'number' ? 'a number' : `pointer to struct ${argument.name}`;

/** The requests of one file, or of every; with what they take. */
export const requestCandidates = (on?: IoctlTarget): readonly Candidate[] =>
  IOCTLS.filter((row) => on === undefined || row.on.includes(on)).map((row) => ({
    text: row.name,
    about: `on ${row.on.join(', ')}: ${argumentText(row)}`,
  }));

const FORMATS = new Map(FORMAT_FILES.map(({ name, text }) => [name, text]));

/** The event of `perf record`: a unit, and the terms of its format/ directory, as perf completes them. */
export function eventCandidates(context: Context, typed: string): readonly Candidate[] {
  const unit = /^([\w-]+)\/(.*,)?[^,/]*$/.exec(typed);
  if (unit === null) return spuCandidates(context).map(({ text, about }) => ({ text: `${text}/`, about }));
  const [, name, before = ''] = unit;
  const pmu = spePmus(context.world, context.vm).find((one) => one.name === name);
  return (pmu?.formats ?? []).map((field) => ({ text: `${name}/${before}${field.name}=`, about: FORMATS.get(field.name) ?? 'term' }));
}
