// `spesh boot`: an image with SPE configured, to its end (language.md §1). The run is that of `run`; what differs is that it keeps no
// history, so that a guest may run and print for as long as it likes: records and events are counted, the console's tail is kept.
import { SYSTEM_EVENT_SHUTDOWN } from '../abi/exits.ts';
import { hex } from '../base/hex.ts';
import { systemCall } from '../kernel/kernel.ts';
import { drainRecords } from '../kernel/records.ts';
import { type Advance, advanceVcpu, completeMmio } from '../kernel/run.ts';
import { guestProgramCounter } from '../kernel/view.ts';
import type { Exit, Vcpu, Vm } from '../kernel/world.ts';
import { geometryOf } from '../machine/timing/geometry.ts';
import { callReport } from './calls.ts';
import type { Arguments, Behaviour, Running } from './command.ts';
import { newReportedStatus, readStatusByte, statusOf } from './exit-status.ts';
import { type CallReport, done, type Outcome, unmet } from './outcome.ts';
import type { Context } from './session.ts';
import { exitData } from './stop-report.ts';
import { stuckReason } from './stuck.ts';
import { instructionAt } from './symbols.ts';
import { isUart, uartRead, uartWrite } from './uart.ts';
import { placeThreads, up } from './up.ts';
import { runCall, vcpuName } from './vmm.ts';

export interface BootOptions {
  readonly image: string;
  readonly arguments: string;
  readonly vcpus: number;
  /** Bytes. */
  readonly memory: bigint;
  /** Budget of operations. */
  readonly operations: number;
  /** An initial RAM disk, a file; null = none. */
  readonly initrd: string | null;
}

/** Why a boot ended. What the guest reported on its console is its status, however it went on; without a word 0 after 'off', else none. */
/** What to try where the guest reported no status. */
const STOPPED_HINTS: Readonly<Partial<Record<BootStop, string>>> = {
  budget: '--ops N gives it more',
  interrupted: '--ops N ends it sooner',
};
const STOPPED_HINT = 'up IMAGE, run and backtrace in the shell show where it is';

export type BootStop = 'off' | 'reset' | 'exit' | 'waits' | 'stuck' | 'budget' | 'refused' | 'interrupted';

/** Bytes of the console that the log holds before the older half is let go. */
const CONSOLE_LIMIT = 1 << 17;
/** Looks at a vCPU in a row that must find it stuck. */
const SURE = 2;

const NO_STOPS = { breakpoints: new Set<bigint>(), skipFirst: false, afterRecord: false } as const;

/** Makes the VM, loads the image and runs it to its end; the outcome's value is the status the guest reported. */
export function boot(context: Context, options: BootOptions): Outcome | Running {
  const image = context.asset(options.image);
  if (image === undefined) return unmet('no-guest', `no image '${options.image}'`, 'a flat arm64 image or an ELF');
  const initrd = options.initrd === null ? undefined : context.asset(options.initrd);
  const made = up(context, {
    image: { path: options.image, bytes: image.bytes },
    vcpus: options.vcpus,
    spu: null,
    ppi: 21n,
    pmuPpi: 23n,
    maxBuffer: null,
    memory: options.memory,
    arguments: options.arguments,
    ...(initrd === undefined ? {} : { initrd: initrd.bytes }),
  });
  if (!made.ok) return made;
  // What the choice of the PMU left may be fewer than the SPU's CPUs.
  const vm = context.world.world.kernel.vms[context.vm];
  if (vm.supportedCpus !== 0n) placeThreads(vm, vm.supportedCpus);
  return startBoot(context, options);
}

