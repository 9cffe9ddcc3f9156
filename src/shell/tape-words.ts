// Words of a tape's line: bare words, texts in ' " or `, regular expressions in slashes; # begins a comment. Positions are code points.

export interface Token {
  readonly text: string;
  /** `"` for a text in any quotes, `/` for a regular expression, '' for a bare word. */
  readonly mark: '"' | '/' | '';
  readonly from: number;
  readonly to: number;
}

/** What `\` and the character behind it mean inside double quotes. */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', '\\': '\\' };

/** The words of one line. A text that is not closed goes to the line's end; slashes mean a regular expression behind Wait and Expect only. */
export function tokensOf(line: string): Token[] {
  const chars = Array.from(line.replace(/\r$/, ''));
  const out: Token[] = [];
  for (let i = 0; i < chars.length; ) {
    if (/\s/.test(chars[i])) {
      i += 1;
      continue;
    }
    if (chars[i] === '#') break;
    const from = i;
    const quote = chars[i];
    const isMark = quote === '/' ? /^(Wait|Expect)/.test(out[0]?.text ?? '') : `"'\``.includes(quote);
    if (!isMark) {
      while (i < chars.length && !/\s/.test(chars[i])) i += 1;
      out.push({ text: chars.slice(from, i).join(''), mark: '', from, to: i });
      continue;
    }
    let text = '';
    for (i += 1; i < chars.length && chars[i] !== quote; i++) {
      if (chars[i] !== '\\' || i + 1 >= chars.length || (quote !== '"' && quote !== '/')) text += chars[i];
      else {
        const next = chars[++i];
        if (quote === '/') text += next === '/' ? '/' : `\\${next}`;
        else text += ESCAPES[next] ?? `\\${next}`;
      }
    }
    i += 1;
    out.push({ text, mark: quote === '/' ? '/' : '"', from, to: Math.min(i, chars.length) });
  }
  return out;
}
