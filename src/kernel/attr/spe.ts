// The group KVM_ARM_VCPU_SPE_CTRL, rfc-v6: IRQ, SPU, MAX_BUFFER_SIZE, INIT, each verb as its list of checks.
// Orders and evidence: kvm-spe-abi.md §2.3-2.6; the knobs of §8.4 select between readings. The older revisions are in spe-old.ts.

import { kvmSpus } from '../capability.ts';
import { cpuListText } from '../cpu-list.ts';
import type { Host, SpuDevice } from '../host.ts';
import { chosenBy } from '../knobs.ts';
import { encodeBufferSize, maxBufferSizeOf } from '../spe/buffer-size.ts';
import { type Check, does, doesInHalves, endsWhen, fails, inferred, type Step, type Steps, seed, steps, v5, v6Review } from '../steps.ts';
import { setSupportedCpus } from '../supported-cpus.ts';
import { claimError, claimInterrupt, vgicInitialised } from '../vgic-port.ts';
import { hasFeature, knobWord } from '../vm.ts';
import { type AttrCall, doneText, featuresSeen, intOf, isPpi, noVgic, readsValue, type Verb, vmRan, writesValue } from './state.ts';

const SET = 'kvm_spe_set_attr';
const GET = 'kvm_spe_get_attr';
const HAS = 'kvm_spe_has_attr';
const SET_SPU = 'kvm_spe_set_spu';

type List = readonly Step<AttrCall>[];

export const featureMissing = (errno: string, place: string): Check<AttrCall> =>
  fails(
    errno,
    'the vCPU was not initialised with the SPE feature',
    { when: (s) => !hasFeature(s.host, s.vm, 'spe'), saw: featuresSeen, wouldPass: () => 'KVM_ARM_VCPU_INIT with the SPE feature' },
    seed(place),
  );

/** What stands before the switch over the attributes. */
function head(host: Host, verb: 'set' | 'get'): List {
  const before = knobWord(host, 'irqchipCheck.position') === 'beforeSwitch';
  const busyOnTop = verb === 'set' && knobWord(host, 'initBusyCheck') === 'top';
  return [
    featureMissing(knobWord(host, 'featureErrno'), verb === 'set' ? SET : GET),
    ...(busyOnTop ? [chosenBy(host, 'initBusyCheck', alreadyInitialised(inferred('L', 'as the PMU code does')))] : []),
    ...(before ? [vgicMissing(host)] : []),
  ];
}

const vgicMissing = (host: Host): Check<AttrCall> =>
  chosenBy(host, 'irqchipCheck.errno', noVgic(knobWord(host, 'irqchipCheck.errno'), inferred('M', 'hunk arithmetic')));

/** The same check, where the knob puts it into the IRQ case. */
const vgicMissingInCase = (host: Host): List => (knobWord(host, 'irqchipCheck.position') === 'inIrqCase' ? [vgicMissing(host)] : []);

export const alreadyInitialised = (evidence: ReturnType<typeof seed>): Check<AttrCall> =>
  fails(
    'EBUSY',
    'SPE of this vCPU is already initialised',
    { when: (s) => s.vcpu.spe.initialised, saw: (s) => doneText(s.vcpu.spe.initialised, 'KVM_ARM_VCPU_SPE_INIT') },
    evidence,
  );

/** -ENXIO while a value is not set; `setter` is the attribute that sets it. */
export const unset = (
  what: string,
  setter: string,
  isUnset: (s: AttrCall) => boolean,
  saw: (s: AttrCall) => string,
  evidence: ReturnType<typeof seed>,
): Check<AttrCall> =>
  fails(
    'ENXIO',
    `${what} is not set`,
    { when: isUnset, saw: (s) => (isUnset(s) ? doneText(false, setter) : saw(s)), wouldPass: () => `${setter} first` },
    evidence,
  );

// --- IRQ (§2.4) ---

const irqSeen = (s: AttrCall): string => `irq ${s.vcpu.spe.irq}`;
/** The irq another vCPU of the VM has; 0 when none has one. */
const irqOfOthers = (s: AttrCall): number => s.vm.vcpus.find((v) => v.spe.irq !== 0)?.spe.irq ?? 0;

