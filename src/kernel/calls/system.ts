// Requests of /dev/kvm (kvm-spe-abi.md §2.1, §2.9): API version, capabilities, VM creation.

import { type CallState, note, openFile, type Request, request } from '../call-state.ts';
import { checkExtension, IPA_LIMIT } from '../capability.ts';
import { does, fails, mainline, steps } from '../steps.ts';
import { newVm } from '../vm.ts';

const API_VERSION = 12;
/** One page: what user space maps of a vCPU. */
const VCPU_MMAP_SIZE = 4096;
const DEFAULT_IPA_BITS = 40;

/** KVM_CREATE_VM's argument: bits 7:0 are the IPA size, 0 = 40 bits. */
const ipaBits = (s: CallState): number => Number(s.call.argument & 0xffn) || DEFAULT_IPA_BITS;

const CREATE_VM = steps<CallState>('KVM_CREATE_VM', [
  fails(
    'EINVAL',
    'the machine type has unknown bits',
    { when: (s) => (s.call.argument & ~0xffn) !== 0n, saw: (s) => `0x${s.call.argument.toString(16)}` },
    mainline('kvm_arch_init_vm'),
  ),
  fails(
    'EINVAL',
    'the host does not support that IPA size',
    { when: (s) => ipaBits(s) < 32 || ipaBits(s) > IPA_LIMIT, saw: (s) => `${ipaBits(s)} bits`, wouldPass: () => `32 to ${IPA_LIMIT}` },
    mainline('kvm_init_stage2_mmu'),
  ),
  does(
    'create the VM: every CPU is supported, CAP_PERFMON is remembered; open its file',
    (s) => {
      const { kernel } = s.mw.world;
      const vm = newVm(s.host, kernel.vms.length, s.process, ipaBits(s));
      kernel.vms.push(vm);
      s.ret = openFile(s.process, { kind: 'vm', vm: vm.index });
      note(s, 'vm.created', { vm: vm.index, fd: s.ret });
    },
    mainline('kvm_dev_ioctl_create_vm'),
  ),
]);

const answers = (ioctl: string, ret: (s: CallState) => number): Request<CallState> =>
  request(
    ioctl,
    'full',
    {},
    steps(ioctl, [
      does(
        'answer',
        (s) => {
          s.ret = ret(s);
        },
        mainline('kvm_dev_ioctl'),
      ),
    ]),
  );

export const CHECK_EXTENSION: Request<CallState> = answers('KVM_CHECK_EXTENSION', (s) => checkExtension(s.host, Number(s.call.argument)));

export const SYSTEM_REQUESTS: readonly Request<CallState>[] = [
  answers('KVM_GET_API_VERSION', () => API_VERSION),
  answers('KVM_GET_VCPU_MMAP_SIZE', () => VCPU_MMAP_SIZE),
  CHECK_EXTENSION,
  request('KVM_CREATE_VM', 'full', {}, CREATE_VM),
];
