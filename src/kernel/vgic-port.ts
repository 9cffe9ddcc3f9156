// What the rest of the kernel asks of the vGIC about interrupts and their owners, in one place.
import { vgicInitialised } from './vgic/init.ts';
import { setOwner } from './vgic/owner.ts';
import { FIRST_SPI } from './vgic/state.ts';
import type { Vm } from './world.ts';

export { vgicInitialised };

/** A device's name as owner: PPIs are private to their vCPU, an SPI's owner must tell the vCPUs apart. */
const ownerName = (vcpu: number, intid: number, device: string): string => (intid >= FIRST_SPI ? `${device} of vcpu${vcpu}` : device);

/** Why a device of a vCPU could not claim an interrupt: EAGAIN, EINVAL or EEXIST; null when it can. Changes nothing. */
export const claimError = (vm: Vm, vcpu: number, intid: number, device: string): string | null =>
  setOwner(vm, vcpu, intid, ownerName(vcpu, intid, device), 'try');

/** Claims an interrupt that `claimError` allowed. */
export function claimInterrupt(vm: Vm, vcpu: number, intid: number, device: string): void {
  const refused = setOwner(vm, vcpu, intid, ownerName(vcpu, intid, device));
  if (refused !== null) throw new Error(`claim of interrupt ${intid}: ${refused}`);
}
