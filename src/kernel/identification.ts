// The identification registers that KVM shows a guest otherwise than its context holds them: what SPE and the vGIC change.
import type { Host } from './host.ts';
import { guestDfr0, guestPmbidr, guestPmsidr, ID_AA64DFR0_EL1, PMBIDR_EL1, PMSIDR_EL1 } from './spe/identification.ts';
import { guestPfr0, ID_AA64PFR0_EL1 } from './vgic/identification.ts';
import type { Vm } from './world.ts';

/** Such a register as the guest and user space read it; null for all others. `base`: the value kept, for PMBIDR_EL1 the hardware's. */
export function shownIdentification(host: Host, vm: Vm, register: number, base: bigint): bigint | null {
  if (register === ID_AA64DFR0_EL1) return guestDfr0(host, vm, base);
  if (register === ID_AA64PFR0_EL1) return guestPfr0(vm, base);
  if (register === PMSIDR_EL1) return guestPmsidr(host, vm);
  if (register === PMBIDR_EL1) return guestPmbidr(host, vm, base);
  return null;
}
