// How KVM answers a guest's trapped access to an SPE register (kvm-spe-abi.md §3.7).
import { REGISTERS } from '../../arch/sysreg/table.ts';
import { implementedBits, PMBLIMITR_EL1 } from '../../machine/spu/registers.ts';
import type { GuestExit } from '../guest/exit-state.ts';
import type { Exit } from '../world.ts';
import { updateLevel } from './context-switch.ts';
import { hasSpe } from './enabled.ts';
import { guestPmbidr, guestPmsidr, PMBIDR_EL1, PMSIDR_EL1, spuOfVm } from './identification.ts';
import { settleBuffer } from './pin.ts';
import { isStopped } from './stop.ts';
import { isTrappedBufferRegister } from './trap.ts';

const isSpe = (name: string): boolean => /^PM[SB][A-Z]+_EL1$/.test(name);

/** Is a register, by its dense index, one of SPE's at EL1? */
export const isSpeRegister = (register: number): boolean => register >= 0 && isSpe(REGISTERS[register].name);

/** What the VM's unit implements of a control register; null: it has none. */
function controlBits(g: GuestExit, register: number): bigint | null {
  const spu = spuOfVm(g.host, g.vm);
  return spu === undefined ? null : implementedBits(spu, register);
}

/** The value of a trapped read; null: UNDEFINED for this guest. */
export function readSpeRegister(g: GuestExit, register: number): bigint | null {
  if (!hasSpe(g)) return null;
  if (register === PMSIDR_EL1) return guestPmsidr(g.host, g.vm);
  if (register === PMBIDR_EL1) return guestPmbidr(g.host, g.vm, g.cpu.context.sys[PMBIDR_EL1]);
  if (isTrappedBufferRegister(REGISTERS[register].name)) return g.vcpu.context.sys[register];
  return isStopped(g.vcpu) && controlBits(g, register) !== null ? g.cpu.context.sys[register] : null;
}

/**
 * A trapped write: keeps what the unit implements of the value; what enables or disables the buffer, or moves its limit, pins or unpins
 * it; the virtual interrupt follows PMBSR_EL1.S. 'undefined': the guest gets an exception. An exit: user space acts, then the write is retried.
 */
export function writeSpeRegister(g: GuestExit, register: number, value: bigint): 'done' | 'undefined' | { readonly exit: Exit } {
  const bits = controlBits(g, register);
  if (bits === null) return 'undefined';
  if (!isTrappedBufferRegister(REGISTERS[register].name)) {
    if (!isStopped(g.vcpu)) return 'undefined';
    g.cpu.context.sys[register] = value & bits; // shadowed: the hardware's buffer stays off
    return 'done';
  }
  const { sys } = g.vcpu.context;
  const before = sys[register];
  sys[register] = value & bits;
  const exit = settleBuffer(g, register === PMBLIMITR_EL1 && sys[register] !== before);
  if (exit !== null) {
    sys[register] = before;
    return { exit };
  }
  updateLevel(g);
  return 'done';
}
