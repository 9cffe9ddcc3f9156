// A diagnostic: code, file:line:col, the line with a caret under the place, and a hint (language.md §1).
import type { Doc, Line } from '../view/doc.ts';
import { text } from '../view/doc.ts';
import { escapeControls, textWidth } from '../view/width.ts';

/** A text with a name: a script, a notebook, `-c`. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** A place in a source; lines and columns from 1, columns count code points. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic {
  /** What failed: `misread`, `unmet`, `failed`, `refused`, `changed`, `error`. */
  readonly kind: string;
  readonly code: string;
  readonly source: Source;
  readonly place: Place;
  /** Code points that the caret underlines; at least one. */
  readonly length: number;
  readonly message: string;
  readonly hint: string;
}

const lineStarts = new WeakMap<Source, readonly number[]>();

/** The place of a code point of the source. */
export function placeIn(source: Source, at: number): Place {
  let starts = lineStarts.get(source);
  if (starts === undefined) {
    const found = [0];
    let i = 0;
    for (const c of source.text) {
      i += 1;
      if (c === '\n') found.push(i);
    }
    starts = found;
    lineStarts.set(source, starts);
  }
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: at - starts[low] + 1 };
}

/** The line as it can be printed, and where the code point `column` of it stands. */
function shownLine(source: string, place: Place, length: number): { readonly line: string; readonly caret: string } {
  const chars = Array.from((source.split('\n')[place.line - 1] ?? '').replace(/\r$/, ''));
  const print = (from: number, to: number): string => escapeControls(chars.slice(from, to).join('').replaceAll('\t', ' '));
  const before = print(0, place.column - 1);
  const under = print(place.column - 1, place.column - 1 + length);
  const caret = `${' '.repeat(textWidth(before))}^${'~'.repeat(Math.max(0, textWidth(under) - 1))}`;
  return { line: print(0, chars.length), caret };
}

/**
 * `script.spe:7:3: misread [unknown-command]: unknown command 'foo'`, the line, the caret, the hint.
 */
export function diagnosticDoc(d: Diagnostic): Doc {
  const { line, caret } = shownLine(d.source.text, d.place, Math.max(1, d.length));
  const lines = d.message.split('\n');
  const alone = lines.length === 1;
  const head: Line = [
    { text: `${d.source.file}:${d.place.line}:${d.place.column}: `, role: 'strong' },
    { text: `${d.kind} [${d.code}]: `, role: 'bad' },
    { text: alone ? d.message : '' },
  ];
  const hint: Line = [{ text: `  hint: ${d.hint}`, role: 'dim' }];
  return [text(head, ...(alone ? [] : lines), `  ${line}`, [{ text: `  ${caret}`, role: 'bad' }], hint)];
}
