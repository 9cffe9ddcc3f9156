// The text being typed, as rows of the terminal: prompts, wrapping by columns, the cursor's place, roles. Pure.
import { columnsOf, columnsOfText } from './graphemes.ts';
import type { Paint, Role } from './paint.ts';

export interface TextRows {
  readonly rows: readonly string[];
  /** Where the cursor stands within rows. */
  readonly cursor: { readonly x: number; readonly y: number };
}

export interface TypedText {
  readonly graphemes: readonly string[];
  readonly cursor: number;
  /** Prompt of the first line, and of those that follow. */
  readonly prompt: string;
  readonly more: string;
  /** Role of the grapheme at an index. */
  role(index: number): Role;
  /** Grey text behind the last grapheme. */
  readonly ghost: string;
}

/** Neighbours of one role are painted together. */
function paintRow(parts: readonly (readonly [Role, string])[], paint: Paint): string {
  let out = '';
  for (let i = 0; i < parts.length; ) {
    const [role] = parts[i];
    let text = '';
    while (i < parts.length && parts[i][0] === role) text += parts[i++][1];
    out += paint(role, text);
  }
  return out;
}

/** Rows no wider than columns − 1, so that the terminal never has to wrap one and the cursor always has a place. */
export function textRows(text: TypedText, columns: number, paint: Paint): TextRows {
  const width = Math.max(2, columns - 1);
  const rows: string[] = [];
  let parts: [Role, string][] = [];
  let used = 0;
  let cursor = { x: 0, y: 0 };
  const begin = (prompt: string): void => {
    // A terminal narrower than the prompt gets none.
    const shown = columnsOfText(prompt) + 2 <= width ? prompt : '';
    parts = shown === '' ? [] : [['strong', shown]];
    used = columnsOfText(shown);
  };
  const end = (): void => {
    rows.push(paintRow(parts, paint));
  };
  begin(text.prompt);
  const { graphemes } = text;
  for (let i = 0; i <= graphemes.length; i++) {
    const grapheme = graphemes[i];
    const columnsHere = grapheme === undefined ? 0 : columnsOf(grapheme);
    if (used + columnsHere > width) {
      end();
      begin('');
    }
    if (i === text.cursor) cursor = { x: used, y: rows.length };
    if (grapheme === undefined) break;
    if (grapheme === '\n') {
      end();
      begin(text.more);
      continue;
    }
    parts.push([text.role(i), grapheme]);
    used += columnsHere;
  }
  let room = width - used;
  let grey = '';
  for (const grapheme of text.ghost) {
    room -= columnsOf(grapheme);
    if (room < 0) break;
    grey += grapheme;
  }
  parts.push(['dim', grey]);
  end();
  return { rows, cursor };
}

/** The rows around the cursor when there is room for only `height` of them. */
export function windowOf({ rows, cursor }: TextRows, height: number): TextRows {
  if (rows.length <= height) return { rows, cursor };
  const top = Math.min(Math.max(0, cursor.y - height + 1), rows.length - height);
  return { rows: rows.slice(top, top + height), cursor: { x: cursor.x, y: cursor.y - top } };
}
