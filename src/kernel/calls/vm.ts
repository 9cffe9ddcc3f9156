// Requests of a VM's file: vCPUs, the preferred target (kvm-spe-abi.md §2.1; vgic.md §1.1). Memory, devices and attributes have files of their own.
import { TARGET_GENERIC_V8 } from '../../abi/features.ts';
import { packStruct } from '../../abi/struct.ts';
import { KVM_VCPU_INIT } from '../../abi/structs.ts';
import { physicalCount } from '../../machine/cpu/counter.ts';
import { doneText } from '../attr/state.ts';
import { note, openFile, type Request, request, type VmCall, vcpuName } from '../call-state.ts';
import { MAX_VCPUS } from '../capability.ts';
import { does, fails, mainline, steps } from '../steps.ts';
import { copyToUser } from '../user-memory.ts';
import { attachVcpu, vgicInitialised } from '../vgic/init.ts';
import { VM_VGIC_REQUESTS } from '../vgic/requests.ts';
import { newVcpu } from '../vm.ts';
import { VM_ATTR_REQUESTS } from './device-attr.ts';
import { ENABLE_CAP } from './enable-cap.ts';
import { SET_MEMORY } from './memory.ts';
import { CHECK_EXTENSION } from './system.ts';
import { unmapped } from './user.ts';

const CREATE = 'kvm_vm_ioctl_create_vcpu';
type CreateVcpu = VmCall & { overlap: boolean };
const id = (s: VmCall): bigint => s.call.argument;

const CREATE_VCPU = steps<CreateVcpu>('KVM_CREATE_VCPU', [
  fails(
    'EINVAL',
    'the vCPU id is too large',
    { when: (s) => id(s) >= BigInt(MAX_VCPUS), saw: (s) => `id ${id(s)}`, wouldPass: () => `0 to ${MAX_VCPUS - 1}` },
    mainline(CREATE),
  ),
  fails(
    'EINVAL',
    'the VM has all its vCPUs',
    { when: (s) => s.vm.vcpus.length >= MAX_VCPUS, saw: (s) => `${s.vm.vcpus.length} vCPUs` },
    mainline(CREATE),
  ),
  fails(
    'EBUSY',
    'the vGIC is initialised: no vCPU can be added',
    {
      when: (s) => vgicInitialised(s.vm),
      saw: (s) => doneText(vgicInitialised(s.vm), 'CTRL_INIT'),
      wouldPass: () => 'KVM_CREATE_VCPU before CTRL_INIT',
    },
    mainline('kvm_arch_vcpu_precreate'),
  ),
  fails(
    'EEXIST',
    'a vCPU has that id',
    { when: (s) => s.vm.vcpus.some((v) => BigInt(v.id) === id(s)), saw: (s) => `id ${id(s)}` },
    mainline(CREATE),
  ),
  does(
    'create the vCPU, not initialised, with its part of the vGIC',
    (s) => {
      const vcpu = newVcpu(s.host, s.vm.vcpus.length, Number(id(s)));
      s.vm.vcpus.push(vcpu);
      s.vm.counterOffset = physicalCount(s.mw.world.machine); // kvm_timer_vcpu_init: the guest's virtual time begins now
      s.overlap = attachVcpu(s.vm, vcpu.index) !== null;
    },
    mainline(CREATE),
  ),
  fails(
    'EINVAL',
    'its redistributor would overlap the distributor',
    {
      when: (s) => s.overlap,
      saw: (s) => (s.overlap ? 'overlap' : 'no overlap'),
      leaves: { what: 'the vCPU is gone again', run: (s) => void s.vm.vcpus.pop() },
    },
    mainline('kvm_vgic_vcpu_init'),
  ),
  does(
    'open its file',
    (s) => {
      const vcpu = s.vm.vcpus[s.vm.vcpus.length - 1];
      s.ret = openFile(s.process, { kind: 'vcpu', vm: s.vm.index, vcpu: vcpu.index });
      note(s, 'vcpu.created', { vcpu: vcpuName(s.vm, vcpu), id: vcpu.id, fd: s.ret });
    },
    mainline(CREATE),
  ),
]);

const PREFERRED_TARGET = steps<VmCall>('KVM_ARM_PREFERRED_TARGET', [
  unmapped('struct kvm_vcpu_init cannot be written', (s) => s.call.argument, KVM_VCPU_INIT.size, mainline('kvm_arch_vm_ioctl')),
  does(
    'the generic v8 target, no feature',
    (s) => {
      copyToUser(s.mw, s.process, s.call.argument, packStruct(KVM_VCPU_INIT, { target: TARGET_GENERIC_V8 }));
    },
    mainline('kvm_vcpu_preferred_target'),
  ),
]);

const CREATE_IRQCHIP = steps<VmCall>('KVM_CREATE_IRQCHIP', [
  fails(
    'ENODEV',
    'the GIC of this host has no GICv2 interface',
    { when: () => true, saw: () => 'KVM_DEV_TYPE_ARM_VGIC_V2', wouldPass: () => 'KVM_CREATE_DEVICE with KVM_DEV_TYPE_ARM_VGIC_V3' },
    mainline('kvm_vgic_create'),
  ),
]);

export const VM_REQUESTS: readonly Request<VmCall>[] = [
  CHECK_EXTENSION,
  request('KVM_CREATE_VCPU', 'full', { overlap: false }, CREATE_VCPU),
  request('KVM_ARM_PREFERRED_TARGET', 'full', {}, PREFERRED_TARGET),
  SET_MEMORY,
  ENABLE_CAP,
  request('KVM_CREATE_IRQCHIP', 'full', {}, CREATE_IRQCHIP),
  ...VM_VGIC_REQUESTS,
  ...VM_ATTR_REQUESTS,
];
