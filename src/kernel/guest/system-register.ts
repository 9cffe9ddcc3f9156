// Trapped MSR and MRS of a guest: SPE's buffer and identification registers, SGIs and DIR of the vGIC; everything else is UNDEFINED to it
// (kvm_handle_sys_reg).

import { sysregKey } from '../../arch/sysreg/define.ts';
import { REGISTERS, registerByKey } from '../../arch/sysreg/table.ts';
import { getPc, getX, setPc, setX } from '../../machine/cpu/context.ts';
import { isSpeRegister, readSpeRegister, writeSpeRegister } from '../spe/trapped-access.ts';
import { writeTrappedIcc } from '../vgic/sgi.ts';
import { type GuestExit, type Handled, tell } from './exit-state.ts';
import { injectUndefined } from './inject.ts';

const XZR = 31;

/** The register, direction and general register of a trap's syndrome (ESR_EL2.ISS of EC 0x18). */
export function trappedAccess(iss: number): { key: number; read: boolean; register: number } {
  const key = sysregKey((iss >> 20) & 3, (iss >> 14) & 7, (iss >> 10) & 15, (iss >> 1) & 15, (iss >> 17) & 7);
  return { key, read: (iss & 1) !== 0, register: (iss >> 5) & 31 };
}

export function handleSystemRegister(g: GuestExit): Handled {
  const { key, read, register } = trappedAccess(g.cpu.trap.iss);
  const c = g.cpu.context;
  const index = registerByKey(key);
  const name = index < 0 ? `S${key.toString(16)}` : REGISTERS[index].name;
  const value = read ? null : register === XZR ? 0n : getX(c, register);
  const done = (): Handled => {
    setPc(c, getPc(c) + 4n);
    return 'resume';
  };
  const undefinedToGuest = (): Handled => {
    tell(g, 'guest.undefined', { register: name, write: !read });
    injectUndefined(g);
    return 'resume';
  };

  if (isSpeRegister(index)) {
    if (value === null) {
      const answer = readSpeRegister(g, index);
      if (answer === null) return undefinedToGuest();
      if (register !== XZR) setX(c, register, answer);
      return done();
    }
    const written = writeSpeRegister(g, index, value);
    if (written === 'undefined') return undefinedToGuest();
    if (written !== 'done') return written; // PC stays at the write: it is retried
    tell(g, 'trap.write', { register: name, value: `0x${value.toString(16)}` });
    return done();
  }
  if (value !== null && g.vm.vgic !== null && writeTrappedIcc(g.vm, g.vcpu.index, key, value, g.note)) return done();
  return undefinedToGuest();
}
