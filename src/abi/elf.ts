// ELF executables for AArch64: what a loader and a debugger ask of them.
// Source: System V ABI, "Object Files" (gABI 4.1); ELF for the Arm 64-bit Architecture (ARM IHI 0056).
import { err, ok, type Result } from 'neverthrow';
import {
  checkIdentification,
  type ElfError,
  type ElfSection,
  type ElfSegment,
  elfError,
  readSections,
  readSegments,
} from './elf-headers.ts';
import { type ElfSymbol, readSymbols } from './elf-symbols.ts';

export interface Elf {
  readonly bytes: Uint8Array;
  readonly entry: bigint;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  /** By address; of several at one address the one to print stands last. Without file, section and mapping symbols ($x, $d). */
  readonly symbols: readonly ElfSymbol[];
}

/** Reads the file. The error is the first thing that does not hold. */
export function parseElf(bytes: Uint8Array): Result<Elf, ElfError> {
  const wrong = checkIdentification(bytes);
  if (wrong !== null) return err(wrong);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segments = readSegments(view);
  if (segments.isErr()) return err(segments.error);
  const entry = view.getBigUint64(24, true);
  if (!segments.value.some((s) => s.executable && entry >= s.address && entry < s.address + s.memorySize)) {
    return elfError(24, `the entry point 0x${entry.toString(16)} lies in no executable segment`);
  }
  if (entry % 4n !== 0n) return elfError(24, `the entry point 0x${entry.toString(16)} is not a multiple of 4`);
  const sections = readSections(bytes, view);
  if (sections.isErr()) return err(sections.error);
  const symbols = readSymbols(bytes, sections.value);
  if (symbols.isErr()) return err(symbols.error);
  return ok({ bytes, entry, segments: segments.value, sections: sections.value, symbols: symbols.value });
}

/** The bytes of a section, or undefined when there is none of that name. */
export function sectionBytes(elf: Elf, name: string): Uint8Array | undefined {
  const section = elf.sections.find((s) => s.name === name);
  return section && elf.bytes.subarray(section.offset, section.offset + section.fileSize);
}

/** The symbol of that exact name; a function is preferred to others. */
export function findSymbol(elf: Elf, name: string): ElfSymbol | undefined {
  const all = elf.symbols.filter((s) => s.name === name);
  return all.find((s) => s.kind === 'function') ?? all[0];
}

/** The symbol at or below the address, in the same section, and the distance in bytes. Padding behind a function counts as its own. */
export function nearestSymbol(
  elf: Elf,
  address: bigint,
): { readonly name: string; readonly offset: bigint; readonly symbol: ElfSymbol } | undefined {
  let low = 0;
  let high = elf.symbols.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (elf.symbols[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  for (let index = low - 1; index >= 0; index--) {
    const symbol = elf.symbols[index];
    if (symbol.section === null) continue;
    const section = elf.sections[symbol.section];
    if (address >= section.address + section.memorySize && address !== symbol.address) return undefined;
    return { name: symbol.name, offset: address - symbol.address, symbol };
  }
  return undefined;
}