/** The checks and the deed of setting the irq, behind the head; shared by all revisions. */
export function irqSetBody(host: Host): List {
  const notPpi = chosenBy(
    host,
    'quirk.irqValidBool',
    fails<AttrCall>(
      'EINVAL',
      'the interrupt is not a PPI',
      { when: (s) => !isPpi(intOf(s)), saw: (s) => `irq ${intOf(s)}`, wouldPass: () => '16 to 31; 21 is recommended' },
      v5('kvm_spe_irq_is_valid'),
    ),
  );
  return [
    fails(
      'EBUSY',
      'the interrupt of this vCPU is already set',
      { when: (s) => s.vcpu.spe.irq !== 0, saw: (s) => (s.vcpu.spe.irq === 0 ? 'unset' : irqSeen(s)) },
      v5(SET),
    ),
    ...readsValue('int', 'the interrupt number cannot be read', v5(SET)),
    // The quirk: the helper answers a negative errno as a bool, which is true: what is no PPI passes, and is not compared either.
    ...(host.knobs['quirk.irqValidBool'] === true ? [] : [notPpi]),
    fails(
      'EINVAL',
      'another vCPU of this VM has a different interrupt',
      {
        when: (s) => isPpi(intOf(s)) && irqOfOthers(s) !== 0 && irqOfOthers(s) !== intOf(s),
        saw: (s) => (irqOfOthers(s) === 0 ? `irq ${intOf(s)}, none set yet` : `irq ${intOf(s)}, the VM uses ${irqOfOthers(s)}`),
        wouldPass: (s) => `${irqOfOthers(s)}`,
      },
      v5('kvm_spe_irq_is_valid'),
    ),
    does(
      'remember the interrupt',
      (s) => {
        s.vcpu.spe.irq = intOf(s);
      },
      v5(SET),
    ),
  ];
}

export const irqGetBody: List = [
  unset('the interrupt of this vCPU', 'KVM_ARM_VCPU_SPE_IRQ', (s) => s.vcpu.spe.irq === 0, irqSeen, v5(GET)),
  ...writesValue('int', 'the interrupt number cannot be written', (s) => BigInt(s.vcpu.spe.irq), v5(GET)),
];

// --- SPU (§2.3) ---

const spuOfType = (s: AttrCall, type: number): SpuDevice | undefined => kvmSpus(s.host).find((spu) => spu.type === type);
const spuText = (s: AttrCall, type: number): string => `${spuOfType(s, type)?.name ?? 'unknown'} (type ${type})`;
const spuOfVm = (s: AttrCall): string => (s.vm.spu === null ? 'unset' : spuText(s, s.vm.spu));

const spuSet: List = [
  ...readsValue('int', 'the SPU identifier cannot be read', seed(SET)),
  vmRan(seed(SET_SPU)),
  fails(
    'ENXIO',
    'no SPU on this host has that identifier',
    {
      when: (s) => spuOfType(s, intOf(s)) === undefined,
      saw: (s) => `type ${intOf(s)}`,
      wouldPass: (s) =>
        kvmSpus(s.host)
          .map((spu) => `${spu.type} (${spu.name})`)
          .join(', ') || 'nothing: the host has no SPU',
    },
    seed(SET_SPU),
  ),
  fails(
    'EINVAL',
    'a different SPU is already set',
    {
      when: (s) => s.vm.spu !== null && s.vm.spu !== intOf(s),
      saw: (s) => (s.vm.spu === null ? 'none set' : spuText(s, s.vm.spu)),
      wouldPass: (s) => `${s.vm.spu}`,
    },
    seed(SET_SPU),
  ),
  endsWhen('the same SPU is set: nothing changes', (s) => s.vm.spu !== null, seed(SET_SPU)),
  doesInHalves(
    'remember the SPU; supported_cpus &= its CPUs',
    (s) => {
      s.vm.spu = intOf(s);
      s.maskRead = s.vm.supportedCpus;
    },
    (s) => {
      const spu = spuOfType(s, intOf(s));
      if (spu === undefined) throw new Error('a checked SPU is gone');
      setSupportedCpus(s, (s.maskRead ?? 0n) & spu.cpus, `KVM_ARM_VCPU_SPE_SPU ${spu.type} (${spu.name}, CPUs ${cpuListText(spu.cpus)})`);
    },
    seed(SET_SPU),
  ),
];

