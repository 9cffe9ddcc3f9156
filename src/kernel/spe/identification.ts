// What a guest is shown of SPE: ID_AA64DFR0_EL1.PMSVer, PMSIDR_EL1, PMBIDR_EL1 (kvm-spe-abi.md §3.3, §3.4, §2.5).
import { fieldAccess, indexOfRegister } from '../../arch/sysreg/table.ts';
import { kvmSpus } from '../capability.ts';
import type { Host, SpuDevice } from '../host.ts';
import { hasFeature } from '../vm.ts';
import type { Vm } from '../world.ts';
import { encodeBufferSize, MAX_BUFF_SIZE_MASK, MAX_BUFF_SIZE_SHIFT } from './buffer-size.ts';

const PMSVER = fieldAccess('ID_AA64DFR0_EL1', 'PMSVer');
const P = fieldAccess('PMBIDR_EL1', 'P');
/** PMSIDR_EL1 bits of features that KVM must hide together with their registers: FDS 7 (PMSDSFR_EL1). */
const HIDDEN_FEATURES = 0x80n;

export const ID_AA64DFR0_EL1 = indexOfRegister('ID_AA64DFR0_EL1');
export const PMSIDR_EL1 = indexOfRegister('PMSIDR_EL1');
export const PMBIDR_EL1 = indexOfRegister('PMBIDR_EL1');

/** The VM's SPU; before one is chosen, the first that KVM knows; undefined without the feature. */
export function spuOfVm(host: Host, vm: Vm): SpuDevice | undefined {
  if (!hasFeature(host, vm, 'spe')) return undefined;
  const spus = kvmSpus(host);
  return spus.find((spu) => spu.type === vm.spu) ?? spus[0];
}

/** rfc-v4 showed v1p1 at most. */
function shownVersion(host: Host, vm: Vm): number {
  const version = spuOfVm(host, vm)?.pmsver ?? 0;
  return host.kernel.revision === 'rfc-v4' ? Math.min(version, 2) : version;
}

/** ID_AA64DFR0_EL1 as the guest and KVM_GET_ONE_REG read it; `base` is the value without SPE. */
export function guestDfr0(host: Host, vm: Vm, base: bigint): bigint {
  return PMSVER.put(base, BigInt(shownVersion(host, vm)));
}

/** Can KVM show another value than the hardware's? PMSIDR and PMBIDR trap only with fine-grained traps, and only v6 traps them. */
export const trapsIdentification = (host: Host): boolean => host.features.fgt && host.kernel.revision === 'rfc-v6';

/** PMSIDR_EL1 as the guest reads it. */
export function guestPmsidr(host: Host, vm: Vm): bigint {
  const hardware = spuOfVm(host, vm)?.pmsidr ?? 0n;
  return trapsIdentification(host) ? hardware & ~HIDDEN_FEATURES : hardware;
}

/** PMBIDR_EL1 as the guest reads it: the VM's maximum buffer size where it can be shown; P = 1 without SPE. */
export function guestPmbidr(host: Host, vm: Vm, hardware: bigint): bigint {
  const spu = spuOfVm(host, vm);
  if (spu === undefined) return P.put(hardware, 1n);
  const own = P.put(spu.pmbidr, 0n);
  if (vm.maxBufferSize === null || !trapsIdentification(host)) return own;
  const field = encodeBufferSize(vm.maxBufferSize);
  if (field === null) throw new Error(`maximum buffer size ${vm.maxBufferSize} has no encoding`);
  return (own & ~MAX_BUFF_SIZE_MASK) | (field << MAX_BUFF_SIZE_SHIFT);
}
