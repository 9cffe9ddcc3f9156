// thread: where the threads of the vCPUs may run, and are (language.md §3, group process).
import { allCpus, cpuListText, hasCpu, parseCpuList } from '../src/kernel/cpu-list.ts';
import { changeThreadAffinity, migrateThread } from '../src/kernel/thread.ts';
import type { Vcpu, Vm } from '../src/kernel/world.ts';
import { vcpuCandidates } from '../src/session/candidates.ts';
import { refuse } from '../src/session/enter.ts';
import { numbersOf } from '../src/session/numbers.ts';
import { done, type Outcome, type SessionEvent, unmet } from '../src/session/outcome.ts';
import { vcpuOf } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import { vcpuName } from '../src/session/vmm.ts';
import { type Form, family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

const allOf = (context: Context): bigint => allCpus(context.world.world.host.cpus);

/** Unmet when the host does not have all of these CPUs. */
function noSuchCpus(context: Context, cpus: bigint): Outcome | null {
  const missing = cpus < 0n ? cpus : cpus & ~allOf(context);
  if (missing === 0n) return null;
  const which = missing < 0n ? 'with that number' : cpuListText(missing);
  return unmet('no-cpu', `this host has no CPU ${which}`, `it has CPUs ${cpuListText(allOf(context))}`);
}

/** Where the thread is after it moved. */
function moved(context: Context, { vm, vcpu }: { readonly vm: Vm; readonly vcpu: Vcpu }, events: readonly SessionEvent[]): Outcome {
  for (const event of events) context.note(event);
  const { affinity, cpu } = vcpu.thread;
  return done({ vcpu: vcpuName(vm.index, vcpu.id), cpu, affinity: cpuListText(affinity), inside: vcpu.run.place !== 'out' }, { events });
}

const show: Form['show'] = ({ data }) => {
  if (data === null) return [];
  const inside = data['inside'] === true ? '; inside KVM_RUN, it is loaded there when it goes on' : '';
  return [text(`${String(data['vcpu'])}: its thread is on CPU ${String(data['cpu'])}, may run on ${String(data['affinity'])}${inside}`)];
};

export const thread = family({
  name: 'thread',
  group: 'process',
  summary: 'CPU affinity of the threads that run vCPUs',
  details: [
    'Each vCPU has a thread that runs it and issues its ioctls. At first it may run on every CPU and is on CPU 0. KVM never moves it: with a thread outside supported_cpus, KVM_RUN ends with KVM_EXIT_FAIL_ENTRY. A thread that is moved while its vCPU is inside KVM_RUN is looked at again when the vCPU is loaded on the new CPU.',
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
        const cpus = parseCpuList(context.word(args['cpus'])) ?? 0n;
        if (cpus === 0n) return unmet('no-cpu', 'a thread needs a CPU to run on', `this host has CPUs ${cpuListText(allOf(context))}`);
        const missing = noSuchCpus(context, cpus);
        if (missing !== null) return missing;
        return moved(context, scope.value, changeThreadAffinity(context.world, scope.value.vm.index, scope.value.vcpu.index, cpus));
      },
      show,
    },
    {
      id: 'thread.migrate',
      syntax: 'thread vcpu <vcpu:EXPR> migrate <cpu:EXPR>',
      about: 'The scheduler moves the thread to another of its CPUs, also while the vCPU is inside KVM_RUN.',
      effect: 'world',
      run: (context, args) => {
        const scope = vcpuOf(context, args['vcpu']);
        if (scope.isErr()) return refuse(scope.error);
        const numbers = numbersOf(context, args, 'cpu');
        if (numbers.isErr()) return refuse(numbers.error);
        const { vm, vcpu } = scope.value;
        const cpu = numbers.value.cpu ?? 0n;
        const missing = noSuchCpus(context, cpu < 1024n ? 1n << cpu : -1n);
        if (missing !== null) return missing;
        if (!hasCpu(vcpu.thread.affinity, Number(cpu))) {
          const name = vcpuName(vm.index, vcpu.id);
          return unmet(
            'not-allowed',
            `the thread of ${name} may run on ${cpuListText(vcpu.thread.affinity)} only`,
            `thread vcpu ${vcpu.id} cpu LIST`,
          );
        }
        return moved(context, scope.value, migrateThread(context.world, vm.index, vcpu.index, Number(cpu)));
      },
      show,
    },
  ],
  complete: (slot, context) => {
    if (slot === 'vcpu') return vcpuCandidates(context);
    return slot === 'cpus'
      ? context.world.world.host.spus.map(({ name, cpus }) => ({ text: cpuListText(cpus), about: `the CPUs of ${name}` }))
      : [];
  },
});
