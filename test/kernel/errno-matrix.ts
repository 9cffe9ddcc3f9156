// Errno matrices (design.md §4): for each check of a list, a state in which it and as many later ones as possible fail together.
// States are made by writing the world directly, so that combinations no VMM can reach are tried too; what a VMM can reach is in the tables.
import { vcpuAttributeByName } from '../../src/abi/attributes.ts';
import { vcpuAttrSteps } from '../../src/kernel/attr/lists.ts';
import type { AttrCall, Verb } from '../../src/kernel/attr/state.ts';
import type { VcpuCall } from '../../src/kernel/call-state.ts';
import { enableCapSteps } from '../../src/kernel/calls/enable-cap.ts';
import { firstRunSteps } from '../../src/kernel/calls/run.ts';
import { featureMaskOf } from '../../src/kernel/capability.ts';
import type { Host } from '../../src/kernel/host.ts';
import { type Check, checksOf, type Steps, steps, walk } from '../../src/kernel/steps.ts';
import { setOwner } from '../../src/kernel/vgic/owner.ts';
import * as vmm from '../../src/session/vmm.ts';
import { addVm, type Bench, boot } from './bench.ts';

type State = AttrCall & { bytes: Uint8Array };

/** How to make each check fail, by its sentence. Applied from the last to the first, so that an earlier check has its way. */
const BREAK: Readonly<Record<string, (s: State) => void>> = {
  'the vCPU was not initialised with the SPE feature': (s) => drop(s, 'spe'),
  'the vCPU was not initialised with the PMU_V3 feature': (s) => drop(s, 'pmu-v3'),
  'there is no in-kernel vGIC': (s) => {
    s.vm.vgic = null;
  },
  'a vCPU of this VM has already run': (s) => {
    s.vm.hasRanOnce = true;
    s.vm.vcpus[1].hasRanOnce = true;
  },
  'no SPU on this host has that identifier': (s) => put(s, 99n),
  'a different SPU is already set': (s) => {
    s.vm.spu = 11;
  },
  'the SPU of this VM is not set': (s) => {
    s.vm.spu = null;
  },
  'the interrupt of this vCPU is already set': (s) => {
    s.vcpu.spe.irq = 22;
    s.vcpu.pmu.irq = 23;
  },
  'the interrupt of this vCPU is not set': (s) => {
    s.vcpu.spe.irq = 0;
    s.vcpu.pmu.irq = null;
  },
  'the interrupt is not a PPI': (s) => put(s, 40n),
  'another vCPU of this VM has a different interrupt': (s) => {
    s.vm.vcpus[1].spe.irq = 22;
  },
  'the interrupt is neither a PPI nor an SPI': (s) => put(s, 8192n),
  'the interrupt contradicts one that a vCPU of this VM has': (s) => {
    s.vm.vcpus[1].pmu.irq = 22;
  },
  'SPE of this vCPU is already initialised': (s) => {
    s.vcpu.spe.initialised = true;
  },
  'SPE of this vCPU is not initialised': (s) => {
    s.vcpu.spe.initialised = false;
  },
  'the PMU of this vCPU is already initialised': (s) => {
    s.vcpu.pmu.initialised = true;
  },
  'the PMU of this vCPU is not initialised': (s) => {
    s.vcpu.pmu.initialised = false;
  },
  'the vGIC is not initialised': (s) => {
    if (s.vm.vgic !== null) s.vm.vgic.initialised = false;
  },
  'another device owns the PPI in the vGIC': (s) => void setOwner(s.vm, 0, s.vcpu.spe.irq, 'somebody'),
  'another device owns the interrupt in the vGIC': (s) => void setOwner(s.vm, 0, s.vcpu.pmu.irq ?? 0, 'somebody'),
  'the vGIC has no such interrupt': (s) => {
    s.vcpu.pmu.irq = 900;
  },
  'the size is not a multiple of the page size': (s) => put(s, 4097n),
  'PMBIDR_EL1.MaxBuffSize cannot represent the size': (s) => put(s, 4n * 1024n * 1024n + 4096n),
  'the size exceeds the limit of the SPU': (s) => put(s, 2n * 1024n * 1024n),
  'a different maximum buffer size is already set': (s) => {
    s.vm.maxBufferSize = 65536n;
  },
  'the maximum buffer size is not set': (s) => {
    s.vm.maxBufferSize = null;
  },
  'no CPU PMU on this host has that identifier': (s) => put(s, 99n),
  'an event filter is set and another PMU is meant': (s) => {
    s.vm.pmuFilter = true;
    s.vm.pmu = 9;
  },
  'no PMU is chosen': (s) => {
    s.vm.pmu = null;
  },
  'the PMU has fewer counters': (s) => put(s, 32n),
  'not exactly one mode is given': (s) => put(s, 3n),
  'the group has no such attribute': () => {},
  'the vCPU was not initialised': (s) => {
    s.vcpu.initialised = false;
  },
  'a feature of the vCPU is not finalised': (s) => {
    s.vm.features = (s.vm.features ?? 0) | featureMaskOf(s.host, 'sve');
  },
  'a vCPU has no redistributor address': (s) => {
    for (const v of s.vm.vcpus) if (v.vgic !== null) v.vgic.redistributor = null;
  },
  "the distributor's address is not set": (s) => {
    if (s.vm.vgic !== null) s.vm.vgic.base = null;
  },
  'the frames overlap or run past the IPA space': (s) => {
    if (s.vm.vgic !== null) s.vm.vgic.base = 0x080a_0000;
  },
  'a vCPU of this VM has run: the PPIs of the timers are fixed': (s) => {
    s.vm.hasRanOnce = true;
  },
  'the address is not 64-byte aligned': (s) => put(s, 0x5000_0001n),
  'the address of this vCPU is already set': (s) => {
    s.vcpu.stolenTime = 0x4000_0000n;
  },
  'no memory slot backs the address': (s) => put(s, 0x5000_0000n),
  'args[2] and args[3] are not zero': (s) => argument(s, 2, 1n),
  'the slot number is too large': (s) => argument(s, 0, 40_000n),
  'the memory is not locked for reads': (s) => argument(s, 1, 2n),
  'a vCPU is inside an ioctl': (s) => {
    s.vm.vcpus[1].run.place = 'guest';
  },
  'there is no such slot': (s) => argument(s, 0, 7n),
  'a slot that is read-only, or whose dirty pages are logged, is to be locked for writes': (s) => slot(s, { flags: 2 }),
  'the slot is already locked': (s) => slot(s, { locked: 'read' }),
  'the slot is not locked': (s) => slot(s, { locked: undefined }),
  'the slot would exceed RLIMIT_MEMLOCK': (s) => {
    s.process.rlimitMemlock = 4096n;
  },
  'flags are not zero': (s) => member(s, 4, 1),
  'the VM has no such capability to enable': (s) => member(s, 0, 999),
  'the host has no memory tagging': (s) => member(s, 0, 205),
  'a CPU of the vCPU has no SPU': (s) => {
    s.vcpu.cpuList = 1n << 63n;
  },
  'the vCPU may not run on the CPU of its thread': (s) => {
    s.vm.supportedCpus = 0n;
  },
  'another device owns the PPI of a timer': (s) => void setOwner(s.vm, 0, 27, 'somebody'),
  'immediate_exit is set': (s) => {
    s.vcpu.run.immediateExit = true;
  },
};

