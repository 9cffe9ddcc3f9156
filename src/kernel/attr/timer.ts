// The group KVM_ARM_VCPU_TIMER_CTRL: the PPIs of the timers, one set for the whole VM (KVM's arch_timer.c: kvm_arm_timer_set_attr,
// kvm_arm_timer_get_attr, kvm_arm_timer_has_attr). Whether they clash is found out at the first KVM_RUN.
import type { Host } from '../host.ts';
import { type Check, does, fails, mainline, type Step, type Steps, steps } from '../steps.ts';
import type { TimerPpis } from '../world.ts';
import { type AttrCall, intOf, isPpi, noVgic, readsValue, type Verb, writesValue } from './state.ts';

type List = readonly Step<AttrCall>[];

const SET = 'kvm_arm_timer_set_attr';
const GET = 'kvm_arm_timer_get_attr';
const HAS = 'kvm_arm_timer_has_attr';

/** Attributes by number; the EL2 timers came with nested virtualisation. */
const TIMERS: readonly { readonly name: string; readonly timer: keyof TimerPpis }[] = [
  { name: 'KVM_ARM_VCPU_TIMER_IRQ_VTIMER', timer: 'virtual' },
  { name: 'KVM_ARM_VCPU_TIMER_IRQ_PTIMER', timer: 'physical' },
  { name: 'KVM_ARM_VCPU_TIMER_IRQ_HVTIMER', timer: 'hypervisorVirtual' },
  { name: 'KVM_ARM_VCPU_TIMER_IRQ_HPTIMER', timer: 'hypervisorPhysical' },
];

const unknown = (place: string): Check<AttrCall> =>
  fails('ENXIO', 'the group has no such attribute', { when: () => true, saw: (s) => `attribute ${s.attr.attr}` }, mainline(place));

const checks: List = [
  noVgic('EINVAL', mainline(SET)),
  ...readsValue('int', 'the interrupt number cannot be read', mainline(SET)),
  fails(
    'EINVAL',
    'the interrupt is not a PPI',
    { when: (s) => !isPpi(intOf(s)), saw: (s) => `irq ${intOf(s)}`, wouldPass: () => '16 to 31' },
    mainline(SET),
  ),
  fails(
    'EBUSY',
    'a vCPU of this VM has run: the PPIs of the timers are fixed',
    { when: (s) => s.vm.hasRanOnce, saw: (s) => (s.vm.hasRanOnce ? 'a vCPU ran' : 'the VM never ran') },
    mainline(SET),
  ),
];

const sets = (timer: keyof TimerPpis): List => [
  ...checks,
  does(
    'remember the PPI for every vCPU',
    (s) => {
      s.vm.timerPpis = { ...s.vm.timerPpis, [timer]: intOf(s) };
    },
    mainline(SET),
  ),
];

const gets = (timer: keyof TimerPpis): List =>
  writesValue('int', 'the interrupt number cannot be written', (s) => BigInt(s.vm.timerPpis[timer]), mainline(GET));

/** The list of an attribute of the group. Kernels of 2021 knew the EL1 timers only. */
export function timerSteps(host: Host, verb: Verb, attr: bigint): Steps<AttrCall> {
  const old = host.kernel.revision === 'rfc-v4' || host.kernel.revision === 'rfc-v5';
  const row = attr < BigInt(old ? 2 : TIMERS.length) ? TIMERS[Number(attr)] : undefined;
  const name = `${row?.name ?? `KVM_ARM_VCPU_TIMER_CTRL attribute ${attr}`} ${verb}`;
  if (verb === 'has') return steps(name, row === undefined ? [unknown(HAS)] : []);
  if (verb === 'get') return steps(name, row === undefined ? [unknown(GET)] : gets(row.timer));
  return steps(name, row === undefined ? [...checks, unknown(SET)] : sets(row.timer));
}
