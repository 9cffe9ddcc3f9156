// vgic: the VM's interrupt controller: creating it, its attributes, what it holds, one interrupt's way (language.md §3; vgic.md).
import { CREATE_DEVICE_TEST, DEVICE_TYPE_VGIC_V2, DEVICE_TYPE_VGIC_V3 } from '../src/abi/vgic-attributes.ts';
import { type InterruptView, interruptView, type VgicView, vgicView } from '../src/kernel/vgic/view.ts';
import type { Vm } from '../src/kernel/world.ts';
import { refuse } from '../src/session/enter.ts';
import { eventsUntilNow } from '../src/session/interrupt-events.ts';
import { issue } from '../src/session/issue.ts';
import { done, type SessionEvent, unmet } from '../src/session/outcome.ts';
import { currentVm, vcpuOf } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import { createDevice } from '../src/session/vmm.ts';
import { family } from '../src/shell/family.ts';
import { vgicAttrCandidates, vgicAttrForms, vmWithVgic } from '../src/shell/vgic-attr.ts';
import { type Block, type Doc, text } from '../src/view/doc.ts';

// --- what it holds ---

const onOff = (on: boolean): string => (on ? 'on' : 'off');
const orNone = (value: string | null): string => value ?? 'unset';

const stateWord = (i: InterruptView): string =>
  i.listRegister !== null ? `LR${i.listRegister.number} ${i.listRegister.state}` : i.active ? 'active' : i.pending ? 'pending' : 'idle';

function showVgic(v: VgicView): Doc {
  const regions = v.regions.map((r) => `${r.base}, ${r.used} of ${r.count === 0 ? 'any number' : r.count} used`).join('; ');
  const head: Block = {
    kind: 'pairs',
    rows: [
      { name: 'vGICv3', value: v.state, note: `${v.interrupts} INTIDs` },
      { name: 'distributor', value: orNone(v.distributor), note: `group 1 ${onOff(v.enabled)}` },
      { name: 'redistributors', value: regions === '' ? 'unset' : regions },
    ],
  };
  const cpus: Block = {
    kind: 'table',
    columns: ['vcpu', 'redistributor', 'pmr', 'running', 'group 1', 'list', 'list registers'].map((title) => ({ title })),
    rows: v.vcpus.map((c) => [
      `vcpu${c.vcpu}`,
      orNone(c.redistributor),
      c.pmr,
      c.running,
      onOff(c.group1),
      c.list.join(' '),
      c.inGuest ? c.listRegisters.map((l) => `${l.intid} ${l.state}`).join(', ') : 'not in the guest',
    ]),
  };
  const interrupts: Block = {
    kind: 'table',
    columns: ['intid', 'kind', 'vcpu', 'enabled', 'config', 'group', 'priority', 'line', 'owner', 'state'].map((title) => ({ title })),
    rows: v.notable.map((i) => [
      `${i.intid}`,
      i.kind,
      i.vcpu === null ? 'none' : `vcpu${i.vcpu}`,
      i.enabled ? 'yes' : 'no',
      i.config,
      `${i.group}`,
      i.priority,
      i.config === 'level' ? (i.line ? 'high' : 'low') : '',
      i.owner ?? '',
      stateWord(i),
    ]),
  };
  return [head, ...(v.vcpus.length > 0 ? [cpus] : []), ...(v.notable.length > 0 ? [interrupts] : [])];
}

// --- one interrupt ---

/** What happened to it, oldest first. */
interface Step {
  readonly tick: number;
  readonly event: string;
  readonly by?: string;
  readonly listRegister?: number;
}

const SHOWN_STEPS = 16;

function historyOf(context: Context, vm: Vm, irq: InterruptView): Step[] {
  const isAboutIt = (e: SessionEvent): boolean =>
    e.kind.startsWith('irq.') &&
    e['vm'] === vm.index &&
    e['intid'] === irq.intid &&
    (irq.kind === 'SPI' || vm.vcpus[Number(e['vcpu'])]?.id === irq.vcpu);
  return eventsUntilNow(context)
    .filter(isAboutIt)
    .map((e) => ({
      tick: e.tick,
      event: e.kind,
      ...(whoDid(e) === null ? {} : { by: whoDid(e) ?? '' }),
      ...(e['listRegister'] === undefined || Number(e['listRegister']) < 0 ? {} : { listRegister: Number(e['listRegister']) }),
    }));
}

function whoDid(e: SessionEvent): string | null {
  if (typeof e['owner'] === 'string') return e['owner'];
  if (e['by'] !== undefined) return e['by'] === -1 ? 'user space' : `vcpu${String(e['by'])}`;
  return e.kind === 'irq.raised' || e.kind === 'irq.lowered' ? 'user space' : null;
}

const WORDS: Readonly<Record<string, string>> = {
  'irq.raised': 'raised',
  'irq.lowered': 'lowered',
  'irq.pended': 'made pending',
  'irq.unpended': 'made not pending',
  'irq.activated': 'made active',
  'irq.deactivated': 'made inactive',
  'irq.queued': 'queued for the vCPU',
  'irq.delivered': 'pending in a list register',
  'irq.acknowledged': 'acknowledged (ICC_IAR)',
  'irq.dropped': 'priority dropped (ICC_EOIR)',
  'irq.ended': 'ended',
  'irq.reraised': 'its line is still high: it comes again',
};

