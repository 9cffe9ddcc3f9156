// KVM_RUN's exit reasons and the members of kvm_run that come with them (uapi linux/kvm.h; kvm-spe-abi.md §2.7, §2.8, §5.1).

export interface ExitReason {
  readonly name: string;
  readonly number: number;
  readonly about: string;
}

const exit = (name: string, number: number, about: string): ExitReason => ({ name, number, about });

/** KVM_EXIT_RLIMIT's number is the knob `numbers.exitRlimit`: 41 on a 6.18 base, 42 after a rebase on 6.19. */
export const EXIT_REASONS: readonly ExitReason[] = [
  exit('KVM_EXIT_UNKNOWN', 0, 'The exit was not filled in.'),
  exit('KVM_EXIT_MMIO', 6, 'A data access that no memory slot backs: user space completes it before the next KVM_RUN.'),
  exit('KVM_EXIT_FAIL_ENTRY', 9, 'The vCPU cannot enter on this CPU: move the thread and call KVM_RUN again.'),
  exit('KVM_EXIT_INTR', 10, 'A signal ended KVM_RUN, which returns -EINTR.'),
  exit('KVM_EXIT_INTERNAL_ERROR', 17, 'KVM cannot go on.'),
  exit('KVM_EXIT_SYSTEM_EVENT', 24, 'PSCI SYSTEM_OFF or SYSTEM_RESET.'),
  exit('KVM_EXIT_RLIMIT', 41, 'Pinning the profiling buffer would exceed RLIMIT_MEMLOCK.'),
];

const byName = new Map(EXIT_REASONS.map((e) => [e.name, e]));

/** Number of an exit that stands in the source code. Throws (our bug) when it has no row. */
export function exitNumber(name: string): number {
  const row = byName.get(name);
  if (row === undefined) throw new Error(`no exit reason ${name}`);
  return row.number;
}

/** fail_entry.hardware_entry_failure_reason: the CPU is not in the VM's supported_cpus. */
export const FAIL_ENTRY_CPU_UNSUPPORTED = 1;
/** system_event.type. */
export const SYSTEM_EVENT_SHUTDOWN = 1;
export const SYSTEM_EVENT_RESET = 2;
