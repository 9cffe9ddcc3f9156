// Translation tables for tests: mapped page by page as an operating system would, in any granule.
import { setSys } from '../../../src/machine/cpu/context.ts';
import { writePhysical } from '../../../src/machine/memory.ts';
import { type Bare, RAM_BASE } from './bare.ts';

/** log2 bytes; TG0 and TG1 encodings; bits of one level. */
export const GRANULES = {
  4: { shift: 12, tg0: 0n, tg1: 2n },
  16: { shift: 14, tg0: 2n, tg1: 1n },
  64: { shift: 16, tg0: 1n, tg1: 3n },
} as const;
export type Granule = keyof typeof GRANULES;

/** Descriptor attributes. */
export const AF = 1n << 10n;
export const NG = 1n << 11n;
export const USER = 1n << 6n; // AP[1]
export const READ_ONLY = 1n << 7n; // AP[2]
export const PXN = 1n << 53n;
export const UXN = 1n << 54n;
export const NORMAL = 0n; // AttrIndx 0
export const DEVICE = 1n << 2n; // AttrIndx 1

const at = (b: Bare, ipa: bigint): number => b.ram + Number(ipa) - RAM_BASE;

function readDescriptor(b: Bare, ipa: bigint): bigint {
  const bytes = b.m.memory.u8.slice(at(b, ipa), at(b, ipa) + 8);
  return new DataView(bytes.buffer).getBigUint64(0, true);
}

export function writeDescriptor(b: Bare, ipa: bigint, value: bigint): void {
  writePhysical(b.m.memory, at(b, ipa), new Uint8Array(BigUint64Array.of(value).buffer));
}

/** A table tree for addresses of `bits` bits in RAM above `root`; tables are handed out upwards. */
export class Tables {
  private next: bigint;
  readonly shift: bigint;
  readonly stride: bigint;
  readonly first: bigint;
  constructor(
    private readonly b: Bare,
    readonly granule: Granule,
    readonly bits: bigint,
    readonly root: bigint,
  ) {
    this.shift = BigInt(GRANULES[granule].shift);
    this.stride = this.shift - 3n;
    this.first = 4n - (bits - this.shift + this.stride - 1n) / this.stride;
    this.next = root + (1n << this.shift);
  }

  /** Where the descriptor of `va` at `level` stands; makes tables on the way with `tableAttributes`. */
  descriptor(va: bigint, level: bigint, tableAttributes = 0n): bigint {
    let table = this.root;
    for (let l = this.first; ; l++) {
      const low = this.shift + this.stride * (3n - l);
      const width = l === this.first ? this.bits - low : this.stride;
      const slot = table + 8n * ((va >> low) & ((1n << width) - 1n));
      if (l === level) return slot;
      const entry = readDescriptor(this.b, slot);
      if ((entry & 1n) === 0n) {
        writeDescriptor(this.b, slot, this.next | tableAttributes | 3n);
        table = this.next;
        this.next += 1n << this.shift;
      } else table = entry & 0x0000ffffffffffffn & ~((1n << this.shift) - 1n);
    }
  }

  /** Maps the page or block of `level` at `va`. */
  map(va: bigint, pa: bigint, attributes: bigint, level = 3n, tableAttributes = 0n): void {
    writeDescriptor(this.b, this.descriptor(va, level, tableAttributes), pa | attributes | (level === 3n ? 3n : 1n));
  }
}

/** Turns stage 1 on with these tables as TTBR0 (low) and, where given, TTBR1 (high). */
export function enableTables(
  b: Bare,
  low: Tables,
  high: Tables | null = null,
  more: { asid?: bigint; tcr?: bigint; sctlr?: bigint } = {},
): void {
  const c = b.cpu.context;
  const asid = (more.asid ?? 0n) << 48n;
  let tcr = (64n - low.bits) | (GRANULES[low.granule].tg0 << 14n) | (5n << 32n) | (1n << 36n);
  if (high === null) tcr |= 1n << 23n;
  else tcr |= ((64n - high.bits) << 16n) | (GRANULES[high.granule].tg1 << 30n);
  setSys(c, 'TCR_EL1', tcr | (more.tcr ?? 0n));
  setSys(c, 'MAIR_EL1', 0x00ffn);
  setSys(c, 'TTBR0_EL1', low.root | asid);
  if (high !== null) setSys(c, 'TTBR1_EL1', high.root);
  setSys(c, 'SCTLR_EL1', 0x30d0_0981n | (more.sctlr ?? 0n));
}