/** A member of struct kvm_enable_cap, by its offset in bytes, and one of its args. */
const member = (s: State, at: number, value: number): void => new DataView(s.bytes.buffer).setUint32(at, value, true);
const argument = (s: State, n: number, value: bigint): void => new DataView(s.bytes.buffer).setBigUint64(8 + 8 * n, value, true);
function slot(s: State, change: { readonly flags?: number; readonly locked?: 'read' | 'write' | undefined }): void {
  s.vm.memslots = s.vm.memslots.map((m) => ({ ...m, ...change }) as typeof m);
}

/** Pointers are broken by their sentences' ending. */
function breaker(check: Check<State>): (s: State) => void {
  if (/cannot be (read|written)$/.test(check.why)) {
    return (s) => {
      s.attr = { ...s.attr, addr: vmm.BAD_POINTER };
    };
  }
  const found = BREAK[check.why];
  if (found === undefined) throw new Error(`no way to make '${check.why}' fail`);
  return found;
}

function drop(s: State, short: string): void {
  s.vm.features = (s.vm.features ?? 0) & ~featureMaskOf(s.host, short);
}

/** The value behind addr, which is also what has been read already. */
function put(s: State, value: bigint): void {
  s.value = value;
  vmm.place({ world: s.mw }, vmm.SCRATCH + 0x1000, new Uint8Array(new BigUint64Array([BigInt.asUintN(64, value)]).buffer));
}

