// The SPE state of a vCPU on its way into the guest and out of it (kvm-spe-abi.md §3.6, §4; vgic.md §7.2).
// KVM's copies of PMBLIMITR_EL1, PMBPTR_EL1 and PMBSR_EL1 are in the vCPU's context; the hardware's are in the CPU's.
import { fieldAccess, indexOfRegister } from '../../arch/sysreg/table.ts';
import { PMBLIMITR_EL1, PMBPTR_EL1, PMBSR_EL1, PMBSR_S, updateBufferInterrupt } from '../../machine/spu/registers.ts';
import { finishSamples, newSpuState } from '../../machine/spu/state.ts';
import { hasCpu } from '../cpu-list.ts';
import { type GuestExit, tell } from '../guest/exit-state.ts';
import type { SpuDevice } from '../host.ts';
import { injectInterrupt } from '../vgic/inject.ts';
import { hasSpe } from './enabled.ts';
import { guestPmbidr, guestPmsidr, PMBIDR_EL1, PMSIDR_EL1 } from './identification.ts';
import { enableBuffer, settleBuffer } from './pin.ts';
import { isStopped } from './stop.ts';
import { EXTERNAL_ABORT, shownSyndrome } from './syndrome.ts';
import { guestMdcr, guestReadTraps, guestWriteTraps } from './trap.ts';

const MDCR_EL2 = indexOfRegister('MDCR_EL2');
const HDFGRTR_EL2 = indexOfRegister('HDFGRTR_EL2');
const HDFGWTR_EL2 = indexOfRegister('HDFGWTR_EL2');
const PMSCR_EL2 = indexOfRegister('PMSCR_EL2');
const P = fieldAccess('PMBIDR_EL1', 'P');
/** PMSCR_EL2.PCT = 1: the guest may stamp records with the physical counter. */
const PCT = 0x40n;

/** The unit that the CPU has, whether the host's driver took it or not; none that EL3 or another Security state keeps for itself. */
const unitOfCpu = ({ host, cpu }: GuestExit): SpuDevice | undefined =>
  host.spus.find((spu) => hasCpu(spu.cpus, cpu.number) && spu.pmsver !== 0 && P.get(spu.pmbidr) === 0n);

/** At vcpu_load: trap controls, PMSCR_EL2, and what the CPU's identification registers answer. */
export function loadSpe(g: GuestExit): void {
  const { sys } = g.cpu.context;
  const withSpe = hasSpe(g);
  const device = unitOfCpu(g);
  if (device !== undefined) g.cpu.spu ??= newSpuState(device);
  sys[MDCR_EL2] = guestMdcr(sys[MDCR_EL2], withSpe, isStopped(g.vcpu));
  sys[HDFGRTR_EL2] = guestReadTraps(g.host, g.vm);
  sys[HDFGWTR_EL2] = guestWriteTraps(g.host, g.vm);
  sys[PMSCR_EL2] = withSpe && g.vm.perfmonCapable ? PCT : 0n;
  sys[PMSIDR_EL1] = guestPmsidr(g.host, g.vm);
  sys[PMBIDR_EL1] = guestPmbidr(g.host, g.vm, device?.pmbidr ?? 0n);
  stopHardware(g);
}

/** Into the guest: the interrupt is virtual, so hardware PMBSR_EL1 is 0; while it is asserted the buffer stays off. */
export function enterSpe(g: GuestExit): void {
  if (!hasSpe(g)) return;
  updateLevel(g);
  const { sys } = g.cpu.context;
  const copy = g.vcpu.context.sys;
  sys[PMBPTR_EL1] = copy[PMBPTR_EL1];
  sys[PMBSR_EL1] = 0n;
  sys[PMBLIMITR_EL1] = g.vcpu.spe.level || isStopped(g.vcpu) ? 0n : copy[PMBLIMITR_EL1];
  updateBufferInterrupt(g.cpu);
}

/** Out of the guest: the pointer moved; a management event of the hardware becomes the guest's, and raises its interrupt. */
export function exitSpe(g: GuestExit): void {
  if (!hasSpe(g)) return;
  const { sys } = g.cpu.context;
  const copy = g.vcpu.context.sys;
  copy[PMBPTR_EL1] = sys[PMBPTR_EL1];
  if ((sys[PMBSR_EL1] & PMBSR_S) !== 0n) {
    const shown = shownSyndrome(g, sys[PMBSR_EL1]);
    // A fault that is hidden: the pages are pinned anew; where the host cannot, the guest must be told after all.
    if (shown !== null) copy[PMBSR_EL1] = shown;
    else if (enableBuffer(g) !== null) copy[PMBSR_EL1] = EXTERNAL_ABORT;
    tell(g, 'spe.event', {
      pointer: `0x${sys[PMBPTR_EL1].toString(16)}`,
      limitr: `0x${sys[PMBLIMITR_EL1].toString(16)}`,
      hardware: `0x${sys[PMBSR_EL1].toString(16)}`,
      pmbsr: `0x${copy[PMBSR_EL1].toString(16)}`,
    });
  }
  stopHardware(g);
  settleBuffer(g);
  updateLevel(g);
}

/** The hardware of a CPU that is not in the guest: drained, buffer off, no event; the host's branches make it forget the guest's last one. */
function stopHardware(g: GuestExit): void {
  const { sys } = g.cpu.context;
  if (g.cpu.spu !== null) {
    finishSamples(g.cpu.spu);
    g.cpu.spu.previousTarget = null;
  }
  sys[PMBLIMITR_EL1] = 0n;
  sys[PMBSR_EL1] = 0n;
  updateBufferInterrupt(g.cpu);
}

/** The virtual interrupt is PMBSR_EL1.S of the guest: injected when it changes. */
export function updateLevel(g: GuestExit): void {
  const { spe, context, index } = g.vcpu;
  const level = (context.sys[PMBSR_EL1] & PMBSR_S) !== 0n;
  if (level === spe.level) return;
  spe.level = level;
  tell(g, level ? 'spe.irq-high' : 'spe.irq-low', { intid: spe.irq });
  injectInterrupt(g.vm, index, spe.irq, level, 'spe', g.note);
}
