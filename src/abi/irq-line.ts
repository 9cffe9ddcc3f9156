// The `irq` word of KVM_IRQ_LINE on arm64 (uapi asm/kvm.h; vgic.md §1.8), with the second vCPU field of KVM_CAP_ARM_IRQ_LINE_LAYOUT_2.
import { bitPattern, fieldOf } from '../base/bits.ts';

export const IRQ_TYPE_CPU = 0;
export const IRQ_TYPE_SPI = 1;
export const IRQ_TYPE_PPI = 2;

/** Names of the types as strace prints them. */
export const IRQ_TYPES: readonly string[] = ['KVM_ARM_IRQ_TYPE_CPU', 'KVM_ARM_IRQ_TYPE_SPI', 'KVM_ARM_IRQ_TYPE_PPI'];

const WORD = bitPattern('high:4 type:4 low:8 number:16', 32);
const [HIGH, TYPE, LOW, NUMBER] = WORD.fields;

export interface IrqLineWord {
  readonly type: number;
  /** The vCPU's id. */
  readonly vcpu: number;
  readonly number: number;
}

/** Takes the word apart. */
export function readIrqLine(word: number): IrqLineWord {
  return { type: fieldOf(word, TYPE), vcpu: fieldOf(word, HIGH) * 256 + fieldOf(word, LOW), number: fieldOf(word, NUMBER) };
}

/** Puts the word together; members are cut to their fields. */
export function irqLineWord({ type, vcpu, number }: IrqLineWord): number {
  return (((vcpu >> 8) & 15) * 2 ** HIGH.shift + ((type & 15) << TYPE.shift) + ((vcpu & 255) << LOW.shift) + (number & 0xffff)) >>> 0;
}