export interface Subject {
  readonly name: string;
  readonly list: (host: Host) => Steps<State>;
  /** Brings a fresh state to where the call would succeed. */
  readonly ready: (s: State) => void;
}

const attribute = (verb: Verb, name: string, value: bigint, ready: (s: State) => void = () => {}): Subject => ({
  name: `${name}.${verb}`,
  list: (host) => {
    const row = vcpuAttributeByName(host.kernel.revision, name);
    if (row === undefined) throw new Error(`no attribute ${name}`);
    return vcpuAttrSteps(host, verb, row.group, BigInt(row.attr));
  },
  ready: (s) => {
    ready(s);
    put(s, value);
  },
});

const withIrq = (s: State): void => {
  s.vcpu.spe.irq = 21;
  s.vcpu.pmu.irq = 23;
};
const withSpu = (s: State): void => {
  s.vm.spu = 10;
};
const configured = (s: State): void => {
  withIrq(s);
  withSpu(s);
};

const RAM_SLOT = { slot: 0, gpa: 0x4000_0000, size: 0x10_0000, userAddress: 0x6000_0000_0000n, flags: 0, frame: 16 } as const;

/** KVM_ENABLE_CAP: the struct's members, and args, on a VM with one slot. */
const enableCap = (
  name: 'enable' | 'lock' | 'unlock',
  members: readonly [number, number][],
  args: readonly bigint[],
  more: (s: State) => void = () => {},
): Subject => ({
  name: `KVM_ENABLE_CAP.${name}`,
  list: (host) => enableCapSteps(host)[name] as unknown as Steps<State>,
  ready: (s) => {
    s.vm.memslots = [{ ...RAM_SLOT }];
    for (const [at, value] of members) member(s, at, value);
    for (const [n, value] of args.entries()) argument(s, n, value);
    more(s);
  },
});

const run = (name: string, more: (s: State) => void = () => {}): Subject => ({
  name,
  list: (host) => firstRunSteps(host) as Steps<VcpuCall> as unknown as Steps<State>,
  ready: (s) => {
    configured(s);
    s.vcpu.spe.initialised = true;
    s.vcpu.pmu.initialised = true;
    more(s);
  },
});

export const V6_SUBJECTS: readonly Subject[] = [
  attribute('set', 'KVM_ARM_VCPU_SPE_IRQ', 21n),
  attribute('get', 'KVM_ARM_VCPU_SPE_IRQ', 0n, withIrq),
  attribute('has', 'KVM_ARM_VCPU_SPE_IRQ', 0n),
  attribute('set', 'KVM_ARM_VCPU_SPE_SPU', 10n),
  attribute('get', 'KVM_ARM_VCPU_SPE_SPU', 0n, withSpu),
  attribute('set', 'KVM_ARM_VCPU_MAX_BUFFER_SIZE', 524288n, withSpu),
  attribute('get', 'KVM_ARM_VCPU_MAX_BUFFER_SIZE', 0n, (s) => {
    s.vm.maxBufferSize = 65536n;
  }),
  attribute('set', 'KVM_ARM_VCPU_SPE_INIT', 0n, configured),
  attribute('get', 'KVM_ARM_VCPU_SPE_INIT', 0n, configured),
  attribute('set', 'KVM_ARM_VCPU_PMU_V3_IRQ', 23n),
  attribute('get', 'KVM_ARM_VCPU_PMU_V3_IRQ', 0n, withIrq),
  attribute('set', 'KVM_ARM_VCPU_PMU_V3_SET_PMU', 8n),
  attribute('set', 'KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS', 4n),
  attribute('set', 'KVM_ARM_VCPU_PMU_V3_INIT', 0n, configured),
  attribute('set', 'KVM_ARM_VCPU_TIMER_IRQ_VTIMER', 20n),
  attribute('get', 'KVM_ARM_VCPU_TIMER_IRQ_VTIMER', 0n),
  attribute('set', 'KVM_ARM_VCPU_PVTIME_IPA', 0x4000_0000n, (s) => {
    s.vm.memslots = [{ ...RAM_SLOT }];
  }),
  enableCap('enable', [[0, 177]], []),
  run('KVM_RUN.first'),
];

