// Addresses as people name them: `chase+8`, and the instruction there.
import { type LineTable, lineOfAddress, readLines } from '../abi/dwarf-line.ts';
import { type Elf, nearestSymbol } from '../abi/elf.ts';
import { disassemble } from '../arch/a64/print.ts';
import { hex } from '../base/hex.ts';
import { readGuestMemory } from '../kernel/view.ts';
import type { Context } from './session.ts';

/** `chase+8`, or null when no symbol of the loaded image covers the address. */
export function symbolAt(context: Context, address: bigint): string | null {
  const elf = context.image?.elf;
  const found = elf ? nearestSymbol(elf, address) : undefined;
  if (found === undefined) return null;
  return found.offset === 0n ? found.name : `${found.name}+${found.offset}`;
}

/** `<chase+0x8>` in objdump's form, or ''. */
export function objdumpSymbol(context: Context, address: bigint): string {
  const elf = context.image?.elf;
  const found = elf ? nearestSymbol(elf, address) : undefined;
  if (found === undefined) return '';
  return found.offset === 0n ? `<${found.name}>` : `<${found.name}+${hex(found.offset)}>`;
}

/** One disassembled instruction of the focused vCPU's memory, as data for `dis` and for stops. */
export interface InstructionLine {
  readonly address: string;
  readonly symbol: string | null;
  readonly word: string | null;
  readonly text: string;
}

/** The instruction at a virtual address of the vCPU; unreadable memory says so in `text`. */
export function instructionAt(context: Context, vcpu: number, address: bigint): InstructionLine {
  const bytes = readGuestMemory(context.world, context.vm, vcpu, 'va', address, 4);
  const symbol = symbolAt(context, address);
  if (bytes.isErr()) return { address: hex(address), symbol, word: null, text: bytes.error };
  const b = bytes.value;
  const word = (b[0] | (b[1] << 8) | (b[2] << 16) | (b[3] << 24)) >>> 0;
  const { text } = disassemble(word, address, { symbol: (target) => objdumpSymbol(context, target) || undefined });
  return { address: hex(address), symbol, word: word.toString(16).padStart(8, '0'), text };
}

/** Line tables by image: derived, so outside the world. */
const lineTables = new WeakMap<Elf, LineTable | null>();

/** Source file and line of an address; null where the image has no line table or it says nothing of the address. */
export function lineAt(context: Context, address: bigint): { readonly file: string; readonly line: number } | null {
  const elf = context.image?.elf;
  if (!elf) return null;
  let table = lineTables.get(elf);
  if (table === undefined) {
    table = readLines(elf).unwrapOr(null);
    lineTables.set(elf, table);
  }
  return table === null ? null : (lineOfAddress(table, address) ?? null);
}
