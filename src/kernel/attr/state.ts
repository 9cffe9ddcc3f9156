// The state of a device-attribute call on a vCPU file: struct kvm_device_attr, and the value behind `addr` once it was read.
import { INT, U64 } from '../../abi/structs.ts';
import { type VcpuCall, vcpuName } from '../call-state.ts';
import { putUserValue, unmapped, userValue } from '../calls/user.ts';
import { featureNames } from '../capability.ts';
import { type Check, type Deed, does, type Evidence, fails } from '../steps.ts';

export type Verb = 'set' | 'get' | 'has';
export const VERBS: readonly Verb[] = ['set', 'get', 'has'];

export interface Attr {
  readonly flags: number;
  readonly group: number;
  readonly attr: bigint;
  readonly addr: bigint;
}

export interface AttrCall extends VcpuCall {
  attr: Attr;
  /** What `addr` led to: a number for `int`, bytes or flags for `u64`. */
  value: bigint;
  /** supported_cpus as a choice of SPU or PMU read it, before it writes it narrowed. */
  maskRead?: bigint;
}

/** The value of an `int` attribute. */
export const intOf = (s: AttrCall): number => Number(s.value);

/** -EFAULT, then the deed: reads an int, or a u64, behind `addr`. */
export function readsValue(type: 'int' | 'u64', why: string, evidence: Evidence): readonly [Check<AttrCall>, Deed<AttrCall>] {
  const struct = type === 'int' ? INT : U64;
  return [
    unmapped(why, (s) => s.attr.addr, struct.size, evidence),
    does(
      `read ${type === 'int' ? 'an int' : 'a u64'} at addr`,
      (s) => {
        s.value = userValue(s, struct, s.attr.addr);
      },
      evidence,
    ),
  ];
}

/** -EFAULT, then the deed: writes an int, or a u64, behind `addr`. */
export function writesValue(
  type: 'int' | 'u64',
  why: string,
  value: (s: AttrCall) => bigint,
  evidence: Evidence,
): readonly [Check<AttrCall>, Deed<AttrCall>] {
  const struct = type === 'int' ? INT : U64;
  return [
    unmapped(why, (s) => s.attr.addr, struct.size, evidence),
    does(
      `write ${type === 'int' ? 'an int' : 'a u64'} at addr`,
      (s) => {
        s.value = value(s);
        putUserValue(s, struct, s.attr.addr, s.value);
      },
      evidence,
    ),
  ];
}

export const noVgic = (errno: string, evidence: Evidence): Check<AttrCall> =>
  fails(
    errno,
    'there is no in-kernel vGIC',
    {
      when: (s) => s.vm.vgic === null,
      saw: (s) => (s.vm.vgic === null ? 'the VM has none' : 'a vGICv3'),
      wouldPass: () => 'KVM_CREATE_DEVICE of a vGIC first',
    },
    evidence,
  );

/** The vCPUs that ran. */
const ranText = (s: AttrCall): string => s.vm.vcpus.flatMap((v) => (v.hasRanOnce ? [vcpuName(s.vm, v)] : [])).join(', ');

export const vmRan = (evidence: Evidence): Check<AttrCall> =>
  fails(
    'EBUSY',
    'a vCPU of this VM has already run',
    {
      when: (s) => s.vm.hasRanOnce,
      saw: (s) => (s.vm.hasRanOnce ? ranText(s) : 'the VM never ran'),
      wouldPass: () => 'the call before the first KVM_RUN',
    },
    evidence,
  );

/** The feature bitmap as `why` names it. */
export const featuresSeen = (s: AttrCall): string =>
  s.vm.features === null ? 'no vCPU was initialised' : `features ${featureNames(s.host, s.vm.features)}`;

/** A step of the set-up as `why` names it: `no KVM_ARM_VCPU_SPE_INIT yet`. */
export const doneText = (done: boolean, call: string): string => (done ? `${call} done` : `no ${call} yet`);

export const isPpi = (irq: number): boolean => irq >= 16 && irq <= 31;
export const isSpi = (irq: number): boolean => irq >= 32 && irq <= 1019;
