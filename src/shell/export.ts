// A session as a document to look at: HTML, a picture, a cast, Markdown with tables, JSON. `save` writes the one that can be run again.

import { renderAnsi } from '../view/ansi.ts';
import { type CastEvent, castText } from '../view/cast.ts';
import type { Doc, Role } from '../view/doc.ts';
import { htmlPage, renderHtml } from '../view/html.ts';
import { layout, type SpanLine } from '../view/layout.ts';
import { fenceFor, renderMarkdown } from '../view/markdown.ts';
import { escapeXml, pictureSvg, type Run } from '../view/svg.ts';
import { THEMES } from '../view/themes.ts';
import { textWidth } from '../view/width.ts';
import { outcomeJson } from './json.ts';
import { PROMPT } from './notebook.ts';
import { present } from './present.ts';
import { sessionCommands } from './save.ts';
import type { Finished, ShellState } from './state.ts';

export const EXPORT_KINDS = ['html', 'svg', 'cast', 'json', 'md'] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

const NARROWEST = 40;
const WIDEST = 200;
const TABLE_WIDTH = 100;
const KEY = 40; // ms between two keys of a cast
const BEFORE = 600; // ms before a command, so that what the last one showed can be read

/** The session as a file of that kind. */
export function exportText(state: ShellState, kind: ExportKind): string {
  const commands = sessionCommands(state);
  const shown = (f: Finished): Doc => {
    const { out, err } = present(f.command, f.outcome, (id) => state.table.behaviours.get(id));
    return [...out, ...err];
  };
  const title = `spesh on ${state.host}`;
  switch (kind) {
    case 'json':
      return commands.map((f) => `${outcomeJson(f.command.text, f.outcome, f.n, f.tick)}\n`).join('');
    case 'md':
      return [`# ${title}\n`, ...commands.map((f) => `${fenced(PROMPT + f.command.text)}${after(renderMarkdown(shown(f)))}`)].join('\n');
    case 'html':
      return htmlPage(title, commands.map((f) => cellHtml(f, renderHtml(shown(f)))).join(''));
    case 'svg':
      return still(
        title,
        commands.flatMap((f) => [typedLine(f), ...linesOf(shown(f))]),
      );
    case 'cast':
      return cast(
        title,
        commands.map((f) => [f.command.text, renderAnsi(shown(f), { width: TABLE_WIDTH })]),
      );
  }
}

const fenced = (text: string): string => `${fenceFor(text)}text\n${text}\n${fenceFor(text)}\n`;
const after = (text: string): string => (text === '' ? '' : `\n${text}`);

const cellHtml = (f: Finished, output: string): string =>
  `<section id="cell-${f.n}">\n<pre><span class="dim">${PROMPT}</span><span class="strong">${escapeXml(f.command.text)}</span></pre>\n${output}</section>\n`;

const typedLine = (f: Finished): SpanLine => [
  { text: PROMPT, role: 'dim' },
  { text: f.command.text, role: 'strong' },
];

const linesOf = (doc: Doc): SpanLine[] =>
  layout(doc, { width: TABLE_WIDTH }).flatMap((piece) =>
    piece.kind === 'lines'
      ? piece.lines
      : piece.text
          .replace(/\n$/, '')
          .split('\n')
          .map((text): SpanLine => [{ text }]),
  );

const COLOURS: Readonly<Partial<Record<Role, number>>> = { number: 6, name: 4, good: 2, bad: 1, changed: 3, address: 5 };

/** A line as runs from column 0, cut into rows of that many columns at most. */
function rowsOf(line: SpanLine, columns: number): Run[][] {
  const rows: Run[][] = [[]];
  let at = 0;
  for (const { text, role = 'plain' } of line) {
    const style = {
      foreground: COLOURS[role] ?? null,
      background: null,
      bold: role === 'strong' || role === 'heading',
      dim: role === 'dim' || role === 'comment',
      underline: false,
      inverse: false,
    };
    let piece = '';
    let width = 0;
    const put = (): void => {
      if (piece !== '') rows[rows.length - 1].push({ at, columns: width, text: piece, ...style });
      at += width;
      piece = '';
      width = 0;
    };
    for (const c of text) {
      const w = textWidth(c);
      if (at + width + w > columns) {
        put();
        rows.push([]);
        at = 0;
      }
      piece += c;
      width += w;
    }
    put();
  }
  return rows;
}

function still(title: string, lines: readonly SpanLine[]): string {
  const widest = Math.max(NARROWEST, ...lines.map((spans) => spans.reduce((sum, { text }) => sum + textWidth(text), 0)));
  const columns = Math.min(WIDEST, widest);
  const rows = lines.flatMap((spans) => rowsOf(spans, columns));
  return pictureSvg({
    columns,
    rows: Math.max(1, rows.length),
    title,
    theme: THEMES['dark'],
    frames: [{ at: 0, rows, cursor: null }],
    rest: 1000,
  });
}

/** Every command typed at the same speed. */
function cast(title: string, cells: readonly (readonly [string, string])[]): string {
  const events: CastEvent[] = [{ at: 0, code: 'o', text: PROMPT }];
  let at = 0;
  for (const [typed, output] of cells) {
    at += BEFORE;
    for (const c of typed) {
      events.push({ at, code: 'o', text: c });
      at += KEY;
    }
    events.push({ at, code: 'o', text: `\r\n${output.replace(/\r?\n/g, '\r\n')}${PROMPT}` });
  }
  return castText({ columns: TABLE_WIDTH, rows: 30, title, theme: THEMES['dark'], events }, 3);
}
