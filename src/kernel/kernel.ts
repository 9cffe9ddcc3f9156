// The host kernel's one entry of system calls, and the running world.
// Promises: a refused call changes nothing but what its failed check declares (steps.ts `leaves`); every refusal names its check and evidence.
import { err, ok, type Result } from 'neverthrow';
import { ioctlNumber } from '../abi/ioctls.ts';
import { mountCode } from '../machine/cpu/code.ts';
import { mountMemory, settleMemory } from '../machine/memory.ts';
import type { Answer, Call, KernelEvent, Refusal } from './call.ts';
import type { CallState, Request } from './call-state.ts';
import { SYSTEM_REQUESTS } from './calls/system.ts';
import { VCPU_REQUESTS } from './calls/vcpu.ts';
import { VM_REQUESTS } from './calls/vm.ts';
import { fails, mainline, type Steps, steps, walk } from './steps.ts';
import { VGIC_REQUESTS } from './vgic/requests.ts';
import type { MountedWorld, OpenFile, Vm, World } from './world.ts';

export { bootWorld, KVM_FD } from './boot.ts';

/** Mounts a world: its memory on one buffer, and empty caches. */
export function mountWorld(world: World): MountedWorld {
  const memory = mountMemory(world.machine.memory);
  return { world, mounted: { machine: world.machine, memory, code: mountCode() } };
}

/** Copies what the running world wrote to its memory back into the world, which may then be cloned, hashed or saved. */
export function settleWorld(mw: MountedWorld): void {
  settleMemory(mw.mounted.memory);
}

interface FileState {
  readonly fd: number;
  readonly file: OpenFile | null;
}

const IOCTL = steps<FileState>('ioctl', [
  fails('EBADF', 'the file descriptor is not open', { when: (s) => s.file === null, saw: (s) => `fd ${s.fd}` }, mainline('ioctl')),
  fails('ENOTTY', 'the file is no KVM file', { when: (s) => s.file?.kind === 'terminal', saw: (s) => `fd ${s.fd}` }, mainline('ioctl')),
]);

interface OwnerState {
  readonly vm: Vm;
  readonly process: number;
}

const OWNER = steps<OwnerState>('ioctl', [
  fails(
    'EIO',
    'the caller is not the process that created the VM',
    { when: (s) => s.process !== s.vm.process, saw: (s) => `process ${s.process}`, wouldPass: (s) => `process ${s.vm.process}` },
    mainline('kvm_vm_ioctl, kvm_vcpu_ioctl, kvm_device_ioctl'),
  ),
  fails(
    'EIO',
    'the VM is dead',
    { when: (s) => s.vm.dead, saw: (s) => (s.vm.dead ? 'a failed first KVM_RUN killed it' : 'alive') },
    mainline('kvm_vm_ioctl'),
  ),
]);

type Table<S> = ReadonlyMap<number, Request<S>>;
const tableOf = <S>(rows: readonly Request<S>[]): Table<S> => new Map(rows.map((row) => [ioctlNumber(row.ioctl), row]));
const SYSTEM = tableOf(SYSTEM_REQUESTS);
const VM = tableOf(VM_REQUESTS);
const VCPU = tableOf(VCPU_REQUESTS);
const VGIC = tableOf(VGIC_REQUESTS);

/** A request that the file does not know. */
const unknownRequest = (errno: string, place: string): Steps<Call> =>
  steps('ioctl', [
    fails(
      errno,
      'the file does not know this request',
      { when: () => true, saw: (call) => `0x${call.request.toString(16)}` },
      mainline(place),
    ),
  ]);
const UNKNOWN = unknownRequest('EINVAL', 'kvm_arch_vm_ioctl, kvm_arch_vcpu_ioctl');
const UNKNOWN_TO_DEVICE = unknownRequest('ENOTTY', 'kvm_device_ioctl');

/** Executes one ioctl: its return value and events, or the check that refused it. A call from a process that does not exist is our bug. */
export function systemCall(mw: MountedWorld, call: Call): Result<Answer, Refusal> {
  const { kernel, host } = mw.world;
  const process = kernel.processes[call.process - 1];
  if (process === undefined) throw new Error(`there is no process ${call.process}`);
  const file = process.files[call.fd] ?? null;
  const events: KernelEvent[] = [];
  const state: CallState = { mw, host, call, process, events, ret: 0 };
  return walk(IOCTL, { fd: call.fd, file })
    .andThen(() => dispatch(state, file))
    .map(() => ({ ret: state.ret, events, ...(state.running ? { running: true } : {}) }));
}

/** The request's row under the host's kernel. */
function rowOf<S>(table: Table<S>, state: CallState): Request<S> | undefined {
  const row = table.get(state.call.request);
  return row?.revisions?.includes(state.host.kernel.revision) === false ? undefined : row;
}

function dispatch(state: CallState, file: OpenFile | null): Result<null, Refusal> {
  if (file === null || file.kind === 'terminal') return ok(null);
  if (file.kind === 'kvm') return rowOf(SYSTEM, state)?.run(state) ?? walk(UNKNOWN, state.call);
  const vm = state.mw.world.kernel.vms[file.vm];
  const owner = walk(OWNER, { vm, process: state.process.id });
  if (owner.isErr()) return err(owner.error);
  // The state object is one: handlers of a VM's file see the VM in it, of a vCPU's file the vCPU too.
  const inVm = Object.assign(state, { vm });
  if (file.kind === 'vm') return rowOf(VM, state)?.run(inVm) ?? walk(UNKNOWN, state.call);
  if (file.kind === 'vgic') return rowOf(VGIC, state)?.run(inVm) ?? walk(UNKNOWN_TO_DEVICE, state.call);
  const inVcpu = Object.assign(inVm, { vcpu: vm.vcpus[file.vcpu] });
  return rowOf(VCPU, state)?.run(inVcpu) ?? walk(UNKNOWN, state.call);
}
