// Making a vGIC usable: vCPUs that come, CTRL_INIT, and the checks of the first KVM_RUN.
// Source: vgic.md 1.1 and 1.5 (KVM's kvm_vgic_vcpu_init, vgic_init, vgic_v3_map_resources).
import { copyInterfaceRegisters, newInterfaceRegisters } from '../../machine/gic/interface.ts';
import { type Check, type Evidence, mainline } from '../steps.ts';
import type { Vm } from '../world.ts';
import { badBases, placeRedistributor } from './addresses.ts';
import { FIRST_SPI, newInterruptTable, newVgicCpu, type VgicDistributor } from './state.ts';

/** INTIDs after a CTRL_INIT that nobody told how many there are. */
const DEFAULT_INTERRUPTS = 256;

/** CTRL_INIT was done: registers can be reached, interrupts injected and owned, and no vCPU can be added. */
export function vgicInitialised(vm: Vm): boolean {
  return vm.vgic?.initialised ?? false;
}

/** KVM_CREATE_VCPU's limit on vCPUs once a vGICv3 exists. */
export const MAX_VCPUS = 512;

/** Gives the vCPU with this index its part of the vGIC. Returns EINVAL when its redistributor would overlap the distributor, else null. */
export function attachVcpu(vm: Vm, vcpu: number): string | null {
  if (vm.vgic === null) return null;
  vm.vcpus[vcpu].vgic ??= newVgicCpu(vcpu);
  return placeRedistributor(vm, vcpu);
}

/** CTRL_INIT: the SPIs come to be (edge, group 1, to vCPU 0) and every CPU interface is reset. Again: nothing happens. */
export function initialiseVgic(vm: Vm, dist: VgicDistributor): void {
  if (dist.initialised) return;
  if (dist.spiCount === 0) dist.spiCount = DEFAULT_INTERRUPTS - FIRST_SPI;
  dist.spis = newInterruptTable(dist.spiCount);
  if (vm.vcpus.length > 0) dist.spis.target.fill(0);
  dist.routers = new Uint32Array(dist.spiCount);
  for (const { vgic } of vm.vcpus) if (vgic !== null) copyInterfaceRegisters(vgic.registers, newInterfaceRegisters());
  dist.initialised = true;
}

const MAP = mainline('vgic_v3_map_resources');
const withoutRedistributor = (vm: Vm): number => vm.vcpus.findIndex((v) => v.vgic?.redistributor == null);

/** The checks of the first KVM_RUN of a VM with a vGIC, in order; a VM without one, or already mapped, passes them. */
export const MAP_CHECKS: readonly Check<{ readonly vm: Vm }>[] = [
  mapCheck('ENXIO', 'a vCPU has no redistributor address', (vm) => withoutRedistributor(vm) !== -1, {
    saw: (vm) => (withoutRedistributor(vm) === -1 ? 'every vCPU has one' : `vcpu${withoutRedistributor(vm)} has none`),
    wouldPass: () => 'KVM_VGIC_V3_ADDR_TYPE_REDIST or REDIST_REGION with room for every vCPU',
  }),
  mapCheck('ENXIO', "the distributor's address is not set", (_vm, dist) => dist.base === null, {
    saw: (vm) => addressText(vm.vgic?.base ?? null),
    wouldPass: () => 'KVM_VGIC_V3_ADDR_TYPE_DIST',
  }),
  mapCheck('EINVAL', 'the frames overlap or run past the IPA space', (vm, dist) => badBases(vm, dist) !== null, {
    saw: (vm) => (vm.vgic === null ? 'no vGIC' : (badBases(vm, vm.vgic) ?? 'they lie apart')),
  }),
  mapCheck('EBUSY', 'the vGIC is not initialised', (_vm, dist) => !dist.initialised, {
    saw: (vm) => (vgicInitialised(vm) ? 'CTRL_INIT was done' : 'CTRL_INIT was not done'),
    wouldPass: () => 'KVM_DEV_ARM_VGIC_CTRL_INIT first',
  }),
];

const addressText = (address: number | null): string => (address === null ? 'unset' : `0x${address.toString(16)}`);

function mapCheck(
  errno: string,
  why: string,
  when: (vm: Vm, dist: VgicDistributor) => boolean,
  words: { saw(vm: Vm): string; wouldPass?(vm: Vm): string },
): Check<{ readonly vm: Vm }> {
  const { saw, wouldPass } = words;
  return {
    kind: 'check',
    errno,
    why,
    fails: ({ vm }) => vm.vgic !== null && !vm.vgic.ready && when(vm, vm.vgic),
    saw: ({ vm }) => saw(vm),
    ...(wouldPass ? { wouldPass: ({ vm }) => wouldPass(vm) } : {}),
    evidence: MAP,
  };
}

/** Maps the frames at the first KVM_RUN, so that MMIO is live. Null, or the check that refuses it (then nothing is mapped). */
export function mapResources(
  vm: Vm,
): { readonly errno: string; readonly why: string; readonly saw: string; readonly evidence: Evidence } | null {
  const failed = MAP_CHECKS.find((check) => check.fails({ vm }));
  if (failed !== undefined) return { errno: failed.errno, why: failed.why, saw: failed.saw({ vm }), evidence: failed.evidence };
  if (vm.vgic !== null) vm.vgic.ready = true;
  return null;
}
