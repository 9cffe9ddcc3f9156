// Random ioctls over all files of a process: known and unknown requests, garbage fields, pointers that are bad, NULL, at the end of memory or
// good; between them what else a VMM does (guests run, threads move, limits change, the host takes pages). Everything follows from one seed.
import { readdirSync } from 'node:fs';
import { ERRNOS } from '../../src/abi/errno.ts';
import { IOCTLS, type Ioctl, ioctlNumber } from '../../src/abi/ioctls.ts';
import type { Struct } from '../../src/abi/struct.ts';
import { clonePlain } from '../../src/base/plain.ts';
import { nextRandom } from '../../src/base/prng.ts';
import type { Call } from '../../src/kernel/call.ts';
import type { Host } from '../../src/kernel/host.ts';
import { HOST_EVENTS, hostEvent } from '../../src/kernel/host-event.ts';
import { settleWorld, systemCall } from '../../src/kernel/kernel.ts';
import { allRegisterIds } from '../../src/kernel/one-reg.ts';
import { lendFiles, setMemlockLimit, setPerfmonCapability } from '../../src/kernel/process.ts';
import { advanceVcpu } from '../../src/kernel/run.ts';
import { changeThreadAffinity } from '../../src/kernel/thread.ts';
import { copyToUser } from '../../src/kernel/user-memory.ts';
import type { World } from '../../src/kernel/world.ts';
import * as vmm from '../../src/session/vmm.ts';
import { addVm, type Bench, boot, configure, hostOf, must } from './bench.ts';
import { brokenLaw, type Memory, newMemory, undeclaredChanges } from './kernel-laws.ts';

export interface FuzzResult {
  readonly calls: number;
  readonly seconds: number;
  /** Answers by errno, 'ok' among them. */
  readonly answers: ReadonlyMap<string, number>;
  /** Guests that went on inside KVM_RUN. */
  readonly runs: number;
}

const HOSTS: readonly Host[] = readdirSync(new URL('../../fixtures/hosts', import.meta.url)).map((f) => hostOf(f.replace('.toml', '')));
/** Calls on one world: then a fresh host boots. */
const CALLS_A_WORLD = 500;
const ERRNO_NAMES = new Set(ERRNOS.map((e) => e.name));

/** One call in so many is looked at whole: refused, it must have changed nothing but what is declared. KVM_RUN is left out: it may do much. */
const LOOKED_AT = 300;
const RUN = ioctlNumber('KVM_RUN');

function copyOf(b: Bench): World {
  settleWorld(b.mw);
  return clonePlain(b.mw.world);
}

/** The dice of one run. */
function newDice(seed: number) {
  let state = seed >>> 0;
  const draw = (): number => {
    const next = nextRandom(state);
    state = next.state;
    return next.draw;
  };
  const below = (n: number): number => draw() % n;
  return {
    below,
    chance: (oneIn: number): boolean => below(oneIn) === 0,
    of: <T>(list: readonly T[]): T => list[below(list.length)],
    word: (): bigint => (BigInt(draw()) << 32n) | BigInt(draw()),
    byte: (): number => draw() & 0xff,
  };
}
type Dice = ReturnType<typeof newDice>;

const GOOD = BigInt(vmm.SCRATCH) + 0x800n;
const SCRATCH_END = BigInt(vmm.SCRATCH) + 0x2000n;
/** Values that checks compare with, and their neighbours. */
const NUMBERS = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16, 21, 22, 23, 27, 31, 32, 64, 99, 177, 205, 206, 207, 216, 245, 256, 992, 1023, 4096, 8192,
  65536,
].map(BigInt);
const WIDE = [
  -1n,
  1n << 31n,
  1n << 32n,
  (1n << 32n) + 1n,
  1n << 40n,
  1n << 48n,
  (1n << 64n) - 4096n,
  0x4000_0000n,
  0x0800_0000n,
  0x080a_0000n,
  0x4020_0000n,
];

