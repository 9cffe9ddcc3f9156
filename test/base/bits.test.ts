import { describe, expect, test } from 'vitest';
import { bitPattern, fieldOf } from '../../src/base/bits.ts';

describe('bit patterns', () => {
  test('literal bits make mask and value, named runs make fields', () => {
    const add = bitPattern('sf:1 00 100010 sh:1 imm:12 rn:5 rd:5', 32);
    expect(add.mask.toString(16)).toBe('7f800000');
    expect(add.value.toString(16)).toBe('11000000');
    expect(fieldOf(0x91000421, add.fields.find((f) => f.name === 'imm')!)).toBe(1);
    expect(fieldOf(0x91000421, add.fields.find((f) => f.name === 'sf')!)).toBe(1);
  });

  test('x does not matter', () => {
    expect(bitPattern('1x0', 3)).toMatchObject({ mask: 5, value: 4 });
  });

  test('bits that do not add up are our bug', () => {
    expect(() => bitPattern('01 a:3', 8)).toThrow(/5 bits instead of 8/);
    expect(() => bitPattern('0?', 2)).toThrow(/cannot read/);
  });
});
