// What a terminal shows of the bytes that were written to it (@xterm/headless): rows as text, and as runs of one style for pictures.
import xterm from '@xterm/headless';
import type { Frame, Run } from '../../view/svg.ts';

export interface Emulator {
  /** Calls back when the text has been taken. */
  write(text: string, taken: () => void): void;
  resize(columns: number, rows: number): void;
  /** Visible rows, without blanks at their ends. */
  visible(): string[];
  /** What is visible as a text to look for something in: rows that the terminal wrapped are joined; with blanks up to the cursor, and without. */
  texts(): string[];
  /** Scrollback and visible rows as lines: rows that the terminal wrapped are joined. */
  everything(): string[];
  /** What is visible, in its styles. */
  frame(at: number): Frame;
}

type Cell = NonNullable<ReturnType<NonNullable<ReturnType<xterm.Terminal['buffer']['active']['getLine']>>['getCell']>>;

const hex = (rgb: number): string => `#${rgb.toString(16).padStart(6, '0')}`;

/** The 6 × 6 × 6 cube and the greys of the 256 colours (xterm, 256colres.pl), as `#rrggbb`. */
function indexed(index: number): number | string {
  if (index < 16) return index;
  if (index >= 232) return hex((8 + 10 * (index - 232)) * 0x010101);
  const level = (n: number): number => (n === 0 ? 0 : 55 + 40 * n);
  const i = index - 16;
  return hex((level(Math.floor(i / 36)) << 16) | (level(Math.floor(i / 6) % 6) << 8) | level(i % 6));
}

function styleOf(cell: Cell): Omit<Run, 'at' | 'columns' | 'text'> {
  return {
    foreground: cell.isFgDefault() ? null : cell.isFgRGB() ? hex(cell.getFgColor()) : indexed(cell.getFgColor()),
    background: cell.isBgDefault() ? null : cell.isBgRGB() ? hex(cell.getBgColor()) : indexed(cell.getBgColor()),
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
    underline: cell.isUnderline() !== 0,
    inverse: cell.isInverse() !== 0,
  };
}

/** The cells of a row as runs; blanks at its end are left out. */
function runsOf(line: ReturnType<xterm.Terminal['buffer']['active']['getLine']>, columns: number): Run[] {
  const runs: Run[] = [];
  for (let x = 0; x < columns; ) {
    const cell = line?.getCell(x);
    if (cell === undefined) break;
    const width = Math.max(1, cell.getWidth());
    const text = cell.getChars() === '' ? ' ' : cell.getChars();
    const style = styleOf(cell);
    const last = runs.at(-1);
    const same = last !== undefined && (Object.keys(style) as (keyof typeof style)[]).every((key) => last[key] === style[key]);
    // A wide character stands alone, so that it is stretched to its own two columns.
    if (last !== undefined && same && width === 1 && last.columns === last.text.length)
      runs[runs.length - 1] = { ...last, text: last.text + text, columns: last.columns + 1 };
    else runs.push({ at: x, columns: width, text, ...style });
    x += width;
  }
  return runs.flatMap((run, i) => {
    if (i < runs.length - 1 || run.background !== null || run.inverse) return [run];
    const text = run.text.trimEnd();
    return text === '' ? [] : [{ ...run, text, columns: run.columns - (run.text.length - text.length) }];
  });
}

export function emulator(columns: number, rows: number): Emulator {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 50_000,
    allowProposedApi: true,
    convertEol: true,
    logLevel: 'off',
  });
  const buffer = () => terminal.buffer.active;
  const joined = (from: number, to: number): string[] => {
    const out: string[] = [];
    for (let y = from; y < to; y++) {
      const line = buffer().getLine(y);
      const text = line?.translateToString(true) ?? '';
      if (line?.isWrapped === true && out.length > 0) out[out.length - 1] += text;
      else out.push(text);
    }
    return out.map((line) => line.trimEnd());
  };
  return {
    write: (text, taken) => terminal.write(text, taken),
    resize: (toColumns, toRows) => terminal.resize(toColumns, toRows),
    visible: () =>
      Array.from(
        { length: terminal.rows },
        (_, y) =>
          buffer()
            .getLine(buffer().baseY + y)
            ?.translateToString(true)
            .trimEnd() ?? '',
      ),
    texts() {
      const { baseY, cursorX, cursorY } = buffer();
      const trimmed = joined(baseY, baseY + terminal.rows);
      const row =
        buffer()
          .getLine(baseY + cursorY)
          ?.translateToString(true)
          .trimEnd() ?? '';
      return [trimmed.join('\n'), trimmed.map((line) => (line === row ? line.padEnd(cursorX) : line)).join('\n')];
    },
    everything: () => joined(0, buffer().length),
    frame: (at) => ({
      at,
      rows: Array.from({ length: terminal.rows }, (_, y) => runsOf(buffer().getLine(buffer().baseY + y), terminal.cols)),
      cursor: { x: Math.min(buffer().cursorX, terminal.cols - 1), y: buffer().cursorY },
    }),
  };
}