function showInterrupt(i: InterruptView, history: readonly Step[]): Doc {
  const where = i.kind === 'SPI' ? (i.vcpu === null ? 'to no vCPU' : `to vcpu${i.vcpu}`) : `of vcpu${i.vcpu}`;
  const input =
    i.config === 'level' ? `line ${i.line ? 'high' : 'low'}, latch ${i.latch ? 'set' : 'clear'}` : `latch ${i.latch ? 'set' : 'clear'}`;
  const head: Block = {
    kind: 'pairs',
    rows: [
      { name: `INTID ${i.intid}`, value: `${i.kind} ${where}`, note: i.owner === null ? 'nobody owns it' : `owned by ${i.owner}` },
      { name: 'configuration', value: `${i.config}, group ${i.group}, priority ${i.priority}`, note: i.enabled ? 'enabled' : 'disabled' },
      { name: 'input', value: input, note: i.active ? 'active' : 'not active' },
      ...(i.listRegister === null
        ? []
        : [{ name: `ICH_LR${i.listRegister.number}_EL2`, value: i.listRegister.value, note: i.listRegister.state }]),
    ],
  };
  const delivery = text(i.delivery);
  if (history.length === 0) return [head, delivery, text('no event yet')];
  const last = history.slice(-SHOWN_STEPS);
  const earlier = history.length - last.length;
  const rows = last.map((s) => [
    `${s.tick}`,
    `${WORDS[s.event] ?? s.event}${s.by === undefined ? '' : ` by ${s.by}`}${s.listRegister === undefined ? '' : `, LR${s.listRegister}`}`,
  ]);
  const table: Block = { kind: 'table', columns: [{ title: 'tick', align: 'right' }, { title: 'what happened' }], rows };
  return [head, delivery, ...(earlier > 0 ? [text(`${earlier} earlier events`)] : []), table];
}

export const vgic = family({
  name: 'vgic',
  group: 'vgic',
  summary: "the VM's interrupt controller",
  details: [
    'KVM’s in-kernel GICv3: `vgic create`, addresses, `ctrl.init` after the last vCPU, then the first KVM_RUN maps it. SPE and PMU need it initialised before their own INIT.',
    'A level-sensitive PPI such as SPE’s 21 is shown to the guest by a list register, pending or active, never both; while its line stays high it comes again after every end.',
    'VCPU is a vCPU’s id, OFFSET the register’s offset in the frame, REGISTER a name such as ICC_PMR_EL1 or PMR; `get addr.redist-region` takes the index as VALUE.',
  ],
  see: ['irq-line', 'attr', 'why', 'timeline'],
  forms: [
    {
      id: 'vgic.create',
      syntax: 'vgic create [<version:v2|v3>] [--test]',
      about: 'KVM_CREATE_DEVICE of a vGIC, v3 unless said; --test only asks.',
      words: { v2: 'KVM_DEV_TYPE_ARM_VGIC_V2', v3: 'KVM_DEV_TYPE_ARM_VGIC_V3', '--test': 'KVM_CREATE_DEVICE_TEST: ask only' },
      effect: 'world',
      run: (context, args) => {
        const vm = currentVm(context);
        if (vm.isErr()) return refuse(vm.error);
        const type = context.word(args['version']) === 'v2' ? DEVICE_TYPE_VGIC_V2 : DEVICE_TYPE_VGIC_V3;
        return issue(context, createDevice(context, vm.value.index, type, args['test'] === undefined ? 0 : CREATE_DEVICE_TEST));
      },
    },
    ...vgicAttrForms,
    {
      id: 'vgic.irq',
      syntax: 'vgic irq <intid:EXPR> [<vcpu:VCPU>]',
      about: 'State, owner, list register and history of an interrupt.',
      effect: 'pure',
      run: (context, args) => {
        const vm = vmWithVgic(context);
        if (vm.isErr()) return refuse(vm.error);
        const scope = vcpuOf(context, args['vcpu']);
        if (scope.isErr()) return refuse(scope.error);
        const intid = context.number(args['intid']);
        if (intid.isErr()) return refuse(intid.error);
        const view = interruptView(context.world, vm.value, scope.value.vcpu.index, Number(intid.value ?? 0n));
        if (view === null)
          return unmet(
            'no-interrupt',
            `there is no interrupt ${intid.value}`,
            vm.value.vgic?.initialised ? `INTIDs 0 to ${vm.value.vgic.spiCount + 31}` : 'SPIs come with ctrl.init',
          );
        return done({ ...view, history: historyOf(context, vm.value, view) });
      },
      show: ({ data }) => (data === null ? [] : showInterrupt(data as unknown as InterruptView, data['history'] as readonly Step[])),
    },
    {
      id: 'vgic',
      syntax: 'vgic',
      about: 'Show the vGIC: addresses, CPU interfaces, and the interrupts that are in use.',
      effect: 'pure',
      run: (context) => {
        const vm = vmWithVgic(context);
        if (vm.isErr()) return refuse(vm.error);
        const view = vgicView(context.world, vm.value);
        return done(view === null ? null : { ...view });
      },
      show: ({ data }) => (data === null ? [] : showVgic(data as unknown as VgicView)),
    },
  ],
  complete: (slot, context) => {
    if (slot === 'attr') return vgicAttrCandidates;
    const vm = context.world.world.kernel.vms[context.vm];
    if (slot !== 'intid' || vm === undefined) return [];
    return (vgicView(context.world, vm)?.notable ?? []).map((i) => ({
      text: `${i.intid}`,
      about: `${i.kind}${i.owner === null ? '' : `, ${i.owner}`}`,
    }));
  },
});
