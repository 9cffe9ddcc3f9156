// The commands of a call, made ready to be run many times. A command runs through its behaviour, as it does at the prompt; one that is a
// single ioctl with constant operands is prepared once, its struct in memory as the VMM placed it, and only the ioctl is made again.

import { vcpuAttribute } from '../../abi/attributes.ts';
import { ioctlNumber } from '../../abi/ioctls.ts';
import { getField } from '../../abi/struct.ts';
import { INT, KVM_DEVICE_ATTR, U64 } from '../../abi/structs.ts';
import type { Call } from '../../kernel/call.ts';
import { readAttr } from '../../kernel/calls/device-attr.ts';
import { copyFromUser } from '../../kernel/user-memory.ts';
import type { MountedWorld, Process } from '../../kernel/world.ts';
import type { Argument, Command } from '../command.ts';
import type { PreparedCall } from '../vmm.ts';
import type { StoredValue } from './seen.ts';

/** The VMM's scratch memory, by page. */
export type Scratch = Process['scratch'];

export type Act =
  /** One ioctl; its struct and value are in `scratch`. */
  | {
      readonly kind: 'ioctl';
      readonly prepared: PreparedCall;
      readonly scratch: Scratch;
      readonly stored: StoredValue | null;
      readonly command: Command;
    }
  /** KVM_RUN with a budget of 0 operations: into the guest and, by a signal, out again. */
  | { readonly kind: 'run'; readonly prepared: PreparedCall; readonly command: Command }
  | { readonly kind: 'command'; readonly command: Command };

/** Forms that read nothing of the world but descriptors and operands before their one ioctl, and do nothing behind it. */
const PLAIN = /^(vcpu\.(attr|one-reg)\.(set|get|has)|vcpu\.(init|finalize)|vgic\.attr\.(set|get|has)|irq-line\.)/;

const isConstant = (argument: Argument | undefined): boolean =>
  argument === undefined ||
  argument.kind === 'word' ||
  argument.kind === 'flag' ||
  (argument.kind === 'expression' && argument.expression.kind === 'number') ||
  (argument.kind === 'many' && argument.items.every(isConstant));

const isZero = (argument: Argument | undefined): boolean =>
  argument?.kind === 'expression' && argument.expression.kind === 'number' && argument.expression.value === 0n;

export const copyScratch = (scratch: Scratch): Scratch =>
  Object.fromEntries(Object.entries(scratch).map(([page, bytes]) => [page, bytes.slice()]));

/** The act of a command whose calls, when it ran once, were `calls`; `scratch` as it left the memory. */
export function actOf(command: Command, calls: readonly PreparedCall[], live: MountedWorld): Act {
  const [prepared] = calls;
  if (calls.length !== 1 || !Object.values(command.args).every(isConstant) || prepared.call.process !== 1)
    return { kind: 'command', command };
  if (command.form === 'vcpu.run' && isZero(command.args['ops']) && command.args['immediate-exit'] === undefined)
    return { kind: 'run', prepared, command };
  if (!PLAIN.test(command.form)) return { kind: 'command', command };
  const scratch = copyScratch(live.world.kernel.processes[0].scratch);
  return { kind: 'ioctl', prepared, scratch, stored: storedValue(live, prepared.call), command };
}

const SET = ioctlNumber('KVM_SET_DEVICE_ATTR');

/** What a KVM_SET_DEVICE_ATTR on a vCPU's file would store; null for other calls and attributes without a value. */
export function storedValue(live: MountedWorld, call: Call): StoredValue | null {
  if (call.request !== SET) return null;
  const { world } = live;
  const process = world.kernel.processes[call.process - 1];
  const file = process.files[call.fd];
  if (file?.kind !== 'vcpu') return null;
  const struct = copyFromUser(live, process, call.argument, KVM_DEVICE_ATTR.size);
  if (struct === null) return null;
  const { group, attr, addr } = readAttr(struct);
  const type = vcpuAttribute(world.host.kernel.revision, group, attr)?.value;
  if (type !== 'int' && type !== 'u64') return null;
  const layout = type === 'int' ? INT : U64;
  const bytes = copyFromUser(live, process, addr, layout.size);
  if (bytes === null) return null;
  return { vm: file.vm, vcpu: file.vcpu, group, attr, value: getField(layout, bytes, 'value') };
}
