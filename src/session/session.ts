// The one door: `Session.execute(command)` changes the world and leaves with an Outcome. Nothing in it reads a clock, chance or a file.
// (contract; being written)
import type { Result } from 'neverthrow';
import type { Call } from '../kernel/call.ts';
import type { Host } from '../kernel/host.ts';
import type { MountedWorld } from '../kernel/world.ts';
import type { Argument, Arguments, Behaviour, Command, Running } from './command.ts';
import type { Expression } from './expression.ts';
import type { CallReport, Outcome, SessionEvent, Unmet } from './outcome.ts';
import type { SampleRecord } from './records.ts';
import type { Stops } from './stops.ts';

/** A file that a command named, read by io beforehand. */
export interface Asset {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** What a command may use. */
export interface Context {
  /** The running world. Commands change it only through `call`, `run` and the kernel's host events. */
  readonly world: MountedWorld;
  /** Index of the VM in use, -1 when there is none; of the focused vCPU. */
  readonly vm: number;
  readonly focus: number;
  readonly stops: Stops;
  /** Session histories: calls, records, events. */
  readonly log: SessionLog;
  /** Host fixtures that io read at start, by name. */
  readonly hosts: ReadonlyMap<string, Host>;

  setVm(index: number): void;
  setFocus(index: number): void;
  setVariable(name: string, value: bigint): void;
  /** Replaces the world by a fresh boot of this host. */
  boot(host: Host): void;
  asset(path: string): Asset | undefined;

  /** A number argument's value; Unmet for an unknown register, symbol or variable. `undefined` stays undefined. */
  number(argument: Argument | undefined): Result<bigint | undefined, Unmet>;
  /** A word argument's text ('' when absent). */
  word(argument: Argument | undefined): string;
  evaluate(expression: Expression): Result<bigint, Unmet>;

  /** Issues one ioctl and logs it. The report is the strace line and, after a refusal, the check. */
  call(call: Call, describe: CallDescription): CallReport;
  /** Runs another command inside this one (expect, on). */
  execute(command: Command): Outcome | Running;
}

/** How strace would print the call: `ioctl(vcpu0, KVM_SET_DEVICE_ATTR, {group=…})`. */
export interface CallDescription {
  readonly on: string;
  readonly request: string;
  /** Third argument as text; a function when it depends on the answer (`addr=[10]` after a get). */
  readonly argument: string | ((ret: number) => string);
}

export interface SessionLog {
  readonly calls: readonly CallReport[];
  readonly records: readonly SampleRecord[];
  readonly events: readonly SessionEvent[];
}

export type { Arguments, Behaviour };
