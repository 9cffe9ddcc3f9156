// Pasted text: a transcript pasted back loses its prompts and its outputs (as the Julia REPL's prompt pasting does).

const FIRST = /^\s{0,3}spe> ?/;
const MORE = /^\s{0,3}\.\.\.> ?/;

/** The commands of a transcript; any other text as it stands, without line ends at its end. */
export function withoutPrompts(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').split('\n');
  if (!lines.some((line) => FIRST.test(line))) return lines.join('\n');
  const commands: string[] = [];
  let inside = false;
  for (const line of lines) {
    if (FIRST.test(line)) {
      commands.push(line.replace(FIRST, ''));
      inside = true;
    } else if (inside && MORE.test(line)) commands.push(line.replace(MORE, ''));
    else inside = false;
  }
  return commands.join('\n').replace(/\n+$/, '');
}

export interface LogicalLine {
  readonly text: string;
  /** UTF-16 units before it. */
  readonly from: number;
}

/** A text cut where Enter will: a backslash at the end of a line holds it together with the next. */
export function linesOf(text: string): LogicalLine[] {
  const out: LogicalLine[] = [];
  let from = 0;
  for (const line of text.split('\n')) {
    const before = out.at(-1);
    if (before !== undefined && /(^|[^\\])(\\\\)*\\$/.test(before.text))
      out[out.length - 1] = { ...before, text: `${before.text}\n${line}` };
    else out.push({ text: line, from });
    from += line.length + 1;
  }
  return out;
}

/** The lines that Enter runs one after the other. */
export const logicalLines = (text: string): string[] =>
  linesOf(text)
    .map((line) => line.text)
    .filter((line, i, all) => line.trim() !== '' || (i === 0 && all.length === 1));