export const OLD_SUBJECTS: readonly Subject[] = [
  attribute('set', 'KVM_ARM_VCPU_SPE_IRQ', 21n),
  attribute('set', 'KVM_ARM_VCPU_SPE_INIT', 0n, withIrq),
  attribute('has', 'KVM_ARM_VCPU_SPE_INIT', 0n),
  attribute('set', 'KVM_ARM_VCPU_SPE_STOP', 1n, (s) => {
    s.vcpu.spe.initialised = true;
  }),
  attribute('get', 'KVM_ARM_VCPU_SPE_STOP', 0n, (s) => {
    s.vcpu.spe.initialised = true;
  }),
  enableCap('lock', [[4, 1]], [0n, 3n]),
  enableCap('unlock', [[4, 2]], [0n, 0n], (s) => slot(s, { locked: 'write' })),
  run('KVM_RUN.first'),
];

/** A fresh state of a subject, ready to succeed. */
export function stateOf(host: Host, subject: Subject): State {
  const b: Bench = boot(host);
  addVm(b);
  const vm = b.mw.world.kernel.vms[0];
  const process = b.mw.world.kernel.processes[0];
  const call = { process: 1, fd: vmm.descriptorOf(b.hands, { kind: 'vcpu', vm: 0, vcpu: 0 }), request: 0, argument: 0n, thread: 0 };
  const attr = { flags: 0, group: 0, attr: 0n, addr: BigInt(vmm.SCRATCH + 0x1000) };
  const bytes = new Uint8Array(104);
  const s: State = { mw: b.mw, host, call, process, events: [], ret: 0, vm, vcpu: vm.vcpus[0], attr, value: 0n, bytes };
  put(s, 0n);
  subject.ready(s);
  return s;
}

/** A state in which check `k` (from 0) and as many later ones as possible fail. */
export function brokenState(host: Host, subject: Subject, k: number): State {
  const s = stateOf(host, subject);
  const checks = checksOf(subject.list(host));
  for (let i = checks.length - 1; i >= k; i--) breaker(checks[i])(s);
  return s;
}

const fails = (check: Check<State>, s: State): boolean => {
  try {
    return check.fails(s);
  } catch {
    return false; // it looks at what an earlier check would have refused
  }
};

export interface MatrixRow {
  readonly check: number;
  readonly errno: string;
  readonly why: string;
  /** Later checks that fail in the same state. */
  readonly also: readonly number[];
}

/** Walks every row; throws when a row is not answered by its own check. */
export function matrixOf(host: Host, subject: Subject): MatrixRow[] {
  const list = subject.list(host);
  const checks = checksOf(list);
  return checks.map((check, k): MatrixRow => {
    const s = brokenState(host, subject, k);
    const also = checks.flatMap((later, i) => (i > k && fails(later, s) ? [i + 1] : []));
    const refused = walk(list, s);
    if (refused.isOk()) throw new Error(`${list.name}: check ${k + 1} (${check.why}) does not fail`);
    const { errno, why, check: number } = refused.error;
    if (number !== k + 1) throw new Error(`${list.name}: check ${number} (${why}) answers for check ${k + 1} (${check.why})`);
    return { check: number, errno, why, also };
  });
}

export function matrixText(host: Host, subject: Subject): string {
  const rows = matrixOf(host, subject).map((row) => {
    const also = row.also.length === 0 ? '' : `   (${row.also.join(', ')} would fail too)`;
    return `${String(row.check).padStart(2)}. ${row.errno.padEnd(8)}${row.why}${also}`;
  });
  return [`${subject.list(host).name}, ${host.kernel.revision}`, ...rows, ''].join('\n');
}

/** Every pair of checks that can fail together, exchanged: the list that results, and the row it must be told by. */
export function* exchanges(
  host: Host,
  subject: Subject,
): Generator<{ readonly row: MatrixRow; readonly list: Steps<State>; readonly state: () => State }> {
  const list = subject.list(host);
  for (const [k, row] of matrixOf(host, subject).entries()) {
    for (const other of row.also) {
      const checks = checksOf(list);
      const swapped = list.steps.map((step) => (step === checks[k] ? checks[other - 1] : step === checks[other - 1] ? checks[k] : step));
      yield { row, list: steps(list.name, swapped), state: () => brokenState(host, subject, k) };
    }
  }
}
