// KVM_ARM_VCPU_INIT and KVM_ARM_VCPU_FINALIZE (kvm-spe-abi.md §1.3, §2.9): the feature bitmap is the VM's, not the vCPU's.
import { TARGET_GENERIC_V8, VCPU_FEATURES } from '../../abi/features.ts';
import { readStructField, structField } from '../../abi/struct.ts';
import { INT, KVM_VCPU_INIT } from '../../abi/structs.ts';
import { doneText } from '../attr/state.ts';
import { type Request, request, type VcpuCall } from '../call-state.ts';
import { featureMaskOf, featureNames, knownFeatures, offeredFeatures, speUnavailable } from '../capability.ts';
import { cpuListText, hasCpu } from '../cpu-list.ts';
import { chosenBy, knobOf } from '../knobs.ts';
import { perHost } from '../per-host.ts';
import { resetVcpu } from '../reset.ts';
import { forgetBuffer } from '../spe/pinned.ts';
import { type Check, does, fails, inferred, mainline, steps, v5, walk } from '../steps.ts';
import { cpusWithSpu, setSupportedCpus } from '../supported-cpus.ts';
import { hasFeature } from '../vm.ts';
import { readsStruct, type StructScratch, structScratch, unmapped, userValue } from './user.ts';

type Call = VcpuCall & StructScratch;

const PLACE = 'kvm_arch_vcpu_ioctl_vcpu_init';
const CHECK = 'kvm_vcpu_init_check_features';
const FEATURES = structField(KVM_VCPU_INIT, 'features');

const target = (s: Call): number => Number(readStructField(s.bytes, structField(KVM_VCPU_INIT, 'target')));
const word = (s: Call, n: number): number => Number(readStructField(s.bytes, FEATURES, n));
const asked = (s: Call): number => word(s, 0);
const asks = (s: Call, short: string): boolean => (asked(s) & featureMaskOf(s.host, short)) !== 0;
/** The bitmap as the VM keeps it. */
const kept = (s: Call): number => asked(s) & ~featureMaskOf(s.host, 'power-off');
const otherWords = (s: Call): boolean => Array.from({ length: FEATURES.count - 1 }, (_, i) => word(s, i + 1)).some((w) => w !== 0);
const seen = (s: Call): string => featureNames(s.host, asked(s));

const invalid = (why: string, when: (s: Call) => boolean, evidence = mainline(CHECK)): Check<Call> =>
  fails('EINVAL', why, { when, saw: seen }, evidence);

/** Why the host does not offer a feature that was asked for. */
function notOffered(s: Call): string {
  const missing = kept(s) & ~offeredFeatures(s.host);
  if (missing === 0) return seen(s);
  const spe = (missing & featureMaskOf(s.host, 'spe')) !== 0 ? ` (${speUnavailable(s.host)})` : '';
  return `${featureNames(s.host, missing)}${spe}`;
}

const nestedGateVm = (s: Call): boolean => knobOf(s.host, 'nestedGate') === 'vm';
const cpuPmu = (s: Call) => s.host.pmus.find((pmu) => hasCpu(pmu.cpus, s.vcpu.thread.cpu));

/** rfc-v5: the feature itself narrows the mask, to the CPUs of all SPUs together. */
const narrowsToSpus = does<Call>(
  'with SPE: supported_cpus &= the CPUs of every SPU',
  (s) => {
    if (!asks(s, 'spe')) return;
    const cpus = cpusWithSpu(s.host);
    setSupportedCpus(s, s.vm.supportedCpus & cpus, `KVM_ARM_VCPU_INIT with SPE (CPUs ${cpuListText(cpus)})`);
  },
  v5('kvm_spe_vcpu_enable_spe'),
);

