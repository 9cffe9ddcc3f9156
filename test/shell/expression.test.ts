// language.md §2: numbers, operators with C's precedence, registers, symbols, memory, variables.
import { describe, expect, test } from 'vitest';
import type { Expression } from '../../src/session/expression.ts';
import { numberValue, parseExpression } from '../../src/shell/expression.ts';

/** The tree with all its brackets. */
function full(e: Expression): string {
  switch (e.kind) {
    case 'number':
      return String(e.value);
    case 'name':
      return e.name;
    case 'symbol':
      return `'${e.name}'`;
    case 'field':
      return `${e.register}.${e.field}`;
    case 'variable':
      return `$${e.name}`;
    case 'memory':
      return `[${full(e.address)}]${e.size}`;
    case 'unary':
      return `(${e.operator}${full(e.operand)})`;
    case 'binary':
      return `(${full(e.left)}${e.operator}${full(e.right)})`;
  }
}
const tree = (text: string): string => parseExpression(text).match(full, (m) => `${m.at}: ${m.message}`);

describe('numbers', () => {
  test.each([
    ['21', 21n],
    ['0x15', 21n],
    ['0b101', 5n],
    ['1_000', 1000n],
    ['0xffff_ffff', 0xffff_ffffn],
    ['4KiB', 4096n],
    ['16MiB', 16n << 20n],
    ['1GiB', 1n << 30n],
    ['18446744073709551615', (1n << 64n) - 1n],
    ['18446744073709551616', null],
    ['0x', null],
    ['0b2', null],
    ['1_', null],
    ['1__0', null],
    ['4kb', null],
    ['12abc', null],
    ['0x10KiB', 16n * 1024n],
  ])('%s', (text, value) => {
    expect(numberValue(text)).toBe(value);
  });
  test('too large is said so', () => {
    expect(tree('0x1_0000_0000_0000_0000')).toMatch(/^0: .* does not fit in 64 bits/);
    expect(tree('1 + 3x')).toMatch(/^4: '3x' is no number/);
  });
});

describe("precedence is C's", () => {
  test.each([
    ['1+2*3', '(1+(2*3))'],
    ['1-2-3', '((1-2)-3)'],
    ['1<<2+3', '(1<<(2+3))'],
    ['1<2==3>4', '((1<2)==(3>4))'],
    ['a&b==c', '(a&(b==c))'],
    ['a|b^c&d', '(a|(b^(c&d)))'],
    ['a||b&&c|d', '(a||(b&&(c|d)))'],
    ['-1', '(-1)'],
    ['~x0+1', '((~x0)+1)'],
    ['!a==b', '((!a)==b)'],
    ['- - 1', '(-(-1))'],
    ['(1 + 2) * 3', '((1+2)*3)'],
    ['1 >= 2 != 3 <= 4', '((1>=2)!=(3<=4))'],
    ['6/2%4', '((6/2)%4)'],
  ])('%s', (text, expected) => {
    expect(tree(text)).toBe(expected);
  });
});

describe('operands', () => {
  test.each([
    ['PMBSR_EL1.S', 'PMBSR_EL1.S'],
    ['main+8', '(main+8)'],
    ["'f.part.0'+4", "('f.part.0'+4)"],
    ['[sp]', '[sp]8'],
    ['[x0 + 8].w', '[(x0+8)]4'],
    ['[[x0]].b', '[[x0]8]1'],
    ['[x0].h', '[x0]2'],
    ['$pc', '$pc'],
    ['$_ + $1', '($_+$1)'],
    ['$? == EINVAL', '($?==EINVAL)'],
    ['$_a', '$_a'],
  ])('%s', (text, expected) => {
    expect(tree(text)).toBe(expected);
  });
});

describe('faults have their place', () => {
  test.each([
    ['', /^0: a value is missing/],
    ['1 +', /^3: a value is missing/],
    ['(1', /^0: this \( is not closed/],
    ['(1]', /^2: /],
    ['[x0', /^0: this \[/],
    ['[x0].q', /^4: the size/],
    ['[x0].bb', /^4: the size/],
    ['1 2', /^2: the expression ends/],
    ['a = 1', /^2: /],
    ['*', /^0: '\*' begins no value/],
    ['$', /^0: \$ needs a name/],
    ['$1x', /^0: \$ needs a name/],
    ["'f", /^0: this quote/],
    ['a.b.c', /^3: a field has no field/],
    ['a.', /^2: a field name/],
  ])('%s', (text, expected) => {
    expect(tree(text)).toMatch(expected);
  });
  test('deep nesting and long chains are refused, not crashed on', () => {
    expect(tree('('.repeat(5000))).toMatch(/nested deeper/);
    expect(tree(`${'~'.repeat(5000)}1`)).toMatch(/nested deeper/);
    expect(tree(Array(5000).fill('1').join('+'))).toMatch(/more than/);
  });
});