const number = (d: Dice): bigint => (d.chance(12) ? d.word() : d.chance(4) ? d.of(WIDE) : d.of(NUMBERS));

/** Bytes in the VMM's memory that pointers lead to: an int, a u64, a text. */
function pointer(d: Dice): bigint {
  switch (d.below(8)) {
    case 0:
      return vmm.BAD_POINTER;
    case 1:
      return 0n;
    case 2:
      return SCRATCH_END - BigInt(1 + d.below(40)); // the rest is not mapped
    case 3:
      return d.of([...WIDE, d.word()]);
    default:
      return GOOD + BigInt(8 * d.below(8));
  }
}

/** Values of members by their names; others are any number. */
const MEMBERS: Readonly<Record<string, readonly bigint[]>> = {
  group: [0n, 0n, 1n, 2n, 3n, 3n, 3n, 4n, 5n, 6n, 7n, 8n, 9n],
  attr: [0n, 1n, 2n, 3n, 4n, 5n, (1n << 32n) + 1n, 0x100n, 0xc664n, 1n << 63n],
  target: [5n, 5n, 5n, 0n, 1n],
  type: [7n, 7n, 5n, 8n, 0n],
  flags: [0n, 0n, 0n, 1n, 2n, 3n],
  slot: [0n, 0n, 1n, 2n, 32767n],
  guest_phys_addr: [0n, 0x4000_0000n, 0x4000_0000n, 0x4001_0000n, 0x4000_0001n, 1n << 41n],
  memory_size: [0n, 4096n, 65536n, 0x10_0000n, 4097n, 1n << 33n],
  userspace_addr: [0x6000_0000_0000n, 0x6000_1000_0000n, 0x7000_0000_0001n],
  cap: [177n, 205n, 206n, 207n, 216n, 245n],
  level: [0n, 1n, 2n],
};
const FEATURES = [0x208n, 0x20cn, 0x20dn, 0x88n, 0x8cn, 0xcn, 0x8n, 0x4n, 0x10n, 0x218n, 0x60n, 0x20n, 0x2n, 0x202n, 0x280n, 0x400n, 0n];

function member(d: Dice, b: Bench, struct: Struct, name: string): bigint {
  if (d.chance(15)) return d.word();
  if (name === 'features') return d.of(FEATURES);
  if (name === 'id' && struct.name === 'kvm_one_reg') {
    const vm = b.mw.world.kernel.vms.at(-1);
    const ids = vm === undefined ? [] : allRegisterIds(b.mw.world.host, vm);
    return ids.length === 0 || d.chance(5) ? 0x6030_0000_0013_0000n | (d.word() & 0xffffn) : d.of(ids);
  }
  if (name === 'n') return BigInt(d.of([0, 5, 500, 4000]));
  return d.of(MEMBERS[name] ?? [number(d)]);
}

function writeStruct(d: Dice, b: Bench, struct: Struct): bigint {
  const bytes = new Uint8Array(Math.max(struct.size, 64));
  const view = new DataView(bytes.buffer);
  for (const f of struct.fields) {
    for (let i = 0; i < f.count; i++) {
      const value = i > 0 && d.below(10) !== 0 ? 0n : f.pointer ? pointer(d) : member(d, b, struct, f.name);
      for (let byte = 0; byte < f.size; byte++)
        view.setUint8(f.offset + i * f.size + byte, Number((BigInt.asUintN(64, value) >> BigInt(8 * byte)) & 0xffn));
    }
  }
  return vmm.place(b.hands, vmm.SCRATCH, bytes);
}

