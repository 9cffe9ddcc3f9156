// `mrs` and `msr`: the focused vCPU makes the access, and what became of it is data (language.md §3, group inspect).
import { assembleLine } from '../arch/a64/assemble.ts';
import { EC_NAMES } from '../arch/esr.ts';
import { encodingOfKey, keyOfWord } from '../arch/sysreg/define.ts';
import { REGISTERS, registerByKey } from '../arch/sysreg/table.ts';
import { hex } from '../base/hex.ts';
import { accessRegister, type RegisterAccess, unableToExecute } from '../kernel/register-access.ts';
import { readGuestRegister } from '../kernel/view.ts';
import type { Vcpu } from '../kernel/world.ts';
import { stamped } from './buffer-stop.ts';
import { refuse } from './enter.ts';
import { done, type Outcome, unmet } from './outcome.ts';
import { vcpuOf } from './scope.ts';
import type { Context } from './session.ts';
import { exitData } from './stop-report.ts';
import { vcpuName } from './vmm.ts';

/** An exception syndrome, and its class in the manual's words. */
export interface Syndrome {
  readonly esr: string;
  readonly ec: string;
  readonly class: string;
}

export interface AccessData {
  readonly name: string;
  readonly vcpu: string;
  /** Exception level of the access. */
  readonly el: number;
  /** What `msr` wrote; null: a read, or not done. */
  readonly written: string | null;
  /** What a register that can be read holds after a write. */
  readonly holds: string | null;
  /** The trap to EL2 that KVM answered. */
  readonly trap: Syndrome | null;
  /** The exception that the guest would take at EL1; it is not delivered. */
  readonly exception: (Syndrome & { readonly vector: string }) | null;
  /** The exit that KVM_RUN would end with. */
  readonly exit: Readonly<Record<string, unknown>> | null;
}

/** ESR_ELx.EC in two digits, and the class in words. */
function syndromeOf(esr: bigint): Syndrome {
  const ec = Number(esr >> 26n) & 63;
  return { esr: hex(esr), ec: hex(ec, 2), class: EC_NAMES[ec] ?? 'another class' };
}

/** The register of an instruction word as the manual prints it, or as its encoding. */
function nameOf(word: number): string {
  const key = keyOfWord(word);
  const [op0, op1, crn, crm, op2] = encodingOfKey(key);
  return REGISTERS[registerByKey(key)]?.name ?? `S${op0}_${op1}_C${crn}_C${crm}_${op2}`;
}

/**
 * The focused vCPU reads (`value` null) or writes a system register as the guest would. Unmet: no such register, or a vCPU that can execute
 * nothing. An access that was not done (an exception to EL1, an exit to user space) is a refusal by the hardware or KVM.
 */
export function accessByName(context: Context, name: string, value: bigint | null): Outcome {
  const scope = vcpuOf(context);
  if (scope.isErr()) return refuse(scope.error);
  const { vm, vcpu } = scope.value;
  const word = assembleLine(value === null ? `mrs x0, ${name}` : `msr ${name}, x0`, 0n);
  if (word.isErr()) {
    const known = readGuestRegister(context.world, vm.index, vcpu.index, name) !== null;
    return unmet('unknown-name', `no system register '${name}'`, known ? `reg ${name}` : 'regs sys, or help registers');
  }
  const unable = unableToExecute(context.world, vm.index, vcpu.index);
  if (unable !== null) return unmet('cannot-run', `${vcpuName(vm.index, vcpu.id)} cannot execute: ${unable}`, `reg ${nameOf(word.value)}`);
  const access = accessRegister(context.world, vm.index, vcpu.index, word.value, value);
  for (const event of access.events) context.note(stamped(event, context.log.calls.length));
  const read = value === null && access.value !== null ? hex(access.value) : null;
  return done({ ...dataOf(context, vcpu, word.value, value, access) }, { ok: access.value !== null, value: read, events: access.events });
}

function dataOf(context: Context, vcpu: Vcpu, word: number, value: bigint | null, access: RegisterAccess): AccessData {
  const row = REGISTERS[registerByKey(keyOfWord(word))];
  const wrote = value !== null && access.value !== null;
  const holds = wrote && row?.access === 'rw' ? readGuestRegister(context.world, context.vm, vcpu.index, row.name) : null;
  const { exception } = access;
  return {
    name: nameOf(word),
    vcpu: vcpuName(context.vm, vcpu.id),
    el: access.el,
    written: wrote ? hex(value) : null,
    holds: holds === null ? null : hex(holds),
    trap: access.trap === null ? null : syndromeOf(access.trap),
    exception: exception === null ? null : { ...syndromeOf(exception.esr), vector: hex(exception.vector) },
    exit: access.exit === null ? null : exitData(access.exit),
  };
}
