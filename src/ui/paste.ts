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

/** The lines that Enter runs one after the other: a backslash at the end of a line holds it together with the next. */
export function logicalLines(text: string): string[] {
  const out: string[] = [];
  for (const line of text.split('\n')) {
    const before = out.at(-1);
    if (before !== undefined && /(^|[^\\])(\\\\)*\\$/.test(before)) out[out.length - 1] = `${before}\n${line}`;
    else out.push(line);
  }
  return out.filter((line, i) => line.trim() !== '' || (i === 0 && out.length === 1));
}
