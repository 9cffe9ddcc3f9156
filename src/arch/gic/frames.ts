// The memory-mapped registers of a GICv3 as rows: distributor, and the RD and SGI frames of a redistributor.
// Source: IHI 0069 12.9 and 12.11 (names, offsets, widths). Which of them a vGIC implements, and how, is the kernel's business.

/** Bytes of a distributor's frame, and of a redistributor's pair of frames. */
export const DISTRIBUTOR_SIZE = 0x10000;
export const REDISTRIBUTOR_SIZE = 0x20000;
/** Where the SGI frame begins in a redistributor, bytes. */
export const SGI_FRAME = 0x10000;

export interface FrameRegister {
  /** As the manual prints it, `<n>` left out: `GICD_ISENABLER`. */
  readonly name: string;
  /** First byte, from the start of the distributor or of the redistributor's RD frame. */
  readonly offset: number;
  /** Bytes, of all registers of the name together. */
  readonly length: number;
  /** Bits for each INTID; 0 where the register is not about single interrupts. */
  readonly bits: number;
  /** Access sizes in bytes, always aligned. */
  readonly sizes: readonly number[];
  readonly title: string;
}

const WORD = [4];
const BYTE_OR_WORD = [1, 4];
const WORD_OR_DOUBLE = [4, 8];

const one = (name: string, offset: number, title: string, length = 4, sizes: readonly number[] = WORD): FrameRegister => ({
  name,
  offset,
  length,
  bits: 0,
  sizes,
  title,
});
/** A register array over INTIDs 0 to `count` - 1. */
const array =
  (count: number) =>
  (name: string, offset: number, bits: number, title: string, sizes: readonly number[] = WORD): FrameRegister => ({
    name,
    offset,
    length: (count * bits) / 8,
    bits,
    sizes,
    title,
  });
const shared = array(1024);
const own = array(32);

export const DISTRIBUTOR_REGISTERS: readonly FrameRegister[] = [
  one('GICD_CTLR', 0x0000, 'Distributor Control Register'),
  one('GICD_TYPER', 0x0004, 'Interrupt Controller Type Register'),
  one('GICD_IIDR', 0x0008, 'Distributor Implementer Identification Register'),
  one('GICD_TYPER2', 0x000c, 'Interrupt Controller Type Register 2'),
  one('GICD_STATUSR', 0x0010, 'Error Reporting Status Register'),
  shared('GICD_IGROUPR', 0x0080, 1, 'Interrupt Group Registers'),
  shared('GICD_ISENABLER', 0x0100, 1, 'Interrupt Set-Enable Registers'),
  shared('GICD_ICENABLER', 0x0180, 1, 'Interrupt Clear-Enable Registers'),
  shared('GICD_ISPENDR', 0x0200, 1, 'Interrupt Set-Pending Registers'),
  shared('GICD_ICPENDR', 0x0280, 1, 'Interrupt Clear-Pending Registers'),
  shared('GICD_ISACTIVER', 0x0300, 1, 'Interrupt Set-Active Registers'),
  shared('GICD_ICACTIVER', 0x0380, 1, 'Interrupt Clear-Active Registers'),
  shared('GICD_IPRIORITYR', 0x0400, 8, 'Interrupt Priority Registers', BYTE_OR_WORD),
  shared('GICD_ITARGETSR', 0x0800, 8, 'Interrupt Processor Targets Registers', BYTE_OR_WORD),
  shared('GICD_ICFGR', 0x0c00, 2, 'Interrupt Configuration Registers'),
  shared('GICD_IGRPMODR', 0x0d00, 1, 'Interrupt Group Modifier Registers'),
  shared('GICD_IROUTER', 0x6000, 64, 'Interrupt Routing Registers', WORD_OR_DOUBLE),
  one('GICD_PIDR', 0xffd0, 'Identification registers', 0x30),
];

export const REDISTRIBUTOR_REGISTERS: readonly FrameRegister[] = [
  one('GICR_CTLR', 0x0000, 'Redistributor Control Register'),
  one('GICR_IIDR', 0x0004, 'Redistributor Implementer Identification Register'),
  one('GICR_TYPER', 0x0008, 'Redistributor Type Register', 8, WORD_OR_DOUBLE),
  one('GICR_STATUSR', 0x0010, 'Error Reporting Status Register'),
  one('GICR_WAKER', 0x0014, 'Redistributor Wake Register'),
  one('GICR_PROPBASER', 0x0070, 'Redistributor Properties Base Address Register', 8, WORD_OR_DOUBLE),
  one('GICR_PENDBASER', 0x0078, 'Redistributor LPI Pending Table Base Address Register', 8, WORD_OR_DOUBLE),
  one('GICR_INVLPIR', 0x00a0, 'Redistributor Invalidate LPI Register', 8, WORD_OR_DOUBLE),
  one('GICR_INVALLR', 0x00b0, 'Redistributor Invalidate All Register', 8, WORD_OR_DOUBLE),
  one('GICR_SYNCR', 0x00c0, 'Redistributor Synchronize Register'),
  one('GICR_PIDR', 0xffd0, 'Identification registers', 0x30),
  own('GICR_IGROUPR0', SGI_FRAME + 0x0080, 1, 'Interrupt Group Register 0'),
  own('GICR_ISENABLER0', SGI_FRAME + 0x0100, 1, 'Interrupt Set-Enable Register 0'),
  own('GICR_ICENABLER0', SGI_FRAME + 0x0180, 1, 'Interrupt Clear-Enable Register 0'),
  own('GICR_ISPENDR0', SGI_FRAME + 0x0200, 1, 'Interrupt Set-Pending Register 0'),
  own('GICR_ICPENDR0', SGI_FRAME + 0x0280, 1, 'Interrupt Clear-Pending Register 0'),
  own('GICR_ISACTIVER0', SGI_FRAME + 0x0300, 1, 'Interrupt Set-Active Register 0'),
  own('GICR_ICACTIVER0', SGI_FRAME + 0x0380, 1, 'Interrupt Clear-Active Register 0'),
  own('GICR_IPRIORITYR', SGI_FRAME + 0x0400, 8, 'Interrupt Priority Registers', BYTE_OR_WORD),
  own('GICR_ICFGR', SGI_FRAME + 0x0c00, 2, 'Interrupt Configuration Registers'),
  own('GICR_IGRPMODR0', SGI_FRAME + 0x0d00, 1, 'Interrupt Group Modifier Register 0'),
  one('GICR_NSACR', SGI_FRAME + 0x0e00, 'Non-secure Access Control Register'),
];

/** The register that holds the byte at `offset`; undefined in a gap. */
export function registerAt(rows: readonly FrameRegister[], offset: number): FrameRegister | undefined {
  return rows.find((row) => offset >= row.offset && offset < row.offset + row.length);
}

/** The first INTID that the bytes at `offset` of a row speak of. */
export function firstIntid(row: FrameRegister, offset: number): number {
  return row.bits === 0 ? 0 : Math.floor(((offset - row.offset) * 8) / row.bits);
}

/** `GICD_ISENABLER1`, `GICR_TYPER`: the register at `offset` with its number, where it has one; `offset 0x44` in a gap. */
export function registerName(rows: readonly FrameRegister[], offset: number): string {
  const row = registerAt(rows, offset);
  if (row === undefined) return `offset 0x${offset.toString(16)}`;
  if (row.bits === 0 || /\d$/.test(row.name)) return row.name;
  return `${row.name}${Math.floor((offset - row.offset) / (row.bits === 64 ? 8 : 4))}`;
}
