// vcpu: virtual CPUs, KVM_RUN, device attributes and registers of a vCPU's file (language.md §3, groups vcpu, attr, one-reg).
import { VCPU_FEATURES } from '../src/abi/features.ts';
import { hex } from '../src/base/hex.ts';
import { kickThread, setImmediateExit } from '../src/kernel/process.ts';
import { listCandidates, oneRegCandidates } from '../src/session/candidates.ts';
import type { Argument, Arguments, Running } from '../src/session/command.ts';
import { refuse } from '../src/session/enter.ts';
import { featureWords, isFeatureName } from '../src/session/features.ts';
import { issue, vcpuForCall } from '../src/session/issue.ts';
import { numbersOf } from '../src/session/numbers.ts';
import { listedRegisters, registerId, regList } from '../src/session/one-reg-call.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import { DEFAULT_BUDGET, runOnce } from '../src/session/run-once.ts';
import { currentVm, vcpuOf } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import { describeVcpu, type VcpuData } from '../src/session/vcpu-report.ts';
import { createVcpu, oneReg, placedRegister, supportedCpus, vcpuFinalize, vcpuInit, vcpuName } from '../src/session/vmm.ts';
import { ATTR_OPERANDS, ATTR_WORDS, type AttrVerb, attrCandidates, attrOutcome, checkAttr } from '../src/shell/attr.ts';
import { type Form, family, type GrammarFault } from '../src/shell/family.ts';
import { didYouMean } from '../src/shell/misread.ts';
import { showStop } from '../src/shell/show-stop.ts';
import { showVcpu } from '../src/shell/show-vcpu.ts';
import type { Doc } from '../src/view/doc.ts';

const SVE_BIT = VCPU_FEATURES.find((f) => f.short === 'sve')?.bit ?? 4;

const featureList = (argument: Argument | undefined): string[] =>
  argument?.kind === 'word' ? argument.text.split(',').filter((name) => name !== '') : [];

function checkFeatures(args: Arguments): GrammarFault | null {
  const wrong = featureList(args['features']).find((name) => !isFeatureName(name));
  if (wrong === undefined) return null;
  const names = VCPU_FEATURES.map((f) => f.short);
  return {
    slot: 'features',
    message: `there is no vCPU feature '${wrong}'`,
    expected: names,
    hint: didYouMean(wrong, names) ?? names.join(' '),
  };
}

/** Runs `go` with the vCPU that an ioctl goes to, and the numbers of these slots. */
function withVcpu<K extends string>(
  context: Context,
  args: Arguments,
  slots: readonly K[],
  go: (vm: number, vcpu: number, numbers: Readonly<Record<K, bigint | undefined>>) => Outcome | Running,
): Outcome | Running {
  const scope = vcpuForCall(context, args['vcpu']);
  if (scope.isErr()) return refuse(scope.error);
  const numbers = numbersOf(context, args, ...slots);
  if (numbers.isErr()) return refuse(numbers.error);
  return go(scope.value.vm.index, scope.value.vcpu.index, numbers.value);
}

function run(context: Context, args: Arguments): Outcome | Running {
  return withVcpu(context, args, ['ops'], (vm, index, { ops }) => {
    const vcpu = context.world.world.kernel.vms[vm].vcpus[index];
    setImmediateExit(vcpu, args['immediate-exit'] !== undefined);
    return runOnce(context, index, ops ?? DEFAULT_BUDGET, () => {
      setImmediateExit(vcpu, false);
    });
  });
}

function kick(context: Context, args: Arguments): Outcome | Running {
  const scope = vcpuOf(context, args['vcpu']);
  if (scope.isErr()) return refuse(scope.error);
  const { vm, vcpu } = scope.value;
  if (vcpu.run.place === 'out')
    return unmet('not-running', `${vcpuName(vm.index, vcpu.id)} is not inside KVM_RUN`, 'step, sample and until leave a vCPU inside it');
  kickThread(vcpu);
  return runOnce(context, vcpu.index, 0n);
}

