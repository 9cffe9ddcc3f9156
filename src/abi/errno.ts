// Linux error numbers of arm64 (asm-generic) with the texts that strerror(3) gives: the ones this ABI can answer.

export interface Errno {
  readonly name: string;
  readonly number: number;
  /** strerror's text. */
  readonly text: string;
  /** What it usually means in KVM's device-attribute ABI; for `explain`. */
  readonly about: string;
}

const row = (name: string, number: number, text: string, about: string): Errno => ({ name, number, text, about });

export const ERRNOS: readonly Errno[] = [
  row('EPERM', 1, 'Operation not permitted', 'KVM_RUN or KVM_GET_REG_LIST before KVM_ARM_VCPU_FINALIZE of a feature that needs it.'),
  row(
    'ENOENT',
    2,
    'No such file or directory',
    'An unknown vCPU feature bit; an unknown or hidden KVM_GET/SET_ONE_REG register; no such redistributor region.',
  ),
  row('EINTR', 4, 'Interrupted system call', 'A signal, a kick or immediate_exit ended KVM_RUN (KVM_EXIT_INTR).'),
  row('EIO', 5, 'Input/output error', 'The caller is not the process that created the VM, or the VM is dead.'),
  row(
    'ENXIO',
    6,
    'No such device or address',
    'Unknown group or attribute; no in-kernel vGIC; a value that is not set; no such SPU; a PPI that another device owns.',
  ),
  row('E2BIG', 7, 'Argument list too long', 'An address beyond the IPA size; too many vCPUs; KVM_GET_REG_LIST with n too small.'),
  row(
    'ENOEXEC',
    8,
    'Exec format error',
    'The vCPU was not initialised with KVM_ARM_VCPU_INIT; the CPU is not one that it may run on (rfc-v4, rfc-v5).',
  ),
  row('EBADF', 9, 'Bad file descriptor', 'The file descriptor is not open.'),
  row(
    'EAGAIN',
    11,
    'Resource temporarily unavailable',
    'The vGIC is not initialised (owner claims); SPE is not initialised, or profiling is stopped (rfc-v4, rfc-v5: STOP).',
  ),
  row('ENOMEM', 12, 'Cannot allocate memory', 'No memory; a locked slot would exceed RLIMIT_MEMLOCK (rfc-v4, rfc-v5).'),
  row('EACCES', 13, 'Permission denied', 'perf_event_open: only those who may profile the kernel have physical addresses and time.'),
  row('EFAULT', 14, 'Bad address', 'A user pointer cannot be read or written.'),
  row('EBUSY', 16, 'Device or resource busy', 'Too late: the VM has already run, or the value is already set or initialised.'),
  row('EEXIST', 17, 'File exists', 'It exists already: a second vGIC, an overlapping memory slot, a PPI that another device owns.'),
  row(
    'ENODEV',
    19,
    'No such device',
    'The feature is missing: KVM_ARM_VCPU_SPE or PMU_V3 was not asked for, or the host has no such device type.',
  ),
  row('EINVAL', 22, 'Invalid argument', 'The value is not allowed, or contradicts what is set.'),
  row('EMFILE', 24, 'Too many open files', 'The process has no file descriptor left.'),
  row('ENOTTY', 25, 'Inappropriate ioctl for device', 'A device file descriptor does not know this request.'),
  row('ERANGE', 34, 'Numerical result out of range', 'A CPU list names a CPU that cannot be.'),
  row('EOPNOTSUPP', 95, 'Operation not supported', 'The host cannot do it.'),
];

const byName = new Map(ERRNOS.map((e) => [e.name, e]));
const byNumber = new Map(ERRNOS.map((e) => [e.number, e]));

/** The row of a name such as `EINVAL` (without the minus); undefined when it is not known. */
export const errnoByName = (name: string): Errno | undefined => byName.get(name);

export const errnoByNumber = (number: number): Errno | undefined => byNumber.get(number);

/** Number of an errno that stands in the source code. Throws (our bug) when it has no row. */
export function errnoNumber(name: string): number {
  const row = byName.get(name);
  if (row === undefined) throw new Error(`no errno ${name}`);
  return row.number;
}
