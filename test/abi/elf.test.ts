import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findSymbol, nearestSymbol, parseElf, sectionBytes } from '../../src/abi/elf.ts';

const guest = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../fixtures/guests/${name}.elf`, import.meta.url)));
const chase = guest('pointer-chase');
const parsed = parseElf(chase)._unsafeUnwrap();

/** A copy of the guest with a little-endian number of `size` bytes put at `offset`. */
function patched(offset: number, value: bigint, size = 8): Uint8Array {
  const bytes = chase.slice();
  for (let i = 0; i < size; i++) bytes[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

const problem = (bytes: Uint8Array): string => {
  const result = parseElf(bytes);
  return result.isOk() ? 'ok' : `${result.error.offset}: ${result.error.message}`;
};

describe('a guest', () => {
  test('has the segments that readelf -l shows', () => {
    expect(parsed.entry).toBe(0x40080000n);
    expect(parsed.segments.map((s) => [s.address, s.readable, s.writable, s.executable])).toEqual([
      [0x40080000n, true, false, true],
      [0x40082000n, true, true, false],
    ]);
    expect(parsed.segments.every((s) => s.physical === s.address)).toBe(true);
    expect(parsed.segments[1].fileSize).toBe(0);
    expect(parsed.segments[1].memorySize).toBeGreaterThan(2n << 20n);
  });

  test('has its functions and objects with their sizes', () => {
    expect(findSymbol(parsed, 'chase')).toMatchObject({ kind: 'function', size: 28n, global: false });
    expect(findSymbol(parsed, 'profiling_buffer')).toMatchObject({ kind: 'object', size: 8192n, global: true });
    expect(findSymbol(parsed, '$x')).toBeUndefined();
    expect(findSymbol(parsed, 'chas')).toBeUndefined();
  });

  test('names addresses by the function they lie in', () => {
    const at = findSymbol(parsed, 'chase')!.address;
    expect(nearestSymbol(parsed, at)).toMatchObject({ name: 'chase', offset: 0n });
    expect(nearestSymbol(parsed, at + 20n)).toMatchObject({ name: 'chase', offset: 20n });
    expect(nearestSymbol(parsed, 0x40080000n)).toMatchObject({ name: '_start', offset: 0n }); // and not the label text_start
    expect(nearestSymbol(parsed, 0x40082000n)).toMatchObject({ name: 'level3', offset: 0n });
    expect(nearestSymbol(parsed, 0x4007fffcn)).toBeUndefined();
    expect(nearestSymbol(parsed, 0x80000000n)).toBeUndefined();
    expect(nearestSymbol(parsed, 0xffff_ffff_ffff_ffffn)).toBeUndefined();
  });

  test('gives the bytes of a section by name', () => {
    expect(sectionBytes(parsed, '.text')?.length).toBe(Number(parsed.sections.find((s) => s.name === '.text')?.memorySize));
    expect(sectionBytes(parsed, '.bss')?.length).toBe(0);
    expect(sectionBytes(parsed, '.nothing')).toBeUndefined();
  });
});

describe('what is not such a file is refused with one message and its place', () => {
  const PHDR0 = 64;
  const PHDR1 = 64 + 56;
  const shoff = Number(new DataView(chase.buffer).getBigUint64(40, true));
  const symtab = parsed.sections.findIndex((s) => s.name === '.symtab');
  const cases: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(), /^0: the file is empty$/],
    ['three bytes of magic', chase.slice(0, 3), /^3: the file ends after 3 bytes$/],
    ['a text file', new TextEncoder().encode('hello, world\n'), /^0: not an ELF file: it begins with 68 65 6c 6c, not 7f 45 4c 46$/],
    ['a cut header', chase.slice(0, 40), /^40: the file ends inside the ELF header, after 40 of 64 bytes$/],
    ['a 32-bit file', patched(4, 1n, 1), /^4: not a 64-bit ELF file/],
    ['a big-endian file', patched(5, 2n, 1), /^5: not a little-endian ELF file/],
    ['a relocatable object', patched(16, 1n, 2), /^16: not an executable: ELF type 1/],
    ['an x86-64 program', patched(18, 62n, 2), /^18: not for AArch64: machine 62 instead of 183$/],
    ['an entry outside', patched(24, 0x50000000n), /^24: the entry point 0x50000000 lies in no executable segment$/],
    ['an entry in data', patched(24, 0x40082000n), /^24: the entry point 0x40082000 lies in no executable segment$/],
    ['an odd entry', patched(24, 0x40080002n), /^24: the entry point 0x40080002 is not a multiple of 4$/],
    ['program headers beyond the end', patched(32, 1n << 63n), /^32: the 2 program headers at 0x8000000000000000 reach beyond the end/],
    ['program headers of another size', patched(54, 32n, 2), /^54: program headers of 32 bytes instead of 56$/],
    ['no program headers', patched(56, 0n, 2), /^56: nothing to load/],
    [
      'a truncated file',
      chase.slice(0, 5000),
      /^72: segment 0: 0x[0-9a-f]+ bytes at 0x1000 reach beyond the end of the file \(5000 bytes\)$/,
    ],
    ['a segment of 2^63 bytes', patched(PHDR0 + 32, 1n << 63n), /^72: segment 0: 0x8000000000000000 bytes at 0x1000 reach beyond/],
    ['a segment smaller in memory', patched(PHDR0 + 40, 1n), /^96: segment 0: its size in the file/],
    [
      '2^63 bytes of zeroes past 2^64',
      patched(PHDR1 + 16, 0xc000_0000_0000_0000n).fill(0xff, PHDR1 + 40, PHDR1 + 48),
      /^136: segment 1: its addresses run past 2\^64$/,
    ],
    ['overlapping segments', patched(PHDR1 + 24, 0x40080ff0n), /^144: segment 1 at 0x40080ff0 overlaps the one at 0x40080000$/],
    [
      'section headers beyond the end',
      patched(40, 0xffff_ffff_ffff_ffc0n),
      /^40: the \d+ section headers at 0xffffffffffffffc0 reach beyond/,
    ],
    ['a missing section of names', patched(62, 99n, 2), /^62: section 99 holds the section names, but there are \d+ sections$/],
    ['a section of 2^63 bytes', patched(shoff + 64 + 32, 1n << 63n), /^\d+: section 1: 0x8000000000000000 bytes at 0x1000 reach beyond/],
    ['a section name outside', patched(shoff + 64, 0xffffffffn, 4), /^\d+: section 1: its name lies outside the table of section names$/],
    [
      'symbols of another size',
      patched(shoff + 64 * symtab + 56, 16n),
      /^\d+: section \.symtab: \d+ bytes in entries of 16 instead of 24$/,
    ],
    [
      'symbols without strings',
      patched(shoff + 64 * symtab + 40, 1n, 4),
      /^\d+: section \.symtab: section 1, which should hold its names, is no string table$/,
    ],
    [
      'symbols with strings from nowhere',
      patched(shoff + 64 * symtab + 40, 0xffffffffn, 4),
      /which should hold its names, is no string table$/,
    ],
    [
      'a symbol name outside',
      patched(parsed.sections[symtab].offset + 24 * 20, 0xffffffn, 4),
      /^\d+: a symbol whose name lies outside \.strtab$/,
    ],
  ];
  for (const [what, bytes, message] of cases) test(what, () => expect(problem(bytes)).toMatch(message));

  /** A file of nothing but program headers, each `make`s. */
  function manySegments(count: number, make: (i: number) => readonly [physical: bigint, memory: bigint]): Uint8Array {
    const bytes = new Uint8Array(64 + 56 * count);
    bytes.set(chase.subarray(0, 64));
    const view = new DataView(bytes.buffer);
    view.setBigUint64(32, 64n, true);
    view.setBigUint64(40, 0n, true);
    view.setUint16(56, count, true);
    view.setUint32(60, 0, true);
    for (let i = 0; i < count; i++) {
      const at = 64 + 56 * i;
      const [physical, memory] = make(i);
      view.setUint32(at, 1, true);
      view.setUint32(at + 4, 5, true);
      view.setBigUint64(at + 16, physical, true);
      view.setBigUint64(at + 24, physical, true);
      view.setBigUint64(at + 40, memory, true);
    }
    return bytes;
  }

  test('65,535 segments are compared in a moment', () => {
    const apart = manySegments(65_535, (i) => [0x40080000n + BigInt(((i * 7919) % 65_535) * 16), 16n]);
    expect(problem(apart)).toBe('ok');
    const touching = manySegments(65_535, (i) => [0x40080000n + BigInt(i * 16), i === 777 ? 17n : 16n]);
    expect(problem(touching)).toBe(`${64 + 56 * 778 + 24}: segment 778 at 0x400830a0 overlaps the one at 0x40083090`);
  });

  test('one long name that every symbol names does not fill the memory', () => {
    const strings = parsed.sections.find((s) => s.name === '.strtab')!;
    const long = chase.slice();
    long.fill(0x61, strings.offset + 1, strings.offset + strings.fileSize - 1);
    const { offset, fileSize } = parsed.sections[symtab];
    const grown = new Uint8Array(long.length + 24 * 50_000);
    grown.set(long);
    const view = new DataView(grown.buffer);
    for (let i = 0; i < 50_000; i++) {
      const at = long.length + 24 * i;
      grown.set(long.subarray(offset + fileSize - 24, offset + fileSize), at);
      view.setUint32(at, 1, true);
    }
    view.setBigUint64(shoff + 64 * symtab + 24, BigInt(long.length), true);
    view.setBigUint64(shoff + 64 * symtab + 32, BigInt(24 * 50_000), true);
    expect(problem(grown)).toMatch(/^\d+: the names of the symbols are together longer than any file needs$/);
  });

  test('a file cut anywhere is refused, with a place inside it', () => {
    for (let length = 0; length < chase.length; length += length < 512 ? 1 : 97) {
      const result = parseElf(chase.slice(0, length));
      expect(result.isErr()).toBe(true);
      expect(result._unsafeUnwrapErr().offset).toBeLessThanOrEqual(length);
    }
  });

  test('a stripped file has no symbols', () => {
    const bytes = patched(40, 0n);
    bytes.fill(0, 58, 64);
    const elf = parseElf(bytes)._unsafeUnwrap();
    expect([elf.sections.length, elf.symbols.length]).toEqual([0, 0]);
    expect(nearestSymbol(elf, 0x40080000n)).toBeUndefined();
  });

  test('changed bytes never throw', () => {
    const header = fc.tuple(
      fc.oneof(fc.nat(64 + 112), fc.integer({ min: shoff, max: chase.length - 1 }), fc.nat(chase.length - 1)),
      fc.nat(255),
    );
    fc.assert(
      fc.property(fc.array(header, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = chase.slice();
        for (const [offset, value] of changes) bytes[offset] = value;
        const result = parseElf(bytes);
        if (result.isOk()) nearestSymbol(result.value, 0x40081000n);
      }),
      { numRuns: 500 },
    );
  });
});
