// A VMM for tests: ioctls through the built-in VMM's hands, answered by their errno or 'ok'; baseline B0 of kvm-spe-abi.md §7.
import { readFileSync } from 'node:fs';
import { vcpuAttributeByName } from '../../src/abi/attributes.ts';
import { hashPlain } from '../../src/base/plain.ts';
import type { Answer, Refusal } from '../../src/kernel/call.ts';
import { featureMaskOf } from '../../src/kernel/capability.ts';
import { cpuListText } from '../../src/kernel/cpu-list.ts';
import type { Host } from '../../src/kernel/host.ts';
import { parseHost } from '../../src/kernel/host-schema.ts';
import { bootWorld, mountWorld, settleWorld, systemCall } from '../../src/kernel/kernel.ts';
import type { KnobValue } from '../../src/kernel/knobs.ts';
import { fillKnobs } from '../../src/kernel/knobs.ts';
import type { MountedWorld, Vcpu, Vm } from '../../src/kernel/world.ts';
import * as vmm from '../../src/session/vmm.ts';

const HOSTS = new URL('../../fixtures/hosts/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(`${name}.toml`, HOSTS), 'utf8');

/** A host fixture by name, with knobs or fields changed for one test. */
export function hostOf(name: string, knobs: Readonly<Record<string, KnobValue>> = {}, more: Partial<Host> = {}): Host {
  const host = parseHost(`${name}.toml`, read(name), read);
  if (host.isErr()) throw new Error(JSON.stringify(host.error));
  return { ...host.value, ...more, knobs: { ...host.value.knobs, ...knobs } };
}
export { fillKnobs };

export interface Bench {
  readonly mw: MountedWorld;
  readonly hands: vmm.Hands;
  /** The refusal of the last call, or null. */
  last: Refusal | null;
  answer: Answer | null;
}

export function boot(host: Host = hostOf('two-spu')): Bench {
  const mw = mountWorld(bootWorld(host, 1));
  return { mw, hands: { world: mw }, last: null, answer: null };
}

/** Makes a prepared call: 'ok' or the errno. */
export function make(b: Bench, prepared: vmm.PreparedCall): string {
  const result = systemCall(b.mw, prepared.call);
  b.last = result.isErr() ? result.error : null;
  b.answer = result.isOk() ? result.value : null;
  return result.isErr() ? result.error.errno : 'ok';
}

export function must(b: Bench, prepared: vmm.PreparedCall): Answer {
  const errno = make(b, prepared);
  if (errno !== 'ok' || b.answer === null) throw new Error(`${prepared.describe.request}: ${errno} ${JSON.stringify(b.last)}`);
  return b.answer;
}

export const vmOf = (b: Bench, vm = 0): Vm => b.mw.world.kernel.vms[vm];
export const vcpuOf = (b: Bench, vcpu: number, vm = 0): Vcpu => vmOf(b, vm).vcpus[vcpu];
export const mask = (b: Bench, vm = 0): string => cpuListText(vmOf(b, vm).supportedCpus);
export const hash = (b: Bench): bigint => {
  settleWorld(b.mw);
  return hashPlain(b.mw.world);
};

type Pointer = number | bigint | 'bad' | 'NULL' | { at: bigint };

interface Options {
  readonly vm?: number;
  readonly flags?: number;
  readonly badStruct?: boolean;
  readonly on?: 'vm' | 'vgic';
}

/** Set, get or has of a vCPU attribute by its short name or `group/attr`. */
export function attr(
  b: Bench,
  verb: 'set' | 'get' | 'has',
  vcpu: number,
  name: string,
  pointer: Pointer = 'NULL',
  options: Options = {},
): string {
  const numbers = /^(\d+)\/(\d+)$/.exec(name);
  const row = numbers === null ? vcpuAttributeByName(b.mw.world.host.kernel.revision, name) : undefined;
  const group = numbers === null ? row?.group : Number(numbers[1]);
  const number = numbers === null ? BigInt(row?.attr ?? 0) : BigInt(numbers[2]);
  if (group === undefined) throw new Error(`no attribute ${name}`);
  const size = row?.value === 'u64' ? 8 : 4;
  const vm = options.vm ?? 0;
  const target: vmm.Target = options.on === undefined ? { kind: 'vcpu', vm, vcpu } : { kind: options.on, vm };
  return make(
    b,
    vmm.deviceAttr(b.hands, {
      verb,
      target,
      group,
      attr: number,
      pointer: pointerOf(verb, pointer, size),
      flags: options.flags,
      badStruct: options.badStruct,
    }),
  );
}

function pointerOf(verb: string, pointer: Pointer, size: 4 | 8): vmm.AttrPointer {
  if (pointer === 'bad') return { kind: 'raw', address: vmm.BAD_POINTER };
  if (typeof pointer === 'object') return { kind: 'raw', address: pointer.at };
  if (pointer === 'NULL') return verb === 'get' ? { kind: 'room', size, signed: true } : { kind: 'raw', address: 0n };
  return { kind: 'value', value: BigInt(pointer), size };
}

export const set = (b: Bench, vcpu: number, name: string, value: Pointer = 'NULL', options: Options = {}): string =>
  attr(b, 'set', vcpu, name, value, options);
export const has = (b: Bench, vcpu: number, name: string, options: Options = {}): string => attr(b, 'has', vcpu, name, 'NULL', options);
/** The value of a get as text, or the errno. */
export function get(b: Bench, vcpu: number, name: string, pointer: Pointer = 'NULL', options: Options = {}): string {
  const errno = attr(b, 'get', vcpu, name, pointer, options);
  if (errno !== 'ok') return errno;
  const row = vcpuAttributeByName(b.mw.world.host.kernel.revision, name);
  return `${vmm.placedValue(b.hands, row?.value === 'u64' ? 8 : 4, row?.value !== 'u64')}`;
}

/** KVM_ARM_VCPU_INIT with features by their short names. */
export function init(
  b: Bench,
  vcpu: number,
  features: readonly string[],
  options: { vm?: number; mask?: number; target?: number; more?: number[] } = {},
): string {
  const bits = features.reduce((all, f) => all | featureMaskOf(b.mw.world.host, f), options.mask ?? 0);
  return make(b, vmm.vcpuInit(b.hands, options.vm ?? 0, vcpu, bits, { target: options.target, more: options.more }));
}

const DIST = 0x0800_0000n;
const REDIST = 0x080a_0000n;

/** A vGIC attribute: group, attr, and the u64 behind addr. */
export const vgicAttr = (b: Bench, group: number, number: number, value: bigint | null = null, vm = 0): string =>
  make(
    b,
    vmm.deviceAttr(b.hands, {
      verb: 'set',
      target: { kind: 'vgic', vm },
      group,
      attr: BigInt(number),
      pointer: value === null ? { kind: 'raw', address: 0n } : { kind: 'value', value, size: 8 },
    }),
  );

export interface Plan {
  readonly features?: readonly string[];
  readonly vcpus?: number;
  /** How far the vGIC is: none, created with addresses, initialised. */
  readonly vgic?: 'none' | 'created' | 'initialised';
  readonly init?: boolean;
}

/** Adds a VM with vCPUs. B0 by default: two vCPUs with SPE and PMU, GICv3 initialised, nothing configured. */
export function addVm(b: Bench, plan: Plan = {}): number {
  must(b, vmm.createVm(b.hands));
  const vm = b.mw.world.kernel.vms.length - 1;
  const vcpus = plan.vcpus ?? 2;
  for (let id = 0; id < vcpus; id++) must(b, vmm.createVcpu(b.hands, vm, id));
  const state = plan.vgic ?? 'initialised';
  if (state !== 'none') {
    must(b, vmm.createDevice(b.hands, vm));
    if (vgicAttr(b, 0, 2, DIST, vm) !== 'ok' || vgicAttr(b, 0, 3, REDIST, vm) !== 'ok') throw new Error('vGIC addresses');
  }
  if (state === 'initialised' && vgicAttr(b, 4, 0, null, vm) !== 'ok') throw new Error('CTRL_INIT');
  if (plan.init !== false) {
    for (let v = 0; v < vcpus; v++)
      if (init(b, v, plan.features ?? ['spe', 'pmu-v3', 'psci-0.2'], { vm }) !== 'ok') throw new Error(`init: ${JSON.stringify(b.last)}`);
  }
  return vm;
}

/** Baseline B0, possibly on another host or with a different VM. */
export function b0(plan: Plan = {}, host: Host = hostOf('two-spu')): Bench {
  const b = boot(host);
  addVm(b, plan);
  return b;
}

/** Everything that SPE and the PMU of a vCPU need before KVM_RUN. */
export function configure(b: Bench, vcpu: number, options: { spu?: number; irq?: number; pmu?: number; vm?: number } = {}): void {
  const vm = options.vm ?? 0;
  const ok = (what: string, errno: string): void => {
    if (errno !== 'ok') throw new Error(`${what}: ${JSON.stringify(b.last)}`);
  };
  if (options.pmu !== undefined) ok('set-pmu', set(b, vcpu, 'pmu.set-pmu', options.pmu, { vm }));
  ok('pmu.irq', set(b, vcpu, 'pmu.irq', 23, { vm }));
  ok('pmu.init', set(b, vcpu, 'pmu.init', 'NULL', { vm }));
  ok('spe.irq', set(b, vcpu, 'spe.irq', options.irq ?? 21, { vm }));
  ok('spe.spu', set(b, vcpu, 'spe.spu', options.spu ?? 10, { vm }));
  ok('spe.init', set(b, vcpu, 'spe.init', 'NULL', { vm }));
}

/** KVM_RUN: 'ok', or the errno; `exit` afterwards is the name of the exit, or 'running'. */
export const run = (b: Bench, vcpu: number, vm = 0): string => make(b, vmm.runCall(b.hands, vm, vcpu));
export const exit = (b: Bench, vcpu: number, vm = 0): string => {
  const { place, exit } = vcpuOf(b, vcpu, vm).run;
  return place === 'out' ? (exit?.name ?? 'none') : 'running';
};
/** Moves a vCPU's thread. */
export const move = (b: Bench, vcpu: number, cpu: number, vm = 0): void => {
  vcpuOf(b, vcpu, vm).thread.cpu = cpu;
};

/** B0 with V0 configured and ran once on a CPU of SPU 10, then ended by a signal before it entered. */
export function ran(host?: Host): Bench {
  const b = b0({}, host);
  configure(b, 0, { spu: 10 });
  vcpuOf(b, 0).run.immediateExit = true;
  if (run(b, 0) !== 'EINTR') throw new Error(JSON.stringify(b.last));
  vcpuOf(b, 0).run.immediateExit = false;
  return b;
}
