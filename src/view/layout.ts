// A Doc as lines of spans, safe to print: what the text back ends (plain, ANSI) have in common. Only tables know the width.
import { hex } from '../base/hex.ts';
import type { Block, Doc, Line, Role, Span, TreeNode } from './doc.ts';
import { PROSE, wrapProse } from './prose.ts';
import { tableLines } from './table.ts';
import { escapeControls, textWidth } from './width.ts';

export interface LayoutOptions {
  /** Cells a table may take; others are never wrapped. */
  readonly width: number;
  /** No drawing characters: for screen readers and terminals without Unicode. */
  readonly linear?: boolean;
}

export type SpanLine = readonly Span[];

/** A `raw` block's text stays as it is and ends no line; everything else is whole lines. */
export type LayoutPiece = { readonly kind: 'lines'; readonly lines: readonly SpanLine[] } | { readonly kind: 'raw'; readonly text: string };

/** Spans of a line, control characters written out, empty ones dropped. */
export function spansOf(line: Line): SpanLine {
  const spans: readonly Span[] = typeof line === 'string' ? [{ text: line }] : line;
  return spans.filter((s) => s.text !== '').map((s) => ({ ...s, text: escapeControls(s.text) }));
}

export const widthOf = (line: SpanLine): number => line.reduce((sum, s) => sum + textWidth(s.text), 0);

export function layout(doc: Doc, options: LayoutOptions): LayoutPiece[] {
  return doc.map((block) =>
    block.kind === 'raw' ? { kind: 'raw', text: rawText(block.bytes) } : { kind: 'lines', lines: blockLines(block, options) },
  );
}

/** Bytes of a file as text; what a terminal would obey is written out, line ends and tabs stay. */
function rawText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true })
    .decode(bytes)
    .split(/(\r?\n|\t)/)
    .map((part, i) => (i % 2 === 1 ? part : escapeControls(part)))
    .join('');
}

const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));

function blockLines(block: Exclude<Block, { kind: 'raw' }>, options: LayoutOptions): SpanLine[] {
  switch (block.kind) {
    case 'text':
      return block.lines.map(spansOf);
    case 'prose': {
      const indent = ' '.repeat(block.indent ?? 0);
      const columns = Math.min(options.width, PROSE) - indent.length;
      return block.paragraphs.flatMap((paragraph) => wrapProse(escapeControls(paragraph), columns)).map((line) => spansOf(indent + line));
    }
    case 'table':
      return tableLines(
        block.columns,
        block.rows.map((row) => row.map(spansOf)),
        { width: options.width, header: block.header !== false },
      );
    case 'pairs': {
      const notes = block.rows.some((row) => row.note !== undefined);
      const columns = notes ? [{ title: '' }, { title: '' }, { title: '' }] : [{ title: '' }, { title: '' }];
      const rows = block.rows.map((row) => {
        const cells = [[{ text: escapeControls(row.name), role: 'name' as Role }], spansOf(row.value)];
        return notes ? [...cells, spansOf(row.note ?? '').map((s) => ({ role: 'dim' as Role, ...s }))] : cells;
      });
      return tableLines(columns, rows, { width: options.width, header: false });
    }
    case 'hexdump':
      return hexdumpLines(block.base, block.bytes, new Set(block.marks ?? []));
    case 'tree':
      return treeLines(block.root, options.linear === true);
    case 'diff':
      return block.rows.map((row): SpanLine => {
        const changed =
          options.linear === true
            ? [{ text: ' was ' }, { text: escapeControls(row.before) }, { text: ', is ' }]
            : [{ text: ': ' }, { text: escapeControls(row.before), role: 'bad' as Role }, { text: ' -> ' }];
        return [{ text: escapeControls(row.name), role: 'name' }, ...changed, { text: escapeControls(row.after), role: 'good' }];
      });
    case 'bars':
      return barLines(block.rows, options);
  }
}

const BYTES_PER_LINE = 16;

/** `40080000  b0 d0 c2 …  |…|`, with 16 digits from 4 GiB on: below, a line fits 80 columns. A marked byte has `*` behind it. */
function hexdumpLines(base: bigint, bytes: Uint8Array, marks: ReadonlySet<number>): SpanLine[] {
  const out: SpanLine[] = [];
  const digits = base + BigInt(bytes.length) <= 1n << 32n ? 8 : 16;
  for (let from = 0; from < bytes.length; from += BYTES_PER_LINE) {
    const line: Span[] = [{ text: hex(base + BigInt(from), digits).slice(2), role: 'address' }, { text: ' ' }];
    let ascii = '';
    for (let i = from; i < from + BYTES_PER_LINE; i++) {
      const gap = i === from + BYTES_PER_LINE / 2 ? '  ' : ' ';
      const before = i > from && marks.has(i - 1) ? gap.slice(1) : gap;
      if (i >= bytes.length) {
        line.push({ text: `${before}  ` });
        continue;
      }
      const marked = marks.has(i);
      line.push(
        { text: before },
        { text: bytes[i].toString(16).padStart(2, '0') + (marked ? '*' : ''), ...(marked ? { role: 'changed' as Role } : {}) },
      );
      ascii += bytes[i] >= 0x20 && bytes[i] < 0x7f ? String.fromCharCode(bytes[i]) : '.';
    }
    line.push({ text: marks.has(from + BYTES_PER_LINE - 1) ? ' ' : '  ' }, { text: `|${ascii}|`, role: 'dim' });
    out.push(line);
  }
  return out;
}

function treeLines(root: TreeNode, linear: boolean): SpanLine[] {
  const out: SpanLine[] = [];
  const walk = (node: TreeNode, first: string, rest: string): void => {
    out.push(first === '' ? spansOf(node.label) : [{ text: first, role: 'dim' }, ...spansOf(node.label)]);
    for (const [i, child] of node.children.entries()) {
      const last = i === node.children.length - 1;
      if (linear) walk(child, `${rest}  `, `${rest}  `);
      else walk(child, rest + (last ? '└── ' : '├── '), rest + (last ? '    ' : '│   '));
    }
  };
  walk(root, '', '');
  return out;
}

const NARROWEST_BAR = 10;
const WIDEST_BAR = 60;

function barLines(
  rows: readonly { readonly label: string; readonly value: number; readonly text: string }[],
  options: LayoutOptions,
): SpanLine[] {
  const labels = rows.map((r) => escapeControls(r.label));
  const texts = rows.map((r) => escapeControls(r.text));
  const labelWidth = Math.max(0, ...labels.map(textWidth));
  const valueWidth = Math.max(0, ...texts.map(textWidth));
  const room = Math.min(WIDEST_BAR, Math.max(NARROWEST_BAR, options.width - labelWidth - valueWidth - 4));
  const most = Math.max(0, ...rows.map((r) => r.value));
  return rows.map((row, i) => {
    const length = most === 0 ? 0 : Math.round((row.value / most) * room);
    const bar = options.linear === true || length === 0 ? [] : [{ text: '  ' }, { text: '█'.repeat(length), role: 'number' as Role }];
    return [
      { text: pad(labels[i], labelWidth) },
      { text: '  ' },
      { text: ' '.repeat(valueWidth - textWidth(texts[i])) + texts[i] },
      ...bar,
    ];
  });
}
