// The only door to the CPUs: executes an exact number of operations and says why it stopped. Outer loop of the interpreter: interrupts, stops,
// timers and the SPU are looked at between stretches of the fast loop (run.ts), which ends wherever one of them could have something to say.
// What counts as an operation: every instruction executed, every one that ended in an exception or a trap, and every exception for which none
// could be fetched. Taking an interrupt counts nothing.
import { vfiqPending, virqPending } from '../gic/interface.ts';
import type { Mounted, PhysicalCpu, StepResult, StepStop, StepStops, UndefinedInstruction } from '../machine.ts';
import { countOperations, operationsToSample, profilingEnabled, sampleOperation } from '../spu/spu.ts';
import { unitOf } from '../spu/unit.ts';
import { NOT_TAKEN, TAKEN_TO, takenTarget } from '../timing/model.ts';
import { forgetWrittenFrames } from './code.ts';
import { run } from './compiled/regions.ts';
import { DAIF, EL, getPc, PC_HI, PC_LO } from './context.ts';
import { type Core, chooseRegions, coreOf, FAULT_NONE, settleRegisters, watchMonitors } from './core.ts';
import { nextTimerTick, updateTimerLines } from './counter.ts';
import { deliverFault, isIllegalState, takeFiq, takeIllegalState, takeIrq } from './exception.ts';
import { hostInterruptCame, hostInterrupts } from './host-lines.ts';
import { EXECUTE, straightenPc, translate } from './mmu.ts';
import { EXIT_COUNT, EXIT_FAULT, EXIT_FETCH, EXIT_SYSTEM } from './operations.ts';
import { beginSample, endSample, stopCapture } from './profile.ts';
import { interpret } from './run.ts';
import { executeSystem } from './system.ts';

const ERET = 0xd69f03e0;
const PSTATE_I = 2;
const PSTATE_F = 1;
/** More UNDEFINED instructions in one call than anyone reads. */
const UNDEFINED_LIMIT = 16;

/** What one call keeps: the outcome so far, and what need not be asked before every stretch. */
interface Stretch {
  executed: number;
  stop: StepStop | null;
  record: boolean;
  undefined: UndefinedInstruction[];
  /** Operations executed while profiling that the SPU was not told yet. */
  uncounted: number;
  /** Operations until the sampled one, that one included; 0 = profiling is off. */
  untilSample: number;
  /** The tick at which a timer of the guest asserts; Infinity = none. */
  deadline: number;
  /** The SPU records previous branch targets (FEAT_SPE_PBT). */
  readonly targets: boolean;
}

/** Fetches the word at PC without executing; null when it cannot be fetched (`core.fault` says why). */
function fetchWord(core: Core): number | null {
  const { k } = core;
  if ((k[PC_LO] & 3) !== 0) return null;
  const pa = translate(core, k[PC_LO], k[PC_HI], EXECUTE);
  return pa < 0 ? null : core.m.memory.i32[pa >>> 2] >>> 0;
}

function tellSpu(core: Core, s: Stretch): void {
  if (s.uncounted === 0) return;
  countOperations(core.m.machine, core.cpu, s.uncounted);
  s.uncounted = 0;
}

/** Asks again everything that an operation of the slow path may have changed. */
function lookAgain(core: Core, s: Stretch): void {
  chooseRegions(core);
  const { machine } = core.m;
  s.untilSample = profilingEnabled(core.cpu) ? operationsToSample(machine, core.cpu) : 0;
  s.deadline = nextTimerTick(machine, core.cpu, core.words) ?? Number.POSITIVE_INFINITY;
}

/** `n` operations belong to the sampling population. An operation is counted before it takes effect. */
function population(s: Stretch, n: number): void {
  if (s.untilSample === 0) return;
  s.uncounted += n;
  s.untilSample -= n;
}

function executed(core: Core, s: Stretch, n: number): void {
  s.executed += n;
  core.m.machine.tick += n;
}

/**
 * The last taken branch since it was last asked for is the previous branch target of the samples to come; while profiling is off it makes
 * the SPU forget. PC was reached from the target one by one, so that it tells the target's high half.
 */
