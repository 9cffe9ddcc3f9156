// The disassembler against objdump, at length: 2000 words of every row. The short form is test/arch/a64-print-objdump.test.ts.
import { expect, test } from 'vitest';
import { disassemble } from '../../src/arch/a64/print.ts';
import { a64Rows } from '../../src/arch/a64/rows.ts';
import { differsOnPurpose, noObjdump, objdump, plain } from '../arch/objdump.ts';
import { randomWords } from '../arch/random-words.ts';

test.skipIf(noObjdump !== null)(
  `objdump prints the same for 2000 words of every row${noObjdump === null ? '' : ` (skipped: ${noObjdump})`}`,
  () => {
    const words = a64Rows().flatMap((row) => randomWords(row, 2000, 11));
    const theirs = objdump(words, 0n);
    const wrong = words.flatMap((word, index) => {
      const ours = plain(disassemble(word, BigInt(4 * index)).text);
      return ours === theirs[index] || differsOnPurpose(word, theirs[index]) ? [] : [`${word.toString(16)}: ${ours} | ${theirs[index]}`];
    });
    expect(wrong.slice(0, 20)).toEqual([]);
  },
);
