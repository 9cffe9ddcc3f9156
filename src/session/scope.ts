// Which VM and vCPU a command means, or Unmet.
import { err, ok, type Result } from 'neverthrow';
import type { Vcpu, Vm } from '../kernel/world.ts';
import type { Argument } from './command.ts';
import type { Unmet } from './outcome.ts';
import type { Context } from './session.ts';

/** The VM in use. */
export function currentVm(context: Context): Result<Vm, Unmet> {
  const vm = context.world.world.kernel.vms[context.vm];
  return vm === undefined || vm.destroyed ? err({ code: 'no-vm', message: 'there is no VM', hint: 'vm create, or up' }) : ok(vm);
}

/** The vCPU that the argument names, or the focused one. Its number is the vCPU's id in the VM in use. */
export function vcpuOf(context: Context, argument?: Argument): Result<{ vm: Vm; vcpu: Vcpu }, Unmet> {
  return currentVm(context).andThen((vm) =>
    context.number(argument).andThen((number) => {
      const id = number === undefined ? (vm.vcpus[context.focus]?.id ?? context.focus) : Number(number);
      const vcpu = vm.vcpus.find((v) => v.id === id);
      if (vcpu !== undefined) return ok({ vm, vcpu });
      return err({
        code: 'no-vcpu',
        message: `there is no vCPU ${number ?? id}`,
        hint: vm.vcpus.length === 0 ? `vcpu create ${number ?? id}` : `this VM has ${vm.vcpus.map((v) => `vcpu${v.id}`).join(' ')}`,
      });
    }),
  );
}
