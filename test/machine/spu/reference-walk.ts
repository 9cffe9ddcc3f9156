// A reference walk of a random program: one operation at a time, on a machine without a unit and without a timing model; and from its steps
// the records that a unit with given registers must make.
import { getPc, getSys, getX, setPc, setPstate, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { writePhysical } from '../../../src/machine/memory.ts';
import { type IntervalCounter, intervalTick } from '../../../src/machine/spu/interval.ts';
import type { SpuDescription } from '../../../src/machine/spu/state.ts';
import { unitOf } from '../../../src/machine/spu/unit.ts';
import type { Geometry } from '../../../src/machine/timing/geometry.ts';
import { type Bare, bareMachine, NO_STOPS, putWords, RAM_BASE } from '../cpu/bare.ts';
import { type PlainMeasure, plainTiming } from '../timing/plain.ts';
import { BUFFER, CODE, conditionOf, DATA, type Instruction, type RandomProgram, VECTORS } from './random-program.ts';

const TABLES = 0x4000_8000;

/** The program on a machine: code read-only for all, data for all, the buffer for EL1; MMU on. */
export function machineWith(program: RandomProgram): Bare {
  const b = bareMachine({ megabytes: 16 });
  const block = (base: number, ap: bigint, never: boolean): bigint =>
    BigInt(base) | (ap << 6n) | (3n << 8n) | (1n << 10n) | (never ? 3n << 53n : 0n) | 1n;
  const put = (at: number, words: readonly bigint[]): void =>
    writePhysical(b.m.memory, b.ram + at - RAM_BASE, new Uint8Array(BigUint64Array.from(words).buffer));
  put(TABLES, [0n, BigInt(TABLES + 0x1000) | 3n]);
  put(TABLES + 0x1000, [block(RAM_BASE, 3n, false), block(DATA, 1n, true), block(BUFFER, 0n, true)]);
  putWords(b, CODE, [...program.words]);
  putWords(b, VECTORS, [...program.vectorWords]);
  const c = b.cpu.context;
  const system = {
    MAIR_EL1: 0xffn,
    TCR_EL1: 0x2_0080_3519n,
    TTBR0_EL1: BigInt(TABLES),
    SCTLR_EL1: 0x30d0_0981n,
    VBAR_EL1: BigInt(VECTORS),
    CPACR_EL1: 3n << 20n, // SIMD&FP at EL0 and EL1
    CONTEXTIDR_EL1: 0x1234n,
  };
  for (const [name, value] of Object.entries(system)) setSys(c, name, value);
  setPstate(c, program.el === 1 ? 0x3c5n : 0x3c0n);
  for (const [n, value] of program.values.entries()) setX(c, n, value);
  setPc(c, BigInt(CODE));
  return b;
}

/** One operation as it happened. */
export interface Step {
  readonly pc: bigint;
  readonly el: number;
  /** CONTEXTIDR_EL1 before the operation. */
  readonly context: number;
  readonly instruction: Instruction;
  readonly next: bigint;
  readonly nextEl: number;
  readonly excepted: boolean;
  readonly va: bigint | null;
  readonly size: number;
  /** A conditional instruction whose condition failed. */
  readonly failed: boolean;
  readonly measure: PlainMeasure;
}

export function walkProgram(program: RandomProgram, operations: number, geometry: Geometry): { steps: Step[]; machine: Bare } {
  const b = machineWith(program);
  const c = b.cpu.context;
  const timing = plainTiming(geometry);
  const steps: Step[] = [];
  for (let i = 0; i < operations; i++) {
    const pc = getPc(c);
    const el = c.core[6];
    const context = Number(getSys(c, 'CONTEXTIDR_EL1') & 0xffff_ffffn);
    const instruction = program.at.get(Number(pc));
    if (instruction === undefined) throw new Error(`nothing at 0x${pc.toString(16)}`);
    const x = Array.from({ length: 32 }, (_, n) => getX(c, n));
    const flags = { n: c.core[2], z: c.core[3], c: c.core[4], v: c.core[5] };
    stepCpu(b.m, b.cpu, 1, NO_STOPS);
    const next = getPc(c);
    const excepted = instruction.branch === undefined && (next === BigInt(VECTORS + 0x200) || next === BigInt(VECTORS + 0x400));
    const access = excepted ? null : (instruction.access?.(x) ?? null);
    const taken = instruction.branch !== undefined && (instruction.branch !== 'conditional' || next !== pc + 4n);
    const measure = timing(
      access !== null
        ? { kind: 'access', pa: b.ram + Number(access.va) - RAM_BASE, size: access.size, store: (instruction.types & 6) === 4 }
        : instruction.branch !== undefined
          ? { kind: 'branch', branch: instruction.branch, pc: Number(pc), taken, target: Number(next) }
          : { kind: 'other' },
    );
    const failed =
      (instruction.branch === 'conditional' && !taken) ||
      (instruction.condition !== undefined && !conditionOf(instruction.condition, flags));
    steps.push({
      pc,
      el,
      context,
      instruction,
      next,
      nextEl: c.core[6],
      excepted,
      va: access?.va ?? null,
      size: access?.size ?? 0,
      failed,
      measure,
    });
  }
  return { steps, machine: b };
}

export interface Setting {
  readonly device: SpuDescription;
  readonly registers: Readonly<Record<string, bigint>>;
}

const field = (s: Setting, name: string): bigint => s.registers[name] ?? 0n;
export const bit = (word: bigint, n: number): boolean => ((word >> BigInt(n)) & 1n) === 1n;

/** Does a sample pass the filters of §4.5? Written from the text, with none of the unit's code but its masks. */
function passes(s: Setting, op: { events: number; total: number; types: number; source: number }): boolean {
  const control = field(s, 'PMSFCR_EL1');
  const m = BigInt(unitOf(s.device).filterable);
  const events = BigInt(op.events) & m;
  const all = field(s, 'PMSEVFR_EL1') & m;
  if (bit(control, 0) && (events & all) !== all) return false;
  if (bit(control, 3) && (events & field(s, 'PMSNEVFR_EL1') & m) !== 0n) return false;
  if (bit(control, 2) && BigInt(op.total) < field(s, 'PMSLATFR_EL1')) return false;
  if (bit(control, 4) && (op.types & 2) !== 0 && op.source >= 0 && !bit(field(s, 'PMSDSFR_EL1'), op.source & 63)) return false;
  if (!bit(control, 1)) return true;
  const wanted = Number((control >> 16n) & 31n);
  const mask = Number((control >> 48n) & 31n);
  const any = wanted & ~mask;
  return (any === 0 || (op.types & any) !== 0) && (op.types & mask) === (wanted & mask);
}

export type Packets = Record<string, bigint | number | string>;

const codeAddress = (va: bigint, el: number): bigint => (va & ((1n << 56n) - 1n)) | (BigInt(0x80 | (el << 5)) << 56n);

/** The packets that the record of a step has. */
function expectedPackets(s: Setting, b: Bare, step: Step, tick: number, previous: Step | null): Packets {
  const unit = unitOf(s.device);
  const control = field(s, 'PMSCR_EL1');
  const { instruction: i, measure } = step;
  const limit = unit.largestCount;
  const isBranch = i.class === 2 && !step.excepted;
  const taken = isBranch && !step.failed;
  const data = i.class === 1 && step.va !== null;
  const cr = i.branch?.endsWith('call') ? 8 : i.branch === 'return' ? 16 : 24;
  const packets: Packets = {
    pc: codeAddress(step.pc, step.el),
    op: `${i.class} ${(i.subclass & ~(i.class === 0 && !unit.floatingPoint ? 6 : 0)) | (i.class === 2 && unit.callReturn ? cr : 0)}`,
    events: BigInt((measure.events | 2 | (step.excepted ? 1 : 0) | (step.failed ? 64 : 0)) & unit.events),
    issue: Math.min(measure.issue, limit),
    total: Math.min(measure.total, limit),
  };
  if (data) {
    packets['xlat'] = measure.translation;
    packets['va'] = step.va ?? 0n;
    if (bit(control, 4)) packets['pa'] = BigInt(b.ram + Number(step.va) - RAM_BASE) | (0x80n << 56n);
    if (unit.dataSource && measure.source >= 0) packets['source'] = BigInt(measure.source);
  }
  if (isBranch && (taken || unit.slots)) packets['target'] = codeAddress(step.next, step.nextEl);
  if (taken && unit.previousTarget && previous !== null) packets['previous'] = codeAddress(previous.next, previous.nextEl);
  if (bit(control, 3)) packets['context'] = step.context;
  if (bit(control, 5)) packets['ts'] = BigInt(tick);
  else packets['end'] = 1;
  return packets;
}

/** The records that a run of the steps must make, and how its intervals ended. */
export function predict(
  s: Setting,
  b: Bare,
  steps: readonly Step[],
): { records: Packets[]; fed: number; collisions: number; population: number } {
  const control = field(s, 'PMSCR_EL1');
  const reload = Number(field(s, 'PMSIRR_EL1'));
  const counter: IntervalCounter = {
    count: 0,
    secondary: 0,
    interval: reload & ~255,
    jitter: (reload & 1) === 1,
    randomEnd: unitOf(s.device).randomEnd,
    random: 1,
  };
  const records: Packets[] = [];
  let population = 0;
  let fed = 0;
  let collisions = 0;
  let free = 0;
  let previous: Step | null = null;
  for (const [n, step] of steps.entries()) {
    const profiled = bit(control, step.el);
    const taken = step.instruction.class === 2 && !step.failed && !step.excepted;
    if (profiled) {
      population += 1;
      if (intervalTick(counter)) {
        if (population < free) collisions += 1;
        else {
          free = population + step.measure.total;
          fed += 1;
          const packets = expectedPackets(s, b, step, n + 1, previous);
          const { total, source } = step.measure;
          if (passes(s, { events: Number(packets['events']), total, types: step.instruction.types, source })) records.push(packets);
        }
      }
    }
    if (taken) previous = profiled ? step : null;
  }
  return { records, fed, collisions, population };
}