const spuGet: List = [
  unset('the SPU of this VM', 'KVM_ARM_VCPU_SPE_SPU', (s) => s.vm.spu === null, spuOfVm, seed(GET)),
  ...writesValue('int', 'the SPU identifier cannot be written', (s) => BigInt(s.vm.spu ?? 0), seed(GET)),
];

// --- MAX_BUFFER_SIZE (§2.5) ---

const KNOB = '14/35, order inferred';
const bytesText = (bytes: bigint): string => `${bytes} bytes`;
/** The largest buffer of the VM's SPU; 0 = no limit. */
const hardwareLimit = (s: AttrCall): bigint => maxBufferSizeOf((s.vm.spu === null ? undefined : spuOfType(s, s.vm.spu))?.pmbidr ?? 0n);
const aboveLimit = (s: AttrCall): boolean => hardwareLimit(s) !== 0n && (s.value === 0n || s.value > hardwareLimit(s));

function sizeSet(host: Host): List {
  const refused = (
    why: string,
    when: (s: AttrCall) => boolean,
    wouldPass: (s: AttrCall) => string,
    evidence = inferred('L', KNOB),
  ): Check<AttrCall> => fails('EINVAL', why, { when, saw: (s) => bytesText(s.value), wouldPass }, evidence);
  return [
    ...readsValue('u64', 'the maximum buffer size cannot be read', inferred('M', KNOB)),
    ...(knobWord(host, 'maxBuf.ran') === 'EBUSY' ? [chosenBy(host, 'maxBuf.ran', vmRan(inferred('L', KNOB)))] : []),
    ...(knobWord(host, 'maxBuf.spuUnset') === 'ENXIO'
      ? [
          chosenBy(
            host,
            'maxBuf.spuUnset',
            unset('the SPU of this VM', 'KVM_ARM_VCPU_SPE_SPU', (s) => s.vm.spu === null, spuOfVm, inferred('M', KNOB)),
          ),
        ]
      : []),
    ...(knobWord(host, 'maxBuf.zero') === 'EINVAL'
      ? [
          chosenBy(
            host,
            'maxBuf.zero',
            refused(
              'the size is zero',
              (s) => s.value === 0n,
              () => 'at least 4096',
            ),
          ),
        ]
      : []),
    refused(
      'the size is not a multiple of the page size',
      (s) => s.value % 4096n !== 0n,
      () => 'a multiple of 4096',
    ),
    refused(
      'PMBIDR_EL1.MaxBuffSize cannot represent the size',
      (s) => encodeBufferSize(s.value) === null,
      nearestSizes,
      inferred('L', 'the field has 9 bits of mantissa'),
    ),
    refused(
      'the size exceeds the limit of the SPU',
      aboveLimit,
      (s) => `at most ${hardwareLimit(s)}`,
      v6Review('14/35: must not exceed what the SPU supports'),
    ),
    endsWhen('the same size is set: nothing changes', (s) => s.vm.maxBufferSize === s.value, inferred('L', KNOB)),
    chosenBy(
      host,
      'maxBuf.change',
      fails(
        knobWord(host, 'maxBuf.change'),
        'a different maximum buffer size is already set',
        {
          when: (s) => s.vm.maxBufferSize !== null,
          saw: (s) => (s.vm.maxBufferSize === null ? 'none set' : bytesText(s.vm.maxBufferSize)),
          wouldPass: (s) => `${s.vm.maxBufferSize}`,
        },
        inferred('L', KNOB),
      ),
    ),
    does(
      'remember the size',
      (s) => {
        s.vm.maxBufferSize = s.value;
      },
      inferred('M', KNOB),
    ),
  ];
}

/** The representable sizes around a size that is not. */
function nearestSizes(s: AttrCall): string {
  let unit = 4096n;
  while (unit * 1024n <= s.value) unit *= 2n;
  const below = (s.value / unit) * unit;
  return `${below} or ${below + unit}`;
}

const sizeGet: List = [
  unset(
    'the maximum buffer size',
    'KVM_ARM_VCPU_MAX_BUFFER_SIZE',
    (s) => s.vm.maxBufferSize === null,
    (s) => bytesText(s.vm.maxBufferSize ?? 0n),
    inferred('L', KNOB),
  ),
  ...writesValue('u64', 'the maximum buffer size cannot be written', (s) => s.vm.maxBufferSize ?? 0n, inferred('M', KNOB)),
];

