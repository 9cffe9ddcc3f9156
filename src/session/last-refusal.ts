// The last call that did not do what was asked: refused with an errno, or a KVM_RUN that failed its entry (kvm-spe-abi.md §2.7).
import { cpuListText } from '../kernel/cpu-list.ts';
import { evidenceText, mainline } from '../kernel/steps.ts';
import type { Vcpu, Vm } from '../kernel/world.ts';
import { type BufferStop, lastBufferStop } from './buffer-stop.ts';
import { callLog } from './call-log.ts';
import { type MaskChange, maskHistory } from './mask-history.ts';
import type { CallReport, CheckReport } from './outcome.ts';
import type { Context } from './session.ts';
import { vcpuName } from './vmm.ts';

export interface LastRefusal {
  readonly call: CallReport;
  /** Every check in order. */
  readonly checks: readonly CheckReport[];
  /** KVM_EXIT_FAIL_ENTRY: the vCPU, where its thread was, and who narrowed the mask. */
  readonly failEntry: {
    readonly vcpu: string;
    readonly cpu: number;
    readonly cpus: string;
    readonly changes: readonly MaskChange[];
  } | null;
}

function failEntryOf(context: Context, vm: Vm, vcpu: Vcpu, call: CallReport): LastRefusal {
  const cpu = Number(vcpu.run.exit?.['cpu']);
  const cpus = cpuListText(vm.supportedCpus);
  const check: CheckReport = {
    errno: 'KVM_EXIT_FAIL_ENTRY',
    why: "the CPU is not in the VM's supported_cpus",
    saw: `CPU ${cpu}, supported_cpus ${cpus === '' ? 'empty' : cpus}`,
    result: 'failed',
    evidence: evidenceText(mainline('kvm_arch_vcpu_load, vcpu_set_on_unsupported_cpu')),
    wouldPass: cpus === '' ? 'nothing: no CPU is left, and the set never grows' : `CPU ${cpus}: thread vcpu ${vcpu.id} cpu ${cpus}`,
  };
  const changes = maskHistory(context, vm.index);
  return { call, checks: [check], failEntry: { vcpu: vcpuName(vm.index, vcpu.id), cpu, cpus, changes } };
}

/** The newest refusal, failed entry or stop of a buffer in the session; null when there is none. */
export function lastRefusal(context: Context): LastRefusal | BufferStop | null {
  const stop = lastBufferStop(context.log.events);
  const vcpus = new Map(
    context.world.world.kernel.vms.flatMap((vm) => vm.vcpus.map((vcpu) => [vcpuName(vm.index, vcpu.id), { vm, vcpu }] as const)),
  );
  // Calls behind the buffer's stop.
  const newer = callLog(context.log.calls.slice(stop?.calls ?? 0));
  for (let i = newer.length - 1; i >= 0; i--) {
    const call = newer[i];
    if (call.errno !== null) return { call, checks: call.checks ?? [], failEntry: null };
    if (call.ioctl !== 'KVM_RUN') continue;
    // A vCPU's exit is that of its last KVM_RUN, the next one clears it.
    const of = vcpus.get(call.on);
    if (of?.vcpu.run.exit?.name === 'KVM_EXIT_FAIL_ENTRY') return failEntryOf(context, of.vm, of.vcpu, call);
  }
  return stop;
}
