// thread: where the threads of the vCPUs may run, and are (language.md §3, group process).
import { allCpus, cpuListText, parseCpuList } from '../src/kernel/cpu-list.ts';
import { setThreadAffinity } from '../src/kernel/thread.ts';
import { refuse } from '../src/session/enter.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { vcpuOf } from '../src/session/scope.ts';
import { vcpuName } from '../src/session/vmm.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

export const thread = family({
  name: 'thread',
  group: 'process',
  summary: 'CPU affinity of the threads that run vCPUs',
  details: [
    'Each vCPU has a thread that runs it and issues its ioctls. At first it may run on every CPU and is on CPU 0. KVM never moves it: with a thread outside supported_cpus, KVM_RUN ends with KVM_EXIT_FAIL_ENTRY.',
  ],
  see: ['mask', 'vcpu', 'host'],
  forms: [
    {
      id: 'thread.cpu',
      syntax: 'thread vcpu <vcpu:EXPR> cpu <cpus:LIST>',
      about: 'sched_setaffinity: the thread may run on these CPUs, and moves to the lowest of them.',
      effect: 'world',
      check: (args) => {
        const list = args['cpus'];
        if (list?.kind !== 'word' || parseCpuList(list.text) !== null) return null;
        return { slot: 'cpus', message: `'${list.text}' is not a CPU list`, expected: ['a CPU list'], hint: 'a CPU list is 0-3,5' };
      },
      run: (context, args) => {
        const scope = vcpuOf(context, args['vcpu']);
        if (scope.isErr()) return refuse(scope.error);
        const { vm, vcpu } = scope.value;
        const cpus = parseCpuList(context.word(args['cpus'])) ?? 0n;
        const all = allCpus(context.world.world.host.cpus);
        const missing = cpus & ~all;
        if (missing !== 0n) return unmet('no-cpu', `this host has no CPU ${cpuListText(missing)}`, `it has CPUs ${cpuListText(all)}`);
        const name = vcpuName(vm.index, vcpu.id);
        if (vcpu.run.place !== 'out')
          return unmet('inside-run', `${name} is inside KVM_RUN on CPU ${vcpu.thread.cpu}`, `vcpu ${vcpu.id} kick ends the run`);
        setThreadAffinity(vcpu, cpus);
        return done({ vcpu: name, cpu: vcpu.thread.cpu, affinity: cpuListText(cpus) });
      },
      show: ({ data }) =>
        data === null
          ? []
          : [text(`${String(data['vcpu'])}: its thread is on CPU ${String(data['cpu'])}, may run on ${String(data['affinity'])}`)],
    },
  ],
});