function argumentOf(d: Dice, b: Bench, row: Ioctl | undefined): bigint {
  if (row === undefined || d.chance(20)) return d.chance(2) ? pointer(d) : number(d);
  if (row.argument === 'none') return 0n;
  if (typeof row.argument === 'string') return number(d);
  if (row.name === 'KVM_ARM_VCPU_SUPPORTED_CPUS')
    return vmm.place(b.hands, vmm.SCRATCH, new TextEncoder().encode(`${d.of(['0-3', '2', '', '0-99', 'x', '5-1'])}\0`));
  if (row.name === 'KVM_ARM_VCPU_FINALIZE')
    return d.chance(3) ? pointer(d) : vmm.place(b.hands, vmm.SCRATCH, new Uint8Array([d.of([4, 4, 4, 5]), 0, 0, 0]));
  return writeStruct(d, b, row.argument);
}

/** The values that pointers of this call lead to. */
function scatter(d: Dice, b: Bench): void {
  const values = BigUint64Array.from({ length: 8 }, () => BigInt.asUintN(64, number(d)));
  vmm.place(b.hands, Number(GOOD), new Uint8Array(values.buffer));
}

/** A host, with a VM that is more or less ready, or none. */
function newWorld(d: Dice): Bench {
  const b = boot(d.of(HOSTS));
  if (d.chance(4)) return b;
  try {
    addVm(b, { vgic: d.of(['none', 'created', 'initialised', 'initialised']), init: d.below(3) !== 0 });
    if (d.below(4) !== 0) configure(b, 0, { spu: d.of([10, 10, 10, 11, 12]) });
    if (d.chance(2)) {
      must(b, vmm.setMemory(b.hands, 0, 0, 0n, 0x10000n));
      const code = Uint8Array.from({ length: 4096 }, () => d.byte());
      copyToUser(b.mw, b.mw.world.kernel.processes[0], BigInt(vmm.slotAddress(0, 0)), code);
    }
  } catch (error) {
    // This host does not offer what the bench asks for: the world is as far as it came.
    if (!(error instanceof Error) || error.constructor !== Error) throw error;
  }
  return b;
}

const STOPS = { breakpoints: new Set<bigint>(), skipFirst: false, afterRecord: false };

/** Ends the stay of a vCPU inside KVM_RUN. */
function takeOut(b: Bench, vm: number, vcpu: number): void {
  if (b.mw.world.kernel.vms[vm].vcpus[vcpu].run.place !== 'out') advanceVcpu(b.mw, vm, vcpu, 0, { ...STOPS, signal: true });
}

/** What a VMM and the host do beside ioctls. */
function interlude(d: Dice, b: Bench): void {
  const { kernel, host } = b.mw.world;
  const vm = d.below(Math.max(kernel.vms.length, 1));
  const vcpus = kernel.vms[vm]?.vcpus ?? [];
  const vcpu = vcpus[d.below(Math.max(vcpus.length, 1))];
  switch (d.below(6)) {
    case 0:
      if (vcpu !== undefined) changeThreadAffinity(b.mw, vm, vcpu.index, 1n << BigInt(d.below(host.cpus)));
      return;
    case 1:
      setMemlockLimit(kernel.processes[0], d.chance(2) ? null : BigInt(4096 * d.below(40)));
      return;
    case 2:
      setPerfmonCapability(kernel.processes[0], d.chance(2));
      return;
    case 3:
      if (kernel.vms[vm] !== undefined) hostEvent(b.mw, vm, d.of(HOST_EVENTS), 0x4000_0000 + 4096 * d.below(20));
      return;
    case 4:
      if (vcpu !== undefined) vcpu.run.immediateExit = d.chance(4);
      return;
    default:
      if (vcpu !== undefined && vcpu.run.place !== 'out') advanceVcpu(b.mw, vm, vcpu.index, d.below(60), STOPS);
  }
}

