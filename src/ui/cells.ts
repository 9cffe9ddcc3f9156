// Finished pieces of the transcript, as strings: the line that was typed, and what it printed. They are handed to <Static> once.
import { columnsOfText } from './graphemes.ts';
import type { Paint, Role } from './paint.ts';
import type { Read, ShellPort, TypedSpan } from './port.ts';

export interface Cell {
  readonly id: number;
  readonly text: string;
  /** Columns of its widest line. */
  readonly width: number;
}

export function cell(id: number, text: string): Cell {
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
  return line
    .split('\n')
    .map((part, i) => paint('strong', i === 0 ? prompt : morePrompt(prompt)) + paintLine(part, rolesOf(part, port.colour?.(part)), paint))
    .join('\n');
}

/** A caret under the place, and what was expected there. */
export function misreadText(line: string, read: Extract<Read, { ok: false }>, port: ShellPort, paint: Paint): string {
  if (port.misread !== undefined) return port.misread(line, read);
  const before = Array.from(line).slice(0, read.at).join('').replace(/\n/g, ' ');
  const caret = ' '.repeat(columnsOfText(port.prompt()) + columnsOfText(before));
  const expected = read.expected.length === 0 ? '' : `; expected ${read.expected.join(', ')}`;
  const lines = [caret + paint('bad', '^'), `${read.message}${expected}`];
  if (read.hint !== undefined) lines.push(`  ${read.hint}`);
  return lines.join('\n');
}
