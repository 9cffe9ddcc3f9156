// When the host offers SPE and the other vCPU features: capabilities and feature bits (kvm-spe-abi.md §1).
import { CAPABILITIES, type Capability, VCPU_FEATURES } from '../abi/features.ts';
import { probeUnit } from './driver/probe.ts';
import type { Host, SpuDevice } from './host.ts';
import { knobOf } from './knobs.ts';

/** The units that the SPE driver of the host probed (kvm-spe-abi.md §1.2 item 6, spe-architecture §6.6). Asked at every entry to a guest. */
export function probedSpus(host: Host): readonly SpuDevice[] {
  let list = probed.get(host);
  if (list === undefined) {
    list = host.spus.filter((spu) => probeUnit(host, spu).errno === null);
    probed.set(host, list);
  }
  return list;
}

/** By host, which never changes. */
const probed = new WeakMap<Host, readonly SpuDevice[]>();

/** Why KVM does not offer SPE on this host; null when it does. */
export function speUnavailable(host: Host): string | null {
  const { kernel } = host;
  const old = kernel.revision === 'rfc-v4' || kernel.revision === 'rfc-v5';
  if (kernel.revision === 'mainline') return 'the kernel does not know SPE in virtual machines';
  if (!kernel.configSpe) return 'CONFIG_KVM_ARM_SPE is off';
  if (kernel.kpti) return 'kernel page-table isolation is on: the SPE driver probes nothing';
  if (probedSpus(host).length === 0) return 'no SPU is registered';
  if (kernel.mode === 'protected' && !old) return 'protected KVM is enabled';
  if (kernel.mode === 'nvhe' && !old) return 'KVM runs without VHE';
  if (kernel.mode === 'nested' && knobOf(host, 'nestedGate') === 'host') return 'nested virtualisation is enabled';
  return null;
}

/** The SPUs that KVM can give a VM. */
export function kvmSpus(host: Host): readonly SpuDevice[] {
  const { kernel } = host;
  return kernel.revision === 'mainline' || !kernel.configSpe ? [] : probedSpus(host);
}

/** The bit of a vCPU feature under this kernel, by the shell's word; -1 when the kernel does not know it. */
export function featureBit(host: Host, short: string): number {
  const { revision } = host.kernel;
  if (short === 'spe') return revision === 'mainline' ? -1 : Number(knobOf(host, 'numbers.feature'));
  const row = VCPU_FEATURES.find((f) => f.short === short);
  if (row === undefined) return -1;
  const old = revision === 'rfc-v4' || revision === 'rfc-v5';
  return old && row.bit >= 7 ? -1 : row.bit;
}

/** The mask of a feature under this kernel; 0 when it does not know it. */
export function featureMaskOf(host: Host, short: string): number {
  const bit = featureBit(host, short);
  return bit < 0 ? 0 : 1 << bit;
}

const allKnown = (host: Host): readonly string[] => VCPU_FEATURES.map((f) => f.short).filter((short) => featureBit(host, short) >= 0);

/** Every feature bit that this kernel knows. */
export function knownFeatures(host: Host): number {
  return allKnown(host).reduce((mask, short) => mask | featureMaskOf(host, short), 0);
}

/** Does this host support a feature that its kernel knows? */
function offers(host: Host, short: string): boolean {
  switch (short) {
    case 'spe':
      return speUnavailable(host) === null;
    case 'pmu-v3':
      return host.pmus.length > 0;
    case 'sve':
      return host.features.sve;
    case 'ptrauth-address':
    case 'ptrauth-generic':
      return host.features.ptrauth;
    case 'el1-32bit':
      return host.features.aarch32El1;
    case 'has-el2':
    case 'has-el2-e2h0':
      return host.kernel.mode === 'nested' && host.features.nestedVirtualisation;
    default:
      return true;
  }
}

/** The feature bits that KVM_ARM_VCPU_INIT accepts on this host. */
export function offeredFeatures(host: Host): number {
  return allKnown(host).reduce((mask, short) => (offers(host, short) ? mask | featureMaskOf(host, short) : mask), 0);
}

/** The shell's words of a feature mask. */
export function featureNames(host: Host, mask: number): string {
  const names = allKnown(host).filter((short) => (mask & featureMaskOf(host, short)) !== 0);
  return names.length === 0 ? 'none' : names.join(', ');
}

/** The largest intermediate physical address size KVM_CREATE_VM accepts, bits. */
export const IPA_LIMIT = 48;
export const MAX_VCPUS = 512;

/** A capability's number under the host's kernel: SPE's is a knob, some belong to older revisions alone. */
export function capabilityNumber(host: Host, row: Capability): number {
  if (row.short === 'arm-spe') return Number(knobOf(host, 'numbers.cap'));
  const { revision } = host.kernel;
  return (revision === 'rfc-v5' || revision === 'rfc-v4' ? row.numbers?.[revision] : undefined) ?? row.number;
}

/** The capability that a number means under the host's kernel. */
export function capabilityOf(host: Host, number: number): Capability | undefined {
  const { revision } = host.kernel;
  const exists = (row: Capability): boolean => row.numbers === undefined || Object.hasOwn(row.numbers, revision);
  return CAPABILITIES.find((row) => exists(row) && capabilityNumber(host, row) === number);
}

/** What KVM_CHECK_EXTENSION answers for a capability number. */
export function checkExtension(host: Host, number: number): number {
  if (number === Number(knobOf(host, 'numbers.cap')) && host.kernel.revision !== 'mainline') return speUnavailable(host) === null ? 1 : 0;
  const offered = (short: string): number => (offers(host, short) && featureBit(host, short) >= 0 ? 1 : 0);
  switch (capabilityOf(host, number)?.short) {
    case 'irqchip':
    case 'user-memory':
    case 'one-reg':
    case 'device-ctrl':
    case 'arm-psci-0.2':
    case 'immediate-exit':
    case 'arm-irq-line-layout-2':
    case 'arm-nisv-to-user':
    case 'arm-lock-user-memory-region':
    case 'arm-vcpu-supported-cpus':
    case 'steal-time':
      return 1;
    case 'arm-system-suspend':
      return host.kernel.revision === 'rfc-v6' || host.kernel.revision === 'mainline' ? 1 : 0; // since 5.19
    case 'nr-vcpus':
      return host.cpus;
    case 'max-vcpus':
      return MAX_VCPUS;
    case 'nr-memslots':
      return 32767;
    case 'arm-vm-ipa-size':
      return IPA_LIMIT;
    case 'arm-pmu-v3':
      return offered('pmu-v3');
    case 'arm-sve':
      return offered('sve');
    case 'arm-ptrauth-address':
      return offered('ptrauth-address');
    case 'arm-ptrauth-generic':
      return offered('ptrauth-generic');
    case 'arm-el1-32bit':
      return offered('el1-32bit');
    case 'arm-el2':
      return offered('has-el2');
    case 'arm-el2-e2h0':
      return offered('has-el2-e2h0');
    default:
      return 0;
  }
}