function randomCall(d: Dice, b: Bench): Call {
  const process = d.chance(50) ? 2 : 1;
  if (process === 2) lendFiles(b.mw.world, 2);
  const { files } = b.mw.world.kernel.processes[process - 1];
  const kvm = files.flatMap((f, i) => (f === null || f.kind === 'terminal' ? [] : [i]));
  const fd = d.chance(40) ? d.below(40) : d.of(kvm);
  const file = files[fd] ?? null;
  const fitting = IOCTLS.filter((i) => file !== null && (i.on as readonly string[]).includes(file.kind));
  const row =
    fitting.length === 0 || d.chance(25)
      ? d.of(IOCTLS)
      : d.chance(8)
        ? (fitting.find((i) => i.name === 'KVM_RUN') ?? d.of(fitting))
        : d.of(fitting);
  const request = d.chance(30) ? (d.chance(2) ? row.number ^ (1 << d.below(31)) : Number(d.word() & 0xffff_ffffn)) >>> 0 : row.number;
  scatter(d, b);
  return { process, fd, request, argument: BigInt.asUintN(64, argumentOf(d, b, row)), thread: -1 };
}

/**
 * Makes `calls` random ioctls; throws with the seed and the place when one throws, answers what no check names, or breaks a law
 * (kernel-laws.ts). `now` is a clock in milliseconds.
 */
export function randomIoctls(seed: number, calls: number, now: () => number): FuzzResult {
  const d = newDice(seed);
  const answers = new Map<string, number>();
  const began = now();
  let b = newWorld(d);
  let memory: Memory = newMemory();
  let runs = 0;
  for (let n = 0; n < calls; n++) {
    const fail = (what: string, call: Call): never => {
      throw new Error(
        `seed ${seed}, call ${n} (host ${b.mw.world.host.name}): ${what}\n${JSON.stringify(call, (_key, v) => (typeof v === 'bigint' ? `0x${v.toString(16)}` : v))}`,
      );
    };
    if (n % CALLS_A_WORLD === 0) {
      b = newWorld(d);
      memory = newMemory();
    }
    if (d.chance(6)) interlude(d, b);
    const call = randomCall(d, b);
    const file = b.mw.world.kernel.processes[call.process - 1].files[call.fd];
    if (file?.kind === 'vcpu') takeOut(b, file.vm, file.vcpu);
    let answer = 'ok';
    const looked = d.chance(LOOKED_AT) && call.request !== RUN ? copyOf(b) : null;
    try {
      const result = systemCall(b.mw, call);
      if (result.isErr()) {
        const { errno, check, of, checks, why } = result.error;
        answer = errno;
        if (!ERRNO_NAMES.has(errno)) fail(`${errno} has no row`, call);
        if (check < 1 || check > of || checks[check - 1].result !== 'failed' || why === '')
          fail(`check ${check} of ${of} does not explain ${errno}`, call);
        if (looked !== null) {
          settleWorld(b.mw);
          const changed = undeclaredChanges(looked, b.mw.world);
          if (changed.length > 0) fail(`${errno} (${why}) changed ${changed.join(', ')}`, call);
        }
      } else if (result.value.running && file?.kind === 'vcpu') {
        runs++;
        advanceVcpu(b.mw, file.vm, file.vcpu, d.below(80), STOPS);
        if (d.below(3) !== 0) takeOut(b, file.vm, file.vcpu);
      }
      const broken = brokenLaw(b.mw, memory);
      if (broken !== null) fail(broken, call);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('seed ')) throw error;
      fail(error instanceof Error ? (error.stack ?? error.message) : String(error), call);
    }
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  return { calls, seconds: (now() - began) / 1000, answers, runs };
}

/** What a run says of itself. */
export function fuzzReport(seed: number, r: FuzzResult): string {
  const counts = [...r.answers].sort((a, b) => b[1] - a[1]).map(([errno, count]) => `${errno} ${count.toLocaleString('en-US')}`);
  const rate = Math.round(r.calls / r.seconds).toLocaleString('en-US');
  return `seed ${seed}: ${r.calls.toLocaleString('en-US')} random ioctls, ${rate} a second, ${r.runs.toLocaleString('en-US')} guests run\n  ${counts.join(', ')}`;
}
