// Every register of the distributor and of a redistributor that KVM implements, by name: guest and user space accessors.
// Source: vgic.md 4 (KVM's vgic-mmio-v3.c); offsets and sizes are rows of arch/gic/frames.ts.
import { DISTRIBUTOR_REGISTERS, REDISTRIBUTOR_REGISTERS } from '../../arch/gic/frames.ts';
import { mpidrOf } from '../vm.ts';
import { isLastRedistributor } from './addresses.ts';
import { type Accessors, type Frame, INTERRUPT_REGISTERS, RAZ_WI } from './interrupt-registers.ts';
import { findIrq, isPending, kickVcpu, queueIrq } from './irq.ts';
import { interruptCount, NOBODY, type VgicDistributor } from './state.ts';

const CTLR_ENABLE_GROUP1 = 1 << 1;
const CTLR_ARE = 1 << 4;
const CTLR_DS = 1 << 6;
/** INTIDs have ten bits: GICD_TYPER.IDbits is one less. */
const ID_BITS = 10;
const PRODUCT_K = 0x4b;
const IMPLEMENTER_ARM = 0x43b;
/** GICD_PIDR2 and GICR_PIDR2: architecture revision 3, JEP106 code used. */
const PIDR2 = 0x3b;
const PIDR2_AT = 0x18;
const GICR_CTLR_CES_IR = 0x6;
/** Bits that read as zero in GICR_PROPBASER and GICR_PENDBASER (PTZ among them). */
const PROPBASER_MASK = ~((0x1fn << 59n) | (0xfn << 52n) | 0x60n);
const PENDBASER_MASK = ~((0xfn << 60n) | (1n << 59n) | (0xfn << 52n) | 0xf07fn);

/** GICD_IIDR of a distributor. */
export function distributorIdentification(dist: VgicDistributor): number {
  return ((PRODUCT_K << 24) | (dist.revision << 12) | IMPLEMENTER_ARM) >>> 0;
}

const readOnly = (read: Accessors['read']): Accessors => ({ read });
const identification = readOnly((_frame, at) => (at === PIDR2_AT ? PIDR2 : 0));

const isGroup1On = (value: number): boolean => (value & CTLR_ENABLE_GROUP1) !== 0;

/** Kicks the vCPUs that have something deliverable on their lists; with the architecture's reading, pruned interrupts come back first. */
function distributorSwitchedOn(frame: Frame): void {
  const { vm, dist } = frame;
  if (!dist.quirks.prunedWhileOff) requeueAll(frame);
  for (const { index, vgic } of vm.vcpus) {
    const deliverable = vgic?.list.some((intid) => {
      const irq = findIrq(vm, index, intid);
      return irq !== null && isPending(irq) && irq.table.enabled[irq.at] === 1 && irq.table.active[irq.at] === 0;
    });
    if (deliverable) kickVcpu(vm, index);
  }
}

function requeueAll({ vm, dist, note }: Frame): void {
  for (const [vcpu, first, end] of [...vm.vcpus.map((v) => [v.index, 0, 32]), [NOBODY, 32, interruptCount(dist)]]) {
    for (let intid = first; intid < end; intid++) {
      const irq = findIrq(vm, vcpu, intid);
      if (irq !== null) queueIrq(vm, irq, note);
    }
  }
}

const distributor: Readonly<Record<string, Accessors>> = {
  GICD_CTLR: {
    read: ({ dist }) => CTLR_DS | CTLR_ARE | (dist.enabled ? CTLR_ENABLE_GROUP1 : 0),
    write(frame, _at, _size, value) {
      const was = frame.dist.enabled;
      frame.dist.enabled = isGroup1On(value);
      if (!was && frame.dist.enabled) distributorSwitchedOn(frame);
    },
    userWrite({ dist }, _at, _size, value) {
      dist.enabled = isGroup1On(value);
    },
  },
  GICD_TYPER: readOnly(({ dist }) => ((ID_BITS - 1) << 19) | (interruptCount(dist) / 32 - 1)),
  GICD_IIDR: {
    read: ({ dist }) => distributorIdentification(dist),
    userWrite({ dist }, _at, _size, value) {
      dist.revision = (value >>> 12) & 0xf; // checked before: 2 or 3
    },
  },
  GICD_TYPER2: RAZ_WI,
  GICD_STATUSR: readOnly(({ dist }) => (dist.quirks.statusrAllOnes ? 0xffffffff : 0)),
  GICD_IGROUPR: INTERRUPT_REGISTERS.IGROUPR,
  GICD_ISENABLER: INTERRUPT_REGISTERS.ISENABLER,
  GICD_ICENABLER: INTERRUPT_REGISTERS.ICENABLER,
  GICD_ISPENDR: INTERRUPT_REGISTERS.ISPENDR,
  GICD_ICPENDR: INTERRUPT_REGISTERS.ICPENDR,
  GICD_ISACTIVER: INTERRUPT_REGISTERS.ISACTIVER,
  GICD_ICACTIVER: INTERRUPT_REGISTERS.ICACTIVER,
  GICD_IPRIORITYR: INTERRUPT_REGISTERS.IPRIORITYR,
  GICD_ITARGETSR: RAZ_WI,
  GICD_ICFGR: INTERRUPT_REGISTERS.ICFGR,
  GICD_IGRPMODR: RAZ_WI,
  GICD_IROUTER: INTERRUPT_REGISTERS.IROUTER,
  GICD_PIDR: identification,
};

