// The live region as rows: the text being typed, a hint, the menu, a status line. Pure. It is never higher than min(rows − 2, 16) and no
// row is as wide as the terminal: a full region makes Ink repaint the screen, and full rows are reflowed when the terminal is resized.
import { cutText } from './graphemes.ts';
import type { Menu } from './menu.ts';
import type { Paint, Role } from './paint.ts';
import { type TypedText, textRows, windowOf } from './rows.ts';

export interface Live {
  readonly rows: readonly string[];
  /** Where the cursor stands; undefined hides it. */
  readonly cursor?: { readonly x: number; readonly y: number };
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
  /** Mark of what is cut off: `…`, or `...` where the terminal is not UTF-8. */
  readonly cut: string;
}

export const HIGHEST = 16;
const MENU = 8;
/** Rows of the text being typed. */
export const TEXT = 6;

/** Rows that the live region may have. */
export const budget = (rows: number): number => Math.max(1, Math.min(rows - 2, HIGHEST));

/** One row of plain text in a role. */
export const plainRow = (text: string, role: Role, { columns, paint, cut }: Screen): string => paint(role, cutText(text, columns - 1, cut));

function menuRows(menu: Menu, height: number, screen: Screen): string[] {
  const { items, chosen } = menu;
  const all = items.length <= height;
  const shown = all ? items.length : Math.max(1, height - 1);
  const top = Math.min(Math.max(0, chosen - shown + 1), items.length - shown);
  const visible = items.slice(top, top + shown);
  const labels = Math.min(Math.max(...visible.map((item) => item.label.length)), Math.max(8, screen.columns >> 1));
  const rows = visible.map((item, i) => {
    const mark = top + i === chosen ? '> ' : '  ';
    const label = mark + cutText(item.label, labels, screen.cut).padEnd(labels);
    const line = cutText(
      item.detail === undefined || item.detail === '' ? label.trimEnd() : `${label}  ${item.detail}`,
      screen.columns - 1,
      screen.cut,
    );
    if (top + i === chosen) return screen.paint('chosen', line);
    return line.slice(0, label.length) + screen.paint('dim', line.slice(label.length));
  });
  if (!all && height > 1) rows.push(plainRow(`  ${chosen + 1 > 0 ? `${chosen + 1} of ` : ''}${items.length} candidates`, 'dim', screen));
  return rows;
}

export interface PromptParts {
  readonly text: TypedText;
  readonly menu?: Menu;
  /** Usage of what is being typed, or what is wrong with it. */
  readonly hint?: { readonly text: string; readonly role: Role };
  /** One line that answers the last key: `press Ctrl-C again …`. */
  readonly notice?: string;
}

/** The prompt and what stands under it, the text first served, then the notice, the menu, the hint. */
export function layoutPrompt(parts: PromptParts, screen: Screen): Live {
  let left = budget(screen.rows);
  const all = textRows(parts.text, screen.columns, screen.paint);
  const others = (parts.notice === undefined ? 0 : 1) + (parts.menu === undefined ? 0 : 1);
  const { rows: text, cursor } = windowOf(all, Math.max(1, Math.min(TEXT, left - others)));
  left -= text.length;
  const notice = parts.notice !== undefined && left > 0 ? [plainRow(parts.notice, 'dim', screen)] : [];
  left -= notice.length;
  const wanted = parts.menu === undefined ? 0 : Math.min(MENU, parts.menu.items.length);
  const hint =
    parts.hint !== undefined && parts.hint.text !== '' && left > wanted ? [plainRow(parts.hint.text, parts.hint.role, screen)] : [];
  left -= hint.length;
  const menu = parts.menu !== undefined && left > 0 ? menuRows(parts.menu, Math.min(MENU, left), screen) : [];
  return { rows: [...text, ...hint, ...menu, ...notice], cursor };
}

const grouped = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');

/** The status while a command runs: no clock, so that a recording is the same each time; without `operations` a line that does not change. */
export function layoutRunning(command: string, operations: number | undefined, screen: Screen): Live {
  const done = operations === undefined ? 'running' : `${grouped(operations)} operations`;
  const tail = ` ${screen.cut} ${done} (Ctrl-C interrupts)`;
  const room = screen.columns - 1 - tail.length;
  const text = room < 4 ? tail.trimStart() : cutText(command.replace(/\s+/g, ' '), room, screen.cut) + tail;
  // The cursor at the row's start is where it is after any reflow of the row.
  return { rows: [plainRow(text, 'dim', screen)], cursor: { x: 0, y: 0 } };
}
