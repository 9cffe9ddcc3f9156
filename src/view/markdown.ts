// Doc to Markdown: tables as pipe tables, everything else as a fenced block that no line of its content closes.
import type { Block, Doc } from './doc.ts';
import { spansOf } from './layout.ts';
import { renderPlain } from './plain.ts';

/** A fence longer than any run of backticks in the text. */
export function fenceFor(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((m) => m[0].length));
  return '`'.repeat(Math.max(3, longest + 1));
}

const cellText = (text: string): string => text.replace(/[\\|`*_<>[\]]/g, (c) => `\\${c}`);

function table(block: Extract<Block, { kind: 'table' }>): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const rule = block.columns.map((c) => (c.align === 'right' ? '---:' : '---'));
  const rows = block.rows.map((row) =>
    block.columns.map((_, i) =>
      cellText(
        spansOf(row[i] ?? '')
          .map((s) => s.text)
          .join(''),
      ),
    ),
  );
  return line(block.columns.map((c) => cellText(c.title))) + line(rule) + rows.map(line).join('');
}

export function renderMarkdown(doc: Doc): string {
  const parts: string[] = [];
  let plain: Block[] = [];
  const flush = (): void => {
    if (plain.length === 0) return;
    const text = renderPlain(plain, { width: Number.POSITIVE_INFINITY });
    const fence = fenceFor(text);
    parts.push(`${fence}text\n${text.endsWith('\n') || text === '' ? text : `${text}\n`}${fence}\n`);
    plain = [];
  };
  for (const block of doc) {
    if (block.kind === 'table') {
      flush();
      parts.push(table(block));
    } else plain.push(block);
  }
  flush();
  return parts.join('\n');
}
