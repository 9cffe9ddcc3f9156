// Accesses to the vGIC's frames: by the guest as trapped loads and stores, and by user space through device attributes.
// An access of a wrong size, unaligned, in a gap or beyond the last INTID reads as zero and writes nothing; it never aborts.
// Source: vgic.md 4 and 1.6 (KVM's vgic_get_mmio_region, dispatch_mmio_read, vgic_uaccess).
import {
  DISTRIBUTOR_REGISTERS,
  type FrameRegister,
  firstIntid,
  REDISTRIBUTOR_REGISTERS,
  registerAt,
  registerName,
} from '../../arch/gic/frames.ts';
import type { Vm } from '../world.ts';
import { frameAt } from './addresses.ts';
import type { Note } from './events.ts';
import { accessorsOf } from './frame-registers.ts';
import type { Frame } from './interrupt-registers.ts';
import { FIRST_SPI, interruptCount, type VgicDistributor } from './state.ts';

const rowsOf = (vcpu: number): readonly FrameRegister[] => (vcpu === -1 ? DISTRIBUTOR_REGISTERS : REDISTRIBUTOR_REGISTERS);

/** The register that answers an access; undefined when none does. */
function registerFor(dist: VgicDistributor, vcpu: number, offset: number, size: number): FrameRegister | undefined {
  const row = registerAt(rowsOf(vcpu), offset);
  if (row === undefined || !row.sizes.includes(size) || offset % size !== 0) return undefined;
  return row.bits !== 0 && firstIntid(row, offset) >= interruptCount(dist) ? undefined : row;
}

/**
 * A load or store of `size` bytes by vCPU `by` (index) at an intermediate physical address. `write` is the value stored, null for a load.
 * Returns what was loaded (0 for a store); null when the address is not the vGIC's, or its frames are not mapped yet.
 */
export function vgicMmio(vm: Vm, by: number, ipa: number, size: number, write: bigint | null, note?: Note): bigint | null {
  const dist = vm.vgic;
  const hit = dist?.ready ? frameAt(vm, ipa) : null;
  if (!dist || hit === null) return null;
  const { vcpu, offset } = hit;
  const row = registerFor(dist, vcpu, offset, size);
  if (row === undefined) return 0n;
  const frame: Frame = { vm, dist, vcpu, by, ...(note === undefined ? {} : { note }) };
  const { read, write: store } = accessorsOf(row.name);
  const at = offset - row.offset;
  const words = size === 8 ? [0, 1] : [0];
  const width = Math.min(size, 4);
  if (write === null) return words.reduce((value, word) => value | (BigInt(read(frame, at + 4 * word, width)) << BigInt(32 * word)), 0n);
  for (const word of words) store?.(frame, at + 4 * word, width, Number(BigInt.asUintN(8 * width, write >> BigInt(32 * word))));
  return 0n;
}

/** The register at an intermediate physical address, `GICR_ISENABLER0` or `offset 0x…`; null when the address is not the vGIC's. */
export function mmioRegisterName(vm: Vm, ipa: number): string | null {
  const hit = frameAt(vm, ipa);
  return hit === null ? null : registerName(rowsOf(hit.vcpu), hit.offset);
}

/**
 * Whether KVM stops every vCPU of the VM for this access by vCPU `vcpu` (index), so that it sees active bits as they are: all others
 * must be out of the guest before `vgicMmio`.
 */
export function mmioHaltsGuest(vm: Vm, vcpu: number, ipa: number): boolean {
  const hit = frameAt(vm, ipa);
  if (hit === null) return false;
  const row = registerAt(rowsOf(hit.vcpu), hit.offset);
  if (row === undefined || !/_I[SC]ACTIVER/.test(row.name)) return false;
  return hit.vcpu === -1 ? firstIntid(row, hit.offset) >= FIRST_SPI : hit.vcpu !== vcpu;
}

/** Whether user space can name the 32-bit register at `offset`. */
export function hasUserRegister(dist: VgicDistributor, vcpu: number, offset: number): boolean {
  return registerFor(dist, vcpu, offset, 4) !== undefined;
}

/** User space's read of 32 bits; what is not there reads as zero. `vcpu` is the redistributor's index, -1 for the distributor. */
export function readUserRegister(vm: Vm, dist: VgicDistributor, vcpu: number, offset: number): number {
  const row = registerFor(dist, vcpu, offset, 4);
  if (row === undefined) return 0;
  const { read, userRead } = accessorsOf(row.name);
  return (userRead ?? read)({ vm, dist, vcpu, by: -1 }, offset - row.offset, 4);
}

/** User space's write of 32 bits, already checked; what is not there is ignored. */
export function writeUserRegister(vm: Vm, dist: VgicDistributor, vcpu: number, offset: number, value: number, note?: Note): void {
  const row = registerFor(dist, vcpu, offset, 4);
  if (row === undefined) return;
  const { write, userWrite } = accessorsOf(row.name);
  const frame: Frame = { vm, dist, vcpu, by: -1, ...(note === undefined ? {} : { note }) };
  (userWrite ?? write)?.(frame, offset - row.offset, 4, value);
}
