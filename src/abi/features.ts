// vCPU features of KVM_ARM_VCPU_INIT and capabilities of KVM_CHECK_EXTENSION (kvm-spe-abi.md §1.1).

export interface VcpuFeature {
  readonly name: string;
  /** The shell's word: `vcpu 0 init spe,pmu-v3`. */
  readonly short: string;
  readonly bit: number;
}

const feature = (name: string, short: string, bit: number): VcpuFeature => ({ name, short, bit });

/** SPE's bit here is rfc-v6's; rfc-v4 and rfc-v5 used 7 (knob `numbers.feature`), which is HAS_EL2 today. */
export const VCPU_FEATURES: readonly VcpuFeature[] = [
  feature('KVM_ARM_VCPU_POWER_OFF', 'power-off', 0),
  feature('KVM_ARM_VCPU_EL1_32BIT', 'el1-32bit', 1),
  feature('KVM_ARM_VCPU_PSCI_0_2', 'psci-0.2', 2),
  feature('KVM_ARM_VCPU_PMU_V3', 'pmu-v3', 3),
  feature('KVM_ARM_VCPU_SVE', 'sve', 4),
  feature('KVM_ARM_VCPU_PTRAUTH_ADDRESS', 'ptrauth-address', 5),
  feature('KVM_ARM_VCPU_PTRAUTH_GENERIC', 'ptrauth-generic', 6),
  feature('KVM_ARM_VCPU_HAS_EL2', 'has-el2', 7),
  feature('KVM_ARM_VCPU_HAS_EL2_E2H0', 'has-el2-e2h0', 8),
  feature('KVM_ARM_VCPU_SPE', 'spe', 9),
];

/** The bit's mask of a feature by its short or kernel name; undefined when there is none. */
export function featureMask(name: string): number | undefined {
  const found = VCPU_FEATURES.find((f) => f.short === name || f.name === name);
  return found === undefined ? undefined : 1 << found.bit;
}

/** The mask of a feature that stands in the source code. */
function mask(short: string): number {
  const found = featureMask(short);
  if (found === undefined) throw new Error(`no vCPU feature ${short}`);
  return found;
}

export const POWER_OFF = mask('power-off');
export const EL1_32BIT = mask('el1-32bit');
export const PMU_V3 = mask('pmu-v3');
export const SVE = mask('sve');
export const PTRAUTH = mask('ptrauth-address') | mask('ptrauth-generic');
export const PTRAUTH_ADDRESS = mask('ptrauth-address');
export const PTRAUTH_GENERIC = mask('ptrauth-generic');
export const HAS_EL2 = mask('has-el2');
export const HAS_EL2_E2H0 = mask('has-el2-e2h0');

/** KVM_ARM_TARGET_GENERIC_V8: what KVM_ARM_PREFERRED_TARGET answers. */
export const TARGET_GENERIC_V8 = 5;

export interface Capability {
  readonly name: string;
  /** The shell's word: `cap arm-spe`. */
  readonly short: string;
  readonly number: number;
  /** Only these revisions have it, under these numbers, which went to others since. */
  readonly numbers?: Readonly<Partial<Record<'rfc-v5' | 'rfc-v4', number>>>;
}

const capability = (name: string, short: string, number: number, numbers?: Capability['numbers']): Capability => ({
  name,
  short,
  number,
  ...(numbers === undefined ? {} : { numbers }),
});

/** KVM_CAP_ARM_LOCK_USER_MEMORY_REGION: `flags` says what to do, args[1] how. */
export const LOCK = 1;
export const UNLOCK = 2;
export const LOCK_READ = 1;
export const LOCK_WRITE = 2;
export const UNLOCK_ALL = 1;

/** KVM_CAP_ARM_SPE's number is the knob `numbers.cap`; 245 on a 6.18 base. */
export const CAPABILITIES: readonly Capability[] = [
  capability('KVM_CAP_IRQCHIP', 'irqchip', 0),
  capability('KVM_CAP_USER_MEMORY', 'user-memory', 3),
  capability('KVM_CAP_NR_VCPUS', 'nr-vcpus', 9),
  capability('KVM_CAP_NR_MEMSLOTS', 'nr-memslots', 10),
  capability('KVM_CAP_MAX_VCPUS', 'max-vcpus', 66),
  capability('KVM_CAP_ONE_REG', 'one-reg', 70),
  capability('KVM_CAP_DEVICE_CTRL', 'device-ctrl', 89),
  capability('KVM_CAP_ARM_PSCI_0_2', 'arm-psci-0.2', 102),
  capability('KVM_CAP_ARM_EL1_32BIT', 'arm-el1-32bit', 93),
  capability('KVM_CAP_ARM_PMU_V3', 'arm-pmu-v3', 126),
  capability('KVM_CAP_IMMEDIATE_EXIT', 'immediate-exit', 136),
  capability('KVM_CAP_ARM_VM_IPA_SIZE', 'arm-vm-ipa-size', 165),
  capability('KVM_CAP_ARM_SVE', 'arm-sve', 170),
  capability('KVM_CAP_ARM_PTRAUTH_ADDRESS', 'arm-ptrauth-address', 171),
  capability('KVM_CAP_ARM_PTRAUTH_GENERIC', 'arm-ptrauth-generic', 172),
  capability('KVM_CAP_ARM_IRQ_LINE_LAYOUT_2', 'arm-irq-line-layout-2', 174),
  capability('KVM_CAP_ARM_NISV_TO_USER', 'arm-nisv-to-user', 177),
  capability('KVM_CAP_STEAL_TIME', 'steal-time', 187),
  capability('KVM_CAP_ARM_MTE', 'arm-mte', 205),
  capability('KVM_CAP_ARM_SYSTEM_SUSPEND', 'arm-system-suspend', 216),
  capability('KVM_CAP_ARM_EL2', 'arm-el2', 240),
  capability('KVM_CAP_ARM_EL2_E2H0', 'arm-el2-e2h0', 241),
  capability('KVM_CAP_ARM_SPE', 'arm-spe', 245),
  capability('KVM_CAP_ARM_LOCK_USER_MEMORY_REGION', 'arm-lock-user-memory-region', 207, { 'rfc-v5': 207, 'rfc-v4': 206 }),
  capability('KVM_CAP_ARM_VCPU_SUPPORTED_CPUS', 'arm-vcpu-supported-cpus', 207, { 'rfc-v4': 207 }),
];
