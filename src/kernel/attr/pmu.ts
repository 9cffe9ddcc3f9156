// The group KVM_ARM_VCPU_PMU_V3_CTRL: IRQ, INIT, FILTER, SET_PMU, SET_NR_COUNTERS (kvm-spe-abi.md §2.9). The model that SPE's group follows.
import { getField, struct } from '../../abi/struct.ts';
import { unmapped, userBytes } from '../calls/user.ts';
import { cpuListText } from '../cpu-list.ts';
import type { CpuPmuDevice, Host } from '../host.ts';
import { type Check, does, doesInHalves, fails, mainline, type Step, type Steps, seed, steps } from '../steps.ts';
import { setSupportedCpus } from '../supported-cpus.ts';
import { claimError, claimInterrupt, vgicInitialised } from '../vgic-port.ts';
import { hasFeature, knobWord } from '../vm.ts';
import { type AttrCall, doneText, featuresSeen, intOf, isPpi, isSpi, noVgic, readsValue, type Verb, vmRan, writesValue } from './state.ts';

const SET = 'kvm_arm_pmu_v3_set_attr';
const GET = 'kvm_arm_pmu_v3_get_attr';

type List = readonly Step<AttrCall>[];

const featureMissing = (errno: string, place: string): Check<AttrCall> =>
  fails(
    errno,
    'the vCPU was not initialised with the PMU_V3 feature',
    { when: (s) => !hasFeature(s.host, s.vm, 'pmu-v3'), saw: featuresSeen, wouldPass: () => 'KVM_ARM_VCPU_INIT with the PMU_V3 feature' },
    mainline(place),
  );

const head: List = [
  featureMissing('ENODEV', SET),
  fails(
    'EBUSY',
    'the PMU of this vCPU is already initialised',
    { when: (s) => s.vcpu.pmu.initialised, saw: (s) => doneText(s.vcpu.pmu.initialised, 'KVM_ARM_VCPU_PMU_V3_INIT') },
    mainline(SET),
  ),
];

// --- IRQ ---

const irqText = (s: AttrCall): string => (s.vcpu.pmu.irq === null ? doneText(false, 'KVM_ARM_VCPU_PMU_V3_IRQ') : `irq ${s.vcpu.pmu.irq}`);

const irqsOfAll = (s: AttrCall): number[] => s.vm.vcpus.flatMap((v) => (v.pmu.irq === null ? [] : [v.pmu.irq]));
/** A PPI must be the same for every vCPU, an SPI must differ; the vCPU's own counts too. */
const irqContradicts = (s: AttrCall): boolean => irqsOfAll(s).some((irq) => (isPpi(intOf(s)) ? irq !== intOf(s) : irq === intOf(s)));

const irqSet: List = [
  noVgic('EINVAL', mainline(SET)),
  ...readsValue('int', 'the interrupt number cannot be read', mainline(SET)),
  fails(
    'EINVAL',
    'the interrupt is neither a PPI nor an SPI',
    { when: (s) => !isPpi(intOf(s)) && !isSpi(intOf(s)), saw: (s) => `irq ${intOf(s)}`, wouldPass: () => '16 to 1019; 23 is usual' },
    mainline(SET),
  ),
  fails(
    'EINVAL',
    'the interrupt contradicts one that a vCPU of this VM has',
    {
      when: irqContradicts,
      saw: (s) => `irq ${intOf(s)}, set are ${irqsOfAll(s).join(', ') || 'none'}`,
      wouldPass: () => 'the same PPI for every vCPU, or an SPI of its own',
    },
    mainline('pmu_irq_is_valid'),
  ),
  fails(
    'EBUSY',
    'the interrupt of this vCPU is already set',
    { when: (s) => s.vcpu.pmu.irq !== null, saw: (s) => (s.vcpu.pmu.irq === null ? 'unset' : `irq ${s.vcpu.pmu.irq}`) },
    mainline(SET),
  ),
  does(
    'remember the interrupt',
    (s) => {
      s.vcpu.pmu.irq = intOf(s);
    },
    mainline(SET),
  ),
];

