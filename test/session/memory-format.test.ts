// x/FMT as gdb 13.1 prints it (gdb-multiarch, `x/4xw`, `x/2d`, … of the same bytes).
import { expect, test } from 'vitest';
import { formatUnits, memoryFormat, unitsInLine } from '../../src/session/memory-format.ts';

const bytes = Uint8Array.from([0xe2, 0x03, 0x00, 0xaa, 0x61, 0x0a, 0x80, 0xd2]);

test.each([
  ['x', { count: 1, letter: 'x', size: 4 }],
  ['4xg', { count: 4, letter: 'x', size: 8 }],
  ['8gx', { count: 8, letter: 'x', size: 8 }],
  ['2c', { count: 2, letter: 'c', size: 1 }],
  ['a', { count: 1, letter: 'a', size: 8 }],
  ['3', { count: 3, letter: 'x', size: 4 }],
])('%s', (text, format) => {
  expect(memoryFormat(text)).toEqual(format);
});

test.each(['', 'q', '0x', 'xx', 'bg', '9999999x', '4 x'])("'%s' is no format", (text) => {
  expect(memoryFormat(text)).toBeNull();
});

test.each([
  ['2xw', ['0xaa0003e2', '0xd2800a61']],
  ['xg', ['0xd2800a61aa0003e2']],
  ['4uh', ['994', '43520', '2657', '53888']],
  ['2dw', ['-1442839582', '-763360671']],
  ['tb', ['11100010', '00000011', '00000000', '10101010', '01100001', '00001010', '10000000', '11010010']],
  ['8c', ["-30 '\\342'", "3 '\\003'", "0 '\\000'", "-86 '\\252'", "97 'a'", "10 '\\012'", "-128 '\\200'", "-46 '\\322'"]],
])('units of %s', (text, units) => {
  const format = memoryFormat(text);
  expect(format && formatUnits(bytes, format)).toEqual(units);
  expect(format && unitsInLine(format)).toBeGreaterThan(0);
});
