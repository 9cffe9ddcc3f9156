// KVM_ARM_VCPU_SUPPORTED_CPUS (rfc-v4): the CPUs that a vCPU may run on, as a text such as "0-3" (RFC v4 12/39; parsed as the kernel's
// cpulist_parse does).

import { note, type Request, type VcpuCall, vcpuName } from '../call-state.ts';
import { allCpus, cpuListText, parseCpuList } from '../cpu-list.ts';
import { does, fails, type Steps, steps, v4, walk } from '../steps.ts';
import { copyFromUser, userRangeMapped } from '../user-memory.ts';
import { pointerText } from './user.ts';

type Call = VcpuCall & { list: string | null };

const IOCTL = 'kvm_arch_vcpu_ioctl';
const LIMIT = 4096;

/** The text behind the argument: null where it cannot be read, 'too long' as its own length. */
function textAt(s: Call): { readonly text: string; readonly ended: boolean } | null {
  let text = '';
  for (let n = 0; n < LIMIT; n++) {
    const byte = copyFromUser(s.mw, s.process, s.call.argument + BigInt(n), 1);
    if (byte === null) return null;
    if (byte[0] === 0) return { text, ended: true };
    text += String.fromCharCode(byte[0]);
  }
  return { text, ended: false };
}

const quoted = (s: Call): string => `"${s.list ?? ''}"`;
const cpusOf = (s: Call): bigint | null => parseCpuList(s.list ?? '');

const LIST: Steps<Call> = steps('KVM_ARM_VCPU_SUPPORTED_CPUS', [
  fails(
    'ENOEXEC',
    'the vCPU has already run',
    {
      when: (s) => s.vcpu.hasRanOnce,
      saw: (s) => (s.vcpu.hasRanOnce ? 'it ran' : 'it never ran'),
      wouldPass: () => 'the call before the first KVM_RUN',
    },
    v4(IOCTL),
  ),
  fails(
    'EFAULT',
    'the list cannot be read',
    { when: (s) => !userRangeMapped(s.mw, s.process, s.call.argument, 1) || textAt(s) === null, saw: (s) => pointerText(s.call.argument) },
    v4(IOCTL),
  ),
  fails(
    'EINVAL',
    'the list has no end within a page',
    { when: (s) => textAt(s)?.ended !== true, saw: () => `${LIMIT} bytes` },
    v4('strndup_user'),
  ),
  does(
    'read the list',
    (s) => {
      s.list = textAt(s)?.text ?? null;
    },
    v4(IOCTL),
  ),
  fails(
    'EINVAL',
    'the text is no CPU list',
    { when: (s) => cpusOf(s) === null, saw: quoted, wouldPass: () => 'a list such as 0-3,5' },
    v4('cpulist_parse'),
  ),
  fails(
    'ERANGE',
    'a CPU of the list cannot be',
    {
      when: (s) => ((cpusOf(s) ?? 0n) & ~allCpus(s.host.cpus)) !== 0n,
      saw: quoted,
      wouldPass: (s) => cpuListText(allCpus(s.host.cpus)),
    },
    v4('cpulist_parse'),
  ),
  does(
    "remember the vCPU's CPUs",
    (s) => {
      s.vcpu.cpuList = cpusOf(s) ?? 0n;
      note(s, 'vcpu.cpus', { vcpu: vcpuName(s.vm, s.vcpu), cpus: cpuListText(s.vcpu.cpuList) });
    },
    v4(IOCTL),
  ),
]);

export const SUPPORTED_CPUS: Request<VcpuCall> = {
  ioctl: 'KVM_ARM_VCPU_SUPPORTED_CPUS',
  support: 'full',
  lists: () => [LIST],
  revisions: ['rfc-v4'],
  run: (state) => walk(LIST, Object.assign(state, { list: null })),
};
export const supportedCpusSteps = LIST;
