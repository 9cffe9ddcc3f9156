// Doc to HTML: tables as tables, everything else as preformatted text with a class for each role. No script, nothing from elsewhere; colours
// follow the reader's choice of light or dark (CSS media query `prefers-color-scheme`).
import type { Block, Doc } from './doc.ts';
import { layout, type SpanLine, spansOf } from './layout.ts';
import { escapeXml } from './svg.ts';
import { THEMES, type Theme } from './themes.ts';

const line = (spans: SpanLine): string =>
  spans
    .map(({ text, role }) => (role === undefined || role === 'plain' ? escapeXml(text) : `<span class="${role}">${escapeXml(text)}</span>`))
    .join('');

function table(block: Extract<Block, { kind: 'table' }>): string {
  const align = block.columns.map((column) => (column.align === 'right' ? ' class="right"' : ''));
  const row = (cells: readonly string[], name: 'td' | 'th'): string =>
    `<tr>${cells.map((cell, i) => `<${name}${align[i] ?? ''}>${cell}</${name}>`).join('')}</tr>`;
  const titled = block.header !== false && block.columns.some((column) => column.title !== '');
  const head = titled
    ? `<thead>${row(
        block.columns.map((column) => escapeXml(column.title)),
        'th',
      )}</thead>`
    : '';
  const rows = block.rows.map((cells) =>
    row(
      block.columns.map((_, i) => line(spansOf(cells[i] ?? ''))),
      'td',
    ),
  );
  return `<table>${head}<tbody>${rows.join('\n')}</tbody></table>\n`;
}

/** A fragment of HTML. */
export function renderHtml(doc: Doc): string {
  const parts: string[] = [];
  let text = '';
  const flush = (): void => {
    if (text.trimEnd() !== '') parts.push(`<pre>${text.trimEnd()}</pre>\n`);
    text = '';
  };
  for (const block of doc) {
    if (block.kind === 'table') {
      flush();
      parts.push(table(block));
      continue;
    }
    for (const piece of layout([block], { width: 120 })) {
      text += piece.kind === 'raw' ? escapeXml(piece.text) : piece.lines.map((spans) => `${line(spans)}\n`).join('');
    }
  }
  flush();
  return parts.join('');
}

/** Which of the sixteen colours a role has: as in a terminal. */
const COLOURS: Readonly<Record<string, number>> = { number: 6, name: 4, good: 2, bad: 1, changed: 3, address: 5 };

const colours = ({ foreground, background, palette }: Theme): string =>
  `body{color:${foreground};background:${background}}${Object.entries(COLOURS)
    .map(([role, i]) => `.${role}{color:${palette[i]}}`)
    .join('')}`;

/** A whole page. */
export function htmlPage(title: string, body: string): string {
  const style =
    'body{font-family:system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}' +
    'pre,table,code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9rem}pre{overflow-x:auto;margin:.2rem 0 .8rem}' +
    'td,th{padding:.1rem .8rem .1rem 0;text-align:left;vertical-align:top;font-weight:normal}.right{text-align:right}' +
    `.dim,.comment,th{opacity:.75}.strong,.heading{font-weight:bold}${colours(THEMES['light'])}` +
    `@media(prefers-color-scheme:dark){${colours(THEMES['dark'])}}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escapeXml(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    `<h1>${escapeXml(title)}</h1>`,
    body.trimEnd(),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
