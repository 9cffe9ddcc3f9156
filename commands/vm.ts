// vm: virtual machines, their memory, attributes of the VM's file (language.md §3, group vm).
import { hex } from '../src/base/hex.ts';
import { featureNames } from '../src/kernel/capability.ts';
import { cpuListText } from '../src/kernel/cpu-list.ts';
import { destroyVm } from '../src/kernel/destroy.ts';
import type { Vm } from '../src/kernel/world.ts';
import type { Arguments } from '../src/session/command.ts';
import { refuse } from '../src/session/enter.ts';
import { issue } from '../src/session/issue.ts';
import { RAM_BASE } from '../src/session/load.ts';
import { numbersOf } from '../src/session/numbers.ts';
import { type CallReport, done, type Outcome, unmet } from '../src/session/outcome.ts';
import { currentVm } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import { createVm, setMemory } from '../src/session/vmm.ts';
import { ATTR_OPERANDS, ATTR_WORDS, type AttrVerb, attrCandidates, attrOutcome, checkAttr } from '../src/shell/attr.ts';
import { type Form, family } from '../src/shell/family.ts';
import { type Doc, text } from '../src/view/doc.ts';

/** KVM_CREATE_VM and, with `--mem`, slot 0 at the start of RAM. */
function create(context: Context, args: Arguments): Outcome {
  const numbers = numbersOf(context, args, 'size', 'bits');
  if (numbers.isErr()) return refuse(numbers.error);
  const { size, bits } = numbers.value;
  const created = issue(context, createVm(context, Number(bits ?? 0n)));
  const index = context.world.world.kernel.vms.length - 1;
  if (created.ok) context.setVm(index);
  const data = created.ok ? { vm: index } : null;
  if (size === undefined) return { ...created, data };
  const calls: CallReport[] = created.call === undefined ? [] : [created.call];
  const events = [...created.events];
  let { ok } = created;
  if (ok) {
    const memory = issue(context, setMemory(context, index, 0, RAM_BASE, size));
    if (memory.call !== undefined) calls.push(memory.call);
    events.push(...memory.events);
    ok = memory.ok;
  }
  return done(data, { ok, calls, events });
}

const unit = (devices: readonly { name: string; type: number }[], type: number | null): { type: number; name: string } | null =>
  type === null ? null : { type, name: devices.find((d) => d.type === type)?.name ?? 'unknown' };

/** What is known of a VM. */
function describe(context: Context, vm: Vm) {
  const { host } = context.world.world;
  return {
    vm: vm.index,
    ipaBits: vm.ipaBits,
    features: vm.features === null ? null : featureNames(host, vm.features).split(', '),
    vcpus: vm.vcpus.map((v) => v.id),
    vgic: vm.vgic !== null,
    spu: unit(host.spus, vm.spu),
    pmu: unit(host.pmus, vm.pmu),
    cpus: cpuListText(vm.supportedCpus),
    maxBufferSize: vm.maxBufferSize === null ? null : Number(vm.maxBufferSize),
    perfmonCapable: vm.perfmonCapable,
    hasRun: vm.hasRanOnce,
    dead: vm.dead,
    memory: vm.memslots.map((m) => ({ slot: m.slot, gpa: hex(m.gpa), size: m.size, flags: m.flags, userAddress: hex(m.userAddress) })),
    vms: context.world.world.kernel.vms.flatMap((v) => (v.destroyed ? [] : [v.index])),
  };
}

type Described = ReturnType<typeof describe>;

function show(d: Described): Doc {
  const unitText = (u: Described['spu']): string => (u === null ? 'unset' : `${u.name} (type ${u.type})`);
  const others = d.vms.filter((n) => n !== d.vm);
  const rows: { name: string; value: string }[] = [
    { name: `vm ${d.vm}`, value: others.length === 0 ? 'in use' : `in use; others: ${others.join(', ')}` },
    ...(d.dead ? [{ name: 'dead', value: 'every ioctl is -EIO' }] : []),
    { name: 'features', value: d.features?.join(', ') ?? 'no vCPU was initialised' },
    { name: 'vCPUs', value: d.vcpus.length === 0 ? 'none' : d.vcpus.map((id) => `vcpu${id}`).join(' ') },
    { name: 'vGIC', value: d.vgic ? 'in the kernel' : 'none' },
    { name: 'SPU', value: unitText(d.spu) },
    { name: 'PMU', value: unitText(d.pmu) },
    { name: 'supported_cpus', value: d.cpus === '' ? '(empty)' : d.cpus },
    { name: 'maximum buffer', value: d.maxBufferSize === null ? 'unset' : `${d.maxBufferSize} bytes` },
    { name: 'CAP_PERFMON', value: d.perfmonCapable ? 'yes, when it was created' : 'no, when it was created' },
    { name: 'has run', value: d.hasRun ? 'yes: SPU and PMU are fixed' : 'no' },
    { name: 'IPA size', value: `${d.ipaBits} bits` },
    ...d.memory.map((m) => ({ name: `memory slot ${m.slot}`, value: `${m.gpa}, ${m.size} bytes, at ${m.userAddress} of the VMM` })),
  ];
  return [{ kind: 'pairs', rows }];
}

