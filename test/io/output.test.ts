// When there are colours, and how wide a table may be (language.md §1, ux.md §2.4).
import { describe, expect, test } from 'vitest';
import { isUtf8, type OutputOptions, wantsColour, widthOf } from '../../src/io/output.ts';

const options = (more: Partial<OutputOptions> = {}): OutputOptions => ({ color: 'auto', width: null, plain: false, ...more });

describe('colours: --color, NO_COLOR, FORCE_COLOR, CLICOLOR, the terminal', () => {
  test.each<[boolean, Partial<OutputOptions>, Record<string, string>, boolean]>([
    [true, {}, {}, true],
    [false, {}, {}, false],
    [true, {}, { TERM: 'dumb' }, false],
    [true, {}, { NO_COLOR: '1' }, false],
    [true, {}, { NO_COLOR: '' }, true],
    [true, { color: 'never' }, { FORCE_COLOR: '1' }, false],
    [false, { color: 'always' }, { NO_COLOR: '1' }, true],
    [false, {}, { FORCE_COLOR: '1' }, true],
    [true, {}, { FORCE_COLOR: '0' }, false],
    [false, {}, { CLICOLOR_FORCE: '1' }, true],
    [true, {}, { CLICOLOR: '0' }, false],
    [true, { plain: true }, {}, false],
  ])('terminal %s, %j, %j: %s', (isTTY, more, env, expected) => {
    expect(wantsColour({ isTTY }, options(more), env)).toBe(expected);
  });
});

test('width: the option, the terminal, 80', () => {
  expect(widthOf({ isTTY: true, columns: 132 }, options())).toBe(132);
  expect(widthOf({ isTTY: true, columns: 132 }, options({ width: 60 }))).toBe(60);
  expect(widthOf({ isTTY: false }, options())).toBe(80);
});

test('a locale that is not UTF-8 gets no drawing characters', () => {
  expect(isUtf8({ LANG: 'en_US.UTF-8' })).toBe(true);
  expect(isUtf8({ LANG: 'C' })).toBe(false);
  expect(isUtf8({ LC_ALL: 'C', LANG: 'en_US.UTF-8' })).toBe(false);
  expect(isUtf8({})).toBe(true);
});
