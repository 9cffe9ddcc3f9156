// The group KVM_ARM_VCPU_PVTIME_CTRL: where a vCPU's stolen time is told (KVM's pvtime.c: kvm_arm_pvtime_set_attr and its like).
// Hosts here account stolen time (CONFIG_SCHED_INFO); the structure itself is not kept up to date.
import { hex } from '../../base/hex.ts';
import { slotAt } from '../stage2.ts';
import { type Check, does, fails, mainline, type Step, type Steps, steps } from '../steps.ts';
import { type AttrCall, readsValue, type Verb, writesValue } from './state.ts';

const SET = 'kvm_arm_pvtime_set_attr';
const GET = 'kvm_arm_pvtime_get_attr';
const HAS = 'kvm_arm_pvtime_has_attr';
/** An address that is none: what the getter answers before one is set. */
const INVALID = -1n;
const ALIGNMENT = 64n;

const unknown = (place: string): Check<AttrCall> =>
  fails('ENXIO', 'the group has no such attribute', { when: () => true, saw: (s) => `attribute ${s.attr.attr}` }, mainline(place));

const isBacked = (s: AttrCall): boolean => s.value >= 0n && s.value < 1n << 52n && slotAt(s.vm, Number(s.value)) !== undefined;

const set: readonly Step<AttrCall>[] = [
  ...readsValue('u64', 'the address cannot be read', mainline(SET)),
  fails(
    'EINVAL',
    'the address is not 64-byte aligned',
    { when: (s) => s.value % ALIGNMENT !== 0n, saw: (s) => hex(s.value), wouldPass: () => `a multiple of ${ALIGNMENT}` },
    mainline(SET),
  ),
  fails(
    'EEXIST',
    'the address of this vCPU is already set',
    { when: (s) => s.vcpu.stolenTime !== null, saw: (s) => (s.vcpu.stolenTime === null ? 'unset' : hex(s.vcpu.stolenTime)) },
    mainline(SET),
  ),
  fails(
    'EINVAL',
    'no memory slot backs the address',
    { when: (s) => !isBacked(s), saw: (s) => hex(s.value), wouldPass: () => 'an address in a memory slot' },
    mainline(SET),
  ),
  does(
    'remember the address',
    (s) => {
      s.vcpu.stolenTime = s.value;
    },
    mainline(SET),
  ),
];

const get = writesValue('u64', 'the address cannot be written', (s) => s.vcpu.stolenTime ?? INVALID, mainline(GET));

/** The list of an attribute of the group. */
export function pvtimeSteps(verb: Verb, attr: bigint): Steps<AttrCall> {
  const known = attr === 0n;
  const name = `${known ? 'KVM_ARM_VCPU_PVTIME_IPA' : `KVM_ARM_VCPU_PVTIME_CTRL attribute ${attr}`} ${verb}`;
  if (verb === 'has') return steps(name, known ? [] : [unknown(HAS)]);
  return steps(name, known ? (verb === 'set' ? set : get) : [unknown(verb === 'set' ? SET : GET)]);
}
