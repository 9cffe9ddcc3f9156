// The headers of an ELF64 little-endian AArch64 executable. Every offset, size and count is checked against the file before it is used.
// Source: System V ABI, "Object Files" (gABI 4.1); ELF for the Arm 64-bit Architecture (ARM IHI 0056).
import { err, ok, type Result } from 'neverthrow';
import { hexBytes } from '../base/hex.ts';

/** What is wrong with the file, and the byte offset where it says so. */
export interface ElfError {
  readonly message: string;
  readonly offset: number;
}

/** A part that is loaded (PT_LOAD). `memorySize` may exceed `fileSize`: the rest reads as zero. Sizes and addresses in bytes. */
export interface ElfSegment {
  /** Which program header it is. */
  readonly index: number;
  readonly offset: number;
  readonly fileSize: number;
  readonly memorySize: bigint;
  /** Where the program sees it. */
  readonly address: bigint;
  /** Where it is loaded. */
  readonly physical: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  /** True when the section takes part in the running program (SHF_ALLOC). */
  readonly allocated: boolean;
  readonly address: bigint;
  readonly offset: number;
  /** Bytes in the file: 0 for NOBITS. */
  readonly fileSize: number;
  readonly memorySize: bigint;
  readonly link: number;
  readonly entrySize: number;
}

export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2n;
const PT_LOAD = 1;
const EM_AARCH64 = 183;
const HEADER = 64;
const PROGRAM_HEADER = 56;
const SECTION_HEADER = 64;
const TOP = 1n << 64n;

export function elfError(offset: number, message: string): Result<never, ElfError> {
  return err({ offset, message });
}

/** What keeps the file from being an AArch64 executable, or null. */
export function checkIdentification(bytes: Uint8Array): ElfError | null {
  const magic = [0x7f, 0x45, 0x4c, 0x46];
  for (const [offset, want] of magic.entries()) {
    if (bytes[offset] === want) continue;
    if (offset >= bytes.length)
      return { offset, message: offset === 0 ? 'the file is empty' : `the file ends after ${bytes.length} bytes` };
    return { offset: 0, message: `not an ELF file: it begins with ${hexBytes(bytes.subarray(0, 4))}, not 7f 45 4c 46` };
  }
  if (bytes.length < HEADER)
    return { offset: bytes.length, message: `the file ends inside the ELF header, after ${bytes.length} of ${HEADER} bytes` };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint16(16, true);
  const machine = view.getUint16(18, true);
  if (bytes[4] !== 2) return { offset: 4, message: `not a 64-bit ELF file: class ${bytes[4]}` };
  if (bytes[5] !== 1) return { offset: 5, message: `not a little-endian ELF file: data encoding ${bytes[5]}` };
  if (bytes[6] !== 1) return { offset: 6, message: `ELF version ${bytes[6]} instead of 1` };
  if (type !== 2 && type !== 3) return { offset: 16, message: `not an executable: ELF type ${type} instead of 2 (EXEC) or 3 (DYN)` };
  if (machine !== EM_AARCH64) return { offset: 18, message: `not for AArch64: machine ${machine} instead of ${EM_AARCH64}` };
  return null;
}

/** The place of a table of `count` entries, or what is wrong with it. */
function checkTable(
  view: DataView,
  what: string,
  at: { offset: number; size: number; count: number },
  entry: number,
): Result<number, ElfError> {
  const offset = view.getBigUint64(at.offset, true);
  const size = view.getUint16(at.size, true);
  const count = view.getUint16(at.count, true);
  if (count === 0) return ok(0);
  if (size !== entry) return elfError(at.size, `${what} headers of ${size} bytes instead of ${entry}`);
  if (offset + BigInt(count * entry) > BigInt(view.byteLength)) {
    return elfError(
      at.offset,
      `the ${count} ${what} headers at 0x${offset.toString(16)} reach beyond the end of the file (${view.byteLength} bytes)`,
    );
  }
  return ok(Number(offset));
}

/** The parts to load, in the order of the file. */
export function readSegments(view: DataView): Result<ElfSegment[], ElfError> {
  const table = checkTable(view, 'program', { offset: 32, size: 54, count: 56 }, PROGRAM_HEADER);
  if (table.isErr()) return err(table.error);
  const segments: ElfSegment[] = [];
  for (let index = 0; index < view.getUint16(56, true); index++) {
    const at = table.value + index * PROGRAM_HEADER;
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    const what = `segment ${index}`;
    const flags = view.getUint32(at + 4, true);
    const [offset, address, physical, fileSize, memorySize] = [8, 16, 24, 32, 40].map((member) => view.getBigUint64(at + member, true));
    if (offset + fileSize > BigInt(view.byteLength)) {
      return elfError(
        at + 8,
        `${what}: 0x${fileSize.toString(16)} bytes at 0x${offset.toString(16)} reach beyond the end of the file (${view.byteLength} bytes)`,
      );
    }
    if (fileSize > memorySize)
      return elfError(
        at + 32,
        `${what}: its size in the file, 0x${fileSize.toString(16)}, exceeds its size in memory, 0x${memorySize.toString(16)}`,
      );
    if (address + memorySize > TOP) return elfError(at + 16, `${what}: its addresses run past 2^64`);
    if (physical + memorySize > TOP) return elfError(at + 24, `${what}: its physical addresses run past 2^64`);
    segments.push({
      index,
      offset: Number(offset),
      fileSize: Number(fileSize),
      memorySize,
      address,
      physical,
      readable: (flags & 4) !== 0,
      writable: (flags & 2) !== 0,
      executable: (flags & 1) !== 0,
    });
  }
  if (segments.length === 0) return elfError(56, 'nothing to load: no PT_LOAD segment');
  return checkOverlaps(table.value, segments);
}