const vcpuOf = ({ vm, vcpu }: Frame) => vm.vcpus[vcpu];

/** A 64-bit register that keeps what is written, but for bits that read as zero. */
const stored = (name: 'propbaser' | 'pendbaser', mask: bigint): Accessors => ({
  read(frame, at) {
    const word = vcpuOf(frame).vgic?.[name] ?? 0n;
    return Number(at >= 4 ? word >> 32n : word & 0xffffffffn);
  },
  write(frame, at, _size, value) {
    const cpu = vcpuOf(frame).vgic;
    if (cpu === null) return;
    const low = at >= 4 ? cpu[name] & 0xffffffffn : BigInt(value);
    const high = at >= 4 ? BigInt(value) : cpu[name] >> 32n;
    cpu[name] = BigInt.asUintN(64, ((high << 32n) | low) & mask);
  },
});

const redistributor: Readonly<Record<string, Accessors>> = {
  GICR_CTLR: readOnly(({ dist }) => (dist.revision >= 3 ? GICR_CTLR_CES_IR : 0)),
  GICR_IIDR: readOnly(() => ((PRODUCT_K << 24) | IMPLEMENTER_ARM) >>> 0),
  GICR_TYPER: readOnly((frame, at) => {
    const { id } = vcpuOf(frame);
    if (at >= 4) return Number(mpidrOf(id) & 0xffffffn);
    return ((id & 0xffff) << 8) | (isLastRedistributor(frame.vm, frame.vcpu) ? 1 << 4 : 0);
  }),
  GICR_STATUSR: RAZ_WI,
  GICR_WAKER: RAZ_WI,
  GICR_PROPBASER: stored('propbaser', PROPBASER_MASK),
  GICR_PENDBASER: stored('pendbaser', PENDBASER_MASK),
  GICR_INVLPIR: RAZ_WI,
  GICR_INVALLR: RAZ_WI,
  GICR_SYNCR: RAZ_WI,
  GICR_PIDR: identification,
  GICR_IGROUPR0: INTERRUPT_REGISTERS.IGROUPR,
  GICR_ISENABLER0: INTERRUPT_REGISTERS.ISENABLER,
  GICR_ICENABLER0: INTERRUPT_REGISTERS.ICENABLER,
  GICR_ISPENDR0: INTERRUPT_REGISTERS.ISPENDR,
  GICR_ICPENDR0: INTERRUPT_REGISTERS.ICPENDR,
  GICR_ISACTIVER0: INTERRUPT_REGISTERS.ISACTIVER,
  GICR_ICACTIVER0: INTERRUPT_REGISTERS.ICACTIVER,
  GICR_IPRIORITYR: INTERRUPT_REGISTERS.IPRIORITYR,
  GICR_ICFGR: INTERRUPT_REGISTERS.ICFGR,
  GICR_IGRPMODR0: RAZ_WI,
  GICR_NSACR: RAZ_WI,
};

for (const [rows, table] of [
  [DISTRIBUTOR_REGISTERS, distributor],
  [REDISTRIBUTOR_REGISTERS, redistributor],
] as const) {
  for (const row of rows) if (table[row.name] === undefined) throw new Error(`${row.name} has no accessors`);
}

/** The accessors of a row of arch/gic/frames.ts. */
export const accessorsOf = (name: string): Accessors => distributor[name] ?? redistributor[name];