function attr(verb: AttrVerb, about: string): Form {
  return {
    id: `vm.attr.${verb}`,
    syntax: `vm attr ${verb} ${ATTR_OPERANDS[verb]}`,
    about,
    words: ATTR_WORDS,
    effect: 'world',
    check: (args) => checkAttr(verb, args),
    run: (context, args) =>
      currentVm(context).match(
        (vm) => attrOutcome(context, verb, { kind: 'vm', vm: vm.index }, args),
        (error) => refuse(error),
      ),
  };
}

/** A slot set, or with size 0 deleted. */
function memory(context: Context, args: Arguments, deletes: boolean): Outcome {
  const vm = currentVm(context);
  if (vm.isErr()) return refuse(vm.error);
  const numbers = numbersOf(context, args, 'slot', 'gpa', 'size');
  if (numbers.isErr()) return refuse(numbers.error);
  const { slot = 0n, gpa, size = 0n } = numbers.value;
  const number = Number(BigInt.asUintN(32, slot));
  const known = vm.value.memslots.find((m) => m.slot === number);
  const at = gpa ?? BigInt(known?.gpa ?? 0);
  return issue(context, setMemory(context, vm.value.index, number, at, deletes ? 0n : size));
}

export const vm = family({
  name: 'vm',
  group: 'vm',
  summary: 'virtual machines',
  details: [
    '`vm create` makes a VM and uses it; --mem adds one memory slot at 0x40000000, where RAM begins in the machine that `up` makes. --ipa-bits is the size of the guest physical address space (40).',
    '`vm attr` makes the device-attribute calls on the VM’s file, which has none of the vCPU’s groups.',
  ],
  see: ['vcpu', 'up', 'mask'],
  forms: [
    {
      id: 'vm.create',
      syntax: 'vm create [--mem <size:EXPR>] [--ipa-bits <bits:EXPR>]',
      about: 'KVM_CREATE_VM, and memory; the new VM is the one in use.',
      words: { '--mem': 'memory in slot 0, bytes', '--ipa-bits': 'size of the guest physical address space' },
      effect: 'world',
      run: create,
    },
    {
      id: 'vm.show',
      syntax: 'vm',
      about: 'Show the VM in use.',
      effect: 'pure',
      run: (context) =>
        currentVm(context).match(
          (found) => done(describe(context, found)),
          (error) => refuse(error),
        ),
      show: ({ data }) => (data === null ? [] : show(data as unknown as Described)),
    },
    {
      id: 'vm.use',
      syntax: 'vm use <vm:EXPR>',
      about: 'Make VM N the one that commands mean; vCPU 0 has the focus.',
      effect: 'session',
      run: (context, args) => {
        const numbers = numbersOf(context, args, 'vm');
        if (numbers.isErr()) return refuse(numbers.error);
        const index = Number(numbers.value.vm ?? 0n);
        const { vms } = context.world.world.kernel;
        if (vms[index] === undefined || vms[index].destroyed) {
          const alive = vms.flatMap((v) => (v.destroyed ? [] : [v.index]));
          return unmet(
            'no-vm',
            `there is no VM ${numbers.value.vm ?? index}`,
            alive.length === 0 ? 'vm create, or up' : `there is ${alive.join(', ')}`,
          );
        }
        context.setVm(index);
        return done({ vm: index });
      },
    },
    {
      id: 'vm.memory.add',
      syntax: 'vm memory add <slot:EXPR> <gpa:EXPR> <size:EXPR>',
      about: 'KVM_SET_USER_MEMORY_REGION: SIZE bytes of memory at guest physical address GPA.',
      effect: 'world',
      run: (context, args) => memory(context, args, false),
    },
    {
      id: 'vm.memory.del',
      syntax: 'vm memory del <slot:EXPR> [<gpa:EXPR> [<size:EXPR>]]',
      about: 'KVM_SET_USER_MEMORY_REGION with size 0: the slot is gone.',
      effect: 'world',
      run: (context, args) => memory(context, args, true),
    },
    {
      id: 'vm.destroy',
      syntax: 'vm destroy',
      about: 'Close the files of the VM in use and unmap its memory; the last VM that is left is used then.',
      effect: 'world',
      run: (context) =>
        currentVm(context).match(
          (found) => {
            const events = destroyVm(context.world, found.index);
            const left = context.world.world.kernel.vms.filter((v) => !v.destroyed).at(-1)?.index ?? -1;
            context.setVm(left);
            return done({ vm: found.index, inUse: left < 0 ? null : left }, { events });
          },
          (error) => refuse(error),
        ),
      show: ({ data }): Doc => {
        if (data === null) return [];
        const next = data['inUse'] === null ? 'there is no VM now' : `vm ${String(data['inUse'])} is in use`;
        return [text(`vm ${String(data['vm'])} is destroyed; ${next}`)];
      },
    },
    attr('set', 'KVM_SET_DEVICE_ATTR on the VM file.'),
    attr('get', 'KVM_GET_DEVICE_ATTR on the VM file.'),
    attr('has', 'KVM_HAS_DEVICE_ATTR on the VM file.'),
  ],
  complete: (slot, context) => (slot === 'attr' ? attrCandidates(context) : []),
});
