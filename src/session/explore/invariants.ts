// What should hold in every state and of every call of an exploration: a named list, each with its source. `null` means that it holds; a
// sentence says how it does not.
import { featureMaskOf } from '../../kernel/capability.ts';
import { cpuListText } from '../../kernel/cpu-list.ts';
import type { Host } from '../../kernel/host.ts';
import { type Evidence, evidenceText, inferred, mainline, seed } from '../../kernel/steps.ts';
import { allowedCpus, mayRunOn, refusesWrongCpu } from '../../kernel/supported-cpus.ts';
import type { Vm } from '../../kernel/world.ts';
import type { Invariant, WorldView } from './seen.ts';
import { type Attribute, STORED_VALUES, storedValues } from './stored-values.ts';

const because = (e: Evidence): string => evidenceText(e);

/** A choice of a PMU and one of an SPU both succeed, whatever they leave. */
const CPU_LEFT: Invariant = {
  name: 'cpu-left',
  says: 'two successful choices leave a CPU to run on',
  evidence: because(inferred('H', '§2.7, §8.2: an empty supported_cpus is no error to any call')),
  shows: ['expect /\\(empty\\)/ mask'],
  state: ({ kernel }) => {
    const vm = kernel.vms.find((v) => v.supportedCpus === 0n);
    return vm === undefined ? null : `supported_cpus of VM ${vm.index} is empty: PMU ${vm.pmu ?? 'unset'}, SPU ${vm.spu ?? 'unset'}`;
  },
};

/** Nothing that KVM_RUN asks for is missing, on every vCPU. */
function isInitialised(world: WorldView, vm: Vm): boolean {
  const has = (short: string): boolean => ((vm.features ?? 0) & featureMaskOf(world.host, short)) !== 0;
  return vm.vcpus.every(
    (v) => v.initialised && (!has('spe') || v.spe.initialised) && (!has('pmu-v3') || v.pmu.initialised) && (!has('sve') || v.sveFinalised),
  );
}

const RUNS: Invariant = {
  name: 'initialised-runs',
  says: 'once every vCPU is initialised, KVM_RUN on an allowed CPU enters the guest',
  evidence: because(mainline('kvm_arch_vcpu_run_pid_change, §2.8')),
  shows: ['why'],
  ioctl: ({ request, vm: index, vcpu: number, before, refusal, entered }) => {
    const vm = before.kernel.vms[index];
    const vcpu = vm?.vcpus[number];
    if (request !== 'KVM_RUN' || vcpu === undefined || entered) return null;
    if (vm.dead || vcpu.run.immediateExit || !isInitialised(before, vm)) return null;
    if (!mayRunOn(before.host, vm, vcpu, vcpu.thread.cpu)) return null;
    return `CPU ${vcpu.thread.cpu} of ${allowedCpus(before.host, vm, vcpu)}: ${refusal === null ? 'an exit' : `-${refusal.errno}: ${refusal.why}`}`;
  },
};

/** What a refused call may leave behind, by name. */
interface Exception {
  readonly request: string;
  readonly errno: RegExp;
  readonly paths: RegExp;
  readonly why: string;
  /** Only under kernels that do so. */
  readonly under?: (host: Host) => boolean;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    request: 'KVM_RUN',
    errno: /^EINTR$/,
    paths: /^kernel\.vms\.\d+\.(hasRanOnce|vcpus\.\d+\.(hasRanOnce|run\..*|poweredOff))$/,
    why: 'a KVM_RUN that a signal or immediate_exit ends has run: has-ran-once is set, the exit is KVM_EXIT_INTR (§2.7)',
  },
  {
    request: 'KVM_RUN',
    errno: /^ENOEXEC$/,
    paths: /^kernel\.vms\.\d+\.(hasRanOnce|vcpus\.\d+\.(hasRanOnce|run\..*))$/,
    why: 'rfc-v4 and rfc-v5 refuse a CPU outside supported_cpus when has-ran-once is set already',
    under: refusesWrongCpu,
  },
  {
    request: 'KVM_RUN',
    errno: /./,
    paths: /^kernel\.vms\.\d+\.(vgic\.ready|vcpus\.\d+\.vgic\.privates\.owners(\..*)?)$/,
    why: "the first KVM_RUN maps the vGIC and claims the timers' PPIs before it looks at PMU and SPE (§2.8)",
  },
  {
    request: 'KVM_RUN',
    errno: /^(ENXIO|EINVAL|EBUSY)$/,
    paths: /^kernel\.vms\.\d+\.dead$/,
    why: 'a first KVM_RUN that cannot map the vGIC kills the VM (§2.8)',
  },
  {
    request: 'KVM_ARM_VCPU_INIT',
    errno: /^ENODEV$/,
    paths: /^kernel\.vms\.\d+\.features$/,
    why: "without a PMU for the calling CPU the VM's features stay stored (§2.9)",
  },
];

