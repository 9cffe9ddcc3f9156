// KVM_SET/GET/HAS_DEVICE_ATTR on a vCPU file and on the VM file: the common path, then the attribute's own list (kvm-spe-abi.md §2.1).
import { getField } from '../../abi/struct.ts';
import { KVM_DEVICE_ATTR } from '../../abi/structs.ts';
import { vcpuAttrSteps } from '../attr/lists.ts';
import type { Attr, AttrCall, Verb } from '../attr/state.ts';
import type { CallState, Request, VcpuCall, VmCall } from '../call-state.ts';
import { request } from '../call-state.ts';
import { fails, mainline, type Steps, steps, walk } from '../steps.ts';
import { readsStruct, type StructScratch, structScratch } from './user.ts';

const IOCTL: Readonly<Record<Verb, string>> = { set: 'KVM_SET_DEVICE_ATTR', get: 'KVM_GET_DEVICE_ATTR', has: 'KVM_HAS_DEVICE_ATTR' };
const VERBS: readonly Verb[] = ['set', 'get', 'has'];

/** struct kvm_device_attr of its bytes. Flags are not checked (GEN-12). */
export function readAttr(bytes: Uint8Array): Attr {
  const member = (name: string): bigint => getField(KVM_DEVICE_ATTR, bytes, name);
  return { flags: Number(member('flags')), group: Number(member('group')), attr: member('attr'), addr: member('addr') };
}

const READ = steps<CallState & StructScratch>('device attribute', readsStruct(KVM_DEVICE_ATTR, mainline('kvm_arch_vcpu_ioctl')));

/** Reads the struct behind the argument, then walks the list that `listOf` chooses for it. */
export function attrRequest<S extends CallState>(
  verb: Verb,
  listOf: (s: S & { attr: Attr; value: bigint }) => Steps<S & { attr: Attr; value: bigint }>,
): Request<S> {
  return {
    ioctl: IOCTL[verb],
    support: 'full',
    lists: () => [READ],
    run: (state) => {
      const reading = Object.assign(state, structScratch());
      return walk(READ, reading).andThen(() => {
        const s = Object.assign(state, { attr: readAttr(reading.bytes), value: 0n });
        return walk(listOf(s), s);
      });
    },
  };
}

export const VCPU_ATTR_REQUESTS: readonly Request<VcpuCall>[] = VERBS.map((verb) =>
  attrRequest<VcpuCall>(verb, (s: AttrCall) => vcpuAttrSteps(s.host, verb, s.attr.group, s.attr.attr)),
);

// --- the VM file: group 0, KVM_ARM_VM_SMCCC_CTRL, is not modelled ---

type VmAttrCall = VmCall & { attr: Attr; value: bigint };

const noVmGroup = (verb: Verb): Steps<VmAttrCall> =>
  steps(`VM attribute ${verb}`, [
    fails(
      'ENXIO',
      'the VM has no such attribute group',
      { when: () => true, saw: (s) => `group ${s.attr.group}` },
      mainline(`kvm_vm_ioctl_${verb}_device_attr`),
    ),
  ]);
const NO_GROUP = { set: noVmGroup('set'), has: noVmGroup('has') };

const NO_GETTER = steps<VmCall>('VM attribute get', [
  fails('EINVAL', 'the VM file has no getter', { when: () => true, saw: () => '' }, mainline('kvm_arch_vm_ioctl')),
]);

export const VM_ATTR_REQUESTS: readonly Request<VmCall>[] = [
  attrRequest<VmCall>('set', () => NO_GROUP.set),
  attrRequest<VmCall>('has', () => NO_GROUP.has),
  request('KVM_GET_DEVICE_ATTR', 'full', {}, NO_GETTER),
];
