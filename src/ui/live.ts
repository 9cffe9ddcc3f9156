// What stands under the transcript now, from the shell's state: the prompt with its colours, hint, menu and notice, or the running status. Pure.
import { morePrompt, rolesOf } from './cells.ts';
import { offsetOf, textOf } from './editor.ts';
import { type Live, layoutPrompt, layoutRunning, type Screen, TEXT } from './layout.ts';
import { completionAt } from './menu.ts';
import type { Role } from './paint.ts';
import { linesOf } from './paste.ts';
import type { ShellPort } from './port.ts';
import { ghost, type PromptState } from './prompt.ts';
import type { ShellState } from './shell-state.ts';

export interface LiveOptions {
  /** Hints, suggestions, menu and numbers that change; off for screen readers, which would read each change. */
  readonly hints: boolean;
}

interface Reading {
  readonly roles: readonly Role[];
  readonly hint?: { readonly text: string; readonly role: Role };
}

/** Where a line that the cursor is not in does not parse, in UTF-16 units of it; its last word where it ends too early. */
function faultIn(line: string, port: ShellPort): readonly [number, number] | undefined {
  const read = line.trim() === '' ? undefined : port.read(line);
  if (read === undefined || read.ok) return undefined;
  const units = (points: number): number => Array.from(line).slice(0, points).join('').length;
  const last = line.trimEnd().search(/\S+$/);
  return units(read.at) < line.trimEnd().length ? [units(read.at), units(read.end)] : [last, line.trimEnd().length];
}

/** Colours and hint of the text; errors are shown where the cursor has left them behind. */
function readText(prompt: PromptState, port: ShellPort, hints: boolean): Reading {
  const text = textOf(prompt.editor);
  if (text.trim() === '') return { roles: [] };
  const roles: Role[] = [];
  const lines = linesOf(text);
  for (const { text: line } of lines) roles.push(...rolesOf(line, port.colour?.(line)), 'plain');
  if (!hints) return { roles };
  const found = completionAt(prompt.editor, port.complete);
  const cursor = offsetOf(prompt.editor);
  const own = lines.findLastIndex(({ from }) => from <= cursor);
  // No more rows of text are shown than this.
  for (const [i, line] of lines.entries()) {
    const fault = i === own || Math.abs(i - own) > TEXT ? undefined : faultIn(line.text, port);
    if (fault !== undefined) roles.fill('bad', line.from + fault[0], line.from + fault[1]);
  }
  const wrong = found.diagnostics?.find((d) => d.to < cursor || (d.from < cursor && /\s$/.test(text)));
  if (wrong !== undefined) roles.fill('bad', wrong.from, Math.max(wrong.to, wrong.from + 1));
  const hint = wrong !== undefined ? { text: wrong.message, role: 'dim' as const } : found.signature;
  return { roles, hint: typeof hint === 'string' ? { text: hint, role: 'dim' } : hint };
}

/** Role of each grapheme, from the role of its first UTF-16 unit. */
function perGrapheme(graphemes: readonly string[], roles: readonly Role[]): Role[] {
  let at = 0;
  return graphemes.map((grapheme) => {
    const role = roles[at] ?? 'plain';
    at += grapheme.length;
    return role;
  });
}

/** The live region, but for the boxes, which are Ink's to draw. */
export function liveOf(state: ShellState, port: ShellPort, screen: Screen, { hints }: LiveOptions): Live {
  if (state.ended) return { rows: [] };
  if (state.running !== undefined) return layoutRunning(state.running.text, hints ? state.running.operations : undefined, screen);
  const { prompt } = state;
  const reading = readText(prompt, port, hints);
  const roles = perGrapheme(prompt.editor.graphemes, reading.roles);
  return layoutPrompt(
    {
      text: {
        graphemes: prompt.editor.graphemes,
        cursor: prompt.editor.cursor,
        prompt: port.prompt(),
        more: morePrompt(port.prompt()),
        role: (i) => roles[i] ?? 'plain',
        ghost: hints ? ghost(prompt, state.entries) : '',
      },
      menu: hints ? prompt.menu : undefined,
      hint: reading.hint,
      notice: prompt.leaving ? 'press Ctrl-C again or Ctrl-D to exit' : undefined,
    },
    screen,
  );
}
