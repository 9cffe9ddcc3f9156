import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineOfAddress, readLines } from '../../src/abi/dwarf-line.ts';
import { findSymbol, parseElf } from '../../src/abi/elf.ts';

const GUESTS = new URL('../../fixtures/guests/', import.meta.url).pathname;
const load = (name: string) => parseElf(new Uint8Array(readFileSync(`${GUESTS}${name}.elf`)))._unsafeUnwrap();
const chase = load('pointer-chase');
const table = readLines(chase)._unsafeUnwrap();

describe('the line table of a guest', () => {
  test('leads from an address to the line of its source', () => {
    const source = readFileSync(`${GUESTS}pointer-chase.c`, 'utf8').split('\n');
    const { address } = findSymbol(chase, 'chase')!;
    const at = lineOfAddress(table, address + 16n)!; // the exclusive or of the loop
    expect(at.file).toBe('pointer-chase.c');
    expect(source[at.line - 1]).toContain('at->value');
    const entry = lineOfAddress(table, 0x40080000n)!;
    expect(entry.file).toBe('start.S');
    expect(readFileSync(`${GUESTS}start.S`, 'utf8').split('\n')[entry.line - 1]).toContain('adrp    x0, stack_top');
  });

  test('knows nothing outside the text', () => {
    expect(lineOfAddress(table, 0x4007fffcn)).toBeUndefined();
    expect(lineOfAddress(table, 0x40082000n)).toBeUndefined();
    expect(lineOfAddress([], 0n)).toBeUndefined();
  });
});

const addr2line = 'aarch64-linux-gnu-addr2line';
const missing = spawnSync(addr2line, ['--version']).status !== 0;

describe.skipIf(missing)(`${addr2line} says the same${missing ? ' (skipped: not installed)' : ''}`, () => {
  for (const guest of ['pointer-chase', 'branchy', 'forever']) {
    test(guest, () => {
      const elf = load(guest);
      const lines = readLines(elf)._unsafeUnwrap();
      const text = elf.sections.find((s) => s.name === '.text')!;
      const addresses = Array.from({ length: Number(text.memorySize) / 4 }, (_, i) => text.address + BigInt(4 * i));
      const run = spawnSync(addr2line, ['-e', `${GUESTS}${guest}.elf`], {
        encoding: 'utf8',
        input: addresses.map((a) => a.toString(16)).join('\n'),
      });
      const theirs = run.stdout.trim().split('\n');
      const ours = addresses.map((address) => {
        const row = lineOfAddress(lines, address);
        return row === undefined ? '??:?' : `${row.file}:${row.line}`;
      });
      expect(ours).toEqual(
        theirs.map((line) =>
          line
            .replace(/^(\.\/)+/, '')
            .replace(/ \(discriminator \d+\)$/, '')
            .replace(/^.*:[?0]$/, '??:?'),
        ),
      );
    });
  }
});

describe('damage', () => {
  const section = chase.sections.find((s) => s.name === '.debug_line')!;
  const damaged = (change: (bytes: Uint8Array) => void) => {
    const bytes = chase.bytes.slice();
    change(bytes);
    return readLines({ ...chase, bytes });
  };

  test('a unit longer than the section is refused at its offset', () => {
    const error = damaged((bytes) => bytes.set([0xff, 0xff, 0xff, 0x7f], section.offset))._unsafeUnwrapErr();
    expect(error.offset).toBe(section.offset);
    expect(error.message).toMatch(/^line table: a unit of 2147483647 bytes reaches beyond the end/);
  });

  test('another version is refused', () => {
    const error = damaged((bytes) => bytes.set([9, 0], section.offset + 4))._unsafeUnwrapErr();
    expect(error).toEqual({ offset: section.offset, message: 'line table: version 9 is not read' });
  });

  test('a file without the section has no lines', () => {
    expect(readLines({ ...chase, sections: [] })._unsafeUnwrap()).toEqual([]);
  });

  test('changed bytes never throw and never hang', () => {
    const change = fc.tuple(fc.nat(section.fileSize - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const result = damaged((bytes) => {
          for (const [offset, value] of changes) bytes[section.offset + offset] = value;
        });
        if (result.isOk()) lineOfAddress(result.value, 0x40081000n);
      }),
      { numRuns: 300 },
    );
  });
});