const irqGet: List = [
  noVgic('EINVAL', mainline(GET)),
  featureMissing('ENODEV', GET),
  fails('ENXIO', 'the interrupt of this vCPU is not set', { when: (s) => s.vcpu.pmu.irq === null, saw: irqText }, mainline(GET)),
  ...writesValue('int', 'the interrupt number cannot be written', (s) => BigInt(s.vcpu.pmu.irq ?? 0), mainline(GET)),
];

// --- SET_PMU ---

const pmuOfType = (s: AttrCall): CpuPmuDevice | undefined => s.host.pmus.find((pmu) => pmu.type === intOf(s));

function setPmu(host: Host): List {
  const copies = knobWord(host, 'pmuMask') === 'copy';
  const place = 'kvm_arm_pmu_v3_set_pmu';
  return [
    ...readsValue('int', 'the PMU identifier cannot be read', mainline(SET)),
    fails(
      'ENXIO',
      'no CPU PMU on this host has that identifier',
      {
        when: (s) => pmuOfType(s) === undefined,
        saw: (s) => `type ${intOf(s)}`,
        wouldPass: (s) => s.host.pmus.map((pmu) => `${pmu.type} (${pmu.name})`).join(', '),
      },
      mainline(place),
    ),
    vmRan(mainline(place)),
    fails(
      'EBUSY',
      'an event filter is set and another PMU is meant',
      {
        when: (s) => s.vm.pmuFilter && s.vm.pmu !== intOf(s),
        saw: (s) => (s.vm.pmuFilter ? `a filter, PMU type ${s.vm.pmu}` : 'no filter'),
      },
      mainline(place),
    ),
    doesInHalves(
      copies ? 'remember the PMU; supported_cpus = its CPUs' : 'remember the PMU; supported_cpus &= its CPUs',
      (s) => {
        const pmu = pmuOfType(s);
        if (pmu === undefined) throw new Error('a checked PMU is gone');
        s.vm.pmu = pmu.type;
        s.maskRead = s.vm.supportedCpus;
      },
      (s) => {
        const pmu = pmuOfType(s);
        if (pmu === undefined) throw new Error('a checked PMU is gone');
        const cpus = copies ? pmu.cpus : (s.maskRead ?? 0n) & pmu.cpus;
        setSupportedCpus(s, cpus, `KVM_ARM_VCPU_PMU_V3_SET_PMU ${pmu.type} (${pmu.name}, CPUs ${cpuListText(pmu.cpus)})`);
      },
      copies ? mainline(place) : seed(place),
    ),
  ];
}

// --- FILTER ---

const FILTER = struct('kvm_pmu_event_filter', 8, ['u16 base_event', 'u16 nevents', 'u8 action', 'u8[3] pad']);
/** Events of a PMUv3p1 and later. */
const EVENTS = 0x10000;
const filterBytes = (s: AttrCall): Uint8Array => userBytes(s, s.attr.addr, FILTER.size);
const filterField = (s: AttrCall, name: string): number => Number(getField(FILTER, filterBytes(s), name));

const filterSet: List = [
  unmapped('the filter cannot be read', (s) => s.attr.addr, FILTER.size, mainline(SET)),
  fails(
    'EINVAL',
    'the range of events or the action is not allowed',
    {
      when: (s) => filterField(s, 'base_event') + filterField(s, 'nevents') > EVENTS || filterField(s, 'action') > 1,
      saw: (s) => `events ${filterField(s, 'base_event')} + ${filterField(s, 'nevents')}, action ${filterField(s, 'action')}`,
      wouldPass: () => 'events below 0x10000; action 0 (allow) or 1 (deny)',
    },
    mainline(SET),
  ),
  vmRan(mainline(SET)),
  does(
    'narrow or widen the filter',
    (s) => {
      s.vm.pmuFilter = true;
    },
    mainline(SET),
  ),
];

// --- SET_NR_COUNTERS ---

/** Event counters of the PMUs: PMCR_EL0.N of a Neoverse N1. */
const COUNTERS = 6;

