// How wide a text is in terminal cells, and how raw text is made safe to print.
import stringWidth from 'string-width';

/** Cells the text takes. */
export function textWidth(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || c > 0x7e) return stringWidth(text);
  }
  return text.length;
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
