// Device attributes of the vCPU file and of the VM file: groups, numbers by kernel revision, the shell's short names
// (uapi asm/kvm.h; kvm-spe-abi.md §1.1, §2.9). The vGIC's own are in abi/vgic-attributes.ts.

export type Revision = 'rfc-v6' | 'rfc-v5' | 'rfc-v4' | 'mainline';
export type ValueType = 'int' | 'u64' | 'filter' | 'none';

export interface DeviceAttribute {
  readonly name: string;
  /** The shell's word: `spe.irq`. */
  readonly short: string;
  readonly group: number;
  readonly groupName: string;
  readonly attr: number;
  /** What `addr` leads to. */
  readonly value: ValueType;
  readonly revisions: readonly Revision[];
  readonly about: string;
}

export const PMU_GROUP = 0;
export const TIMER_GROUP = 1;
export const PVTIME_GROUP = 2;
export const SPE_GROUP = 3;

const ALL: readonly Revision[] = ['rfc-v6', 'rfc-v5', 'rfc-v4', 'mainline'];
const RFC: readonly Revision[] = ['rfc-v6', 'rfc-v5', 'rfc-v4'];
const RECENT: readonly Revision[] = ['rfc-v6', 'mainline'];
const V6: readonly Revision[] = ['rfc-v6'];
const V45: readonly Revision[] = ['rfc-v5', 'rfc-v4'];

const attribute =
  (group: number, groupName: string) =>
  (name: string, short: string, attr: number, value: ValueType, revisions: readonly Revision[], about: string): DeviceAttribute => ({
    name,
    short,
    group,
    groupName,
    attr,
    value,
    revisions,
    about,
  });
const pmu = attribute(PMU_GROUP, 'KVM_ARM_VCPU_PMU_V3_CTRL');
const timer = attribute(TIMER_GROUP, 'KVM_ARM_VCPU_TIMER_CTRL');
const pvtime = attribute(PVTIME_GROUP, 'KVM_ARM_VCPU_PVTIME_CTRL');
const spe = attribute(SPE_GROUP, 'KVM_ARM_VCPU_SPE_CTRL');

export const VCPU_ATTRIBUTES: readonly DeviceAttribute[] = [
  pmu('KVM_ARM_VCPU_PMU_V3_IRQ', 'pmu.irq', 0, 'int', ALL, "The PMU's overflow interrupt."),
  pmu('KVM_ARM_VCPU_PMU_V3_INIT', 'pmu.init', 1, 'none', ALL, "Initialises the vCPU's PMU."),
  pmu('KVM_ARM_VCPU_PMU_V3_FILTER', 'pmu.filter', 2, 'filter', ALL, 'Allows or denies a range of PMU events.'),
  pmu('KVM_ARM_VCPU_PMU_V3_SET_PMU', 'pmu.set-pmu', 3, 'int', ALL, "The hardware PMU, by its perf 'type'."),
  pmu('KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS', 'pmu.set-nr-counters', 4, 'int', ALL, 'How many event counters the guest gets.'),
  timer('KVM_ARM_VCPU_TIMER_IRQ_VTIMER', 'timer.vtimer', 0, 'int', ALL, 'The PPI of the virtual timer of EL1; 27 unless set.'),
  timer('KVM_ARM_VCPU_TIMER_IRQ_PTIMER', 'timer.ptimer', 1, 'int', ALL, 'The PPI of the physical timer of EL1; 30 unless set.'),
  timer('KVM_ARM_VCPU_TIMER_IRQ_HVTIMER', 'timer.hvtimer', 2, 'int', RECENT, 'The PPI of the virtual timer of EL2; 28 unless set.'),
  timer('KVM_ARM_VCPU_TIMER_IRQ_HPTIMER', 'timer.hptimer', 3, 'int', RECENT, 'The PPI of the physical timer of EL2; 26 unless set.'),
  pvtime('KVM_ARM_VCPU_PVTIME_IPA', 'pvtime.ipa', 0, 'u64', ALL, 'Guest physical address of the structure of stolen time.'),
  spe(
    'KVM_ARM_VCPU_SPE_IRQ',
    'spe.irq',
    0,
    'int',
    RFC,
    'The buffer management interrupt: a PPI, the same for every vCPU; 21 is recommended.',
  ),
  spe('KVM_ARM_VCPU_SPE_SPU', 'spe.spu', 1, 'int', V6, "The SPU the VM uses, by its perf 'type'."),
  spe('KVM_ARM_VCPU_MAX_BUFFER_SIZE', 'spe.max-buffer-size', 2, 'u64', V6, 'The largest profiling buffer one vCPU may pin, bytes.'),
  spe('KVM_ARM_VCPU_SPE_INIT', 'spe.init', 3, 'none', V6, "Initialises the vCPU's SPE; must come last."),
  spe('KVM_ARM_VCPU_SPE_INIT', 'spe.init', 1, 'none', V45, "Initialises the vCPU's SPE; must come last."),
  spe('KVM_ARM_VCPU_SPE_STOP', 'spe.stop', 2, 'int', V45, 'Stops profiling for migration: TRAP 1, EXIT 2, RESUME 4.'),
];

/** The attribute with this group and number under a revision; undefined when it has none. `attr` is compared whole, as 64 bits. */
export function vcpuAttribute(revision: Revision, group: number, attr: bigint): DeviceAttribute | undefined {
  return VCPU_ATTRIBUTES.find((a) => a.group === group && BigInt(a.attr) === attr && a.revisions.includes(revision));
}

/** The attribute of a short or kernel name under a revision; else the name under any revision, so that it can be tried and refused. */
export function vcpuAttributeByName(revision: Revision, name: string): DeviceAttribute | undefined {
  const named = VCPU_ATTRIBUTES.filter((a) => a.short === name || a.name === name);
  return named.find((a) => a.revisions.includes(revision)) ?? named[0];
}

const GROUP_NAMES: Readonly<Record<number, string>> = {
  [PMU_GROUP]: 'KVM_ARM_VCPU_PMU_V3_CTRL',
  [TIMER_GROUP]: 'KVM_ARM_VCPU_TIMER_CTRL',
  [PVTIME_GROUP]: 'KVM_ARM_VCPU_PVTIME_CTRL',
  [SPE_GROUP]: 'KVM_ARM_VCPU_SPE_CTRL',
};

/** The kernel's name of a vCPU attribute group; undefined when there is none. */
export const vcpuGroupName = (group: number): string | undefined => GROUP_NAMES[group];
