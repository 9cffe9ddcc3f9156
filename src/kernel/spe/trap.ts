// Which SPE registers KVM traps from the guest, and the values of the EL2 trap controls (kvm-spe-abi.md §3.3; spe-architecture §3.3).
import { fieldAccess } from '../../arch/sysreg/table.ts';

/** Written and read by trap while the VM has SPE: KVM's copies are in the vCPU's context, the hardware's are its own business. */
const BUFFER_REGISTERS: ReadonlySet<string> = new Set(['PMBLIMITR_EL1', 'PMBPTR_EL1', 'PMBSR_EL1']);

export const isTrappedBufferRegister = (name: string): boolean => BUFFER_REGISTERS.has(name);

const E2PB = fieldAccess('MDCR_EL2', 'E2PB');
const TPMS = fieldAccess('MDCR_EL2', 'TPMS');
/** MDCR_EL2.E2PB: EL1 owns the buffer, accesses to its registers trap. */
const OWNED_BY_EL1_TRAPPED = 2n;

/** MDCR_EL2 while a guest is loaded: with SPE the buffer registers trap, without it every SPE register but PMBIDR_EL1 does. */
export function guestMdcr(base: bigint, withSpe: boolean): bigint {
  return TPMS.put(E2PB.put(base, withSpe ? OWNED_BY_EL1_TRAPPED : 0n), withSpe ? 0n : 1n);
}
