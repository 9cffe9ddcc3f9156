// The stage of an exploration: a live world, commands that run on it as they do in a session, and the way back to any state it was in.
import type { Call } from '../../kernel/call.ts';
import { mountWorld, settleWorld, systemCall } from '../../kernel/kernel.ts';
import { advanceVcpu } from '../../kernel/run.ts';
import type { MountedWorld, World } from '../../kernel/world.ts';
import { type CallDescription, callReport, unfinishedReport } from '../calls.ts';
import { type Behaviour, type Command, isRunning, type Running } from '../command.ts';
import { evaluate } from '../evaluate.ts';
import { newLog } from '../log.ts';
import type { CallReport, Outcome } from '../outcome.ts';
import type { Context } from '../session.ts';
import type { PreparedCall } from '../vmm.ts';
import { type Act, actOf, copyScratch, type Scratch, storedValue } from './acts.ts';
import { LiveWorld, type SameBytes } from './live-world.ts';
import { EACH, type Part } from './parts.ts';
import { type IoctlSeen, OMITTED, OMITTED_BUT_TICKS, type StoredValue, type WorldView } from './seen.ts';

export interface Stage {
  readonly context: Context;
  /** The running world, as it stands. */
  readonly mounted: MountedWorld;
  /** What the world stands at, captured now. */
  capture(): Part;
  /** Takes the world to a state it was in. */
  goto(parts: Part): void;
  /** The command, made ready. It is tried on the world as it stands, which is then as before. */
  ready(command: Command): Act;
  /** After an exception: was it a write to what sleeps? Then the stage is at the set-up, wider awake, and the call can be made again. */
  wake(problem: unknown): boolean;
  /** Runs an act; `watch` is told of each ioctl. The result: `ok`, an errno, an exit of KVM_RUN, `unmet CODE`. */
  perform(act: Act, watch: (seen: IoctlSeen) => void): string;
}

/** A call that changes what is not part of a state: the VM in use, the focus, variables, the tick. */
export class NotPartOfState extends Error {}
/** How its message begins. */
export const NOT_PART_OF_STATE = 'a call of an exploration cannot';
const cannot = (what: string): NotPartOfState => new NotPartOfState(`${NOT_PART_OF_STATE} ${what}`);

export interface StageOptions {
  readonly same?: SameBytes;
  /** The tick is part of a state: guests may run. */
  readonly ticks: boolean;
}

/** KVM_RUN is left again as soon as it entered. */
const SIGNAL = { breakpoints: new Set<bigint>(), skipFirst: false, afterRecord: false, signal: true };
const SLICE = 1_000_000;

/** What sleeps (live-world.ts): first all that calls about PMU, SPE and KVM_RUN leave alone; when one does not, the physical CPUs; then nothing. */
const VCPU = ['kernel', 'vms', EACH, 'vcpus', EACH];
const CPUS = ['machine', 'cpus'];
const ASLEEP = [
  [
    CPUS,
    ['kernel', 'log'],
    ['kernel', 'processes', EACH, 'files'],
    ['kernel', 'vms', EACH, 'memslots'],
    ['kernel', 'vms', EACH, 'vgic', 'spis'],
    ['kernel', 'vms', EACH, 'vgic', 'regions'],
    ...['context', 'timers'].map((member) => [...VCPU, member]),
    ...['registers', 'redistributor', 'list'].map((member) => [...VCPU, 'vgic', member]),
  ],
  [CPUS],
  [],
];

export const viewOf = (parts: Part): WorldView => parts.plain as unknown as WorldView;

