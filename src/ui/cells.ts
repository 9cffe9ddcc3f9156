// Finished pieces of the transcript, as strings: the line that was typed, and what it printed. They are handed to <Static> once.
import { columnsOfText } from './graphemes.ts';
import type { Paint, Role } from './paint.ts';
import type { Item, Read, ShellPort, TypedSpan } from './port.ts';

export interface Cell {
  readonly id: number;
  readonly text: string;
  /** Columns of its widest line. */
  readonly width: number;
}

export function cell(id: number, printed: string): Cell {
  const text = printed.includes('\t') ? printed.replace(/\t/g, '        ') : printed;
  let width = 1;
  for (const line of text.split('\n')) width = Math.max(width, columnsOfText(line));
  return { id, text, width };
}

/** `spe> ` of the first line, `...> ` of those that go on, as wide. */
export const morePrompt = (prompt: string): string => `${'.'.repeat(Math.max(0, prompt.trimEnd().length - 1))}> `;

/** Role of each UTF-16 unit of a line. */
export function rolesOf(line: string, spans: readonly TypedSpan[] | undefined): Role[] {
  const roles = new Array<Role>(line.length).fill('plain');
  for (const span of spans ?? []) roles.fill(span.role, span.from, span.to);
  return roles;
}

function paintLine(line: string, roles: readonly Role[], paint: Paint): string {
  let out = '';
  for (let i = 0; i < line.length; ) {
    let j = i;
    while (j < line.length && roles[j] === roles[i]) j++;
    out += paint(roles[i], line.slice(i, j));
    i = j;
  }
  return out;
}

/** The line as it was typed, behind its prompts. */
export function echo(line: string, port: ShellPort, paint: Paint): string {
  const prompt = port.prompt();
  const roles = rolesOf(line, port.colour?.(line));
  let from = 0;
  const rows = line.split('\n').map((part, i) => {
    const row = paint('strong', i === 0 ? prompt : morePrompt(prompt)) + paintLine(part, roles.slice(from, from + part.length), paint);
    from += part.length + 1;
    return row;
  });
  return rows.join('\n');
}

/** Candidates of a completion, one in a line. */
export function listText(items: readonly Item[]): string {
  const width = Math.max(...items.map((item) => item.label.length));
  return items.map((item) => (item.detail === undefined ? item.label : `${item.label.padEnd(width)}  ${item.detail}`)).join('\n');
}

/** A caret under the place in the line that was just echoed, what is wrong, and what helps. */
export function misreadText(line: string, read: Extract<Read, { ok: false }>, port: ShellPort, paint: Paint): string {
  const part = (from: number, to: number): string => Array.from(line).slice(from, to).join('');
  const lines = [`misread [${read.code}]: ${read.message}`];
  // A caret needs a line that stands in one row above it.
  if (!line.includes('\n')) {
    const before = columnsOfText(port.prompt()) + columnsOfText(part(0, read.at));
    lines.unshift(' '.repeat(before) + paint('bad', '^'.padEnd(columnsOfText(part(read.at, read.end)), '~')));
  }
  if (read.hint !== undefined) lines.push(paint('dim', `  hint: ${read.hint}`));
  return lines.join('\n');
}
