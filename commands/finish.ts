// finish: on until the function returns (language.md §3, group run).
import { guestRegisters } from '../src/kernel/view.ts';
import { enter, FOREVER, INSIDE, refuse } from '../src/session/enter.ts';
import { vcpuOf } from '../src/session/scope.ts';
import { family } from '../src/shell/family.ts';
import { showStop } from '../src/shell/show-stop.ts';

export const finish = family({
  name: 'finish',
  group: 'run',
  summary: 'run until the function returns',
  details: [
    'Runs the focused vCPU to the address in its link register, X30: right where the function has not changed it, as in a leaf or after its epilogue.',
  ],
  see: ['backtrace', 'step'],
  forms: [
    {
      id: 'finish',
      syntax: 'finish',
      about: 'Run the focused vCPU until it reaches the return address.',
      effect: 'world',
      run: (context) => {
        const scope = vcpuOf(context);
        if (scope.isErr()) return refuse(scope.error);
        const { x } = guestRegisters(context.world, scope.value.vm.index, scope.value.vcpu.index);
        return enter(context, { ...INSIDE, vcpus: 'focused', operations: FOREVER, temporary: [x[30]] });
      },
      show: showStop,
    },
  ],
});