/** The first place where two views differ that none of the patterns allows; null when there is none. Views share what is the same. */
function changedPlace(before: unknown, after: unknown, allowed: readonly RegExp[], path: string): string | null {
  if (Object.is(before, after)) return null;
  const inside =
    typeof before === 'object' && typeof after === 'object' && before !== null && after !== null && !ArrayBuffer.isView(before);
  if (!inside) return allowed.some((pattern) => pattern.test(path)) ? null : path;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const at = path === '' ? key : `${path}.${key}`;
    const found = changedPlace((before as Record<string, unknown>)[key], (after as Record<string, unknown>)[key], allowed, at);
    if (found !== null) return found;
  }
  return null;
}

const REFUSED: Invariant = {
  name: 'refused-unchanged',
  says: 'a refused call changes nothing, but for the declared exceptions',
  evidence: `the exceptions: ${EXCEPTIONS.map((e) => e.why).join('; ')}`,
  shows: ['why'],
  ioctl: ({ request, before, after, refusal }) => {
    if (refusal === null || before === after) return null;
    const known = EXCEPTIONS.filter((e) => e.request === request && e.errno.test(refusal.errno) && (e.under?.(before.host) ?? true));
    const allowed = known.map((e) => e.paths);
    const changed = changedPlace(before, after, allowed, '');
    return changed === null ? null : `${request} = -${refusal.errno} changed ${changed}`;
  },
};

/** Of every VM that was there before. */
const eachVm = (before: WorldView, after: WorldView, look: (b: Vm, a: Vm) => string | null): string | null => {
  if (before.kernel.vms === after.kernel.vms) return null;
  for (const vm of before.kernel.vms) {
    const now = after.kernel.vms[vm.index];
    const found = now === undefined ? null : look(vm, now);
    if (found !== null) return found;
  }
  return null;
};

const SHRINKS: Invariant = {
  name: 'mask-shrinks',
  says: 'supported_cpus never gets a CPU back',
  evidence: because(inferred('H', '§2.7: PMU and SPU choices are intersections')),
  shows: ['mask'],
  ioctl: ({ before, after }) =>
    eachVm(before, after, (b, a) =>
      (a.supportedCpus & ~b.supportedCpus) === 0n ? null : `${cpuListText(b.supportedCpus)} became ${cpuListText(a.supportedCpus)}`,
    ),
};

const SPU_STAYS: Invariant = {
  name: 'spu-stays',
  says: 'a chosen SPU is never changed or cleared',
  evidence: because(seed('kvm_spe_set_spu')),
  shows: ['why'],
  ioctl: ({ before, after }) =>
    eachVm(before, after, (b, a) => (b.spu === null || b.spu === a.spu ? null : `SPU ${b.spu} became ${a.spu ?? 'unset'}`)),
};

const RAN_LOCKS: Invariant = {
  name: 'ran-locks',
  says: 'after the first KVM_RUN neither PMU, SPU nor supported_cpus changes',
  evidence: because(seed('kvm_spe_set_spu; mainline: kvm_arm_pmu_v3_set_pmu')),
  shows: ['why'],
  ioctl: ({ before, after }) =>
    eachVm(before, after, (b, a) => {
      if (!b.hasRanOnce || (b.pmu === a.pmu && b.spu === a.spu && b.supportedCpus === a.supportedCpus)) return null;
      return `PMU ${b.pmu} to ${a.pmu}, SPU ${b.spu} to ${a.spu}, CPUs ${cpuListText(b.supportedCpus)} to ${cpuListText(a.supportedCpus)}`;
    }),
};

const FIXED: readonly Invariant[] = [CPU_LEFT, RUNS, REFUSED, SHRINKS, SPU_STAYS, RAN_LOCKS];

export const INVARIANT_NAMES: readonly string[] = [...FIXED.map((i) => i.name), STORED_VALUES];

/** The invariants of the list, for an exploration whose calls set these attributes. Throws (our bug) for a name that is not in the list. */
export function namedInvariants(names: readonly string[], attributes: readonly Attribute[]): Invariant[] {
  const all = [...FIXED, storedValues(attributes)];
  return names.map((name) => {
    const found = all.find((i) => i.name === name);
    if (found === undefined) throw new Error(`no invariant ${name}`);
    return found;
  });
}
