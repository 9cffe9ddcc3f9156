// The group KVM_ARM_VCPU_SPE_CTRL of rfc-v5 and rfc-v4: IRQ 0, INIT 1, STOP 2 (kvm-spe-abi.md §2.4, §2.6, §5.2), from the same pieces as rfc-v6.
import type { Host } from '../host.ts';
import { chosenBy } from '../knobs.ts';
import { STOP_EXIT, STOP_RESUME, STOP_TRAP } from '../spe/stop.ts';
import { does, fails, inferred, type Step, type Steps, steps, v5 } from '../steps.ts';
import { knobWord } from '../vm.ts';
import {
  alreadyInitialised,
  featureMissing,
  initialise,
  irqGetBody,
  irqSetBody,
  ppiTaken,
  unknownAttribute,
  unset,
  vgicNotInitialised,
} from './spe.ts';
import { type AttrCall, doneText, intOf, noVgic, readsValue, type Verb, writesValue } from './state.ts';

type List = readonly Step<AttrCall>[];

const SET = 'kvm_spe_set_attr';
const STOP = 'kvm_spe_stop_user';

function head(host: Host): List {
  return [featureMissing(knobWord(host, 'featureErrno'), SET), noVgic('ENXIO', v5(SET))];
}

function initSet(host: Host): List {
  return [
    unset(
      'the interrupt of this vCPU',
      'KVM_ARM_VCPU_SPE_IRQ',
      (s) => s.vcpu.spe.irq === 0,
      (s) => `irq ${s.vcpu.spe.irq}`,
      v5('kvm_spe_init'),
    ),
    chosenBy(host, 'vgicUninitErrno', vgicNotInitialised(knobWord(host, 'vgicUninitErrno'))),
    alreadyInitialised(v5('kvm_spe_init')),
    ppiTaken,
    initialise,
  ];
}

const notYetInitialised = fails<AttrCall>(
  'EAGAIN',
  'SPE of this vCPU is not initialised',
  { when: (s) => !s.vcpu.spe.initialised, saw: (s) => doneText(s.vcpu.spe.initialised, 'KVM_ARM_VCPU_SPE_INIT') },
  v5(STOP),
);

const stopSet: List = [
  notYetInitialised,
  ...readsValue('int', 'the mode cannot be read', v5(STOP)),
  fails(
    'EINVAL',
    'not exactly one mode is given',
    {
      when: (s) => ![STOP_TRAP, STOP_EXIT, STOP_RESUME].includes(intOf(s)),
      saw: (s) => `mode ${intOf(s)}`,
      wouldPass: () => 'TRAP 1, EXIT 2 or RESUME 4',
    },
    v5(STOP),
  ),
  does(
    'stop profiling in that mode, or go on',
    (s) => {
      s.vcpu.spe.stop = intOf(s) === STOP_RESUME ? 0 : intOf(s);
    },
    v5(STOP),
  ),
];

const stopGet: List = [
  notYetInitialised,
  ...writesValue('int', 'the mode cannot be written', (s) => BigInt(s.vcpu.spe.stop), v5('kvm_spe_get_attr')),
];

const NAMES = ['KVM_ARM_VCPU_SPE_IRQ', 'KVM_ARM_VCPU_SPE_INIT', 'KVM_ARM_VCPU_SPE_STOP'];

/** The list of an attribute of the group under rfc-v5 or rfc-v4. */
export function speStepsOld(host: Host, verb: Verb, attr: bigint): Steps<AttrCall> {
  const name = `${NAMES[Number(attr)] ?? `KVM_ARM_VCPU_SPE_CTRL attribute ${attr}`} ${verb}`;
  const known = attr < NAMES.length;
  const unknown = unknownAttribute(v5(SET));
  if (verb === 'has') {
    const first = chosenBy(host, 'hasErrno', featureMissing(knobWord(host, 'hasErrno'), SET));
    return steps(name, [first, noVgic('ENXIO', inferred('M', 'IRQ-31: v5 tests it in HAS too')), ...(known ? [] : [unknown])]);
  }
  const bodies: Readonly<Record<string, List>> =
    verb === 'set' ? { 0: irqSetBody(host), 1: initSet(host), 2: stopSet } : { 0: irqGetBody, 2: stopGet };
  return steps(name, [...head(host), ...(bodies[String(attr)] ?? [unknown])]);
}
