// Doc to plain text: what a pipe, a notebook and a screen reader get. Every line ends with a newline; `raw` bytes stay as they are.
import type { Doc } from './doc.ts';
import { type LayoutOptions, layout } from './layout.ts';

export function renderPlain(doc: Doc, options: LayoutOptions): string {
  return layout(doc, options)
    .map((piece) =>
      piece.kind === 'raw'
        ? piece.text
        : piece.lines
            .map(
              (line) =>
                `${line
                  .map((s) => s.text)
                  .join('')
                  .trimEnd()}\n`,
            )
            .join(''),
    )
    .join('');
}