// --- INIT (§2.6) ---

export const vgicNotInitialised = (errno: string): Check<AttrCall> =>
  fails(
    errno,
    'the vGIC is not initialised',
    {
      when: (s) => !vgicInitialised(s.vm),
      saw: (s) => doneText(vgicInitialised(s.vm), 'CTRL_INIT'),
      wouldPass: () => 'KVM_DEV_ARM_VGIC_CTRL_INIT first',
    },
    v5('kvm_spe_init'),
  );

export const ppiTaken: Check<AttrCall> = fails(
  'ENXIO',
  'another device owns the PPI in the vGIC',
  {
    when: (s) => claimError(s.vm, s.vcpu.index, s.vcpu.spe.irq, 'spe') !== null,
    saw: irqSeen,
    wouldPass: () => 'a PPI that no device claimed',
  },
  v5('kvm_vgic_set_owner'),
);

export const initialise: Step<AttrCall> = does(
  'claim the PPI; SPE of this vCPU is initialised',
  (s) => {
    claimInterrupt(s.vm, s.vcpu.index, s.vcpu.spe.irq, 'spe');
    s.vcpu.spe.initialised = true;
  },
  v5('kvm_spe_init'),
);

function initSet(host: Host): List {
  return [
    unset('the interrupt of this vCPU', 'KVM_ARM_VCPU_SPE_IRQ', (s) => s.vcpu.spe.irq === 0, irqSeen, v5('kvm_spe_init')),
    ...(knobWord(host, 'spuRequired') === 'init'
      ? [
          chosenBy(
            host,
            'spuRequired',
            unset('the SPU of this VM', 'KVM_ARM_VCPU_SPE_SPU', (s) => s.vm.spu === null, spuOfVm, inferred('M', 'documented as required')),
          ),
        ]
      : []),
    chosenBy(host, 'vgicUninitErrno', vgicNotInitialised(knobWord(host, 'vgicUninitErrno'))),
    ...(knobWord(host, 'initBusyCheck') === 'inCase' ? [chosenBy(host, 'initBusyCheck', alreadyInitialised(v5('kvm_spe_init')))] : []),
    ppiTaken,
    initialise,
  ];
}

// --- the lists ---

export const unknownAttribute = (evidence: ReturnType<typeof seed>): Check<AttrCall> =>
  fails('ENXIO', 'the group has no such attribute', { when: () => true, saw: (s) => `attribute ${s.attr.attr}` }, evidence);

const NAMES = ['KVM_ARM_VCPU_SPE_IRQ', 'KVM_ARM_VCPU_SPE_SPU', 'KVM_ARM_VCPU_MAX_BUFFER_SIZE', 'KVM_ARM_VCPU_SPE_INIT'];

/** The list of an attribute of the group under rfc-v6 and the host's knobs; `attr` is compared as 64 bits. */
export function speStepsV6(host: Host, verb: Verb, attr: bigint): Steps<AttrCall> {
  const name = `${NAMES[Number(attr)] ?? `KVM_ARM_VCPU_SPE_CTRL attribute ${attr}`} ${verb}`;
  if (verb === 'has') {
    const known = attr < NAMES.length;
    return steps(name, [
      chosenBy(host, 'hasErrno', featureMissing(knobWord(host, 'hasErrno'), HAS)),
      ...(known ? [] : [unknownAttribute(seed(HAS))]),
    ]);
  }
  const bodies: Readonly<Record<string, List>> =
    verb === 'set'
      ? {
          0: [...vgicMissingInCase(host), ...irqSetBody(host)],
          1: spuSet,
          2: sizeSet(host),
          3: initSet(host),
        }
      : { 0: [...vgicMissingInCase(host), ...irqGetBody], 1: spuGet, 2: sizeGet };
  const list = [...head(host, verb), ...(bodies[String(attr)] ?? [unknownAttribute(verb === 'set' ? seed(SET) : seed(GET))])];
  return steps(name, list, verb === 'set' && attr === 1n ? 'arm_spus_lock' : undefined);
}
