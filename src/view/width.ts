// How wide a text is in terminal cells, and how raw text is made safe to print. Widths follow UAX #11 (East Asian Width) and UTS #51
// (emoji), grapheme by grapheme. string-width, which Ink brings, would do the same, but compiling its patterns and tables takes as long as
// starting Node: here nothing is compiled before a text that is not ASCII.
/** Wide characters that are no emoji: UAX #11, classes W and F, by first and last code point; holes of unassigned ones are closed. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2630, 0x2637],
  [0x268a, 0x268f],
  [0x2e80, 0x303e],
  [0x3041, 0x3247],
  [0x3250, 0xa4c6],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x1b2fb],
  [0x1d300, 0x1d356],
  [0x1d360, 0x1d376],
  [0x1f1ae, 0x1f1ae],
  [0x1f200, 0x1f265],
  [0x1f6d5, 0x1f6d9],
  [0x1f7da, 0x1f7da],
  [0x1fa80, 0x1fafa],
  [0x20000, 0x3fffd],
];

const isWide = (codePoint: number): boolean => WIDE.some(([first, last]) => codePoint >= first && codePoint <= last);

interface Unicode {
  readonly segmenter: Intl.Segmenter;
  /** Takes no cell: marks, format characters, controls. */
  readonly invisible: RegExp;
  readonly emoji: RegExp;
}

let unicode: Unicode | undefined;

function graphemeWidth(cluster: string, u: Unicode): number {
  let rest = cluster;
  while (rest !== '' && u.invisible.test(rest)) rest = rest.slice(String.fromCodePoint(rest.codePointAt(0) ?? 0).length);
  if (rest === '') return 0;
  if (u.emoji.test(rest)) return 2;
  return isWide(rest.codePointAt(0) ?? 0) ? 2 : 1;
}

/** Cells the text takes. */
export function textWidth(text: string): number {
  let ascii = true;
  for (let i = 0; i < text.length && ascii; i++) {
    const c = text.charCodeAt(i);
    ascii = c >= 0x20 && c <= 0x7e;
  }
  if (ascii) return text.length;
  unicode ??= {
    segmenter: new Intl.Segmenter(),
    invisible: /^[\p{M}\p{Cf}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}]/u,
    // Shown as a picture by itself, made one by U+FE0F, a flag, or a keycap.
    emoji: /^(\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{RI}\p{RI}|[\d#*]\uFE0F?\u20E3)/u,
  };
  let width = 0;
  for (const { segment } of unicode.segmenter.segment(text)) width += graphemeWidth(segment, unicode);
  return width;
}

/** Control characters, and the ones that reorder or hide text in a terminal (bidirectional overrides, line separators). */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** The text with those characters written out: `\x1b`, `\u202e`. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.charCodeAt(0);
    return SHORT[c] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`);
  });
}

/** The longest beginning of at most `cells` cells, by code points. */
export function cutToWidth(text: string, cells: number): string {
  if (textWidth(text) <= cells) return text;
  let out = '';
  let used = 0;
  for (const c of text) {
    const w = textWidth(c);
    if (used + w > cells) break;
    out += c;
    used += w;
  }
  return out;
}
