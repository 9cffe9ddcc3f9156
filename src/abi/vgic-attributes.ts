// Attributes of the vGIC's device file, device types, and the word of KVM_IRQ_LINE, as numbers and names
// (uapi linux/kvm.h, asm/kvm.h; vgic.md §1.2, §1.3, §1.8). Behaviour is in kernel/vgic.

export const DEVICE_TYPE_VGIC_V2 = 5;
export const DEVICE_TYPE_VGIC_V3 = 7;
/** KVM_CREATE_DEVICE_TEST in `flags`. */
export const CREATE_DEVICE_TEST = 1;

/** Names of device types as strace prints them. */
export const DEVICE_TYPES: Readonly<Record<number, string>> = {
  [DEVICE_TYPE_VGIC_V2]: 'KVM_DEV_TYPE_ARM_VGIC_V2',
  [DEVICE_TYPE_VGIC_V3]: 'KVM_DEV_TYPE_ARM_VGIC_V3',
  8: 'KVM_DEV_TYPE_ARM_VGIC_ITS',
};

export const GRP_ADDR = 0;
export const GRP_DIST_REGS = 1;
export const GRP_CPU_REGS = 2;
export const GRP_NR_IRQS = 3;
export const GRP_CTRL = 4;
export const GRP_REDIST_REGS = 5;
export const GRP_CPU_SYSREGS = 6;
export const GRP_LEVEL_INFO = 7;
export const GRP_ITS_REGS = 8;
export const GRP_MAINT_IRQ = 9;

export const ADDR_DIST = 2;
export const ADDR_REDIST = 3;
export const ADDR_REDIST_REGION = 5;
export const CTRL_INIT = 0;
export const CTRL_SAVE_PENDING_TABLES = 3;

/** What the shell's words after the attribute's short name stand for. */
export type VgicOperand = 'offset' | 'vcpu' | 'register' | 'intid';

export interface VgicAttribute {
  /** The attribute's constant; the group's, where the attribute is made of operands or ignored. */
  readonly name: string;
  /** The shell's word: `ctrl.init`. */
  readonly short: string;
  readonly group: number;
  readonly groupName: string;
  /** The attribute's number; 0 where it is ignored, the base where operands make it. */
  readonly attr: number;
  readonly operands: readonly VgicOperand[];
  /** What `addr` leads to. */
  readonly value: 'u32' | 'u64' | 'none';
  readonly about: string;
}

const group =
  (number: number, groupName: string) =>
  (
    short: string,
    attr: number,
    name: string | null,
    value: VgicAttribute['value'],
    about: string,
    operands: readonly VgicOperand[] = [],
  ): VgicAttribute => ({ name: name ?? groupName, short, group: number, groupName, attr, operands, value, about });

const addr = group(GRP_ADDR, 'KVM_DEV_ARM_VGIC_GRP_ADDR');
const ctrl = group(GRP_CTRL, 'KVM_DEV_ARM_VGIC_GRP_CTRL');

