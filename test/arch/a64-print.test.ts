import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { disassemble } from '../../src/arch/a64/print.ts';

// What objdump of binutils 2.40 prints for each word at this address, blanks collapsed: made by that program.
const ORIGIN = 0x40080000n;
const golden = readFileSync(new URL('a64-print.golden.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

describe('the words of objdump', () => {
  test('the golden list is there', () => expect(golden.length).toBeGreaterThan(250));
  for (const line of golden) {
    const [word, text] = [line.slice(0, 8), line.slice(9)];
    test(`${word} ${text}`, () => expect(disassemble(Number.parseInt(word, 16), ORIGIN).text.replace(/\s+/g, ' ')).toBe(text));
  }
});

describe('the parts of a line', () => {
  test('a branch names its target by the symbol that it is given', () => {
    const symbol = (address: bigint): string => `<main+0x${(address - 0x400810a0n).toString(16)}>`;
    expect(disassemble(0x54ffffa1, 0x40081128n, { symbol })).toEqual({
      mnemonic: 'b.ne',
      operands: '4008111c <main+0x7c>',
      comment: 'b.any',
      text: 'b.ne 4008111c <main+0x7c>  // b.any',
    });
  });

  test('a target without a symbol has its 0x', () => expect(disassemble(0x14000001, 0n).text).toBe('b 0x4'));

  test('addresses wrap at 64 bits, and pages are of the instruction', () => {
    expect(disassemble(0x17ffffff, 0n).text).toBe('b 0xfffffffffffffffc');
    expect(disassemble(0xb0000000, 0x40080ffcn).text).toBe('adrp x0, 0x40081000');
  });

  test('no operands, no blank', () =>
    expect(disassemble(0xd65f03c0, 0n)).toEqual({ mnemonic: 'ret', operands: '', comment: '', text: 'ret' }));

  test('what has no row is written as objdump writes the unknown', () => {
    expect(disassemble(0xffffffff, 0n)).toMatchObject({ mnemonic: '.inst', text: '.inst 0xffffffff ; undefined' });
    expect(disassemble(0x4e284800, 0n).text).toBe('.inst 0x4e284800 ; undefined'); // AESE: no cryptography here
  });
});
