// focus: the vCPU that commands without a number mean (language.md §2).

import { vcpuCandidates } from '../src/session/candidates.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { currentVm, vcpuOf } from '../src/session/scope.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

export const focus = family({
  name: 'focus',
  group: 'shell',
  summary: 'the vCPU that commands mean',
  details: [
    'Commands without a vCPU number, registers in expressions, step and finish mean the focused vCPU: 0 at the start, and again after another VM is used.',
  ],
  see: ['vcpu', 'vm', 'step'],
  forms: [
    {
      id: 'focus.vcpu',
      syntax: 'focus vcpu <vcpu:EXPR>',
      about: 'Focus vCPU N of the VM in use.',
      effect: 'session',
      run: (context, args) => {
        const scope = vcpuOf(context, args['vcpu']);
        if (scope.isErr()) return unmet(scope.error.code, scope.error.message, scope.error.hint);
        context.setFocus(scope.value.vcpu.index);
        return done({ vcpu: scope.value.vcpu.id });
      },
    },
    {
      id: 'focus',
      syntax: 'focus',
      about: 'Show the focused vCPU.',
      effect: 'pure',
      run: (context) => {
        const vm = currentVm(context);
        if (vm.isErr()) return unmet(vm.error.code, vm.error.message, vm.error.hint);
        return done({ vcpu: vm.value.vcpus[context.focus]?.id ?? context.focus });
      },
      show: ({ data }) => (data === null ? [] : [text(`vcpu${String(data['vcpu'])}`)]),
    },
  ],
  complete: (slot, context) => (slot === 'vcpu' ? vcpuCandidates(context) : []),
});
