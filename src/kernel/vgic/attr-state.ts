// The state of a device-attribute call on the vGIC's file, and steps that its lists share.
import { U32, U64 } from '../../abi/structs.ts';
import { attrAffinity, GRP_DIST_REGS } from '../../abi/vgic-attributes.ts';
import type { Attr, Verb } from '../attr/state.ts';
import { note, type VmCall } from '../call-state.ts';
import { pointerText, putUserValue, unmapped, userValue } from '../calls/user.ts';
import type { Host } from '../host.ts';
import { type Check, does, type Evidence, fails, mainline, type Step } from '../steps.ts';
import { mpidrOf } from '../vm.ts';
import type { Note } from './events.ts';
import type { VgicDistributor } from './state.ts';

export interface VgicAttrCall extends VmCall {
  attr: Attr;
  /** What `addr` led to, or what was written there. */
  value: bigint;
}
export type { Verb };

export type AttrCheck = Check<VgicAttrCall>;
export type AttrStep = Step<VgicAttrCall>;

/** The VM's distributor. Throws (our bug) without one: the file would not exist. */
export function distOf(s: VgicAttrCall): VgicDistributor {
  if (s.vm.vgic === null) throw new Error('a vGIC file without a vGIC');
  return s.vm.vgic;
}

/** Puts the vGIC's events among the call's. */
export function noteOf(s: VmCall): Note {
  return ({ kind, tick: _now, ...members }) => note(s, kind, { vm: s.vm.index, ...members });
}

/** Kernels of 2021, on which the first two RFCs stood. */
export const isOldKernel = (host: Host): boolean => host.kernel.revision === 'rfc-v4' || host.kernel.revision === 'rfc-v5';

const structOf = (type: 'u32' | 'u64') => (type === 'u32' ? U32 : U64);

/** -EFAULT, then the deed: reads what `addr` leads to. */
export function readsAddr(type: 'u32' | 'u64', evidence: Evidence): readonly AttrStep[] {
  const struct = structOf(type);
  return [
    unmapped('the value cannot be read', (s: VgicAttrCall) => s.attr.addr, struct.size, evidence),
    does(
      `read a ${type} at addr`,
      (s) => {
        s.value = userValue(s, struct, s.attr.addr);
      },
      evidence,
    ),
  ];
}

/** Works the value out, -EFAULT, then the deed: writes it where `addr` leads to. */
export function writesAddr(type: 'u32' | 'u64', value: (s: VgicAttrCall) => bigint, evidence: Evidence): readonly AttrStep[] {
  const struct = structOf(type);
  return [
    unmapped('the value cannot be written', (s: VgicAttrCall) => s.attr.addr, struct.size, evidence),
    does(
      `write a ${type} at addr`,
      (s) => {
        s.value = BigInt.asUintN(struct.size * 8, value(s));
        putUserValue(s, struct, s.attr.addr, s.value);
      },
      evidence,
    ),
  ];
}

/** Whether CTRL_INIT was done, in words. */
export const initText = (done: boolean): string => (done ? 'CTRL_INIT was done' : 'CTRL_INIT was not done');

/** A vCPU that is inside KVM_RUN: its mutex cannot be taken. Null when there is none. */
export const busyVcpu = (s: VmCall): number | null => s.vm.vcpus.find((v) => v.run.place !== 'out')?.index ?? null;

export const vcpusBusy = <S extends VmCall>(evidence: Evidence): Check<S> =>
  fails(
    'EBUSY',
    'a vCPU is inside an ioctl',
    {
      when: (s) => busyVcpu(s) !== null,
      saw: (s) => (busyVcpu(s) === null ? 'every vCPU is outside' : `vcpu${busyVcpu(s)} is inside KVM_RUN`),
      wouldPass: () => 'every vCPU outside KVM_RUN',
    },
    evidence,
  );

export const notInitialised = (errno: string, evidence: Evidence): AttrCheck =>
  fails(
    errno,
    'the vGIC is not initialised',
    {
      when: (s) => !distOf(s).initialised,
      saw: (s) => initText(distOf(s).initialised),
      wouldPass: () => 'KVM_DEV_ARM_VGIC_CTRL_INIT first',
    },
    evidence,
  );

export const noSuchAttribute = (what: string, evidence: Evidence): AttrCheck =>
  fails('ENXIO', what, { when: () => true, saw: (s) => `group ${s.attr.group}, attribute 0x${s.attr.attr.toString(16)}` }, evidence);

/** The vCPU (index) that an attribute speaks of: vCPU 0 for the distributor, else by affinity; -1 when there is none. */
export function vcpuOfAttr(s: VgicAttrCall): number {
  if (s.attr.group === GRP_DIST_REGS) return s.vm.vcpus.length > 0 ? 0 : -1;
  const affinity = attrAffinity(s.attr.attr);
  return s.vm.vcpus.find((v) => (mpidrOf(v.id) & 0xffffffn) === affinity)?.index ?? -1;
}

export const noSuchVcpu: AttrCheck = fails(
  'EINVAL',
  'there is no such vCPU',
  {
    when: (s) => vcpuOfAttr(s) === -1,
    saw: (s) =>
      vcpuOfAttr(s) !== -1
        ? `vcpu${vcpuOfAttr(s)}`
        : s.attr.group === GRP_DIST_REGS
          ? 'no vCPU at all'
          : `affinity ${pointerText(attrAffinity(s.attr.attr))}`,
  },
  mainline('vgic_v3_parse_attr'),
);
