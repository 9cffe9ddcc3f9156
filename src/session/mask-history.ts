// Who changed a VM's supported_cpus, from the event log (kvm-spe-abi.md §2.7).
import type { Context } from './session.ts';

export interface MaskChange {
  readonly tick: number;
  /** `KVM_ARM_VCPU_SPE_SPU 10 (arm_spe_0, CPUs 0-3) on vcpu0`. */
  readonly call: string;
  /** CPU lists; '' is the empty set. */
  readonly from: string;
  readonly to: string;
}

/** Every change of the VM's mask, in order. */
export function maskHistory(context: Context, vm: number): readonly MaskChange[] {
  return context.log.events
    .filter((e) => e.kind === 'mask.changed' && e['vm'] === vm)
    .map((e) => ({ tick: e.tick, call: String(e['call']), from: String(e['from']), to: String(e['to']) }));
}
