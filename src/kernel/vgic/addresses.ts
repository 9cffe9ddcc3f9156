// Where the guest sees the vGIC: the distributor's frame, regions of redistributors, and which vCPU's frames lie where.
// Source: vgic.md 1.1 and 1.4 (KVM's vgic_check_iorange, vgic_v3_set_redist_base, vgic_register_redist_iodev, vgic_v3_check_base).
import { DISTRIBUTOR_SIZE, REDISTRIBUTOR_SIZE } from '../../arch/gic/frames.ts';
import type { Vm } from '../world.ts';
import type { VgicDistributor } from './state.ts';

/** Bytes of intermediate physical address space. */
export const ipaLimit = (vm: Vm): number => 2 ** vm.ipaBits;

/** Bytes of a region of `count` redistributors; the open-ended region (0) is as large as the vCPUs that exist need. */
export function regionSize(vm: Vm, count: number): number {
  return (count === 0 ? vm.vcpus.length : count) * REDISTRIBUTOR_SIZE;
}

export function overlaps(base: number, size: number, otherBase: number, otherSize: number): boolean {
  return base < otherBase + otherSize && otherBase < base + size;
}

/** Whether [base, base + size) meets the distributor's frame. */
export function overlapsDistributor(dist: VgicDistributor, base: number, size: number): boolean {
  return dist.base !== null && overlaps(base, size, dist.base, DISTRIBUTOR_SIZE);
}

/** Whether [base, base + size) meets a region that is already there. */
export function overlapsRegion(vm: Vm, dist: VgicDistributor, base: number, size: number): boolean {
  return dist.regions.some((r) => overlaps(base, size, r.base, regionSize(vm, r.count)));
}

/** What is wrong with the addresses as a whole, in words; null when nothing is: no overlap, nothing beyond the IPA space. */
export function badBases(vm: Vm, dist: VgicDistributor): string | null {
  for (const r of dist.regions) {
    const size = regionSize(vm, r.count);
    if (r.base + size > ipaLimit(vm)) return `the redistributor region at 0x${r.base.toString(16)} runs past the IPA space`;
    if (overlapsDistributor(dist, r.base, size)) return `the redistributors at 0x${r.base.toString(16)} overlap the distributor`;
  }
  return null;
}

/** Places the redistributor of vCPU `vcpu` (index) in the first region with room, if there is one. Returns the errno's name, or null. */
export function placeRedistributor(vm: Vm, vcpu: number): string | null {
  const dist = vm.vgic;
  const cpu = vm.vcpus[vcpu].vgic;
  if (dist === null || cpu === null || cpu.redistributor !== null) return null;
  const region = dist.regions.find((r) => r.count === 0 || r.used < r.count);
  if (region === undefined) return null;
  if (badBases(vm, dist) !== null) return 'EINVAL';
  cpu.redistributor = { base: region.base + region.used * REDISTRIBUTOR_SIZE, region: region.index, slot: region.used };
  region.used++;
  return null;
}

/** Adds a region and places the vCPUs that have no redistributor yet; takes it back when that fails. Returns the errno's name, or null. */
export function addRegion(vm: Vm, dist: VgicDistributor, index: number, base: number, count: number): string | null {
  dist.regions.push({ index, base, count, used: 0 });
  const without = vm.vcpus.filter((v) => v.vgic?.redistributor === null);
  for (const v of without) {
    const failed = placeRedistributor(vm, v.index);
    if (failed === null) continue;
    dist.regions.pop();
    for (const { vgic } of without) if (vgic !== null) vgic.redistributor = null;
    return failed;
  }
  return null;
}

/** GICR_TYPER.Last: the last redistributor of its region, unless the region is full and the next one goes on right behind it. */
export function isLastRedistributor(vm: Vm, vcpu: number): boolean {
  const place = vm.vcpus[vcpu].vgic?.redistributor;
  const region = vm.vgic?.regions.find((r) => r.index === place?.region);
  if (!place || region === undefined || place.slot < region.used - 1) return false;
  if (region.count === 0 || place.slot !== region.count - 1) return true;
  const end = region.base + regionSize(vm, region.count);
  return !(vm.vgic?.regions.some((r) => r.base === end && r.used > 0) ?? false);
}

/** What an intermediate physical address hits: the distributor (`vcpu` -1) or a redistributor; null when neither. */
export function frameAt(vm: Vm, ipa: number): { readonly vcpu: number; readonly offset: number } | null {
  const dist = vm.vgic;
  if (dist === null) return null;
  if (dist.base !== null && ipa >= dist.base && ipa < dist.base + DISTRIBUTOR_SIZE) return { vcpu: -1, offset: ipa - dist.base };
  for (const v of vm.vcpus) {
    const base = v.vgic?.redistributor?.base;
    if (base !== undefined && ipa >= base && ipa < base + REDISTRIBUTOR_SIZE) return { vcpu: v.index, offset: ipa - base };
  }
  return null;
}
