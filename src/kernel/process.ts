// What a process does to the kernel's state outside ioctls: limits, capabilities, a second process, the shared kvm_run page.
import { newProcess } from './boot.ts';
import { openFile } from './call-state.ts';
import type { OpenFile, Process, Vcpu, World } from './world.ts';

/** prlimit(RLIMIT_MEMLOCK): bytes, or null for unlimited. */
export function setMemlockLimit(process: Process, bytes: bigint | null): void {
  process.rlimitMemlock = bytes;
}

/** Gives or takes CAP_PERFMON; a VM remembers what its creator had (kvm-spe-abi.md §3.5). */
export function setPerfmonCapability(process: Process, capable: boolean): void {
  process.perfmonCapable = capable;
}

/** A signal for the thread of a vCPU that is inside KVM_RUN. */
export function kickThread(vcpu: Vcpu): void {
  vcpu.run.kicked = true;
}

/** Writes kvm_run.immediate_exit, as the VMM does in the page that it maps. */
export function setImmediateExit(vcpu: Vcpu, on: boolean): void {
  vcpu.run.immediateExit = on;
}

const same = (a: OpenFile | null, b: OpenFile): boolean =>
  a !== null &&
  a.kind === b.kind &&
  ('vm' in a ? a.vm : -1) === ('vm' in b ? b.vm : -1) &&
  ('vcpu' in a ? a.vcpu : -1) === ('vcpu' in b ? b.vcpu : -1);

/**
 * Process `id`, made where it does not exist, gets every file that the VMM has open: as one that inherited or was sent them.
 * What it answers takes it all back, for a command that did nothing after all.
 */
export function lendFiles(world: World, id: number): () => void {
  const { processes } = world.kernel;
  const count = processes.length;
  while (processes.length < id) processes.push(newProcess(processes.length + 1));
  const process = processes[id - 1];
  const files = [...process.files];
  for (const file of processes[0].files) {
    if (file !== null && file.kind !== 'terminal' && !process.files.some((f) => same(f, file))) openFile(process, file);
  }
  return () => {
    processes.length = count;
    process.files = files;
  };
}
