// Running guests: vCPU threads in KVM_RUN, round robin, in slices; stops; and the built-in VMM that completes its UART's MMIO.
// A slice may end anywhere: the schedule does not depend on where slices fall, so that a replay runs the same.
import { drainPieces } from '../kernel/driver/service.ts';
import { drainRecords } from '../kernel/records.ts';
import { advanceVcpu, completeMmio } from '../kernel/run.ts';
import type { Exit, Vcpu } from '../kernel/world.ts';
import { geometryOf } from '../machine/timing/geometry.ts';
import { stamped } from './buffer-stop.ts';
import { callReport, resumedReport } from './calls.ts';
import { catchesEvent, caught } from './catches.ts';
import type { Running } from './command.ts';
import type { Expression } from './expression.ts';
import { trimLog } from './log.ts';
import type { CallReport, Outcome, SessionEvent, StopTaken } from './outcome.ts';
import { unmet } from './outcome.ts';
import type { Context } from './session.ts';
import { breakpointsOf, catchesOf } from './stops.ts';
import { isUart, uartRead, uartWrite } from './uart.ts';
import { runCall, vcpuName } from './vmm.ts';

export interface RunPlan {
  /** Indices of the vCPUs to run; the others are held. */
  readonly vcpus: readonly number[];
  /** Operations in all; the run ends there with stop 'budget'. */
  readonly operations: number;
  /** Breakpoints and catches are honoured. */
  readonly stops: boolean;
  /** End after this many more records. */
  readonly records?: number;
  /** End when this is true, looked at after every operation. */
  readonly until?: Expression;
  /** End when one of these addresses is reached (finish). */
  readonly temporary?: readonly bigint[];
  /** The built-in VMM completes what it can and re-enters; false = one KVM_RUN that ends at its first exit. */
  readonly reenter: boolean;
  /** What a spent budget means: 'stay' inside KVM_RUN, or 'signal': -EINTR with KVM_EXIT_INTR. */
  readonly spent: 'stay' | 'signal';
}

/** Why a run ended. */
export type RunStop = 'budget' | 'breakpoint' | 'catch' | 'records' | 'until' | 'returned' | 'exit' | 'refused' | 'blocked' | 'interrupted';

export interface RunEnd {
  readonly stop: RunStop;
  /** Index of the vCPU that stopped it. */
  readonly vcpu: number;
  readonly executed: number;
  readonly records: number;
  /** Buffer management interrupts that the SPU asserted during the run. */
  readonly exit: Exit | null;
  /** The breakpoint or the catches that it stopped at. */
  readonly stopped: readonly StopTaken[];
  readonly calls: readonly CallReport[];
}

