// KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST as a VMM makes them (kvm-spe-abi.md §2.9, §3.1).
import { REGISTERS } from '../arch/sysreg/table.ts';
import { hex } from '../base/hex.ts';
import { oneRegByName, oneRegOf } from '../kernel/one-reg.ts';
import { copyFromUser } from '../kernel/user-memory.ts';
import { type Hands, type PreparedCall, place, prepare, SCRATCH } from './vmm.ts';

/** KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG. */
const SYSTEM = 0x6030_0000_0013_0000n;
/** Room for ids behind struct kvm_reg_list. */
const ROOM = 1000;

/** The id of a register as people name it: a name, also of one that KVM does not give out, or the id itself. Null: no such register. */
export function registerId(word: string): bigint | null {
  if (/^(0[xX][0-9a-fA-F]+|\d+)$/.test(word)) return BigInt.asUintN(64, BigInt(word));
  const known = oneRegByName(word);
  if (known !== null) return known.id;
  const row = REGISTERS.find((r) => r.name.toLowerCase() === word.toLowerCase());
  return row === undefined ? null : SYSTEM | BigInt(row.key);
}

export interface ListedRegister {
  readonly id: string;
  readonly name: string | null;
}

/** KVM_GET_REG_LIST with room for every register. */
export function regList(hands: Hands, vm: number, vcpu: number): PreparedCall {
  const bytes = new Uint8Array(8 * (ROOM + 1));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(ROOM), true);
  const argument = place(hands, SCRATCH, bytes);
  return prepare(hands, { kind: 'vcpu', vm, vcpu }, 'KVM_GET_REG_LIST', argument, (done) => {
    if (!done) return `{n=${ROOM}}`;
    const ids = listedRegisters(hands);
    return `{n=${ids.length}, reg=[${ids
      .slice(0, 2)
      .map((r) => r.id)
      .join(', ')}, ...]}`;
  });
}

/** The registers that the last KVM_GET_REG_LIST wrote. */
export function listedRegisters(hands: Hands): ListedRegister[] {
  const process = hands.world.world.kernel.processes[(hands.process ?? 1) - 1];
  const bytes = copyFromUser(hands.world, process, BigInt(SCRATCH), 8 * (ROOM + 1));
  if (bytes === null) throw new Error('the scratch memory is not mapped');
  const view = new DataView(bytes.buffer);
  const count = Math.min(Number(view.getBigUint64(0, true)), ROOM);
  return Array.from({ length: count }, (_, i) => {
    const id = view.getBigUint64(8 * (i + 1), true);
    return { id: hex(id), name: oneRegOf(id)?.name ?? null };
  });
}
