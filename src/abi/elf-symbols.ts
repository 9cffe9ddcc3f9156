// The symbol table of an ELF file.
// Source: System V ABI, "Symbol Table" (gABI 4.1); mapping symbols: ELF for the Arm 64-bit Architecture, 5.6.4.
import { ok, type Result } from 'neverthrow';
import { areTooMuch, type ElfError, type ElfSection, elfError, SHT_STRTAB, SHT_SYMTAB, stringAt } from './elf-headers.ts';

export interface ElfSymbol {
  readonly name: string;
  readonly address: bigint;
  /** Bytes; 0 when the file does not say. */
  readonly size: bigint;
  readonly kind: 'function' | 'object' | 'label';
  readonly global: boolean;
  /** Index of its section; null for an absolute value. */
  readonly section: number | null;
}

const ENTRY = 24;
const SHN_ABS = 0xfff1;
const KINDS: Readonly<Record<number, ElfSymbol['kind']>> = { 0: 'label', 1: 'object', 2: 'function' };

/** Every named symbol with a value, by address. An empty list when the file has no symbol table. */
export function readSymbols(bytes: Uint8Array, sections: readonly ElfSection[]): Result<ElfSymbol[], ElfError> {
  const table = sections.find((s) => s.type === SHT_SYMTAB);
  if (table === undefined) return ok([]);
  if (table.entrySize !== ENTRY || table.fileSize % ENTRY !== 0) {
    return elfError(table.offset, `section ${table.name}: ${table.fileSize} bytes in entries of ${table.entrySize} instead of ${ENTRY}`);
  }
  const strings = sections[table.link];
  if (strings?.type !== SHT_STRTAB)
    return elfError(table.offset, `section ${table.name}: section ${table.link}, which should hold its names, is no string table`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const symbols: ElfSymbol[] = [];
  let namesLength = 0;
  for (let at = table.offset; at < table.offset + table.fileSize; at += ENTRY) {
    const kind = KINDS[bytes[at + 4] & 15];
    const section = view.getUint16(at + 6, true);
    if (kind === undefined || section === 0) continue;
    if (section !== SHN_ABS && section >= sections.length)
      return elfError(at + 6, `a symbol in section ${section}, but there are ${sections.length} sections`);
    const name = stringAt(bytes, strings, view.getUint32(at, true));
    if (name === null) return elfError(at, `a symbol whose name lies outside ${strings.name}`);
    namesLength += name.length;
    if (areTooMuch(namesLength, bytes)) return elfError(at, 'the names of the symbols are together longer than any file needs');
    if (name === '' || /^\$[dx](\.|$)/.test(name)) continue;
    symbols.push({
      name,
      address: view.getBigUint64(at + 8, true),
      size: view.getBigUint64(at + 16, true),
      kind,
      global: bytes[at + 4] >> 4 !== 0,
      section: section === SHN_ABS ? null : section,
    });
  }
  return ok(symbols.sort((a, b) => (a.address === b.address ? preference(a) - preference(b) : a.address < b.address ? -1 : 1)));
}

/** Which of several names of one address is printed: functions before objects before labels, then sized, then global ones. */
function preference(symbol: ElfSymbol): number {
  return { function: 8, object: 4, label: 0 }[symbol.kind] + (symbol.size > 0n ? 2 : 0) + (symbol.global ? 1 : 0);
}
