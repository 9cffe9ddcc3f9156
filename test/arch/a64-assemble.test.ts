import { describe, expect, test } from 'vitest';
import { assemble, assembleLine } from '../../src/arch/a64/assemble.ts';
import { decodeBitmask, encodeBitmask } from '../../src/arch/a64/bitmask.ts';
import { disassemble } from '../../src/arch/a64/print.ts';
import { a64Rows } from '../../src/arch/a64/rows.ts';
import { randomWords } from './random-words.ts';

const PC = 0x40080000n;
const word = (text: string): string =>
  assembleLine(text, PC).match(
    (w) => w.toString(16).padStart(8, '0'),
    (message) => message,
  );

describe('one line', () => {
  // Words as in the listings of guest.md and of GNU as.
  const lines: [string, string][] = [
    ['nop', 'd503201f'],
    ['hint #17', 'd503223f'],
    ['psb csync', 'd503223f'],
    ['dsb nsh', 'd503379f'],
    ['isb', 'd5033fdf'],
    ['isb sy', 'd5033fdf'],
    ['hvc #0', 'd4000002'],
    ['ret', 'd65f03c0'],
    ['mov x0, #0x300000', 'd2a00600'],
    ['mov x0, #-1', '92800000'],
    ['mov x1, 5', 'd28000a1'],
    ['mov sp, x0', '9100001f'],
    ['stp x29, x30, [sp, #-32]!', 'a9be7bfd'],
    ['ldp x29, x30, [sp], #32', 'a8c27bfd'],
    ['mrs x19, pmbsr_el1', 'd5389a73'],
    ['mrs x19, S3_0_C9_C10_3', 'd5389a73'],
    ['msr daifclr, #2', 'd50342ff'],
    ['b.hs 0x40080008', '54000042'],
    ['.word 0x12345678', '12345678'],
    ['add x0, x1, x2 // a comment', '8b020020'],
  ];
  for (const [text, expected] of lines) test(text, () => expect(word(text)).toBe(expected));

  const wrong: [string, RegExp][] = [
    ['', /^no instruction$/],
    ['frob x0', /^unknown instruction 'frob'$/],
    ['b.xx 4', /^unknown instruction 'b\.xx'$/],
    ['add x0, w1, x2', /^cannot read the operands of 'add x0, w1, x2'$/],
    ['add x0, x1, #4096', /^cannot read/],
    ['add x0, x1', /^cannot read/],
    ['ldr x0, [x1, #4]!, x2', /^cannot read/],
    ['ldr x0, [x1, #7]', /^cannot read/], // not a multiple of 8: that is LDUR
    ['ldr x0, [xzr]', /^cannot read/],
    ['and x0, x1, #0', /^cannot read/], // no such bitmask
    ['lsl w0, w1, #32', /^cannot read/],
    ['b 0x40080002', /^cannot read/],
    ['b 0x50080000', /^cannot read/], // 256 MiB away
    ['b nowhere', /^cannot read/],
    ['msr nothing_el1, x0', /^cannot read/],
  ];
  for (const [text, expected] of wrong) test(`refused: ${text}`, () => expect(word(text)).toMatch(expected));
});

describe('a program', () => {
  test('has labels, forwards and backwards', () => {
    const program = assemble(
      'start: mov x0, #3\nloop:\n  subs x0, x0, #1 // count\n  b.ne loop\n  b start\n  cbz x0, end\nend:',
      PC,
    )._unsafeUnwrap();
    expect([...program.words].map((w) => w.toString(16))).toEqual(['d2800060', 'f1000400', '54ffffe1', '17fffffd', 'b4000020']);
    expect(program.labels.get('end')).toBe(PC + 20n);
  });

  test('tells the line that it does not understand', () => {
    expect(assemble('nop\n\nmov x0, x99\n')._unsafeUnwrapErr()).toEqual({ line: 3, message: "cannot read the operands of 'mov x0, x99'" });
    expect(assemble('a: nop\na: nop')._unsafeUnwrapErr()).toEqual({ line: 2, message: "label 'a' stands twice" });
  });
});

test('what is printed assembles to a word that prints the same, for every row', () => {
  const wrong: string[] = [];
  for (const row of a64Rows()) {
    for (const before of randomWords(row, 40, 3)) {
      const text = disassemble(before, PC).text;
      const after = assembleLine(text, PC);
      // Two words may print alike (bits that do not matter); the row must be the same.
      if (after.isErr() || disassemble(after.value, PC).text !== text) wrong.push(`${before.toString(16)} ${text}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('logical immediates: 5334 for 64 bits, 1302 for 32, and each comes back', () => {
  for (const [width, count] of [
    [64, 5334],
    [32, 1302],
  ] as const) {
    const values = new Set<bigint>();
    for (let n = 0; n <= (width === 64 ? 1 : 0); n++) {
      for (let imms = 0; imms < 64; imms++) {
        for (let immr = 0; immr < 64; immr++) {
          const value = decodeBitmask(n, imms, immr, width);
          if (value !== null) values.add(value);
        }
      }
    }
    expect(values.size).toBe(count);
    for (const value of [...values].filter((_, index) => index % 97 === 0)) {
      const encoded = encodeBitmask(value, width);
      expect(encoded && decodeBitmask(encoded.n, encoded.imms, encoded.immr, width)).toBe(value);
    }
  }
});
