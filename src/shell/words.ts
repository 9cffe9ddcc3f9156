// Words of the command language (language.md §2): commands end at `;` and at the end of a line; `#` at the start of a word comments;
// `\` at the end of a line continues; quotes and the `/…/` of an `expect` keep everything literal. All positions are code points.

/** One command of a longer text, as it stands there; continuations are blanks, so that positions hold. */
export interface Statement {
  readonly text: string;
  readonly chars: readonly string[];
  /** Code point of its first character in the whole text. */
  readonly at: number;
}

export const isBlank = (c: string | undefined): boolean => c === ' ' || c === '\t' || c === '\r';

/** Whether the word after these is where an `expect` says what it expects: there `/…/` is a regular expression. */
function atExpectation(words: readonly string[]): boolean {
  let i = 0;
  while (i < words.length) {
    if (!/^expec?t?$/.test(words[i])) return false;
    if (i + 1 === words.length) return true;
    i += words[i + 1] === 'exit' ? 3 : 2;
  }
  return false;
}

/** The end of a quoted run that begins at `from`: index behind the closing mark, or -1 when the line ends first. */
function quoteEnd(chars: readonly string[], from: number): number {
  const mark = chars[from];
  for (let i = from + 1; i < chars.length && chars[i] !== '\n'; i++) {
    if (mark !== "'" && chars[i] === '\\') i += 1;
    else if (chars[i] === mark) return i + 1;
  }
  return -1;
}

/** Where the `/…/` that begins at `from` ends: behind its closing slash, -1 when it has none. `\/` is a slash inside. */
export const regexEnd = quoteEnd;

/** Cuts a text into its commands; comments and empty commands are left out. It cannot fail: an open quote is the parser's to report. */
export function splitCommands(source: string): Statement[] {
  const chars = Array.from(source);
  const out: Statement[] = [];
  let start = -1;
  let piece: string[] = [];
  let words: string[] = [];
  let word = '';
  let i = 0;
  const endWord = (): void => {
    if (word !== '') words.push(word);
    word = '';
  };
  const endCommand = (): void => {
    endWord();
    while (piece.length > 0 && isBlank(piece[piece.length - 1])) piece.pop();
    if (piece.length > 0) out.push({ text: piece.join(''), chars: piece, at: start });
    piece = [];
    words = [];
    start = -1;
  };
  const take = (n: number, asWord: boolean): void => {
    if (start < 0) start = i;
    for (let k = 0; k < n; k++, i++) {
      piece.push(chars[i]);
      if (asWord) word += chars[i];
    }
  };
  while (i < chars.length) {
    const c = chars[i];
    const eol = c === '\\' ? (chars[i + 1] === '\n' ? 2 : chars[i + 1] === '\r' && chars[i + 2] === '\n' ? 3 : 0) : 0;
    if (c === '\n' || c === ';') {
      endCommand();
      i += 1;
    } else if (eol > 0 || (c === '\\' && i + 1 === chars.length)) {
      endWord();
      const n = Math.max(eol, 1);
      if (start >= 0) for (let k = 0; k < n; k++) piece.push(' ');
      i += n;
    } else if (isBlank(c)) {
      endWord();
      if (start >= 0) piece.push(' ');
      i += 1;
    } else if (c === '#' && word === '') {
      while (i < chars.length && chars[i] !== '\n') i += 1;
    } else if (c === "'" || c === '"' || (c === '/' && word === '' && atExpectation(words))) {
      const end = quoteEnd(chars, i);
      let stop = end;
      if (end < 0) {
        stop = i;
        while (stop < chars.length && chars[stop] !== '\n') stop += 1;
      }
      take(stop - i, true);
    } else {
      take(1, true);
    }
  }
  endCommand();
  return out;
}

/** One word of a command, as typed and as meant. */
export interface Word {
  readonly at: number;
  readonly end: number;
  readonly raw: string;
  /** Without its quotes. */
  readonly value: string;
  /** For each code point of `value`, where it stands in the command. */
  readonly origins: readonly number[];
  /** The whole word is one quoted run. */
  readonly quoted: boolean;
  /** A quote or bracket in it that is not closed, or an escape that is none. */
  readonly fault?: { readonly code: string; readonly at: number; readonly end: number; readonly message: string; readonly hint?: string };
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']' };
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', '\\': '\\' };

/**
 * The word that begins at `from` (which is not blank): up to a blank outside quotes and brackets, the end, or, outside quotes and
 * brackets, the mark `stop`.
 */
export function scanWord(chars: readonly string[], from: number, stop?: string): Word {
  const open: number[] = [];
  let value = '';
  const origins: number[] = [];
  let fault: Word['fault'];
  let quotes = 0;
  let i = from;
  const put = (c: string, origin: number): void => {
    value += c;
    origins.push(origin);
  };
  while (i < chars.length) {
    const c = chars[i];
    if (open.length === 0 && (isBlank(c) || c === stop)) break;
    if (c === "'" || c === '"') {
      quotes += i === from ? 1 : 2;
      const end = quoteEnd(chars, i);
      if (end < 0) {
        fault ??= { code: 'quote', at: i, end: chars.length, message: `this quote is not closed`, hint: `close it with ${c}` };
        i = chars.length;
        break;
      }
      for (let k = i + 1; k < end - 1; k++) {
        if (c === '"' && chars[k] === '\\') {
          const escaped = chars[k + 1];
          const code = escaped === 'x' ? /^[0-9a-fA-F]{2}/.exec(chars.slice(k + 2, end - 1).join('')) : null;
          if (code !== null) {
            put(String.fromCharCode(Number.parseInt(code[0], 16)), k);
            k += 3;
          } else if (ESCAPES[escaped] !== undefined) {
            put(ESCAPES[escaped], k);
            k += 1;
          } else {
            fault ??= {
              code: 'escape',
              at: k,
              end: k + 2,
              message: `"\\${escaped}" is no escape`,
              hint: 'the escapes are \\n \\t \\" \\\\ \\xHH',
            };
            k += 1;
          }
        } else put(chars[k], k);
      }
      i = end;
      if (quotes === 1 && i < chars.length && !isBlank(chars[i]) && chars[i] !== stop) quotes += 2;
      continue;
    }
    if (CLOSING[c] !== undefined) open.push(i);
    else if (open.length > 0 && c === CLOSING[chars[open[open.length - 1]]]) open.pop();
    put(c, i);
    i += 1;
  }
  if (open.length > 0) {
    const at = open[open.length - 1];
    fault ??= { code: 'bracket', at, end: at + 1, message: `this ${chars[at]} is not closed`, hint: `close it with ${CLOSING[chars[at]]}` };
  }
  const base = { at: from, end: i, raw: chars.slice(from, i).join(''), value, origins, quoted: quotes === 1 };
  return fault === undefined ? base : { ...base, fault };
}
