// Rows and decoding: every row finds itself, rows overlap only where one is a special case of the other.
import { describe, expect, test } from 'vitest';
import { decodeWord, rowById } from '../../src/arch/a64/decode.ts';
import { a64Rows } from '../../src/arch/a64/rows.ts';

describe('rows', () => {
  test('have unique names, and there are more than 230', () => {
    expect(new Set(a64Rows().map((r) => r.id)).size).toBe(a64Rows().length);
    expect(a64Rows().length).toBeGreaterThan(230);
  });

  test('overlap only where one is a special case of the other', () => {
    for (const [i, a] of a64Rows().entries()) {
      for (const b of a64Rows().slice(i + 1)) {
        if (((a.pattern.value ^ b.pattern.value) & a.pattern.mask & b.pattern.mask) !== 0) continue;
        const [narrow, wide] = (a.pattern.mask & b.pattern.mask) >>> 0 === b.pattern.mask ? [a, b] : [b, a];
        expect([narrow.id, wide.id, (narrow.pattern.mask & wide.pattern.mask) >>> 0]).toEqual([narrow.id, wide.id, wide.pattern.mask]);
      }
    }
  });

  test('every operand finds its fields', () => {
    for (const row of a64Rows()) {
      const fields = new Set(row.pattern.fields.map((f) => f.name));
      for (const operand of row.operands) {
        const register = /^[RWX]([dnmast]2?)(\||$|\.)/.exec(operand);
        if (register !== null) expect([row.id, operand, fields.has(`r${register[1]}`)]).toEqual([row.id, operand, true]);
      }
    }
  });
});

describe('decodeWord', () => {
  // Words as Arm's own tables and any disassembler have them.
  test.each([
    [0xd503201f, 'NOP'],
    [0xd503223f, 'PSB_CSYNC'],
    [0xd50323bf, 'AUTIASP'],
    [0xd503261f, 'HINT'],
    [0xd65f03c0, 'RET'],
    [0xd69f03e0, 'ERET'],
    [0xd4000001, 'SVC'],
    [0xd4000002, 'HVC'],
    [0xd2800000, 'MOVZ'],
    [0x91000000, 'ADD_immediate'],
    [0x8b000000, 'ADD_register'],
    [0x8b200000, 'ADD_extended'],
    [0xf9400000, 'LDR_unsigned'],
    [0xf8408400, 'LDR_post'],
    [0xa9bf7bfd, 'STP_pre'],
    [0xc85f7c20, 'LDXR'],
    [0xf8e00041, 'LDADDAL'],
    [0xc8e0fc41, 'CASAL'],
    [0xd5033fdf, 'ISB'],
    [0xd5033f9f, 'DSB'],
    [0xd5033f5f, 'CLREX'],
    [0xd538d080, 'MRS'],
    [0xd518c000, 'MSR_register'],
    [0xd50342df, 'MSR_immediate'],
    [0xd508871f, 'SYS'],
    [0x00000000, 'UDF'],
  ])('%i is %s', (word, id) => expect(decodeWord(word)?.id).toBe(id));

  test.each([
    [0x12400000, 'a 32-bit logical immediate with N = 1'],
    [0x9240fc00, 'a logical immediate of ones'],
    [0x1200fc00, 'a logical immediate of no element size'],
    [0x12c00000, 'MOVN of a W register, shifted by 32'],
    [0x0b000000 | (3 << 22), 'ADD with ROR'],
    [0x0b008000, 'ADD of W registers shifted by 32'],
    [0x8b201400, 'ADD extended, shifted by 5'],
    [0x13400000, 'SBFM of W registers with N = 1'],
    [0xf8602800, 'LDR with option 001'],
    [0x48217c00, 'CASP of an odd register'],
    [0x1ee02000, 'FCMP of half precision'],
  ])('%i is unallocated or unknown: %s', (word) => expect(decodeWord(word >>> 0)).toBeNull());

  test('a row’s own word decodes to it or to a special case of it, asked once or twice', () => {
    for (const row of a64Rows()) {
      const word = row.pattern.value;
      for (let i = 0; i < 2; i++) {
        const found = decodeWord(word);
        if (found === null) expect(row.unallocated?.(word)).toBe(true);
        else expect((found.pattern.mask & row.pattern.mask) >>> 0).toBe(row.pattern.mask);
      }
    }
    expect(rowById('LDR_literal').mnemonic).toBe('ldr');
    expect(() => rowById('NONE')).toThrow();
  });
});
