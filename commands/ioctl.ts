// ioctl: any request with any argument on any file (language.md §3, group ioctl).
import { IOCTLS } from '../src/abi/ioctls.ts';
import type { OpenFile } from '../src/kernel/world.ts';
import { requestCandidates } from '../src/session/candidates.ts';
import type { Arguments, Running } from '../src/session/command.ts';
import { refuse } from '../src/session/enter.ts';
import { issue, vcpuForCall, wouldBlock } from '../src/session/issue.ts';
import { numbersOf } from '../src/session/numbers.ts';
import { type Outcome, unmet } from '../src/session/outcome.ts';
import { type RawTarget, rawCall } from '../src/session/raw-call.ts';
import { DEFAULT_BUDGET, runOnce } from '../src/session/run-once.ts';
import { currentVm } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import { descriptorOf, type Target, targetName } from '../src/session/vmm.ts';
import { type Form, family } from '../src/shell/family.ts';
import { checkRawIoctl, readRawIoctl } from '../src/shell/raw-ioctl.ts';
import { showStop } from '../src/shell/show-stop.ts';

const TARGETS = ['kvm', 'vm', 'vgic'] as const;
const OPERANDS = '<request:WORD> [<fields:WORD>…]';

function make(context: Context, args: Arguments, target: RawTarget): Outcome | Running {
  const read = readRawIoctl(args);
  if ('message' in read) throw new Error(`the grammar let this pass: ${read.message}`);
  if (read.request.row?.name === 'KVM_RUN' && target.file?.kind === 'vcpu') {
    const { vm, vcpu } = target.file;
    return vm === context.vm ? runOnce(context, vcpu, DEFAULT_BUDGET) : unmet('other-vm', `VM ${vm} is not in use`, `vm use ${vm}`);
  }
  const prepared = rawCall(context, target, read.request, read.argument);
  if (prepared.isErr()) return refuse(prepared.error);
  const created = context.world.world.kernel.vms.length;
  return issue(context, prepared.value.prepared, (report) => {
    if (report.errno !== null) return {};
    const { vms } = context.world.world.kernel;
    if (vms.length > created) context.setVm(vms.length - 1);
    const value = prepared.value.read();
    return value === null ? {} : { value };
  });
}

const rawTarget = (context: Context, target: Target): RawTarget => ({
  fd: descriptorOf(context, target),
  name: targetName(context, target),
  file: target as OpenFile,
});

/** The file of a descriptor: strace knows it by the name it has elsewhere. */
function descriptor(context: Context, fd: number): RawTarget {
  const file = context.world.world.kernel.processes[(context.process ?? 1) - 1].files[fd] ?? null;
  return { fd, file, name: file === null || file.kind === 'terminal' ? String(fd) : targetName(context, file) };
}

/** KVM_RUN has more to say than its call. */
const showRaw: Form['show'] = (outcome) => (outcome.call?.ioctl === 'KVM_RUN' && outcome.data !== null ? showStop(outcome) : []);

export const ioctl = family({
  name: 'ioctl',
  group: 'ioctl',
  summary: 'any ioctl, as raw as the kernel takes it',
  details: [
    'TARGET is kvm, vm, vcpuN, vgic or fd N; REQUEST a name or a number. FIELD=VALUE are members of the request’s struct (u32[7] features=1,0): those that are left out are 0. For a request that takes a number, VALUE alone is the argument.',
    'A pointer takes &V (the address of an int), &u64:V (of 64 bits), bad (never mapped), NULL, or a number. A VALUE alone, or arg=VALUE, puts the argument itself there: `ioctl vcpu0 KVM_SET_DEVICE_ATTR bad`.',
  ],
  see: ['vcpu', 'vm', 'vgic', 'calls'],
  forms: [
    {
      id: 'ioctl.vcpu',
      syntax: `ioctl vcpu <vcpu:VCPU> ${OPERANDS}`,
      about: 'On the file of a vCPU.',
      effect: 'world',
      show: showRaw,
      check: checkRawIoctl,
      run: (context, args) =>
        vcpuForCall(context, args['vcpu']).match(
          ({ vm, vcpu }) => make(context, args, rawTarget(context, { kind: 'vcpu', vm: vm.index, vcpu: vcpu.index })),
          (error) => refuse(error),
        ),
    },
    {
      id: 'ioctl.fd',
      syntax: `ioctl fd <fd:EXPR> ${OPERANDS}`,
      about: 'On a file descriptor.',
      effect: 'world',
      show: showRaw,
      check: checkRawIoctl,
      run: (context, args) => {
        const numbers = numbersOf(context, args, 'fd');
        if (numbers.isErr()) return refuse(numbers.error);
        const target = descriptor(context, Number(BigInt.asIntN(32, numbers.value.fd ?? 0n)));
        if (target.file?.kind === 'vcpu') {
          const vm = context.world.world.kernel.vms[target.file.vm];
          const blocked = wouldBlock(context, vm, vm.vcpus[target.file.vcpu]);
          if (blocked !== null) return refuse(blocked);
        }
        return make(context, args, target);
      },
    },
    {
      id: 'ioctl',
      syntax: `ioctl <target:kvm|vm|vgic> ${OPERANDS}`,
      about: 'On /dev/kvm, the VM in use or its vGIC.',
      effect: 'world',
      show: showRaw,
      check: checkRawIoctl,
      run: (context, args) => {
        const kind = context.word(args['target']);
        if (kind === 'kvm') return make(context, args, rawTarget(context, { kind }));
        const vm = currentVm(context);
        if (vm.isErr()) return refuse(vm.error);
        if (kind === 'vgic' && vm.value.vgic === null) return unmet('no-vgic', 'this VM has no vGIC', 'vgic create, or up');
        return make(context, args, rawTarget(context, { kind: kind === 'vgic' ? 'vgic' : 'vm', vm: vm.value.index }));
      },
    },
  ],
  complete: (slot, _context, typed, before) => {
    if (slot === 'request') {
      const target = before.at(-1) ?? '';
      return requestCandidates(
        TARGETS.find((one) => one === target) ?? (before.some((word) => word.startsWith('vcpu')) ? 'vcpu' : undefined),
      );
    }
    const row = IOCTLS.find(({ name }) => before.includes(name));
    if (slot !== 'fields' || typeof row?.argument !== 'object' || typed.includes('=')) return [];
    return row.argument.fields.map(({ name, pointer, size }) => ({
      text: `${name}=`,
      about: pointer ? 'pointer: &V, bad, NULL' : `${size} bytes`,
    }));
  },
});