/** A stage whose world is a copy of the session's; the session is not touched. */
export function openStage(session: Context, table: ReadonlyMap<string, Behaviour>, { same, ticks }: StageOptions): Stage {
  settleWorld(session.world);
  const from: World = session.world.world;
  const { tick } = from.machine;
  const omitted = ticks ? OMITTED_BUT_TICKS : OMITTED;
  const pristine = from.kernel.processes.map((p) => copyScratch(p.scratch));
  let awake = 0;
  let live = new LiveWorld<World>(from, { omitted, same, asleep: ASLEEP[0] });
  let mounted = mountWorld(live.world);
  const first = live.capture();
  let at = first;
  let written = false; // since `at` was captured
  let noted: PreparedCall[] | null = null; // calls are noted instead of made
  let watching: (seen: IoctlSeen) => void = () => {};
  const log = newLog();

  function wake(problem: unknown): boolean {
    if (awake + 1 === ASLEEP.length || !(problem instanceof TypeError)) return false;
    awake += 1;
    live = new LiveWorld<World>(from, { omitted, same, asleep: ASLEEP[awake], parts: first });
    mounted = mountWorld(live.world);
    at = live.capture();
    written = false;
    return true;
  }

  function capture(): Part {
    settleWorld(mounted);
    at = live.capture();
    written = false;
    return at;
  }

  function goto(parts: Part): void {
    if (written) capture();
    if (parts === at) return;
    const left = viewOf(at).machine;
    live.restore(parts);
    at = parts;
    if (viewOf(parts).machine !== left) mounted = mountWorld(live.world); // what the CPUs had at hand belongs to another state
  }

  /** Tick and scratch memory are not part of a state: every act begins with those of the set-up. */
  function begin(scratch: Scratch | null): void {
    if (!ticks) live.world.machine.tick = tick;
    live.world.kernel.processes.forEach((process, i) => {
      const pages = i === 0 && scratch !== null ? scratch : (pristine[i] ?? {});
      for (const page in pages) {
        const own = process.scratch[page];
        if (own === undefined) process.scratch[page] = pages[page].slice();
        else own.set(pages[page]);
      }
    });
  }

  /** Makes an ioctl and shows it; `leave`: KVM_RUN is left again at once. */
  function make(call: Call, request: string, stored: StoredValue | null, leave: boolean) {
    const before = written ? capture() : at;
    const file = live.world.kernel.processes[call.process - 1].files[call.fd] ?? null;
    const vm = file !== null && 'vm' in file ? file.vm : -1;
    const vcpu = file?.kind === 'vcpu' ? file.vcpu : -1;
    const answer = systemCall(mounted, call);
    const entered = answer.isOk() && answer.value.running === true;
    let refusal = answer.isErr() ? answer.error : null;
    if (entered && leave) {
      const left = advanceVcpu(mounted, vm, vcpu, 0, SIGNAL).answer;
      if (left?.isErr()) refusal = left.error;
    }
    const after = capture();
    watching({
      request,
      vm,
      vcpu,
      before: viewOf(before),
      after: viewOf(after),
      refusal,
      entered,
      stored: refusal === null ? stored : null,
    });
    return { answer, refusal };
  }

  function call(one: Call, describe: CallDescription): CallReport {
    if (noted !== null) {
      noted.push({ call: one, describe });
      return { ioctl: describe.request, on: describe.on, strace: '', ret: -1, errno: 'EINTR', number: 0 };
    }
    written = true;
    const { answer } = make(one, describe.request, storedValue(mounted, one), false);
    written = true; // the command goes on
    if (answer.isErr()) return callReport(describe, answer);
    log.events.push(...answer.value.events);
    return answer.value.running ? unfinishedReport(describe) : callReport(describe, answer);
  }

  const fixed = (what: string) => (): never => {
    throw cannot(`change ${what}`);
  };
  const context: Context = {
    ...session,
    get world() {
      return mounted;
    },
    log,
    writableLog: log,
    note: (event) => log.events.push(event),
    setVm: fixed('the VM in use'),
    setFocus: fixed('the focus'),
    setVariable: fixed('variables'),
    setImage: fixed('the image'),
    boot: fixed('the host'),
    get travel(): never {
      throw cannot('travel in time');
    },
    number: (argument) => (argument?.kind === 'expression' ? evaluate(context, argument.expression) : session.number(argument)),
    evaluate: (expression) => evaluate(context, expression),
    call,
    execute: (command, process) => start(command, process),
  };

  function start(command: Command, process?: number): Outcome | Running {
    const behaviour = table.get(command.form);
    if (behaviour === undefined) throw new Error(`no command form '${command.form}'`);
    const inner = (one: Command, other = process): Outcome | Running => start(one, other);
    const own = process === undefined ? context : Object.create(context, { process: { value: process }, execute: { value: inner } });
    return behaviour.run(own as Context, command.args);
  }

  function run(command: Command): Outcome {
    begin(null);
    written = true;
    let outcome: Outcome | Running | null = start(command);
    if (isRunning(outcome)) {
      const running = outcome;
      do outcome = running.advance(SLICE);
      while (outcome === null);
    }
    for (const list of [log.calls, log.events, log.records, log.console]) list.length = 0;
    return outcome;
  }

  function perform(act: Act, watch: (seen: IoctlSeen) => void): string {
    watching = watch;
    if (act.kind !== 'command') {
      const { processes, vms } = live.world.kernel;
      const { call: one, describe } = act.prepared;
      const file = processes[0].files[one.fd] ?? null;
      const vm = file !== null && 'vm' in file ? vms[file.vm] : undefined;
      const vcpu = file?.kind === 'vcpu' ? vm?.vcpus[file.vcpu] : undefined;
      // Otherwise the command has something to say before the call: no such vCPU, would block.
      if (vm?.destroyed === false && (vcpu === undefined || vcpu.run.place === 'out')) {
        begin(act.kind === 'ioctl' ? act.scratch : null);
        const { refusal } = make(one, describe.request, act.kind === 'ioctl' ? act.stored : null, act.kind === 'run');
        return refusal?.errno ?? (act.kind === 'run' ? (vcpu?.run.exit?.name ?? 'ok') : 'ok');
      }
    }
    const outcome = run(act.command);
    if (!ticks && live.world.machine.tick !== tick) throw cannot("let the guest run, unless the file says 'ticks = true'");
    return resultOf(outcome);
  }

  return {
    context,
    get mounted() {
      return mounted;
    },
    capture: () => (written ? capture() : at),
    goto,
    wake,
    ready: (command) => {
      const before = capture();
      const calls: PreparedCall[] = [];
      noted = calls;
      try {
        const outcome = run(command);
        const changed = outcome.unmet !== undefined || capture() !== before;
        return changed ? { kind: 'command', command } : actOf(command, calls, mounted);
      } catch (problem) {
        if (wake(problem)) return { kind: 'command', command };
        throw problem;
      } finally {
        noted = null;
        goto(before);
      }
    },
    perform,
  };
}

/** What became of a command, in a word. */
function resultOf(outcome: Outcome): string {
  if (outcome.unmet !== undefined) return `unmet ${outcome.unmet.code}`;
  const last = outcome.calls?.at(-1) ?? outcome.call;
  const errno = last?.errno ?? null;
  if (errno !== null) return errno;
  const exit = outcome.data?.['exit'];
  if (typeof exit === 'object' && exit !== null && 'name' in exit) return String(exit.name);
  return outcome.ok ? 'ok' : 'failed';
}