/** Starts a run; `report` makes the command's outcome of its end. */
export function startRun(context: Context, plan: RunPlan, report: (end: RunEnd) => Outcome): Outcome | Running {
  const world = context.world.world;
  const vm = world.kernel.vms[context.vm];
  if (vm === undefined) return unmet('no-vm', 'there is no VM', 'vm create, or up');
  const missing = plan.vcpus.find((index) => vm.vcpus[index] === undefined);
  if (missing !== undefined) return unmet('no-vcpu', `there is no vCPU ${missing}`, 'vcpu create 0');

  const calls: CallReport[] = [];
  const enteredHere = new Map<number, number>(); // vCPU -> index of its call in `calls`
  const recordsBefore = context.log.records.length;
  let executed = 0;
  let turn = 0;
  const { turnOperations } = geometryOf(world.host.timing);
  let quantum = turnOperations;
  let justStarted = true;
  /** Nobody waits for a turn. */
  const alone = plan.vcpus.length === 1;

  // Nothing sets a stop while it runs.
  const breakpoints = new Set([...(plan.stops ? breakpointsOf(context.stops).map((b) => b.address) : []), ...(plan.temporary ?? [])]);
  const catches = plan.stops ? catchesOf(context.stops) : [];
  const afterRecord = plan.records !== undefined || catches.some((stop) => stop.what === 'record');
  const catching = catches.length === 0 ? {} : { catches: (event: SessionEvent) => catches.some((stop) => catchesEvent(stop, event)) };

  const end = (stop: RunStop, vcpu: number, more: { exit?: Exit | null; stopped?: readonly StopTaken[] } = {}): Outcome =>
    report({
      stop,
      vcpu,
      executed,
      records: context.log.records.length - recordsBefore,
      exit: more.exit ?? null,
      stopped: more.stopped ?? [],
      calls,
    });

  /** Issues KVM_RUN for a vCPU that is outside; false when it was refused or came back at once. */
  const enter = (vcpu: Vcpu): Outcome | null => {
    const { call, describe } = runCall(context, vm.index, vcpu.index);
    const made = context.call(call, describe);
    calls.push(made);
    if (made.errno !== null) return end('refused', vcpu.index);
    if (vcpu.run.place === 'out') return leave(vcpu, null);
    enteredHere.set(vcpu.index, calls.length - 1);
    const stopped = caught(catches, [made], []);
    return stopped.length === 0 ? null : end('catch', vcpu.index, { stopped });
  };

  /** KVM_RUN came back: the built-in VMM completes what is its own. An outcome when the run ends here. */
  const leave = (vcpu: Vcpu, answer: Parameters<typeof callReport>[1] | null, stopped: readonly StopTaken[] = []): Outcome | null => {
    const { describe } = runCall(context, vm.index, vcpu.index);
    if (answer !== null) {
      const at = enteredHere.get(vcpu.index);
      const made = at === undefined ? resumedReport(describe, answer) : callReport(describe, answer);
      if (at === undefined) calls.push(made);
      else calls[at] = made;
      enteredHere.delete(vcpu.index);
      context.returned(made);
      if (made.errno !== null) return end('refused', vcpu.index, { exit: vcpu.run.exit });
    }
    const exit = vcpu.run.exit;
    if (exit === null || exit.name !== 'KVM_EXIT_MMIO') return end('exit', vcpu.index, { exit, stopped });
    const address = Number(exit['phys_addr']);
    if (exit['is_write'] === 1) {
      const byte = isUart(address) ? uartWrite(address, BigInt(exit['data'] as string)) : null;
      if (byte !== null) context.writableLog.console.push({ tick: world.machine.tick, vm: vm.index, byte });
    } else {
      completeMmio(context.world, vm.index, vcpu.index, isUart(address) ? uartRead(address) : 0n);
    }
    if (!isUart(address)) {
      context.note({
        kind: 'vmm.unclaimed',
        tick: world.machine.tick,
        vcpu: vcpuName(vm.index, vcpu.id),
        address: `0x${address.toString(16)}`,
      });
    }
    if (stopped.length > 0) return end('catch', vcpu.index, { exit, stopped });
    return plan.reenter ? enter(vcpu) : end('exit', vcpu.index, { exit });
  };

  const advance = (slice: number): Outcome | null => {
    if (justStarted) {
      for (const index of plan.vcpus) {
        const vcpu = vm.vcpus[index];
        if (vcpu.run.place !== 'out') continue;
        const ended = enter(vcpu);
        if (ended !== null) {
          justStarted = false;
          return ended;
        }
      }
    }
    trimLog(context.writableLog);
    let left = slice;
    let idle = 0;
    while (left > 0) {
      if (executed >= plan.operations) return spent();
      const vcpu = vm.vcpus[plan.vcpus[turn]];
      const chunk = plan.until === undefined ? Math.min(left, alone ? left : quantum, plan.operations - executed) : 1;
      const done = advanceVcpu(context.world, vm.index, vcpu.index, chunk, {
        breakpoints,
        skipFirst: justStarted,
        afterRecord,
        ...catching,
      });
      justStarted = justStarted && done.executed === 0 && done.state === 'blocked';
      executed += done.executed;
      left -= done.executed;
      quantum -= done.executed;
      const perf = context.writableLog.perf.at(-1)?.streams.find((s) => s.index === vcpu.index);
      perf?.pieces.push(...drainPieces(context.world, vm.index, vcpu.index));
      const name = vcpuName(vm.index, vcpu.id);
      const written = drainRecords(context.world, vm.index, vcpu.index);
      const news: SessionEvent[] = [];
      let next = 0;
      for (const record of written) {
        const { tick } = record.truth;
        while (next < done.events.length && done.events[next].tick <= tick)
          news.push(stamped(done.events[next++], context.log.calls.length));
        context.writableLog.records.push({ vcpu: name, ...record });
        news.push({ kind: 'spe.record', tick, vcpu: name, address: `0x${record.address.toString(16)}` });
      }
      for (; next < done.events.length; next++) news.push(stamped(done.events[next], context.log.calls.length));
      news.forEach(context.note);
      const stopped = caught(catches, [], news);
      if (done.state === 'exited') {
        const ended = leave(vcpu, done.answer ?? null, stopped);
        if (ended !== null) return ended;
      }
      if (stopped.length > 0) return end('catch', vcpu.index, { stopped });
      if (plan.records !== undefined && context.log.records.length - recordsBefore >= plan.records) return end('records', vcpu.index);
      if (done.stop === 'breakpoint') {
        const ended = atBreakpoint(vcpu, done.pc);
        if (ended !== null) return ended;
      }
      if (plan.until !== undefined && done.executed > 0) {
        const value = context.evaluate(plan.until);
        if (value.isErr()) return { ...unmet(value.error.code, value.error.message, value.error.hint), calls };
        if (value.value !== 0n) return end('until', vcpu.index);
      }
      idle = done.executed === 0 && done.state === 'blocked' ? idle + 1 : 0;
      if (idle >= plan.vcpus.length) return end('blocked', vcpu.index);
      if (quantum <= 0 || done.state === 'blocked' || done.yielded) {
        quantum = turnOperations;
        turn = (turn + 1) % plan.vcpus.length;
      }
    }
    return null;
  };

  /** A breakpoint was reached; null when its condition does not hold. */
  const atBreakpoint = (vcpu: Vcpu, pc: bigint): Outcome | null => {
    if (plan.temporary?.includes(pc)) return end('returned', vcpu.index);
    const hit = breakpointsOf(context.stops).find((b) => {
      if (b.address !== pc) return false;
      if (b.condition === undefined) return true;
      const value = context.evaluate(b.condition);
      return value.isErr() || value.value !== 0n;
    });
    if (hit !== undefined) return end('breakpoint', vcpu.index, { stopped: [{ number: hit.id, what: hit.text }] });
    justStarted = true; // the condition does not hold: leave the breakpoint
    return null;
  };

  /** The budget is spent. */
  const spent = (): Outcome => {
    if (plan.spent === 'stay') return end('budget', plan.vcpus[turn]);
    const vcpu = vm.vcpus[plan.vcpus[turn]];
    const answer = advanceVcpu(context.world, vm.index, vcpu.index, 0, {
      breakpoints: new Set(),
      skipFirst: false,
      afterRecord: false,
      signal: true,
    });
    return leave(vcpu, answer.answer ?? null) ?? end('budget', vcpu.index);
  };

  return { advance, interrupt: () => end('interrupted', plan.vcpus[turn]) };
}
