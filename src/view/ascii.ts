// Text for a terminal that is not UTF-8: what ASCII has for it, else a question mark for each character.

const ASCII: Readonly<Record<string, string>> = {
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '…': '...',
  '–': '-',
  '—': '-',
  '−': '-',
  '×': 'x',
  '·': '.',
  '→': '->',
  '←': '<-',
  '≤': '<=',
  '≥': '>=',
  '≠': '!=',
  '§': 'section ',
  µ: 'u',
  '\u00a0': ' ',
  '█': '#',
};

/** The same in ASCII. */
export const asciiText = (text: string): string =>
  /[^\u0000-\u007f]/.test(text) ? Array.from(text, (c) => (c <= '\u007f' ? c : (ASCII[c] ?? '?'))).join('') : text;
