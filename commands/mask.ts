// mask: the CPUs on which the VM's vCPUs may enter the guest, and who narrowed them (language.md §3, group spe; kvm-spe-abi.md §2.7).
import { cpuListText } from '../src/kernel/cpu-list.ts';
import { refuse } from '../src/session/enter.ts';
import { maskHistory } from '../src/session/mask-history.ts';
import { done } from '../src/session/outcome.ts';
import { currentVm } from '../src/session/scope.ts';
import { family } from '../src/shell/family.ts';
import { type Doc, type Line, text } from '../src/view/doc.ts';

const listText = (cpus: string): string => (cpus === '' ? '(empty)' : cpus);

export const mask = family({
  name: 'mask',
  group: 'spe',
  summary: "the VM's supported_cpus and the calls that changed them",
  details: [
    'A new VM may run on every CPU. Choosing a PMU and choosing an SPU each leave the CPUs of that unit; nothing widens the set again. A choice that empties it succeeds too, and from then on every KVM_RUN ends with KVM_EXIT_FAIL_ENTRY.',
  ],
  see: ['thread', 'why', 'vcpu'],
  forms: [
    {
      id: 'mask',
      syntax: 'mask',
      about: 'Show supported_cpus of the VM in use, and the call that made each change.',
      effect: 'pure',
      run: (context) =>
        currentVm(context).match(
          (vm) => done({ cpus: cpuListText(vm.supportedCpus), changes: maskHistory(context, vm.index) }),
          (error) => refuse(error),
        ),
      show: ({ data }): Doc => {
        if (data === null) return [];
        const changes = data['changes'] as ReturnType<typeof maskHistory>;
        const head = text(`supported_cpus ${listText(String(data['cpus']))}`);
        if (changes.length === 0) return [head, text('  no call changed it')];
        const steps = changes.map((c) => `${listText(c.from)} -> ${listText(c.to)}`);
        const width = Math.max(...steps.map((s) => s.length));
        const lines = changes.map(
          (c, i): Line => [
            { text: `  tick ${c.tick}`, role: 'dim' },
            { text: `  ${steps[i].padEnd(width)}  `, role: 'changed' },
            { text: c.call },
          ],
        );
        return [head, text(...lines)];
      },
    },
  ],
});