function attr(verb: AttrVerb, about: string): Form {
  return {
    id: `vcpu.attr.${verb}`,
    syntax: `vcpu [<vcpu:VCPU>] attr ${verb} ${ATTR_OPERANDS[verb]}`,
    about,
    words: ATTR_WORDS,
    effect: 'world',
    check: (args) => checkAttr(verb, args),
    run: (context, args) => withVcpu(context, args, [], (vm, vcpu) => attrOutcome(context, verb, { kind: 'vcpu', vm, vcpu }, args)),
  };
}

function oneRegister(context: Context, args: Arguments): Outcome | Running {
  return withVcpu(context, args, ['value'], (vm, vcpu, { value }) => {
    const word = context.word(args['register']);
    const id = registerId(word);
    if (id === null) return unmet('unknown-name', `no register '${word}'`, 'vcpu one-reg list, or an id in numbers');
    return issue(context, oneReg(context, vm, vcpu, id, value), (report) => ({
      data: { register: word, id: hex(id) },
      ...(value === undefined && report.errno === null ? { value: hex(placedRegister(context, id)) } : {}),
    }));
  });
}

export const vcpu = family({
  name: 'vcpu',
  group: 'vcpu',
  summary: 'virtual CPUs: creation, features, attributes, registers, KVM_RUN',
  details: [
    'VCPU is a number, the focused vCPU where it is left out; `vcpu0` and `vcpu 0` are the same. Every call is made by the thread of that vCPU. While it is inside KVM_RUN its other calls would block: `vcpu N kick` ends the run with -EINTR.',
    'ATTR is a short name (spe.irq, spe.spu, spe.max-buffer-size, spe.init, pmu.irq, pmu.init, pmu.filter, pmu.set-pmu, pmu.set-nr-counters; spe.stop on rfc-v4 and rfc-v5), the kernel’s name, or GROUP/ATTR in numbers. `--addr` is the pointer itself: bad is never mapped. `--attr-ptr bad` puts the struct at a bad address.',
    '`vcpu run` is one KVM_RUN. It ends at the first exit; a budget of operations (--ops, 100 million) ends it as a signal does: -EINTR with KVM_EXIT_INTR.',
  ],
  see: ['vm', 'thread', 'mask', 'why', 'focus'],
  forms: [
    {
      id: 'vcpu.create',
      syntax: 'vcpu create <id:EXPR>',
      about: 'KVM_CREATE_VCPU.',
      effect: 'world',
      run: (context, args) => {
        const vm = currentVm(context);
        if (vm.isErr()) return refuse(vm.error);
        const numbers = numbersOf(context, args, 'id');
        if (numbers.isErr()) return refuse(numbers.error);
        const id = Number(BigInt.asUintN(32, numbers.value.id ?? 0n));
        return issue(context, createVcpu(context, vm.value.index, id), () => ({ data: { id } }));
      },
    },
    {
      id: 'vcpu.init',
      syntax: 'vcpu [<vcpu:VCPU>] init [<features:WORD>] [--features <mask:EXPR>] [--target <target:EXPR>]',
      about: 'KVM_ARM_VCPU_INIT with these features: names joined by commas, and a mask of bits.',
      words: { '--features': 'further bits of the mask', '--target': 'KVM_ARM_TARGET (5)' },
      effect: 'world',
      check: checkFeatures,
      run: (context, args) =>
        withVcpu(context, args, ['mask', 'target'], (vm, index, { mask, target }) => {
          const [first, ...more] = featureWords(context.world.world.host, featureList(args['features']), mask ?? 0n);
          const options = { more, ...(target === undefined ? {} : { target: Number(BigInt.asUintN(32, target)) }) };
          return issue(context, vcpuInit(context, vm, index, first, options));
        }),
    },
    {
      id: 'vcpu.finalize',
      syntax: 'vcpu [<vcpu:VCPU>] finalize sve',
      about: 'KVM_ARM_VCPU_FINALIZE.',
      effect: 'world',
      run: (context, args) => withVcpu(context, args, [], (vm, index) => issue(context, vcpuFinalize(context, vm, index, SVE_BIT))),
    },
    {
      id: 'vcpu.supported-cpus',
      syntax: 'vcpu [<vcpu:VCPU>] supported-cpus <cpus:LIST>',
      about: 'KVM_ARM_VCPU_SUPPORTED_CPUS: only rfc-v4 has it.',
      effect: 'world',
      run: (context, args) =>
        withVcpu(context, args, [], (vm, index) => issue(context, supportedCpus(context, vm, index, context.word(args['cpus'])))),
    },
    {
      id: 'vcpu.show',
      syntax: 'vcpu [<vcpu:VCPU>]',
      about: 'Show the vCPU.',
      effect: 'pure',
      run: (context, args) =>
        vcpuOf(context, args['vcpu']).match(
          ({ vm, vcpu: found }) => done({ ...describeVcpu(context, vm, found) }),
          (error) => refuse(error),
        ),
      show: ({ data }): Doc => (data === null ? [] : showVcpu(data as unknown as VcpuData)),
    },
    {
      id: 'vcpu.run',
      syntax: 'vcpu [<vcpu:VCPU>] run [--ops <ops:EXPR>] [--immediate-exit]',
      about: 'KVM_RUN, once.',
      words: { '--ops': 'operations until a signal ends it (100 million)', '--immediate-exit': 'sets kvm_run.immediate_exit' },
      effect: 'world',
      run,
      show: showStop,
    },
    {
      id: 'vcpu.kick',
      syntax: 'vcpu [<vcpu:VCPU>] kick',
      about: 'A signal for the thread of the vCPU: its KVM_RUN ends with -EINTR.',
      effect: 'world',
      run: kick,
      show: showStop,
    },
    attr('set', 'KVM_SET_DEVICE_ATTR: addr points to VALUE.'),
    attr('get', 'KVM_GET_DEVICE_ATTR: the value comes back.'),
    attr('has', 'KVM_HAS_DEVICE_ATTR: is there such an attribute?'),
    {
      id: 'vcpu.one-reg.get',
      syntax: 'vcpu [<vcpu:VCPU>] one-reg get <register:WORD>',
      about: 'KVM_GET_ONE_REG of a register by name or id.',
      effect: 'world',
      run: oneRegister,
    },
    {
      id: 'vcpu.one-reg.set',
      syntax: 'vcpu [<vcpu:VCPU>] one-reg set <register:WORD> <value:EXPR>',
      about: 'KVM_SET_ONE_REG.',
      effect: 'world',
      run: oneRegister,
    },
    {
      id: 'vcpu.one-reg.list',
      syntax: 'vcpu [<vcpu:VCPU>] one-reg list',
      about: 'KVM_GET_REG_LIST: every register that user space may read.',
      effect: 'world',
      run: (context, args) =>
        withVcpu(context, args, [], (vm, index) =>
          issue(context, regList(context, vm, index), (report) =>
            report.errno === null ? { data: { registers: listedRegisters(context) } } : {},
          ),
        ),
      show: ({ data }): Doc => {
        const registers = (data?.['registers'] ?? []) as ReturnType<typeof listedRegisters>;
        return registers.length === 0
          ? []
          : [{ kind: 'table', header: false, columns: [{ title: '' }, { title: '' }], rows: registers.map((r) => [r.id, r.name ?? '']) }];
      },
    },
  ],
  complete: (slot, context, typed) => {
    if (slot === 'attr') return attrCandidates(context);
    if (slot === 'register') return oneRegCandidates(context);
    if (slot !== 'features') return [];
    return listCandidates(
      typed,
      VCPU_FEATURES.map((f) => ({ text: f.short, about: f.name })),
    );
  },
});
