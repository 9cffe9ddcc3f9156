// KVM_CREATE_DEVICE of a vGIC (vgic.md §1.2).
import { getField, packStruct } from '../../abi/struct.ts';
import { KVM_CREATE_DEVICE } from '../../abi/structs.ts';
import { note, openFile, type Request, request, type VmCall } from '../call-state.ts';
import { type Check, does, endsWhen, fails, mainline, steps } from '../steps.ts';
import { copyToUser } from '../user-memory.ts';
import { attachVcpu } from '../vgic/init.ts';
import { listRegistersOf, quirksOf } from '../vgic/quirks.ts';
import { newVgicDistributor } from '../vgic/state.ts';
import { readsStruct, type StructScratch, structScratch } from './user.ts';

type Call = VmCall & StructScratch;

export const DEVICE_TYPE_VGIC_V3 = 7;
/** KVM_CREATE_DEVICE_TEST. */
const TEST = 1;
const MAX_VCPUS = 512;

const PLACE = 'kvm_ioctl_create_device';
const CREATE = 'kvm_vgic_create';
const type = (s: Call): number => Number(getField(KVM_CREATE_DEVICE, s.bytes, 'type'));
const flags = (s: Call): number => Number(getField(KVM_CREATE_DEVICE, s.bytes, 'flags'));
const running = (s: Call): boolean => s.vm.vcpus.some((v) => v.run.place !== 'out');
const ran = (s: Call): boolean => s.vm.vcpus.some((v) => v.hasRanOnce);

const check = (errno: string, why: string, when: (s: Call) => boolean, saw: (s: Call) => string, place = CREATE): Check<Call> =>
  fails(errno, why, { when, saw }, mainline(place));

const LIST = steps<Call>('KVM_CREATE_DEVICE', [
  ...readsStruct<Call>(KVM_CREATE_DEVICE, mainline(PLACE)),
  fails(
    'ENODEV',
    'the host has no such device type', // a GICv3 without GICv2 compatibility
    { when: (s) => type(s) !== DEVICE_TYPE_VGIC_V3, saw: (s) => `type ${type(s)}`, wouldPass: () => `${DEVICE_TYPE_VGIC_V3} (VGIC_V3)` },
    mainline(PLACE),
  ),
  endsWhen('KVM_CREATE_DEVICE_TEST: the type exists', (s) => (flags(s) & TEST) !== 0, mainline(PLACE)),
  check('EBUSY', 'a vCPU is inside an ioctl', running, (s) => (running(s) ? 'a vCPU is inside KVM_RUN' : 'all are outside')),
  check(
    'EEXIST',
    'the VM has a vGIC',
    (s) => s.vm.vgic !== null,
    (s) => (s.vm.vgic === null ? 'none' : 'a vGICv3'),
  ),
  check('EBUSY', 'a vCPU of this VM has already run', ran, (s) => (ran(s) ? 'it has run' : 'none ran')),
  check(
    'E2BIG',
    'the VM has too many vCPUs for that vGIC',
    (s) => s.vm.vcpus.length > MAX_VCPUS,
    (s) => `${s.vm.vcpus.length} vCPUs`,
  ),
  does(
    'create the vGIC; open its file and write its number into fd',
    (s) => {
      s.vm.vgic = newVgicDistributor(quirksOf(s.host), listRegistersOf(s.host));
      for (const vcpu of s.vm.vcpus) attachVcpu(s.vm, vcpu.index);
      const fd = openFile(s.process, { kind: 'vgic', vm: s.vm.index });
      copyToUser(s.mw, s.process, s.call.argument, packStruct(KVM_CREATE_DEVICE, { type: type(s), fd, flags: flags(s) }));
      note(s, 'vgic.created', { vm: s.vm.index, fd });
    },
    mainline(CREATE),
  ),
]);

export const CREATE_DEVICE: Request<VmCall> = request(
  'KVM_CREATE_DEVICE',
  { partial: 'VGIC_V3 only; the hosts have no GICv2 compatibility' },
  structScratch(),
  LIST,
);
