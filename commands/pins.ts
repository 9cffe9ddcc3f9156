// pins: the pages of the profiling buffers that are pinned in the host (language.md §3, group spe; kvm-spe-abi.md §5.1).
import { refuse } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import { type PinsData, pinsData } from '../src/session/pins-report.ts';
import { currentVm } from '../src/session/scope.ts';
import { family } from '../src/shell/family.ts';
import { type Doc, type Line, text } from '../src/view/doc.ts';

const count = (n: number): string => n.toLocaleString('en-US');
const right = { title: '', align: 'right' } as const;
const left = { title: '' } as const;

function show(d: PinsData): Doc {
  const head = d.vcpus.map((v) => {
    const state = v.on ? 'on' : 'off';
    return v.bytes === 0
      ? [v.vcpu, state, '', '', '']
      : [v.vcpu, state, `${count(v.data)} data`, `${count(v.tables)} table`, `${count(v.bytes)} bytes`];
  });
  const ranges: Line[] = d.vcpus.flatMap((v) =>
    v.ranges.map((r) => `  ${v.vcpu} ${r.gpa}: ${count(r.pages)} ${r.kind} ${r.pages === 1 ? 'page' : 'pages'}`),
  );
  const slots: Line[] = d.slots.map(
    (s) => `  slot ${s.slot} ${s.gpa}: ${count(s.bytes)} bytes locked, ${s.access === 'write' ? 'read and write' : 'read'}`,
  );
  const limit = d.memlock === 'unlimited' ? 'unlimited' : `${count(d.memlock)} bytes`;
  const away: Line[] = d.unmapped.length === 0 ? [] : [`not mapped at stage 2 now: ${d.unmapped.join(', ')}`];
  return [
    { kind: 'table', header: false, columns: [left, left, right, right, right], rows: head },
    text(
      ...ranges,
      ...slots,
      `${count(d.pages)} pages, ${count(d.bytes)} bytes pinned; RLIMIT_MEMLOCK ${limit}, ${count(d.locked)} bytes locked`,
      ...away,
    ),
  ];
}

export const pins = family({
  name: 'pins',
  group: 'spe',
  summary: 'pages pinned for the profiling buffers, and RLIMIT_MEMLOCK',
  details: [
    'When a guest enables its buffer, KVM walks the guest’s stage 1 and pins the buffer’s pages and those of the tables that map it, until the buffer is off: disabled, full or faulted. They count against RLIMIT_MEMLOCK of the process that created the VM. rfc-v4 and rfc-v5 lock whole memory slots instead (KVM_CAP_ARM_LOCK_USER_MEMORY_REGION).',
    'What KVM does when no memory slot backs the buffer, and what the guest sees of a stage 2 fault, is the knob s2FaultPolicy of the host fixture: extAbort, impDef, raw, hideAndRepin. With the knob memory.hugetlb the host’s pages are 2 MiB.',
  ],
  see: ['timeline', 'rlimit', 'buffer', 'host'],
  forms: [
    {
      id: 'pins',
      syntax: 'pins',
      about: 'Show what is pinned for each vCPU of the VM in use.',
      effect: 'pure',
      run: (context) =>
        currentVm(context).match(
          (vm) => done(pinsData(context.world, vm) as unknown as Record<string, unknown>),
          (error) => refuse(error),
        ),
      show: ({ data }) => (data === null ? [] : show(data as unknown as PinsData)),
    },
  ],
});
