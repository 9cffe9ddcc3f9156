// The vGIC's memory-mapped registers in words: what the guest and what user space read and write of each (vgic.md §1.6, §4). How they do it is in
// frame-registers.ts and interrupt-registers.ts; a test holds every reset value here against them.
import { DISTRIBUTOR_REGISTERS, type FrameRegister, REDISTRIBUTOR_REGISTERS, SGI_FRAME } from '../../arch/gic/frames.ts';

/** How one of the two sees a register: what it reads, what its writes do. */
export interface Access {
  readonly reads: string;
  readonly writes: string;
}

export interface MappedRegister {
  readonly name: string;
  readonly title: string;
  /** `distributor`, or one of a redistributor's frames. */
  readonly frame: 'distributor' | 'RD frame' | 'SGI frame';
  /** From the start of its frame, bytes. */
  readonly offset: number;
  /** Access sizes of the guest, bytes; user space's accesses have 4. */
  readonly sizes: readonly number[];
  /** Bits for each INTID; 0 where the register is not about single interrupts. */
  readonly bits: number;
  /** What its first word reads at reset; null where that is not one number. */
  readonly reset: number | null;
  readonly guest: Access;
  /** Null: as the guest. */
  readonly user: Access | null;
}

const NOTHING = 'nothing';
type Words = readonly [reads: string, writes: string];
const RAZ_WI: Words = ['0', NOTHING];
const PRIVATE = 'INTIDs 0 to 31 read 0 and are not written: they are in the redistributors';

/** Name without its frame's prefix, first word at reset in the distributor, the guest's view, user space's where it differs. */
interface Row {
  readonly reset: number | null;
  readonly guest: Words;
  readonly user?: Words;
}

/** Registers about single interrupts: the same in both kinds of frame. */
const INTERRUPTS: Readonly<Record<string, Omit<Row, 'reset'>>> = {
  IGROUPR: { guest: ['bit per INTID: group 1', 'the group; what is pending is queued'] },
  ISENABLER: { guest: ['enables', '1 enables, and queues what is pending'] },
  ICENABLER: { guest: ['enables', '1 disables; a list register keeps it until the next exit'] },
  ISPENDR: {
    guest: ['pending: latch, or line of a level interrupt; of a timer its live line', '1 sets the latch and queues it'],
    user: ['the latch alone', 'assigns the latch: 1 sets, 0 clears'],
  },
  ICPENDR: { guest: ['pending, as ISPENDR', '1 clears the latch; a high line keeps it pending'], user: RAZ_WI },
  ISACTIVER: { guest: ['active', '1 makes active, and queues it'], user: ['active', 'the same, but not of the timers'] },
  ICACTIVER: {
    guest: ['active', '1 makes inactive; the running priority stays'],
    user: ['active', 'the same, but not of the timers'],
  },
  IPRIORITYR: { guest: ['a byte per INTID', 'bits 7:3; in a list register from the next entry on'] },
  ICFGR: { guest: ['two bits per INTID: 2 edge, 0 level', 'of SPIs only: SGIs are edge, PPIs level (knob vgic.fixedConfig)'] },
  IGRPMODR: { guest: RAZ_WI },
};

const DISTRIBUTOR: Readonly<Record<string, Row>> = {
  GICD_CTLR: {
    reset: 0x50,
    guest: ['ARE and DS, bit 1: group 1 is on; never RWP', 'bit 1; going on kicks the vCPUs with something deliverable'],
    user: ['as the guest', 'bit 1, no kick'],
  },
  GICD_TYPER: { reset: null, guest: ['NR_IRQS / 32 - 1 in bits 4:0, ten bits of INTID', NOTHING] },
  GICD_IIDR: {
    reset: 0x4b00343b,
    guest: ['product K, revision 3, Arm', NOTHING],
    user: ['as the guest', 'must be the same but for the revision, 2 or 3; else -EINVAL'],
  },
  GICD_TYPER2: {
    reset: 0,
    guest: ['0: no GICv4.1', NOTHING],
    user: ['0', '0 is taken; after CTRL_INIT -EBUSY, else -EINVAL'],
  },
  GICD_STATUSR: { reset: 0xffffffff, guest: ['all ones (knob vgic.statusrAllOnes)', NOTHING] },
  GICD_ITARGETSR: { reset: 0, guest: RAZ_WI },
  GICD_IROUTER: { reset: 0, guest: ['low word: Aff2.Aff1.Aff0; high word 0', 'low word, 24 bits: the target; its list at the next prune'] },
  GICD_PIDR: { reset: 0, guest: ['PIDR2 0x3b, all others 0', NOTHING] },
};

