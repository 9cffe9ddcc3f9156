// The disassembler against objdump itself. Skipped where binutils 2.40 for AArch64 is missing.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nearestSymbol, parseElf, sectionBytes } from '../../src/abi/elf.ts';
import { disassemble } from '../../src/arch/a64/print.ts';
import { a64Rows } from '../../src/arch/a64/rows.ts';
import { REGISTERS } from '../../src/arch/sysreg/table.ts';
import { differsOnPurpose, instructionLines, noObjdump, objdump, plain } from './objdump.ts';
import { randomWords } from './random-words.ts';

const ORIGIN = 0x40000000n;

/** The lines where we and objdump disagree without a reason. */
function differences(words: readonly number[]): string[] {
  const theirs = objdump(words, ORIGIN);
  expect(theirs.length).toBe(words.length);
  const out: string[] = [];
  for (const [index, word] of words.entries()) {
    const ours = plain(disassemble(word, ORIGIN + BigInt(4 * index)).text);
    if (ours !== theirs[index] && !differsOnPurpose(word, theirs[index]))
      out.push(`${word.toString(16).padStart(8, '0')}: ${ours} | ${theirs[index]}`);
  }
  return out;
}

describe.skipIf(noObjdump !== null)(`objdump prints the same${noObjdump === null ? '' : ` (skipped: ${noObjdump})`}`, () => {
  test('words of every row', () => {
    expect(differences(a64Rows().flatMap((row) => randomWords(row, 60, 1)))).toEqual([]);
  });

  test('every system register that spesh knows, read and written', () => {
    const words = REGISTERS.flatMap(({ key }) => [0, 1].map((read) => (0xd5100000 | (read << 21) | ((key - 0x8000) << 5) | 7) >>> 0));
    expect(differences(words)).toEqual([]);
  });

  test('every SYS encoding', () => {
    const words = Array.from({ length: 1 << 14 }, (_, key) => (0xd5080000 | (key << 5) | (key % 3 === 0 ? 31 : 3)) >>> 0);
    expect(differences(words)).toEqual([]);
  });

  for (const guest of ['pointer-chase', 'branchy', 'forever']) {
    test(`the text of ${guest}, with its symbols`, () => {
      const file = new URL(`../../fixtures/guests/${guest}.elf`, import.meta.url);
      const elf = parseElf(new Uint8Array(readFileSync(file)))._unsafeUnwrap();
      const bytes = sectionBytes(elf, '.text')!;
      const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const start = elf.sections.find((s) => s.name === '.text')!.address;
      const symbol = (address: bigint): string | undefined => {
        const found = nearestSymbol(elf, address);
        return found && `<${found.name}${found.offset === 0n ? '' : `+0x${found.offset.toString(16)}`}>`;
      };
      const ours: string[] = [];
      for (let at = 0; at + 4 <= bytes.length; at += 4)
        ours.push(plain(disassemble(words.getUint32(at, true), start + BigInt(at), { symbol }).text));
      expect(
        instructionLines(execFileSync('aarch64-linux-gnu-objdump', ['-d', '-z', '-j', '.text', file.pathname], { encoding: 'utf8' })),
      ).toEqual(ours);
    });
  }
});
