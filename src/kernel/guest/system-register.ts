// Trapped MSR and MRS of a guest: SPE's buffer and identification registers, SGIs and DIR of the vGIC; everything else is UNDEFINED to it
// (kvm_handle_sys_reg).

import { sysregKey } from '../../arch/sysreg/define.ts';
import { REGISTERS, registerByKey } from '../../arch/sysreg/table.ts';
import { getPc, getX, setPc, setX } from '../../machine/cpu/context.ts';
import { isSpeRegister, readSpeRegister, writeSpeRegister } from '../spe/trapped-access.ts';
import { dirHaltsGuest, writeTrappedIcc } from '../vgic/sgi.ts';
import type { Exit } from '../world.ts';
import { haltOthers } from '../world-switch.ts';
import { type GuestExit, type Handled, tell } from './exit-state.ts';
import { injectUndefined } from './inject.ts';

const XZR = 31;

/** The register, direction and general register of a trap's syndrome (ESR_EL2.ISS of EC 0x18). */
export function trappedAccess(iss: number): { key: number; read: boolean; register: number } {
  const key = sysregKey((iss >> 20) & 3, (iss >> 14) & 7, (iss >> 10) & 15, (iss >> 1) & 15, (iss >> 17) & 7);
  return { key, read: (iss & 1) !== 0, register: (iss >> 5) & 31 };
}

/**
 * KVM's answer to a trapped MRS (`value` null) or MSR of the register with this encoding key, before PC or a general register is touched:
 * the value read (0 of a write), that it is UNDEFINED to this guest, or an exit that user space must act on, with nothing done.
 */
export function answerAccess(g: GuestExit, key: number, value: bigint | null): bigint | 'undefined' | { readonly exit: Exit } {
  const index = registerByKey(key);
  if (isSpeRegister(index)) {
    if (value === null) return readSpeRegister(g, index) ?? 'undefined';
    const written = writeSpeRegister(g, index, value);
    if (written !== 'done') return written;
    tell(g, 'trap.write', { register: REGISTERS[index].name, value: `0x${value.toString(16)}` });
    return 0n;
  }
  if (value !== null && dirHaltsGuest(g.vm, g.vcpu.index, key, value)) haltOthers(g);
  if (value !== null && g.vm.vgic !== null && writeTrappedIcc(g.vm, g.vcpu.index, key, value, g.note)) return 0n;
  return 'undefined';
}

export function handleSystemRegister(g: GuestExit): Handled {
  const { key, read, register } = trappedAccess(g.cpu.trap.iss);
  const c = g.cpu.context;
  const answer = answerAccess(g, key, read ? null : register === XZR ? 0n : getX(c, register));
  if (typeof answer === 'object') return answer; // PC stays at the write: it is retried
  if (answer === 'undefined') {
    const index = registerByKey(key);
    tell(g, 'guest.undefined', { register: index < 0 ? `S${key.toString(16)}` : REGISTERS[index].name, write: !read });
    injectUndefined(g);
    return 'resume';
  }
  if (read && register !== XZR) setX(c, register, answer);
  setPc(c, getPc(c) + 4n);
  return 'resume';
}