export const VGIC_ATTRIBUTES: readonly VgicAttribute[] = [
  addr('addr.dist', ADDR_DIST, 'KVM_VGIC_V3_ADDR_TYPE_DIST', 'u64', "The distributor's guest physical address, 64 KiB aligned."),
  addr(
    'addr.redist',
    ADDR_REDIST,
    'KVM_VGIC_V3_ADDR_TYPE_REDIST',
    'u64',
    'One open-ended region of redistributors, 128 KiB for each vCPU.',
  ),
  addr(
    'addr.redist-region',
    ADDR_REDIST_REGION,
    'KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION',
    'u64',
    'A region: count in 63:52, base in 51:16, flags in 15:12, index in 11:0. A get finds the index in the value.',
  ),
  addr('addr.cpu', 1, 'KVM_VGIC_V2_ADDR_TYPE_CPU', 'u64', "A GICv2's CPU interface; refused by a GICv3."),
  group(GRP_DIST_REGS, 'KVM_DEV_ARM_VGIC_GRP_DIST_REGS')('dist-regs', 0, null, 'u32', 'A distributor register by its offset.', ['offset']),
  group(GRP_NR_IRQS, 'KVM_DEV_ARM_VGIC_GRP_NR_IRQS')('nr-irqs', 0, null, 'u32', 'How many INTIDs there are: 64 to 992 in steps of 32.'),
  ctrl('ctrl.init', CTRL_INIT, 'KVM_DEV_ARM_VGIC_CTRL_INIT', 'none', 'Initialises the vGIC; no vCPU can be created afterwards.'),
  ctrl(
    'ctrl.save-pending-tables',
    CTRL_SAVE_PENDING_TABLES,
    'KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES',
    'none',
    'Writes LPI pending bits to guest memory.',
  ),
  group(GRP_REDIST_REGS, 'KVM_DEV_ARM_VGIC_GRP_REDIST_REGS')(
    'redist-regs',
    0,
    null,
    'u32',
    "A register of a vCPU's redistributor by its offset.",
    ['vcpu', 'offset'],
  ),
  group(GRP_CPU_SYSREGS, 'KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS')(
    'cpu-sysregs',
    0,
    null,
    'u64',
    "A register of a vCPU's CPU interface by name.",
    ['vcpu', 'register'],
  ),
  group(GRP_LEVEL_INFO, 'KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO')(
    'level-info',
    0,
    null,
    'u32',
    'Line levels of the 32 interrupts from an INTID on.',
    ['vcpu', 'intid'],
  ),
  group(GRP_MAINT_IRQ, 'KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ')(
    'maint-irq',
    0,
    null,
    'u32',
    'The PPI of the maintenance interrupt, for nested guests.',
  ),
];

/** The attribute of a short name; undefined when there is none. */
export const vgicAttributeByName = (name: string): VgicAttribute | undefined =>
  VGIC_ATTRIBUTES.find((a) => a.short === name || a.name === name);

const GROUPS = new Map([
  ...VGIC_ATTRIBUTES.map((a) => [a.group, a.groupName] as const),
  [GRP_CPU_REGS, 'KVM_DEV_ARM_VGIC_GRP_CPU_REGS'] as const,
  [GRP_ITS_REGS, 'KVM_DEV_ARM_VGIC_GRP_ITS_REGS'] as const,
]);

/** The kernel's name of a vGIC attribute group; undefined when there is none. */
export const vgicGroupName = (number: number): string | undefined => GROUPS.get(number);

/** The row of a group and attribute number; for groups whose attribute is made of operands, or ignored, the group's row. */
export function vgicAttribute(number: number, attr: bigint): VgicAttribute | undefined {
  const rows = VGIC_ATTRIBUTES.filter((a) => a.group === number);
  return rows.length > 1 || number === GRP_ADDR ? rows.find((a) => BigInt(a.attr) === attr) : rows[0];
}

/** An attribute word from an affinity (Aff3.Aff2.Aff1.Aff0, a byte each) and the low 32 bits. */
export const mpidrAttr = (affinity: bigint, low: bigint): bigint => ((affinity & 0xffffffffn) << 32n) | (low & 0xffffffffn);
/** The affinity in such a word, and its low half. */
export const attrAffinity = (attr: bigint): bigint => (attr >> 32n) & 0xffffffffn;
export const attrLow = (attr: bigint): number => Number(attr & 0xffffffffn);
/** LEVEL_INFO's word: vINTID in 9:0, kind of information (0: line level) in 31:10. */
export const attrIntid = (attr: bigint): number => Number(attr & 0x3ffn);
export const attrInfo = (attr: bigint): number => Number((attr >> 10n) & 0x3fffffn);
/** CPU_SYSREGS' word: the MSR/MRS key. */
export const attrSysreg = (attr: bigint): number => Number(attr & 0xffffn);
