// How the context of a stop reads. A changed value has a `*` and what it was, so that it is seen without colours.
import type { StopContext } from '../session/outcome.ts';
import { type Block, type Doc, type Line, type Span, text } from '../view/doc.ts';

const MOST_CHANGES = 8;
/** What says most of the unit's state in a few lines. */
const UNIT = ['PMSCR_EL1', 'PMBLIMITR_EL1', 'PMBPTR_EL1', 'PMBSR_EL1'];

type Row = StopContext['registers'][number];

const valueSpans = ({ name, value, was }: Row, width: number): Span[] => [
  { text: name.padEnd(width), role: 'name' },
  { text: ` ${value}`, role: was === undefined ? 'number' : 'changed' },
  { text: was === undefined ? '' : '*', role: 'changed' },
];

function section(name: string, { changes, registers, code }: StopContext): Block[] {
  switch (name) {
    case 'changes': {
      if (changes.length === 0) return [];
      const more = changes.slice(MOST_CHANGES).map((row) => row.name);
      const rows = changes.slice(0, MOST_CHANGES).map((row) => ({ name: row.name, before: row.was ?? '', after: row.value }));
      return [{ kind: 'diff', rows }, ...(more.length === 0 ? [] : [text(`changed too: ${more.join(' ')}`)])];
    }
    case 'spe': {
      const unit = registers.filter((row) => UNIT.includes(row.name));
      const was = ({ was: old }: Row): Span[] => (old === undefined ? [] : [{ text: ` was ${old}`, role: 'dim' }]);
      return unit.length === 0 ? [] : [text(...unit.map((row): Line => [...valueSpans(row, 13), ...was(row)]))];
    }
    case 'code':
      return code.length === 0
        ? []
        : [
            text(
              ...code.map(
                (i): Line => [
                  { text: `   ${i.address}${i.symbol === null ? '' : ` <${i.symbol}>`}:`, role: 'address' },
                  { text: `  ${i.text}` },
                ],
              ),
            ),
          ];
    default: {
      const general = registers.filter((row) => /^(x\d+|sp|pc|pstate)$/.test(row.name));
      const lines = Array.from({ length: Math.ceil(general.length / 2) }, (_, i): Line => {
        const [left, right] = [general[2 * i], general[2 * i + 1]];
        const gap = ' '.repeat(Math.max(1, 21 - left.value.length - (left.was === undefined ? 0 : 1)));
        return [...valueSpans(left, 6), ...(right === undefined ? [] : [{ text: gap }, ...valueSpans(right, 6)])];
      });
      return [text(...lines)];
    }
  }
}

export const showStopContext = (stop: StopContext | undefined): Doc =>
  stop === undefined ? [] : stop.sections.flatMap((name) => section(name, stop));
