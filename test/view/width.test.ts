// Cells of a text: against string-width, which Ink measures with, for the characters people use.
import fc from 'fast-check';
import { eastAsianWidth } from 'get-east-asian-width';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { cutToWidth, textWidth } from '../../src/view/width.ts';

describe('textWidth', () => {
  test.each([
    ['abc', 3],
    ['', 0],
    ['日本語', 6],
    ['é', 1],
    ['é', 1],
    ['😀', 2],
    ['👨‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['1️⃣', 2],
    ['❤️', 2],
    ['❤', 1],
    ['한국', 4],
    ['…—█', 3],
    ['​', 0],
    ['a\u0301\u0302b', 2],
  ])('%j is %i', (text, width) => {
    expect(textWidth(text)).toBe(width);
    expect(stringWidth(text)).toBe(width);
  });
  test('agrees with the tables of East Asian Width, where they know the character', () => {
    const different: string[] = [];
    for (let c = 0x21; c < 0x40000; c += c < 0x3400 || (c >= 0x1d000 && c < 0x20000) ? 1 : 31) {
      const text = String.fromCodePoint(c);
      if (
        /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(text) &&
        !/[\p{RI}\p{Default_Ignorable_Code_Point}]/u.test(text) &&
        textWidth(text) !== eastAsianWidth(c)
      )
        different.push(c.toString(16));
    }
    expect(different).toEqual([]);
  });
  test('agrees with string-width on letters, marks, CJK, symbols and emoji', () => {
    const piece = fc.constantFrom(...'aZ09 é日本ぁ한글ابΩд→…█─│✓ａ｡'.split(''), '😀', '👩‍💻', '🇫🇷', 'é', '👍🏽');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(textWidth(pieces.join(''))).toBe(stringWidth(pieces.join('')));
      }),
    );
  });
});

test('cutToWidth never splits a wide character', () => {
  expect(cutToWidth('日本', 3)).toBe('日');
  expect(cutToWidth('abc', 2)).toBe('ab');
});