function keepBranchTarget(core: Core, s: Stretch, profiling: boolean): void {
  const { timing, spu } = core.cpu;
  if (!s.targets || timing === null || spu === null) return;
  const lo = takenTarget(timing);
  if (lo === NOT_TAKEN) return;
  const { k } = core;
  const hi = k[PC_HI] - (k[PC_LO] >>> 0 < lo >>> 0 ? 1 : 0);
  const address = (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  spu.previousTarget = profiling ? { address, el: k[EL] } : null;
}

/** Host interrupts that came since `before` stop the run. */
function noteHostLines(core: Core, s: Stretch, before: number): void {
  if (hostInterruptCame(core.cpu, before)) s.stop ??= 'host-irq';
}

/**
 * MRS of a register that neither shows nor changes what the outer loop keeps: not of CRn 9 (SPE, PMU), 12 (GIC), or 14 with CRm<3> (event
 * counters); and SIMD&FP data processing (the instructions with the flags), of which it keeps nothing.
 */
function isPlain(word: number): boolean {
  const crn = (word >>> 12) & 15;
  const kept = crn === 9 || crn === 12 || (crn === 14 && (word & 0x800) !== 0);
  return ((word & 0xfff00000) >>> 0 === 0xd5300000 && !kept) || (word & 0x0e000000) === 0x0e000000;
}

/** Executes the operation at PC, which belongs to the slow path. True: it ended in a synchronous exception. */
function slowOperation(core: Core, s: Stretch, stops: StepStops, word: number): boolean {
  const pc = getPc(core.cpu.context);
  const outcome = executeSystem(core, word);
  if (outcome === 'undefined' && s.undefined.length < UNDEFINED_LIMIT) s.undefined.push({ pc, word });
  if (outcome === 'trap') s.stop = 'trap';
  if (outcome === 'wait' && stops.atWait) s.stop ??= 'wait';
  return outcome !== 'done' && outcome !== 'wait';
}

/** The slow operation at PC, when it is not the sampled one. */
function system(core: Core, s: Stretch, stops: StepStops): void {
  const word = fetchWord(core);
  if (word === null) {
    fetchFault(core, s);
    return;
  }
  population(s, 1);
  if (isPlain(word)) {
    const excepted = slowOperation(core, s, stops, word);
    executed(core, s, 1);
    if (excepted) lookAgain(core, s);
    return;
  }
  tellSpu(core, s);
  const before = hostInterrupts(core.cpu);
  const excepted = slowOperation(core, s, stops, word);
  if (word === ERET && !excepted && core.timing !== null) {
    core.timing.clock[TAKEN_TO] = core.k[PC_LO];
    keepBranchTarget(core, s, s.untilSample !== 0);
  }
  executed(core, s, 1);
  noteHostLines(core, s, before);
  lookAgain(core, s);
}

/** The exception of an operation that could not be fetched. */
function fetchFault(core: Core, s: Stretch): void {
  if (core.fault === FAULT_NONE) return; // PC is straightened before the next look
  tellSpu(core, s);
  if (!deliverFault(core, null)) s.stop = 'trap';
  executed(core, s, 1);
  lookAgain(core, s);
}

/** The exception of the operation at PC, whose data access failed. */
function dataFault(core: Core, s: Stretch): void {
  const word = fetchWord(core);
  if (word === null) {
    fetchFault(core, s);
    return;
  }
  population(s, 1);
  tellSpu(core, s);
  if (!deliverFault(core, word)) s.stop = 'trap';
  executed(core, s, 1);
  lookAgain(core, s);
}

/** Executes the operation at PC as the sampled one and hands it to the SPU. */
function sampled(core: Core, s: Stretch, stops: StepStops): void {
  const word = fetchWord(core);
  if (word === null) {
    fetchFault(core, s);
    return;
  }
  population(s, 1);
  tellSpu(core, s);
  const before = hostInterrupts(core.cpu);
  const sample = beginSample(core, word);
  core.stopAtPages = false;
  let excepted = false;
  const exit = interpret(core, 1);
  if (exit === EXIT_SYSTEM) excepted = slowOperation(core, s, stops, word);
  else if (exit !== EXIT_COUNT) {
    excepted = true;
    if (!deliverFault(core, exit === EXIT_FETCH ? null : word)) s.stop = 'trap';
  }
  straightenPc(core);
  const operation = endSample(core, sample, excepted);
  executed(core, s, 1);
  const { recordWritten, bufferEvent } = sampleOperation(core.m, core.cpu, operation);
  const { memory } = core.m;
  if (memory.rewritten.length !== 0) forgetWrittenFrames(core.m.code, memory); // the buffer lies in code
  keepBranchTarget(core, s, true);
  if (recordWritten) {
    s.record = true;
    if (stops.afterRecord) s.stop ??= 'record';
  }
  if (exit === EXIT_COUNT && !bufferEvent) {
    // Nothing changed but the interval.
    chooseRegions(core);
    s.untilSample = operationsToSample(core.m.machine, core.cpu);
    return;
  }
  noteHostLines(core, s, before);
  lookAgain(core, s);
}

function takeInterrupt(core: Core, s: Stretch): void {
  const masks = core.k[DAIF];
  const fiq = (masks & PSTATE_F) === 0 && vfiqPending(core.cpu.ich);
  if (!fiq && ((masks & PSTATE_I) !== 0 || !virqPending(core.cpu.ich))) return;
  tellSpu(core, s); // at the Exception level that the operations were executed at
  if (fiq) takeFiq(core);
  else takeIrq(core);
  lookAgain(core, s);
}

/** Breakpoints as the low and high halves of their addresses. */
interface Guards {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
}

function guardsOf(breakpoints: ReadonlySet<bigint>): Guards | null {
  if (breakpoints.size === 0) return null;
  const all = [...breakpoints];
  return {
    lo: Int32Array.from(all, (b) => Number(BigInt.asIntN(32, b))),
    hi: Int32Array.from(all, (b) => Number(BigInt.asIntN(32, b >> 32n))),
  };
}

/** 2: PC is at a breakpoint; 1: one lies in its page, so operations go one by one; 0: none does. */
function guarded(core: Core, guards: Guards): 0 | 1 | 2 {
  const pcLo = core.k[PC_LO];
  const pcHi = core.k[PC_HI];
  let found: 0 | 1 = 0;
  for (let i = 0; i < guards.lo.length; i++) {
    if (guards.hi[i] !== pcHi) continue;
    if (guards.lo[i] === pcLo) return 2;
    if ((guards.lo[i] ^ pcLo) >>> 12 === 0) found = 1;
  }
  return found;
}

function resultOf(s: Stretch): StepResult {
  return {
    executed: s.executed,
    stop: s.stop ?? 'count',
    ...(s.record ? { record: true as const } : {}),
    ...(s.undefined.length > 0 ? { undefinedInstructions: s.undefined } : {}),
  };
}

/**
 * Executes exactly `operations` operations of the guest loaded on `cpu`, unless something stops it before: see `StepStop`. The same world
 * and the same arguments give the same world, whatever is cached; n operations in one call or in many are the same.
 */
export function stepCpu(m: Mounted, cpu: PhysicalCpu, operations: number, stops: StepStops): StepResult {
  const core = coreOf(m, cpu);
  if (m.memory.rewritten.length !== 0) forgetWrittenFrames(m.code, m.memory);
  watchMonitors(core);
  stopCapture(core);
  const targets = cpu.spu !== null && unitOf(cpu.spu.device).previousTarget;
  const s: Stretch = { executed: 0, stop: null, record: false, undefined: [], uncounted: 0, untilSample: 0, deadline: 0, targets };
  const guards = guardsOf(stops.breakpoints);
  let leaving = stops.skipFirst;
  const before = hostInterrupts(cpu);
  updateTimerLines(m.machine, cpu, core.words);
  noteHostLines(core, s, before);
  lookAgain(core, s);
  while (s.stop === null && s.executed < operations) {
    straightenPc(core);
    takeInterrupt(core, s);
    let limit = operations - s.executed;
    core.stopAtPages = false;
    if (guards !== null) {
      const where = guarded(core, guards);
      if (where === 2 && !leaving) {
        s.stop = 'breakpoint';
        break;
      }
      if (where === 0) core.stopAtPages = true;
      else limit = 1;
      leaving = false;
    }
    if (isIllegalState(core)) {
      takeIllegalState(core);
      executed(core, s, 1);
      lookAgain(core, s);
      continue;
    }
    if (s.untilSample === 1) {
      sampled(core, s, stops);
      continue;
    }
    if (s.untilSample > 1) limit = Math.min(limit, s.untilSample - 1);
    limit = Math.min(limit, s.deadline - m.machine.tick);
    const exit = run(core, limit);
    keepBranchTarget(core, s, s.untilSample !== 0);
    population(s, core.executed);
    executed(core, s, core.executed);
    if (exit === EXIT_SYSTEM) system(core, s, stops);
    else if (exit === EXIT_FAULT) dataFault(core, s);
    else if (exit === EXIT_FETCH) fetchFault(core, s);
    if (m.machine.tick >= s.deadline) {
      const lines = hostInterrupts(cpu);
      updateTimerLines(m.machine, cpu, core.words);
      noteHostLines(core, s, lines);
      s.deadline = nextTimerTick(m.machine, cpu, core.words) ?? Number.POSITIVE_INFINITY;
    }
  }
  straightenPc(core);
  tellSpu(core, s);
  settleRegisters(core);
  return resultOf(s);
}
