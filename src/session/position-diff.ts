// What differs between two positions, as a person would name it: registers of a vCPU as its guest sees them, attributes, bytes by guest
// physical address, and every other place of the world by its path (design.md §7).
import { REGISTERS } from '../arch/sysreg/table.ts';
import { hex } from '../base/hex.ts';
import { diffPlain, type Page } from '../base/plain.ts';
import { guestRegisters, readGuestRegister } from '../kernel/view.ts';
import type { World } from '../kernel/world.ts';
import type { Position } from './position.ts';
import { vcpuName } from './vmm.ts';

/** One thing that has another value. */
export interface Changed {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Sixteen bytes at a multiple of sixteen, some of which differ. */
export interface ChangedBytes {
  /** Guest physical; of memory that is no guest's, host physical. */
  readonly address: string;
  readonly space: 'ipa' | 'pa';
  /** As they are at the second position. */
  readonly bytes: Uint8Array;
  readonly before: Uint8Array;
  /** Which of them differ. */
  readonly at: readonly number[];
}

export interface PositionDiff {
  readonly changed: readonly Changed[];
  /** Where so much differs that only its number is told. */
  readonly many: readonly { readonly name: string; readonly places: number }[];
  readonly bytes: readonly ChangedBytes[];
}

const LINE = 16;
const PAGE = 4096;
const MOST_DIFFERENCES = 100_000;

const text = (value: unknown): string => {
  if (value === undefined || value === null) return 'none';
  if (typeof value === 'bigint') return hex(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : `${value.length} of them`;
  return typeof value === 'object' ? 'there' : String(value);
};

/** How a vCPU's attributes and state are called on the command line; the others have their path's name. */
const WORDS: Readonly<Record<string, string>> = {
  spu: 'spe.spu',
  maxBufferSize: 'spe.max-buffer-size',
  'spe.initialised': 'spe.init',
  'spe.on': 'buffer on',
  'pmu.initialised': 'pmu.init',
  pmu: 'pmu.set-pmu',
  pmuCounters: 'pmu.set-nr-counters',
  supportedCpus: 'supported_cpus',
  'thread.cpu': 'thread on CPU',
  'run.place': 'KVM_RUN',
};

/** `kernel.vms.0.vcpus.1.spe.irq` is `vcpu1 spe.irq`. */
function nameOf(path: string, world: World): string {
  const vcpu = /^kernel\.vms\.(\d+)\.vcpus\.(\d+)(?:\.(.*))?$/.exec(path);
  if (vcpu !== null) {
    const id = world.kernel.vms[Number(vcpu[1])]?.vcpus[Number(vcpu[2])]?.id ?? Number(vcpu[2]);
    const rest = vcpu[3] ?? '';
    return `${vcpuName(Number(vcpu[1]), id)} ${WORDS[rest] ?? rest}`.trim();
  }
  const vm = /^kernel\.vms\.(\d+)(?:\.(.*))?$/.exec(path);
  if (vm !== null) return `vm${vm[1]} ${WORDS[vm[2] ?? ''] ?? vm[2] ?? ''}`.trim();
  return path
    .replace(/^kernel\.processes\.(\d+)\.scratch\..*$/, (_, n) => `scratch memory of process ${Number(n) + 1}`)
    .replace(/^machine\.cpus\.(\d+)\./, 'CPU $1 ')
    .replace(/^(machine|kernel)\./, '');
}

/** Registers of vCPUs that both worlds have, as their guests see them. */
function changedRegisters(a: World, b: World): Changed[] {
  const out: Changed[] = [];
  for (const [vm, { vcpus }] of b.kernel.vms.entries()) {
    for (const [index, { id }] of vcpus.entries()) {
      if (a.kernel.vms[vm]?.vcpus[index] === undefined) continue;
      const compare = (name: string, before: bigint | null, after: bigint | null): void => {
        if (before !== after) out.push({ name: `${vcpuName(vm, id)} ${name}`, before: text(before), after: text(after) });
      };
      const old = guestRegisters({ world: a }, vm, index);
      const now = guestRegisters({ world: b }, vm, index);
      for (const [n, value] of now.x.entries()) compare(`x${n}`, old.x[n], value);
      for (const name of ['sp', 'pc', 'pstate'] as const) compare(name, old[name], now[name]);
      for (const { name } of REGISTERS)
        compare(name, readGuestRegister({ world: a }, vm, index, name), readGuestRegister({ world: b }, vm, index, name));
    }
  }
  return out;
}

/** Places that are told in another way: registers, memory; and what only follows from them. */
const TOLD = /^machine\.(memory\.|tick$|cpus\.\d+\.(context|trap)\b)|^kernel\.vms\.\d+\.vcpus\.\d+\.context\b/;

/** Places of a CPU that are too many to tell one by one: caches, predictors, translations. */
const CROWD = /^machine\.(?:cpus\.\d+\.(?:timing|tlb|ich)|systemCache)\b/;

/** The other places of the world; of a typed array, and of caches, how many. */
function changedPlaces(a: World, b: World): Pick<PositionDiff, 'changed' | 'many'> {
  const many = new Map<string, number>();
  const changed: Changed[] = [];
  for (const { path, before, after } of diffPlain(a, b, MOST_DIFFERENCES)) {
    if (TOLD.test(path)) continue;
    const crowd = CROWD.exec(path)?.[0] ?? /^(.*)\[\d+\]$/.exec(path)?.[1];
    if (crowd === undefined || crowd === path) changed.push({ name: nameOf(path, b), before: text(before), after: text(after) });
    else many.set(crowd, (many.get(crowd) ?? 0) + 1);
  }
  return { changed, many: [...many].map(([path, places]) => ({ name: nameOf(path, b), places })) };
}

/** Guest physical address of a host frame, by the memory slots; null: no guest has it. */
function guestAddress(world: World, frame: number): bigint | null {
  for (const { destroyed, memslots } of world.kernel.vms) {
    if (destroyed) continue;
    for (const slot of memslots) {
      const at = (frame - slot.frame) * PAGE;
      if (at >= 0 && at < slot.size) return BigInt(slot.gpa + at);
    }
  }
  return null;
}

const ZEROES = new Uint8Array(PAGE);

function changedBytes(a: World, b: World): ChangedBytes[] {
  const pages = (world: World): { readonly [frame: string]: Page | undefined } => world.machine.memory.pages;
  const [old, now] = [pages(a), pages(b)];
  const frames = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((frame) => old[frame] !== now[frame]);
  return frames
    .map(Number)
    .sort((x, y) => x - y)
    .flatMap((frame) => {
      const before = old[frame]?.page ?? ZEROES;
      const after = now[frame]?.page ?? ZEROES;
      const ipa = guestAddress(b, frame) ?? guestAddress(a, frame);
      const base = ipa ?? BigInt(frame * PAGE);
      const lines: ChangedBytes[] = [];
      for (let from = 0; from < PAGE; from += LINE) {
        const at = Array.from({ length: LINE }, (_, i) => i).filter((i) => before[from + i] !== after[from + i]);
        if (at.length === 0) continue;
        const piece = (bytes: Uint8Array): Uint8Array => bytes.subarray(from, from + LINE);
        lines.push({
          address: hex(base + BigInt(from)),
          space: ipa === null ? 'pa' : 'ipa',
          bytes: piece(after),
          before: piece(before),
          at,
        });
      }
      return lines;
    });
}

/** From `a` to `b`. */
export function diffPositions(a: Position, b: Position): PositionDiff {
  const counts: Changed[] = [
    { name: 'tick', before: a.world.machine.tick.toLocaleString('en-US'), after: b.world.machine.tick.toLocaleString('en-US') },
    ...(['journal', 'calls', 'records', 'events', 'console'] as const).map((name) => ({
      name: name === 'journal' ? 'commands' : name,
      before: String(a[name].length),
      after: String(b[name].length),
    })),
  ];
  const places = changedPlaces(a.world, b.world);
  return {
    changed: [...counts.filter(({ before, after }) => before !== after), ...changedRegisters(a.world, b.world), ...places.changed],
    many: places.many,
    bytes: changedBytes(a.world, b.world),
  };
}