function startBoot(context: Context, options: BootOptions): Running {
  const mw = context.world;
  const vm: Vm = mw.world.kernel.vms[context.vm];
  const status = newReportedStatus();
  const stuck = vm.vcpus.map(() => 0);
  let executed = 0;
  let records = 0;
  let turn = 0;
  const { turnOperations } = geometryOf(mw.world.host.timing);
  let quantum = turnOperations;
  let idle = 0;

  const end = (stop: BootStop, vcpu: Vcpu, why: string, exit: Exit | null = null): Outcome => {
    const reported = stop === 'refused' || stop === 'interrupted' ? null : statusOf(status);
    const value = stop === 'off' ? (reported ?? 0) : reported;
    const data = {
      status: value,
      stop,
      stopped: stop === 'off' ? null : why,
      vcpu: vcpuName(vm.index, vcpu.id),
      executed,
      records,
      exit: exit === null ? null : exitData(exit),
      console: consoleText(context),
    };
    if (value !== null) return done(data, { value });
    return { ...unmet('stopped', why, STOPPED_HINTS[stop] ?? STOPPED_HINT), data };
  };
  /** `vcpu0 at 0x40080000: b 0x40080000`. */
  const place = (vcpu: Vcpu): string => {
    const at = instructionAt(context, vcpu.index, guestProgramCounter(mw, vm.index, vcpu.index));
    return `${vcpuName(vm.index, vcpu.id)} at ${at.address}${at.symbol === null ? '' : ` <${at.symbol}>`}: ${at.text}`;
  };

  /** Issues KVM_RUN; an outcome when it is refused or comes back at once with what the VMM cannot complete. */
  const enter = (vcpu: Vcpu): Outcome | null => {
    const { call, describe } = runCall(context, vm.index, vcpu.index);
    const answer = systemCall(mw, call);
    if (answer.isErr()) return refused(vcpu, callReport(describe, answer));
    return vcpu.run.place === 'out' ? leave(vcpu) : null;
  };
  const refused = (vcpu: Vcpu, report: CallReport): Outcome => {
    context.writableLog.calls.push(report);
    return { ...end('refused', vcpu, `${report.strace}: ${report.why ?? ''}`), ok: false, call: report };
  };

  /** KVM_RUN came back: the built-in VMM completes what is its own. */
  const leave = (vcpu: Vcpu): Outcome | null => {
    const { exit } = vcpu.run;
    if (exit === null) return end('exit', vcpu, `KVM_RUN came back; ${place(vcpu)}`);
    if (exit.name === 'KVM_EXIT_SYSTEM_EVENT') {
      if (exit['type'] === SYSTEM_EVENT_SHUTDOWN) return end('off', vcpu, '', exit);
      return end('reset', vcpu, `${vcpuName(vm.index, vcpu.id)} asked for SYSTEM_RESET`, exit);
    }
    if (exit.name !== 'KVM_EXIT_MMIO') return end('exit', vcpu, `${exit.name} ${membersText(exit)}; ${place(vcpu)}`, exit);
    const address = Number(exit['phys_addr']);
    if (exit['is_write'] !== 1) completeMmio(mw, vm.index, vcpu.index, isUart(address) ? uartRead(address) : 0n);
    else if (isUart(address)) {
      const byte = uartWrite(address, BigInt(exit['data'] as string));
      if (byte !== null) print(byte);
    }
    return enter(vcpu);
  };

  const print = (byte: number): void => {
    const bytes = context.writableLog.console;
    bytes.push({ tick: mw.world.machine.tick, vm: vm.index, byte });
    if (bytes.length >= CONSOLE_LIMIT) bytes.splice(0, CONSOLE_LIMIT / 2);
    readStatusByte(status, byte);
  };

  /** Every vCPU that is on is stuck, looked at between turns. */
  const areStuck = (vcpu: Vcpu): boolean => {
    stuck[vcpu.index] = stuckReason(mw, vm, vcpu) === null ? 0 : stuck[vcpu.index] + 1;
    return stuck[vcpu.index] >= SURE && vm.vcpus.every((v) => v.poweredOff || stuck[v.index] >= SURE);
  };
  const stuckText = (vcpu: Vcpu): string =>
    stuckReason(mw, vm, vcpu) === 'loop'
      ? `it branches to itself with interrupts masked; ${place(vcpu)}`
      : `its exception vector faults for ever; ${place(vcpu)}`;

  /** What became of one stay in the guest. */
  const after = (vcpu: Vcpu, stay: Advance): Outcome | null => {
    executed += stay.executed;
    quantum -= stay.executed;
    records += drainRecords(mw, vm.index, vcpu.index).length;
    if (stay.state === 'exited') {
      const ended = leave(vcpu);
      if (ended !== null) return ended;
    }
    idle = stay.executed === 0 && stay.state === 'blocked' ? idle + 1 : 0;
    if (idle >= vm.vcpus.length) return end('waits', vcpu, `it waits for an interrupt, and nothing can raise one; ${place(vcpu)}`);
    if (quantum > 0 && stay.state !== 'blocked' && !stay.yielded) return null;
    if (stay.state === 'running' && areStuck(vcpu)) return end('stuck', vcpu, stuckText(vcpu));
    quantum = turnOperations;
    turn = (turn + 1) % vm.vcpus.length;
    return null;
  };

  let entered = false;
  const advance = (slice: number): Outcome | null => {
    if (!entered) {
      entered = true;
      for (const vcpu of vm.vcpus) {
        const ended = enter(vcpu);
        if (ended !== null) return ended;
      }
    }
    const until = executed + slice;
    while (executed < until) {
      const vcpu = vm.vcpus[turn];
      const left = options.operations - executed;
      if (left <= 0) return end('budget', vcpu, `the budget of ${options.operations} operations is spent; ${place(vcpu)}`);
      const ended = after(vcpu, advanceVcpu(mw, vm.index, vcpu.index, Math.min(until - executed, quantum, left), NO_STOPS));
      if (ended !== null) return ended;
    }
    return null;
  };
  return { advance, interrupt: () => ({ ...end('interrupted', vm.vcpus[turn], 'interrupted'), interrupted: true }) };
}

function membersText(exit: Exit): string {
  const { reason: _reason, name: _name, ...members } = exit;
  const text = Object.entries(members).map(([key, value]) => `${key}=${typeof value === 'bigint' ? hex(value) : JSON.stringify(value)}`);
  return text.length === 0 ? '' : `{${text.join(', ')}}`;
}

/** What the console's log holds. */
function consoleText(context: Context): string {
  return new TextDecoder().decode(Uint8Array.from(context.log.console, ({ byte }) => byte));
}

/** The form behind the mode: its words are `BootOptions` as text. Not a command of the shell, where `up` and `run` do the same with a history. */
export const BOOT: Behaviour = {
  id: 'boot',
  effect: 'world',
  run: (context: Context, args: Arguments) =>
    boot(context, {
      image: context.word(args['image']),
      arguments: context.word(args['arguments']),
      vcpus: Number(context.word(args['vcpus'])),
      memory: BigInt(context.word(args['memory'])),
      operations: Number(context.word(args['operations'])),
      initrd: context.word(args['initrd']) || null,
    }),
};
