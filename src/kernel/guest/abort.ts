// Stage 2 aborts of a guest: the vGIC's frames are emulated here, other data accesses go to user space as KVM_EXIT_MMIO,
// fetches and table walks that no memory slot backs get an external abort (kvm_handle_guest_abort, io_mem_abort).
import { getPc, getX, setPc, setX } from '../../machine/cpu/context.ts';
import { exitOf } from '../exits.ts';
import { loadedValue } from '../mmio.ts';
import { faultIn, slotAt } from '../stage2.ts';
import { mmioHaltsGuest, mmioRegisterName, vgicMmio } from '../vgic/mmio.ts';
import { haltOthers } from '../world-switch.ts';
import { type GuestExit, type Handled, tell } from './exit-state.ts';
import { injectExternalAbort } from './inject.ts';

/** ESR_EL2.ISS of a data abort. */
const ISV = 1 << 24;
const SSE = 1 << 21;
const SF = 1 << 15;
const CM = 1 << 8;
const S1PTW = 1 << 7;
const WNR = 1 << 6;

const XZR = 31;

/** The host had taken the page away and gives it back: the access is done again. */
function isBack(g: GuestExit): boolean {
  const { ipa } = g.cpu.trap;
  if (slotAt(g.vm, ipa) === undefined || !faultIn(g.mw, g.vm, ipa, 1)) return false;
  tell(g, 'host.fault-in', { ipa: `0x${ipa.toString(16)}` });
  return true;
}

/** An instruction abort: there is no memory to fetch from. */
export function handleInstructionAbort(g: GuestExit): Handled {
  if (isBack(g)) return 'resume';
  tell(g, 'guest.abort', { access: 'fetch', ipa: `0x${g.cpu.trap.ipa.toString(16)}` });
  injectExternalAbort(g, 'instruction', g.cpu.trap.far, false);
  return 'resume';
}

/** A data abort: emulate the vGIC, or leave for user space. */
export function handleDataAbort(g: GuestExit): Handled {
  const { iss, ipa, far } = g.cpu.trap;
  if (isBack(g)) return 'resume';
  const c = g.cpu.context;
  const write = (iss & WNR) !== 0;
  if ((iss & CM) !== 0 && (iss & (ISV | S1PTW)) === 0) {
    setPc(c, getPc(c) + 4n); // cache maintenance on a device: nothing to do
    return 'resume';
  }
  if ((iss & S1PTW) !== 0 || (iss & ISV) === 0) {
    tell(g, 'guest.abort', { access: (iss & S1PTW) !== 0 ? 'walk' : write ? 'store' : 'load', ipa: `0x${ipa.toString(16)}` });
    injectExternalAbort(g, 'data', far, write);
    return 'resume';
  }
  const register = (iss >> 16) & 31;
  const size = 1 << ((iss >> 22) & 3);
  const value = write ? BigInt.asUintN(size * 8, register === XZR ? 0n : getX(c, register)) : null;
  const read = emulateVgic(g, ipa, size, value);
  if (read !== null) {
    if (!write && register !== XZR) setX(c, register, loadedValue(read, size, (iss & SSE) !== 0, (iss & SF) !== 0));
    setPc(c, getPc(c) + 4n);
    tell(g, 'mmio', {
      register: mmioRegisterName(g.vm, ipa),
      ipa: `0x${ipa.toString(16)}`,
      size,
      write,
      value: `0x${(value ?? read).toString(16)}`,
    });
    return 'resume';
  }
  g.vcpu.run.mmio = { write, register, size, signExtend: (iss & SSE) !== 0, wide: (iss & SF) !== 0, data: 0n };
  const data = value === null ? {} : { data: `0x${value.toString(16)}` };
  return { exit: exitOf('KVM_EXIT_MMIO', { phys_addr: `0x${ipa.toString(16)}`, len: size, is_write: Number(write), ...data }) };
}

/** The vGIC's answer; null when the address is not the vGIC's. Registers of active bits need the other vCPUs out of the guest. */
function emulateVgic(g: GuestExit, ipa: number, size: number, value: bigint | null): bigint | null {
  if (mmioHaltsGuest(g.vm, g.vcpu.index, ipa)) haltOthers(g);
  return vgicMmio(g.vm, g.vcpu.index, ipa, size, value, g.note);
}
