// The line table of an ELF file: address -> file and line. Versions 2 to 5.
// Source: DWARF 5, 6.2 (line number information), 7.22 (its encoding); DWARF 4, 6.2 for the older header.
import { err, ok, type Result } from 'neverthrow';
import { type Cursor, cursor, leb, skip, small, string, unsigned } from './dwarf-cursor.ts';
import type { Elf } from './elf.ts';
import { sectionBytes } from './elf.ts';
import type { ElfError } from './elf-headers.ts';

/** From `address` up to the next row's; `line` 0 where a sequence of instructions ends, and nothing is known behind it. */
export interface LineRow {
  readonly address: bigint;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Rows by address. */
export type LineTable = readonly LineRow[];

interface Header {
  readonly version: number;
  readonly minimumLength: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Operands of each standard opcode, from opcode 1. */
  readonly operandCounts: readonly number[];
  /** Index = the file register. */
  readonly files: readonly string[];
  readonly program: Cursor;
}

/** Every row of the file's line table; empty when it has none. The offset of an error is into the file. */
export function readLines(elf: Elf): Result<LineTable, ElfError> {
  const bytes = sectionBytes(elf, '.debug_line');
  if (bytes === undefined) return ok([]);
  const base = elf.sections.find((s) => s.name === '.debug_line')?.offset ?? 0;
  const sequences: LineRow[][] = [];
  const unit = cursor(bytes);
  while (unit.at < unit.end) {
    const start = unit.at;
    const length = small(unit, 4);
    if (length >= 0xfffffff0) return err({ offset: base + start, message: 'line table: 64-bit DWARF is not read' });
    if (unit.failed !== -1 || length > unit.end - unit.at) {
      return err({ offset: base + start, message: `line table: a unit of ${length} bytes reaches beyond the end of .debug_line` });
    }
    const header = readHeader(elf, cursor(bytes, unit.at, unit.at + length));
    if (typeof header === 'string') return err({ offset: base + start, message: `line table: ${header}` });
    runProgram(header, sequences);
    if (header.program.failed !== -1)
      return err({ offset: base + header.program.failed, message: 'line table: a program that ends in the middle of an operation' });
    skip(unit, length);
  }
  const starts = (rows: readonly LineRow[]): bigint => rows[0].address;
  return ok(sequences.sort((a, b) => (starts(a) < starts(b) ? -1 : starts(a) > starts(b) ? 1 : 0)).flat());
}

/** The source position of an address: the last row at or below it, unless its sequence ends there. */
export function lineOfAddress(table: LineTable, address: bigint): LineRow | undefined {
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  const row = table[low - 1];
  return row === undefined || row.line === 0 ? undefined : row;
}

/** The header of a unit, with its program; or what is wrong with it. */
function readHeader(elf: Elf, c: Cursor): Header | string {
  const version = small(c, 2);
  if (version < 2 || version > 5) return `version ${version} is not read`;
  if (version === 5) {
    const addressSize = small(c, 1);
    if (addressSize !== 8 || small(c, 1) !== 0) return `addresses of ${addressSize} bytes instead of 8`;
  }
  const headerLength = small(c, 4);
  const programStart = c.at + headerLength;
  if (programStart > c.end) return 'a header that reaches beyond its unit';
  const minimumLength = small(c, 1);
  if (version >= 4) skip(c, 1); // operations of an instruction: 1, but on VLIW machines
  skip(c, 1); // default_is_stmt
  const lineBase = (small(c, 1) << 24) >> 24;
  const lineRange = small(c, 1);
  const opcodeBase = small(c, 1);
  if (lineRange === 0 || opcodeBase === 0) return 'a line range or opcode base of 0';
  const operandCounts: number[] = [];
  for (let opcode = 1; opcode < opcodeBase; opcode++) operandCounts.push(small(c, 1));
  const files = version === 5 ? filesOf5(elf, c) : filesOf4(c);
  if (typeof files === 'string') return files;
  if (c.failed !== -1) return 'a header that ends too early';
  return { version, minimumLength, lineBase, lineRange, opcodeBase, operandCounts, files, program: cursor(c.bytes, programStart, c.end) };
}

/** `dir/name` without `./`; an absolute name stands alone. */
function joinPath(directory: string, name: string): string {
  const path = name.startsWith('/') || directory === '' ? name : `${directory}/${name}`;
  return path.replace(/(^|\/)(\.\/)+/g, '$1');
}

/** Until version 4: two lists that end with an empty string; directory 0 is where the compiler ran, files count from 1. */
function filesOf4(c: Cursor): string[] {
  const directories = [''];
  for (let name = string(c); name !== ''; name = string(c)) directories.push(name);
  const files = [''];
  for (let name = string(c); name !== ''; name = string(c)) {
    files.push(joinPath(directories[Number(leb(c, false))] ?? '', name));
    leb(c, false); // time
    leb(c, false); // size
  }
  return files;
}

const DW_LNCT_PATH = 1;
const DW_LNCT_DIRECTORY_INDEX = 2;

/** Version 5: two tables that say themselves what their entries hold; directory 0 is where the compiler ran. */
function filesOf5(elf: Elf, c: Cursor): string[] | string {
  const directories = entries5(elf, c);
  if (typeof directories === 'string') return directories;
  const root = directories[0]?.path ?? '';
  const files = entries5(elf, c);
  if (typeof files === 'string') return files;
  return files.map(({ path, directory }) => {
    const name = directories[directory]?.path ?? '';
    return joinPath(directory === 0 ? root : joinPath(root, name), path);
  });
}

function entries5(elf: Elf, c: Cursor): { path: string; directory: number }[] | string {
  const format: { content: number; form: number }[] = [];
  for (let count = small(c, 1); count > 0; count--) format.push({ content: Number(leb(c, false)), form: Number(leb(c, false)) });
  const out: { path: string; directory: number }[] = [];
  for (let count = leb(c, false); count > 0n && c.failed === -1; count--) {
    const entry = { path: '', directory: 0 };
    const before = c.at;
    for (const { content, form } of format) {
      const value = readForm(elf, c, form);
      if (value === null) return `form 0x${form.toString(16)} is not read`;
      if (content === DW_LNCT_PATH && typeof value === 'string') entry.path = value;
      else if (content === DW_LNCT_DIRECTORY_INDEX && typeof value === 'bigint') entry.directory = Number(value);
    }
    if (c.at === before) return 'entries of no bytes';
    out.push(entry);
  }
  return out;
}

/** Bytes of the forms of one size. */
const FIXED: Readonly<Record<number, number>> = { 11: 1, 5: 2, 6: 4, 7: 8 };

/** A value of that form; null for a form that line tables do not use. */
function readForm(elf: Elf, c: Cursor, form: number): string | bigint | null {
  const size = FIXED[form];
  if (size !== undefined) return unsigned(c, size);
  switch (form) {
    case 0x08: // string
      return string(c);
    case 0x0e: // strp
      return stringIn(sectionBytes(elf, '.debug_str'), small(c, 4));
    case 0x1f: // line_strp
      return stringIn(sectionBytes(elf, '.debug_line_str'), small(c, 4));
    case 0x0f: // udata
      return leb(c, false);
    case 0x1e: // data16: an MD5 sum
      skip(c, 16);
      return 0n;
    case 0x09: // block
      skip(c, Number(leb(c, false)));
      return 0n;
    default:
      return null;
  }
}

function stringIn(bytes: Uint8Array | undefined, offset: number): string {
  return bytes === undefined ? '' : string(cursor(bytes, Math.min(offset, bytes.length)));
}

/** Runs a line number program (6.2.5); each sequence becomes a list of rows that ends with one of line 0. */
function runProgram(header: Header, sequences: LineRow[][]): void {
  const { program: c, minimumLength, lineBase, lineRange, opcodeBase, files } = header;
  let rows: LineRow[] = [];
  let [address, file, line, column] = [0n, 1, 1, 0];
  const advance = (operations: number): void => {
    address = BigInt.asUintN(64, address + BigInt(operations * minimumLength));
  };
  const emit = (end: boolean): void => {
    rows.push({ address, file: files[file] ?? '', line: end ? 0 : line, column });
  };
  while (c.at < c.end && c.failed === -1) {
    const opcode = small(c, 1);
    if (opcode >= opcodeBase) {
      const special = opcode - opcodeBase;
      advance(Math.floor(special / lineRange));
      line += lineBase + (special % lineRange);
      emit(false);
      continue;
    }
    switch (opcode) {
      case 0: {
        const length = Number(leb(c, false));
        const next = c.at + length;
        const extended = length > 0 ? small(c, 1) : -1;
        if (extended === 1) {
          emit(true);
          if (rows.length > 1) sequences.push(rows);
          rows = [];
          [address, file, line, column] = [0n, 1, 1, 0];
        } else if (extended === 2) address = unsigned(c, 8);
        if (c.failed === -1) skip(c, Math.max(next - c.at, 0));
        break;
      }
      case 1: // copy
        emit(false);
        break;
      case 2: // advance_pc
        advance(Number(leb(c, false)));
        break;
      case 3: // advance_line
        line += Number(leb(c, true));
        break;
      case 4: // set_file
        file = Number(leb(c, false));
        break;
      case 5: // set_column
        column = Number(leb(c, false));
        break;
      case 8: // const_add_pc
        advance(Math.floor((255 - opcodeBase) / lineRange));
        break;
      case 9: // fixed_advance_pc
        address += unsigned(c, 2);
        break;
      default: // negate_stmt, basic_block, … and those of later versions: only their operands matter
        for (let count = header.operandCounts[opcode - 1] ?? 0; count > 0; count--) leb(c, false);
    }
  }
}
