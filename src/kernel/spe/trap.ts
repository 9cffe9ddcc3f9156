// Which SPE registers KVM traps from the guest, and the values of the EL2 controls that make them trap
// (kvm-spe-abi.md §3.3; spe-architecture §3.3).
import { fieldAccess } from '../../arch/sysreg/table.ts';
import type { Host } from '../host.ts';
import { hasFeature } from '../vm.ts';
import type { Vm } from '../world.ts';
import { guestPmsidr, trapsIdentification } from './identification.ts';

/** Read and written by trap while the VM has SPE: KVM's copies are in the vCPU's context. */
const BUFFER_REGISTERS: ReadonlySet<string> = new Set(['PMBLIMITR_EL1', 'PMBPTR_EL1', 'PMBSR_EL1']);

export const isTrappedBufferRegister = (name: string): boolean => BUFFER_REGISTERS.has(name);

const E2PB = fieldAccess('MDCR_EL2', 'E2PB');
const TPMS = fieldAccess('MDCR_EL2', 'TPMS');
/** MDCR_EL2.E2PB: EL1 owns the buffer, accesses to its registers trap. */
const OWNED_BY_EL1_TRAPPED = 2n;

/** MDCR_EL2 while a guest is loaded: with SPE the buffer registers trap, without it, or while user space has
 * stopped profiling, every SPE register but PMBIDR_EL1 does. */
export function guestMdcr(base: bigint, withSpe: boolean, stopped: boolean): bigint {
  return TPMS.put(E2PB.put(base, withSpe ? OWNED_BY_EL1_TRAPPED : 0n), withSpe && !stopped ? 0n : 1n);
}

const READ_PMSIDR = fieldAccess('HDFGRTR_EL2', 'PMSIDR_EL1').mask;
const READ_PMBIDR = fieldAccess('HDFGRTR_EL2', 'PMBIDR_EL1').mask;
const READ_N_PMSNEVFR = fieldAccess('HDFGRTR_EL2', 'nPMSNEVFR_EL1').mask;
const WRITE_N_PMSNEVFR = fieldAccess('HDFGWTR_EL2', 'nPMSNEVFR_EL1').mask;
const FNE = fieldAccess('PMSIDR_EL1', 'FnE').mask;

/** Does the guest have PMSNEVFR_EL1? */
const hasInvertedFilter = (host: Host, vm: Vm): boolean => (guestPmsidr(host, vm) & FNE) !== 0n && hasFeature(host, vm, 'spe');

/**
 * HDFGRTR_EL2: the identification registers trap where the kernel shows its own values, and PMBIDR_EL1 where the guest has no SPE. Without
 * FEAT_FGT there is no such register, and nothing traps: its one bit that traps when it is 0 is 1.
 */
export function guestReadTraps(host: Host, vm: Vm): bigint {
  if (!host.features.fgt) return READ_N_PMSNEVFR;
  const inverted = hasInvertedFilter(host, vm) ? READ_N_PMSNEVFR : 0n;
  if (!hasFeature(host, vm, 'spe')) return READ_PMBIDR | inverted;
  return (trapsIdentification(host) ? READ_PMSIDR | READ_PMBIDR : 0n) | inverted;
}

/** HDFGWTR_EL2; without FEAT_FGT as `guestReadTraps`. */
export const guestWriteTraps = (host: Host, vm: Vm): bigint => (!host.features.fgt || hasInvertedFilter(host, vm) ? WRITE_N_PMSNEVFR : 0n);