export const vcpuInitSteps = perHost((host) =>
  steps<Call>('KVM_ARM_VCPU_INIT', [
    ...readsStruct<Call>(KVM_VCPU_INIT, mainline('kvm_arch_vcpu_ioctl')),
    fails(
      'EINVAL',
      'the target is not the generic v8 target',
      { when: (s) => target(s) !== TARGET_GENERIC_V8, saw: (s) => `target ${target(s)}`, wouldPass: () => `${TARGET_GENERIC_V8}` },
      mainline('kvm_vcpu_set_target'),
    ),
    fails(
      'ENOENT',
      'a feature bit is not known to this kernel',
      {
        when: (s) => (asked(s) & ~knownFeatures(s.host)) >>> 0 !== 0 || otherWords(s),
        saw: (s) =>
          otherWords(s) ? 'features[1] to [6] are not all zero' : `bits 0x${((asked(s) & ~knownFeatures(s.host)) >>> 0).toString(16)}`,
        wouldPass: (s) => `bits of 0x${knownFeatures(s.host).toString(16)}`,
      },
      mainline(CHECK),
    ),
    fails(
      'EINVAL',
      'the host does not offer a feature',
      {
        when: (s) => (kept(s) & ~offeredFeatures(s.host)) !== 0,
        saw: notOffered,
        wouldPass: (s) => featureNames(s.host, offeredFeatures(s.host)),
      },
      inferred('H', 'where SPE lands when the host does not offer it'),
    ),
    invalid(
      'only one of the two pointer authentication features is asked for',
      (s) => asks(s, 'ptrauth-address') !== asks(s, 'ptrauth-generic'),
    ),
    invalid('EL1 in AArch32 cannot have SPE', (s) => asks(s, 'el1-32bit') && asks(s, 'spe'), v5(CHECK)),
    invalid('EL1 in AArch32 cannot have nested virtualisation', (s) => asks(s, 'el1-32bit') && asks(s, 'has-el2')),
    chosenBy(
      host,
      'nestedGate',
      invalid(
        'SPE and nested virtualisation together',
        (s) => nestedGateVm(s) && asks(s, 'has-el2') && asks(s, 'spe'),
        inferred('L', '09/35 read as a gate on the VM'),
      ),
    ),
    fails(
      'EINVAL',
      'the VM already has other features',
      {
        when: (s) => s.vm.features !== null && s.vm.features !== kept(s),
        saw: (s) =>
          s.vm.features === null
            ? `${seen(s)}; the VM has none yet`
            : `${featureNames(s.host, kept(s))}; the VM has ${featureNames(s.host, s.vm.features)}`,
        wouldPass: (s) => featureNames(s.host, s.vm.features ?? 0),
      },
      mainline('__kvm_vcpu_set_target'),
    ),
    does(
      "store the VM's features",
      (s) => {
        s.vm.features = kept(s);
      },
      mainline('__kvm_vcpu_set_target'),
    ),
    ...(host.kernel.revision === 'rfc-v5' ? [narrowsToSpus] : []),
    fails(
      'ENODEV',
      'no CPU PMU is there for the calling CPU',
      {
        when: (s) => asks(s, 'pmu-v3') && s.vm.pmu === null && cpuPmu(s) === undefined,
        saw: (s) => (asks(s, 'pmu-v3') ? `CPU ${s.vcpu.thread.cpu}` : 'PMU_V3 is not asked for'),
        leaves: { what: "the VM's features stay stored", run: () => {} },
      },
      mainline('kvm_setup_vcpu'),
    ),
    does(
      'choose the default PMU by the CPU of the thread; reset the registers; power state by POWER_OFF',
      (s) => {
        if (asks(s, 'pmu-v3')) s.vm.pmu ??= cpuPmu(s)?.type ?? null;
        s.vcpu.initialised = true;
        s.vcpu.poweredOff = asks(s, 'power-off');
        resetVcpu(s.host, s.vcpu);
        forgetBuffer(s.mw, s.vm, s.vcpu, s.events);
      },
      mainline(PLACE),
    ),
  ]),
);

// --- KVM_ARM_VCPU_FINALIZE ---

const SVE_BIT = VCPU_FEATURES.find((f) => f.short === 'sve')?.bit ?? -1;
const what = (s: Call): number => Number(userValue(s, INT, s.call.argument));

const FINALIZE = steps<Call>('KVM_ARM_VCPU_FINALIZE', [
  fails(
    'ENOEXEC',
    'the vCPU was not initialised',
    { when: (s) => !s.vcpu.initialised, saw: (s) => doneText(s.vcpu.initialised, 'KVM_ARM_VCPU_INIT') },
    mainline('kvm_arch_vcpu_ioctl'),
  ),
  unmapped('the feature cannot be read', (s) => s.call.argument, INT.size, mainline('kvm_arch_vcpu_ioctl')),
  fails(
    'EINVAL',
    'the feature is not to be finalised, or the vCPU does not have it',
    {
      when: (s) => what(s) !== SVE_BIT || !hasFeature(s.host, s.vm, 'sve'),
      saw: (s) => `feature ${what(s)}`,
      wouldPass: () => `${SVE_BIT} (sve) on a vCPU that has it`,
    },
    mainline('kvm_arm_vcpu_finalize'),
  ),
  fails(
    'EPERM',
    'the feature is already finalised',
    { when: (s) => s.vcpu.sveFinalised, saw: (s) => (s.vcpu.sveFinalised ? 'finalised' : 'not finalised') },
    mainline('kvm_arm_vcpu_finalize'),
  ),
  does(
    'finalise the feature',
    (s) => {
      s.vcpu.sveFinalised = true;
    },
    mainline('kvm_vcpu_finalize_sve'),
  ),
]);

export const VCPU_INIT_REQUESTS: readonly Request<VcpuCall>[] = [
  {
    ioctl: 'KVM_ARM_VCPU_INIT',
    support: 'full',
    lists: (host) => [vcpuInitSteps(host)],
    run: (state) => walk(vcpuInitSteps(state.host), Object.assign(state, structScratch())),
  },
  request('KVM_ARM_VCPU_FINALIZE', 'full', structScratch(), FINALIZE),
];
