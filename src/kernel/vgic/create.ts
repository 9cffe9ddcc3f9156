// KVM_CREATE_DEVICE as far as interrupt controllers go. Order: vgic.md §1.2 (KVM's kvm_ioctl_create_device, kvm_vgic_create).
// Tests that cannot fail here (memory, a vCPU creation in flight, more vCPUs than a GICv3 serves) are left out.
import { getField, structField, writeStructField } from '../../abi/struct.ts';
import { KVM_CREATE_DEVICE } from '../../abi/structs.ts';
import { CREATE_DEVICE_TEST, DEVICE_TYPE_VGIC_V2, DEVICE_TYPE_VGIC_V3, DEVICE_TYPES } from '../../abi/vgic-attributes.ts';
import { note, openFile, type VmCall } from '../call-state.ts';
import { readsStruct, type StructScratch } from '../calls/user.ts';
import type { Host } from '../host.ts';
import { type Check, does, endsWhen, fails, inferred, mainline, type Steps, steps } from '../steps.ts';
import { copyToUser } from '../user-memory.ts';
import { isOldKernel, vcpusBusy } from './attr-state.ts';
import { listRegistersOf, quirksOf } from './quirks.ts';
import { newVgicCpu, newVgicDistributor } from './state.ts';

export type CreateCall = VmCall & StructScratch;

const CREATE = mainline('kvm_ioctl_create_device');
const VGIC = mainline('kvm_vgic_create');
const CPU_BUSY = mainline('kvm_vgic_create: lock_all_vcpus');

const typeOf = (s: CreateCall): number => Number(getField(KVM_CREATE_DEVICE, s.bytes, 'type'));
const flagsOf = (s: CreateCall): number => Number(getField(KVM_CREATE_DEVICE, s.bytes, 'flags'));
const typeText = (s: CreateCall): string => DEVICE_TYPES[typeOf(s)] ?? `type ${typeOf(s)}`;

const exists: Check<CreateCall> = fails(
  'EEXIST',
  'the VM already has a vGIC',
  { when: (s) => s.vm.vgic !== null, saw: (s) => (s.vm.vgic === null ? 'no vGIC' : 'a vGICv3') },
  VGIC,
);

/** The list under this host's kernel: older ones look for an existing vGIC first. */
export function createDeviceSteps(host: Host): Steps<CreateCall> {
  const old = isOldKernel(host);
  return steps('KVM_CREATE_DEVICE', [
    ...readsStruct<CreateCall>(KVM_CREATE_DEVICE, CREATE),
    fails(
      'ENODEV',
      'the host has no such device',
      {
        when: (s) => typeOf(s) !== DEVICE_TYPE_VGIC_V3,
        saw: (s) => `${typeText(s)}${typeOf(s) === DEVICE_TYPE_VGIC_V2 ? ': the GIC of this host has no GICv2 interface' : ''}`,
        wouldPass: () => `${DEVICE_TYPE_VGIC_V3} (${DEVICE_TYPES[DEVICE_TYPE_VGIC_V3]})`,
      },
      CREATE,
    ),
    endsWhen('only a test: nothing is created', (s) => (flagsOf(s) & CREATE_DEVICE_TEST) !== 0, CREATE),
    ...(old ? [exists] : []),
    vcpusBusy(CPU_BUSY),
    ...(old ? [] : [exists]),
    fails(
      'EBUSY',
      'a vCPU has already run',
      { when: (s) => s.vm.vcpus.some((v) => v.hasRanOnce), saw: (s) => `vCPUs that ran: ${s.vm.vcpus.filter((v) => v.hasRanOnce).length}` },
      VGIC,
    ),
    does(
      'create the vGICv3: private interrupts for the vCPUs that exist; open its file',
      (s) => {
        s.vm.vgic = newVgicDistributor(quirksOf(s.host), listRegistersOf(s.host));
        for (const v of s.vm.vcpus) v.vgic = newVgicCpu(v.index);
        const fd = openFile(s.process, { kind: 'vgic', vm: s.vm.index });
        writeStructField(s.bytes, structField(KVM_CREATE_DEVICE, 'fd'), BigInt(fd));
        note(s, 'vgic.created', { vm: s.vm.index, fd });
      },
      VGIC,
    ),
    does(
      'write the struct back with its fd',
      (s) => {
        if (!copyToUser(s.mw, s.process, s.call.argument, s.bytes)) throw new Error('a checked pointer is unmapped');
      },
      inferred('H', 'the struct was readable'),
    ),
  ]);
}
