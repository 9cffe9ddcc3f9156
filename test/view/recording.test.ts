// Casts by the asciicast documents (docs.asciinema.org/manual/asciicast/v2 and v3); pictures by what SVG and CSS ask for.
import { describe, expect, test } from 'vitest';
import { type Cast, castText } from '../../src/view/cast.ts';
import { type Frame, pictureSvg, type Run } from '../../src/view/svg.ts';
import { THEMES } from '../../src/view/themes.ts';

const cast: Cast = {
  columns: 80,
  rows: 24,
  title: 'a "title"',
  theme: THEMES['dark'],
  events: [
    { at: 0, code: 'o', text: 'a\u001b[0m' },
    { at: 1500, code: 'm', text: 'one' },
    { at: 1507, code: 'r', text: '100x30' },
    { at: 2000, code: 'x', text: '0' },
  ],
};
const lines = (version: 2 | 3): unknown[] =>
  castText(cast, version)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('asciicast', () => {
  test('v3: the size under term, times from event to event, the exit status', () => {
    const [header, ...events] = lines(3);
    expect(header).toMatchObject({ version: 3, term: { cols: 80, rows: 24 }, title: 'a "title"' });
    expect(events).toEqual([
      [0, 'o', 'a\u001b[0m'],
      [1.5, 'm', 'one'],
      [0.007, 'r', '100x30'],
      [0.493, 'x', '0'],
    ]);
  });
  test('v2: the size at the top, times from the start, no exit status', () => {
    const [header, ...events] = lines(2);
    expect(header).toMatchObject({ version: 2, width: 80, height: 24 });
    expect(events).toEqual([
      [0, 'o', 'a\u001b[0m'],
      [1.5, 'm', 'one'],
      [1.507, 'r', '100x30'],
    ]);
  });
  test('nothing of the machine or the day is in it', () => {
    expect(castText(cast, 3)).not.toMatch(/timestamp|SHELL|HOME/);
  });
});

const run = (text: string, more: Partial<Run> = {}): Run => ({
  at: 0,
  columns: text.length,
  text,
  foreground: null,
  background: null,
  bold: false,
  dim: false,
  underline: false,
  inverse: false,
  ...more,
});
const frame = (at: number, ...rows: Run[][]): Frame => ({ at, rows, cursor: null });
const svg = (...frames: Frame[]): string =>
  pictureSvg({ columns: 20, rows: 3, title: 'T <&> "', theme: THEMES['light'], frames, rest: 1000 });

describe('SVG', () => {
  test('text is text, escaped, stretched to its columns', () => {
    const still = svg(frame(0, [run('a<b>&"\u0000')]));
    expect(still).toContain('textLength="58.8" lengthAdjust="spacingAndGlyphs">a&#60;b&#62;&#38;&#34;\ufffd</text>');
    expect(still).toContain('<title>T &#60;&#38;&#62; &#34;</title>');
    expect(still).not.toContain('animation');
    // Blanks at the beginning of a line stay, also for readers that know no white-space of CSS.
    expect(still).toContain('xml:space="preserve"');
  });
  test('colours of the theme, bold, underline, inverse', () => {
    const still = svg(frame(0, [run('x', { foreground: 1, bold: true }), run('y', { at: 1, inverse: true, underline: true })]));
    expect(still).toContain(`fill="${THEMES['light'].palette[1]}" font-weight="bold">x<`);
    expect(still).toContain(`<rect x="8.4" width="8.4" height="18" fill="${THEMES['light'].foreground}"/>`);
    expect(still).toContain(`fill="${THEMES['light'].background}" text-decoration="underline">y<`);
  });
  test('a row that stays is there once; reduced motion stops at the last screen', () => {
    const moving = svg(frame(0, [run('stays')], [run('first')]), frame(500, [run('stays')], [run('second')]));
    expect(moving.match(/stays/g)).toHaveLength(1);
    expect(moving).toContain('@keyframes k1{0%{visibility:visible}33.333%{visibility:hidden}}');
    expect(moving).toContain('@keyframes k2{0%{visibility:hidden}33.333%{visibility:visible}}');
    expect(moving).toContain('@media(prefers-reduced-motion:reduce){.a{animation:none}.l{visibility:visible}}');
    expect(moving).toMatch(/<g class="a l" style="animation-name:k2">.*second/);
  });
  test.each(Object.entries(THEMES))('%s: every colour can be read on its background (WCAG 2.2, 1.4.3)', (_name, theme) => {
    const light = (colour: string): number => {
      const [r, g, b] = [1, 3, 5].map((i) => {
        const c = Number.parseInt(colour.slice(i, i + 2), 16) / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a: string, b: string): number => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const poor = [theme.foreground, ...theme.palette.slice(1)].filter((colour) => contrast(colour, theme.background) < 4.5);
    expect(poor).toEqual([]);
  });
});
