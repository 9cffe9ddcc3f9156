// Knobs of the kernel model: where the evidence is thin, a host fixture chooses between the readings (kvm-spe-abi.md §8.4, vgic.md §8).
// A fixture names the knobs that differ; the others have the default of its kernel revision.
import type { Host } from './host.ts';
import type { Check } from './steps.ts';
import { QUIRKS } from './vgic/quirks.ts';

type Revision = Host['kernel']['revision'];
export type KnobValue = string | number | boolean;

export interface Knob {
  readonly name: string;
  /** Allowed values; 'integer' = any non-negative integer. */
  readonly values: readonly KnobValue[] | 'integer';
  readonly standard: KnobValue;
  /** Defaults of revisions that differ. */
  readonly revisions?: Readonly<Partial<Record<Revision, KnobValue>>>;
  readonly about: string;
}

const OLD = (value: KnobValue): Partial<Record<Revision, KnobValue>> => ({ 'rfc-v5': value, 'rfc-v4': value });
const flag = [true, false];

function knob(name: string, values: Knob['values'], standard: KnobValue, about: string, revisions?: Knob['revisions']): Knob {
  return { name, values, standard, about, ...(revisions === undefined ? {} : { revisions }) };
}

export const KNOBS: readonly Knob[] = [
  knob('irqchipCheck.position', ['beforeSwitch', 'inIrqCase'], 'beforeSwitch', 'Where set and get test for an in-kernel vGIC.'),
  knob('irqchipCheck.errno', ['ENXIO', 'EINVAL'], 'ENXIO', 'What the missing in-kernel vGIC answers.'),
  knob('hasErrno', ['ENODEV', 'ENXIO'], 'ENODEV', 'What HAS answers without the SPE feature.', OLD('ENXIO')),
  knob('featureErrno', ['ENODEV', 'ENXIO'], 'ENODEV', 'What SET and GET answer without the SPE feature.', OLD('ENXIO')),
  knob(
    'initBusyCheck',
    ['inCase', 'top'],
    'inCase',
    'Whether "this vCPU is initialised" is tested inside INIT or at the top of the setter.',
    { 'rfc-v4': 'inCase' },
  ),
  knob('spuRequired', ['init', 'run', 'never'], 'init', 'Which call refuses a VM without an SPU.', { ...OLD('never') }),
  knob('vgicUninitErrno', ['ENXIO', 'ENODEV'], 'ENXIO', 'What SPE INIT answers while the vGIC is not initialised.'),
  knob('nestedGate', ['host', 'vm'], 'host', 'Whether nested virtualisation switches SPE off for the host or only for VMs with HAS_EL2.'),
  knob('vmDeadOnMapFailure', flag, true, 'A failed vGIC mapping at the first KVM_RUN kills the VM (since 6.13).', OLD(false)),
  knob(
    'quirk.irqValidBool',
    flag,
    false,
    'The IRQ validity helper returns a negative errno as a bool: numbers that are no PPI pass.',
    OLD(true),
  ),
  knob('runUninitErrno', ['EINVAL', 'EPERM'], 'EINVAL', 'What KVM_RUN answers without SPE INIT.', { 'rfc-v4': 'EPERM' }),
  knob('maxBuf.change', ['EINVAL', 'EBUSY'], 'EINVAL', 'What setting another maximum buffer size answers.'),
  knob('maxBuf.spuUnset', ['ENXIO', 'allowed'], 'ENXIO', 'Whether the SPU must be set before the maximum buffer size.'),
  knob('maxBuf.ran', ['EBUSY', 'allowed'], 'EBUSY', 'Whether the maximum buffer size can be set after the VM ran.'),
  knob('maxBuf.zero', ['allowed', 'EINVAL'], 'allowed', 'Whether 0 means "no limit" or is refused.'),
  knob(
    's2FaultPolicy',
    ['extAbort', 'impDef', 'raw', 'hideAndRepin'],
    'extAbort',
    'What the guest sees of a stage 2 fault on a buffer write.',
  ),
  knob('memory.hugetlb', flag, false, 'Guest memory is backed by 2 MiB pages of hugetlbfs: they are pinned, taken away and mapped whole.'),
  knob('rlimitExit.layout', ['idPadExcess'], 'idPadExcess', 'Layout of KVM_EXIT_RLIMIT.'),
  knob('numbers.cap', 'integer', 245, "KVM_CAP_ARM_SPE's number.", OLD(208)),
  knob('numbers.feature', 'integer', 9, "KVM_ARM_VCPU_SPE's feature bit.", OLD(7)),
  knob('numbers.exitRlimit', 'integer', 41, "KVM_EXIT_RLIMIT's number."),
  knob('pmuMask', ['and', 'copy'], 'and', 'SET_PMU narrows supported_cpus, or replaces it.', { ...OLD('copy'), mainline: 'copy' }),
  ...Object.values(QUIRKS).map((q) => knob(q.knob, flag, q.standard, `${q.id}: true: ${q.kvm}; false: ${q.architecture}.`)),
  knob('vgic.lrs', 'integer', 16, 'List registers of the host GIC.'),
];

const byName = new Map(KNOBS.map((k) => [k.name, k]));

export const knobByName = (name: string): Knob | undefined => byName.get(name);

/** Every knob's value for a revision, with the fixture's own in place. */
export function fillKnobs(revision: Revision, own: Readonly<Record<string, KnobValue>>): Readonly<Record<string, KnobValue>> {
  const all: Record<string, KnobValue> = {};
  for (const k of KNOBS) all[k.name] = own[k.name] ?? k.revisions?.[revision] ?? k.standard;
  return all;
}

/** The check, told to be the reading that a knob chooses on this host. */
export function chosenBy<S>(host: Host, name: string, check: Check<S>): Check<S> {
  const row = byName.get(name);
  if (row === undefined || row.values === 'integer') throw new Error(`knob ${name} does not choose`);
  const value = knobOf(host, name);
  const others = row.values.filter((other) => other !== value);
  return { ...check, evidence: { ...check.evidence, knob: `${name}=${String(value)}, else ${others.join(', ')}` } };
}

/** A knob's value. Throws (our bug) when the name has no row. */
export function knobOf(host: Host, name: string): KnobValue {
  const value = host.knobs[name];
  if (value === undefined) throw new Error(`no knob ${name}`);
  return value;
}