/** Segments lie apart: compared in the order of their addresses, since a file may have 65,535 of them. */
function checkOverlaps(table: number, segments: ElfSegment[]): Result<ElfSegment[], ElfError> {
  const byAddress = segments
    .filter((s) => s.memorySize > 0n)
    .sort((a, b) => (a.physical < b.physical ? -1 : a.physical > b.physical ? 1 : 0));
  for (let i = 1; i < byAddress.length; i++) {
    const below = byAddress[i - 1];
    if (byAddress[i].physical >= below.physical + below.memorySize) continue;
    const [first, second] = [below, byAddress[i]].sort((a, b) => a.index - b.index);
    return elfError(
      table + second.index * PROGRAM_HEADER + 24,
      `segment ${second.index} at 0x${second.physical.toString(16)} overlaps the one at 0x${first.physical.toString(16)}`,
    );
  }
  return ok(segments);
}

/** The sections, by index; empty in a file without section headers. */
export function readSections(bytes: Uint8Array, view: DataView): Result<ElfSection[], ElfError> {
  const table = checkTable(view, 'section', { offset: 40, size: 58, count: 60 }, SECTION_HEADER);
  if (table.isErr()) return err(table.error);
  const count = view.getUint16(60, true);
  const names = view.getUint16(62, true);
  if (count > 0 && names >= count) return elfError(62, `section ${names} holds the section names, but there are ${count} sections`);
  const sections: ElfSection[] = [];
  for (let index = 0; index < count; index++) {
    const at = table.value + index * SECTION_HEADER;
    const type = view.getUint32(at + 4, true);
    const [flags, address, offset, size] = [8, 16, 24, 32].map((member) => view.getBigUint64(at + member, true));
    const inFile = type !== SHT_NOBITS && type !== 0;
    if (inFile && offset + size > BigInt(view.byteLength)) {
      return elfError(
        at + 24,
        `section ${index}: 0x${size.toString(16)} bytes at 0x${offset.toString(16)} reach beyond the end of the file (${view.byteLength} bytes)`,
      );
    }
    sections.push({
      name: '',
      type,
      allocated: (flags & SHF_ALLOC) !== 0n,
      address,
      offset: inFile ? Number(offset) : 0,
      fileSize: inFile ? Number(size) : 0,
      memorySize: size,
      link: view.getUint32(at + 40, true),
      entrySize: Number(view.getBigUint64(at + 56, true) & 0xffffffffn),
    });
  }
  const named: ElfSection[] = [];
  let namesLength = 0;
  for (const [index, section] of sections.entries()) {
    const at = table.value + index * SECTION_HEADER;
    const name = stringAt(bytes, sections[names], view.getUint32(at, true));
    if (name === null) return elfError(at, `section ${index}: its name lies outside the table of section names`);
    namesLength += name.length;
    if (areTooMuch(namesLength, bytes)) return elfError(at, 'the names of the sections are together longer than any file needs');
    named.push({ ...section, name });
  }
  return ok(named);
}

const utf8 = new TextDecoder();

/** Names of sections and symbols are not longer: a table of one long name, named by every symbol, must not fill the memory. */
const LONGEST_NAME = 65_536;
/** Names may share their ends, but no honest file has them share so much. */
const MOST_NAMES = 4;

/** Names of so many characters together are more than the file's bytes account for. */
export const areTooMuch = (characters: number, bytes: Uint8Array): boolean => characters > MOST_NAMES * bytes.length;

/** The string at `offset` of a string table; null when it does not lie (with its end) inside, or has no end for too long. */
export function stringAt(bytes: Uint8Array, table: ElfSection, offset: number): string | null {
  if (offset >= table.fileSize) return table.fileSize === 0 && offset === 0 ? '' : null;
  const start = table.offset + offset;
  const room = Math.min(table.fileSize - offset, LONGEST_NAME);
  const length = bytes.subarray(start, start + room).indexOf(0);
  return length === -1 ? null : utf8.decode(bytes.subarray(start, start + length));
}