const counters: List = [
  ...readsValue('int', 'the number of counters cannot be read', mainline(SET)),
  fails(
    'EINVAL',
    'no PMU is chosen',
    { when: (s) => s.vm.pmu === null, saw: (s) => (s.vm.pmu === null ? 'none' : `PMU type ${s.vm.pmu}`) },
    mainline('kvm_arm_pmu_v3_set_nr_counters'),
  ),
  fails(
    'EINVAL',
    'the PMU has fewer counters',
    { when: (s) => intOf(s) < 0 || intOf(s) > COUNTERS, saw: (s) => `${intOf(s)} counters`, wouldPass: () => `0 to ${COUNTERS}` },
    mainline('kvm_arm_pmu_v3_set_nr_counters'),
  ),
  does(
    'remember the number of counters',
    (s) => {
      s.vm.pmuCounters = intOf(s);
    },
    mainline('kvm_arm_pmu_v3_set_nr_counters'),
  ),
];

// --- INIT ---

const INIT = 'kvm_arm_pmu_v3_init';
const inKernel = (s: AttrCall): boolean => s.vm.vgic !== null;
const ownerError = (s: AttrCall): string | null => (inKernel(s) ? claimError(s.vm, s.vcpu.index, s.vcpu.pmu.irq ?? 0, 'pmu') : null);

const init: List = [
  fails(
    'ENODEV',
    'the vGIC is not initialised',
    {
      when: (s) => inKernel(s) && !vgicInitialised(s.vm),
      saw: (s) => (inKernel(s) ? doneText(vgicInitialised(s.vm), 'CTRL_INIT') : 'no in-kernel vGIC'),
    },
    mainline(INIT),
  ),
  fails(
    'ENXIO',
    'the interrupt of this vCPU is not set',
    { when: (s) => inKernel(s) && s.vcpu.pmu.irq === null, saw: irqText },
    mainline(INIT),
  ),
  fails(
    'EINVAL',
    'the vGIC has no such interrupt',
    { when: (s) => ownerError(s) === 'EINVAL', saw: irqText },
    mainline('kvm_vgic_set_owner'),
  ),
  fails(
    'EEXIST',
    'another device owns the interrupt in the vGIC',
    { when: (s) => ownerError(s) === 'EEXIST', saw: irqText },
    mainline('kvm_vgic_set_owner'),
  ),
  does(
    'claim the interrupt; the PMU of this vCPU is initialised',
    (s) => {
      if (inKernel(s)) claimInterrupt(s.vm, s.vcpu.index, s.vcpu.pmu.irq ?? 0, 'pmu');
      s.vcpu.pmu.initialised = true;
    },
    mainline(INIT),
  ),
];

const NAMES = [
  'KVM_ARM_VCPU_PMU_V3_IRQ',
  'KVM_ARM_VCPU_PMU_V3_INIT',
  'KVM_ARM_VCPU_PMU_V3_FILTER',
  'KVM_ARM_VCPU_PMU_V3_SET_PMU',
  'KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS',
];

const unknown = (place: string): Check<AttrCall> =>
  fails('ENXIO', 'the group has no such attribute', { when: () => true, saw: (s) => `attribute ${s.attr.attr}` }, mainline(place));

/** The list of an attribute of the group. */
export function pmuSteps(host: Host, verb: Verb, attr: bigint): Steps<AttrCall> {
  const name = `${NAMES[Number(attr)] ?? `KVM_ARM_VCPU_PMU_V3_CTRL attribute ${attr}`} ${verb}`;
  if (verb === 'has')
    return steps(name, attr < NAMES.length ? [featureMissing('ENXIO', 'kvm_arm_pmu_v3_has_attr')] : [unknown('kvm_arm_pmu_v3_has_attr')]);
  if (verb === 'get') return steps(name, attr === 0n ? irqGet : [unknown(GET)]);
  const bodies: readonly List[] = [irqSet, init, filterSet, setPmu(host), counters];
  return steps(name, [...head, ...(bodies[Number(attr)] ?? [unknown(SET)])], 'config_lock');
}