const REDISTRIBUTOR: Readonly<Record<string, Row>> = {
  GICR_CTLR: { reset: 0x6, guest: ['CES and IR; 0 with revision 2', NOTHING] },
  GICR_IIDR: { reset: 0x4b00043b, guest: ['product K, Arm', NOTHING] },
  GICR_TYPER: { reset: null, guest: ['affinity, vCPU id << 8, Last << 4; no LPIs', NOTHING] },
  GICR_STATUSR: { reset: 0, guest: RAZ_WI },
  GICR_WAKER: { reset: 0, guest: ['0: awake', NOTHING] },
  GICR_PROPBASER: { reset: 0, guest: ['what was written, without RES0', 'kept, never used: no LPIs'] },
  GICR_PENDBASER: { reset: 0x580, guest: ['what was written, without RES0 and PTZ', 'kept, never used: no LPIs'] },
  GICR_INVLPIR: { reset: 0, guest: RAZ_WI },
  GICR_INVALLR: { reset: 0, guest: RAZ_WI },
  GICR_SYNCR: { reset: 0, guest: RAZ_WI },
  GICR_PIDR: { reset: 0, guest: ['PIDR2 0x3b, all others 0', NOTHING] },
  GICR_NSACR: { reset: 0, guest: RAZ_WI },
};

/** First words at reset: SGIs are on and edge-triggered, every interrupt is in group 1. */
const SGI_FRAME_RESETS: Readonly<Record<string, number>> = {
  IGROUPR: 0xffffffff,
  ISENABLER: 0xffff,
  ICENABLER: 0xffff,
  ICFGR: 0xaaaaaaaa,
};

function rowOf({ name }: FrameRegister): Row {
  const own = DISTRIBUTOR[name] ?? REDISTRIBUTOR[name];
  if (own !== undefined) return own;
  const kind = name.replace(/^GIC[DR]_/, '').replace(/\d$/, '');
  const shared = INTERRUPTS[kind];
  if (shared === undefined) throw new Error(`nothing says what ${name} is`);
  if (name.startsWith('GICR')) return { ...shared, reset: SGI_FRAME_RESETS[kind] ?? 0 };
  const [reads, writes] = shared.guest;
  return { ...shared, reset: 0, guest: shared.guest === RAZ_WI ? RAZ_WI : [`${reads}; ${PRIVATE}`, writes] };
}

function mapped(row: FrameRegister, frame: MappedRegister['frame']): MappedRegister {
  const { reset, guest, user } = rowOf(row);
  const access = ([reads, writes]: Words): Access => ({ reads, writes });
  return {
    name: row.name,
    title: row.title,
    frame,
    offset: frame === 'SGI frame' ? row.offset - SGI_FRAME : row.offset,
    sizes: row.sizes,
    bits: row.bits,
    reset,
    guest: access(guest),
    user: user === undefined ? null : access(user),
  };
}

/** Every register of the distributor and of a redistributor. Source: vgic.md §4; what is not here reads 0, and nothing is written. */
export const REGISTER_MAP: readonly MappedRegister[] = [
  ...DISTRIBUTOR_REGISTERS.map((row) => mapped(row, 'distributor')),
  ...REDISTRIBUTOR_REGISTERS.map((row) => mapped(row, row.offset < SGI_FRAME ? 'RD frame' : 'SGI frame')),
];

/** The register of a name, with or without its number: `GICD_ISENABLER1`, `GICR_IPRIORITYR5`; undefined when there is none. */
export function mappedRegister(word: string): MappedRegister | undefined {
  const name = word.toUpperCase();
  return REGISTER_MAP.find((r) => r.name === name) ?? REGISTER_MAP.find((r) => r.bits !== 0 && r.name === name.replace(/\d+$/, ''));
}
