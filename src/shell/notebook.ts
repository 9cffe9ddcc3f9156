// Notebooks (language.md §7): Markdown whose fenced blocks that begin with `spe` are cells. Reading keeps every line, so that an update
// rewrites outputs and nothing else.
import { err, ok, type Result } from 'neverthrow';
import type { Source } from './diagnostic.ts';
import { misread } from './misread.ts';
import { ESCAPED, matcherOf } from './recorded.ts';
import { type PlacedCommand, type PlacedMisread, readPiece } from './script.ts';
import type { CommandTable } from './table.ts';

export interface FrontMatter {
  readonly host?: string;
  readonly seed?: number;
  readonly width?: number;
}

/** One `spe> ` of a cell: its commands and what is recorded behind them. Lines are indices into the notebook's lines. */
export interface Prompt {
  readonly commands: readonly PlacedCommand[];
  /** The commands as typed, continuations joined by newlines. */
  readonly typed: string;
  /** First line of the prompt, and first line of its recorded output. */
  readonly line: number;
  readonly outputLine: number;
  /** Line behind the last one that is recorded; blank lines follow. */
  readonly endLine: number;
  readonly recorded: readonly string[];
  /** `? ERRNO` behind the output. */
  readonly refused: string | null;
}

export interface Cell {
  /** Line of the opening fence, and of the closing one. */
  readonly fenceLine: number;
  readonly endLine: number;
  readonly id: string | null;
  readonly skip: boolean;
  /** Runs in a session of its own start. */
  readonly fresh: boolean;
  readonly width: number | null;
  readonly prompts: readonly Prompt[];
}

export interface Notebook {
  readonly source: Source;
  readonly lines: readonly string[];
  readonly front: FrontMatter;
  readonly cells: readonly Cell[];
}

export const PROMPT = 'spe> ';
export const MORE = '...> ';
const REFUSED = /^\? (\S+)$/;
const OPEN = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`]*)$/;
const LONGEST_FRONT = 4;

/** What stands behind the mark; editors may have cut its blank. A line that ends in ` (esc)` is output, whatever it begins with. */
function afterMark(line: string, mark: string): string | null {
  if (line.endsWith(ESCAPED)) return null;
  return line.startsWith(mark) ? line.slice(mark.length) : line.trimEnd() === mark.trimEnd() ? '' : null;
}
const afterPrompt = (line: string): string | null => afterMark(line, PROMPT);
const afterMore = (line: string): string | null => afterMark(line, MORE);

/** Reads a notebook whole: its cells, or every fault in it. */
export function readNotebook(source: Source, table: CommandTable, prefixes = false): Result<Notebook, PlacedMisread[]> {
  const lines = source.text.split('\n').map((line) => line.replace(/\r$/, ''));
  const faults: PlacedMisread[] = [];
  const starts = startsOf(source.text);
  const fault = (code: string, line: number, message: string, hint: string, column = 1, length = Array.from(lines[line]).length): void => {
    faults.push({
      typed: lines[line],
      misread: misread(code, column - 1, column - 1 + length, message, { hint }),
      diagnostic: { kind: 'misread', code, source, place: { line: line + 1, column }, length, message, hint },
    });
  };
  const front = readFront(lines, fault);
  const aliases = new Map<string, string>();
  const cells: Cell[] = [];
  for (let i = front.after; i < lines.length; i++) {
    const open = OPEN.exec(lines[i]);
    if (open === null) continue;
    const end = closingLine(lines, i, open[1]);
    const info = open[2].trim();
    if (/^spe(\s|$)/.test(info)) {
      if (end === lines.length) fault('fence', i, 'this cell is not closed', `close it with ${open[1]}`);
      const attributes = readAttributes(info, i, fault);
      const prompts = readPrompts(lines, i + 1, end, fault, (piece, line, column) => {
        const read = readPiece(source, piece, starts[line] + column, table, { prefixes }, aliases);
        if (read.isOk()) return read.value;
        faults.push(...read.error);
        return [];
      });
      cells.push({ fenceLine: i, endLine: end, ...attributes, prompts });
    }
    i = end;
  }
  return faults.length > 0 ? err(faults) : ok({ source, lines, front: front.front, cells });
}

/** The front matter of a notebook's text; what is wrong in it is left out. */
export function frontMatterOf(text: string): FrontMatter {
  return readFront(
    text.split('\n').map((line) => line.replace(/\r$/, '')),
    () => {},
  ).front;
}

type Fault = (code: string, line: number, message: string, hint: string, column?: number, length?: number) => void;

/** Code point at which each line begins. */
function startsOf(text: string): number[] {
  const out = [0];
  let i = 0;
  for (const c of text) {
    i += 1;
    if (c === '\n') out.push(i);
  }
  return out;
}

function closingLine(lines: readonly string[], open: number, fence: string): number {
  const close = new RegExp(`^ {0,3}\\${fence[0]}{${fence.length},}[ \\t]*$`);
  for (let i = open + 1; i < lines.length; i++) if (close.test(lines[i])) return i;
  return lines.length;
}

function readFront(lines: readonly string[], fault: Fault): { front: FrontMatter; after: number } {
  const none = { front: {}, after: 0 };
  if (lines[0]?.trimEnd() !== '---') return none;
  const end = lines.findIndex((line, i) => i > 0 && line.trimEnd() === '---');
  if (end < 0) return none;
  const front: { host?: string; seed?: number; width?: number } = {};
  const hint = `the front matter is at most ${LONGEST_FRONT} lines: spe: 1, host: NAME, seed: N, width: N`;
  for (let i = 1; i < end; i++) {
    const [, key, value] = /^([A-Za-z_-]+):[ \t]*(.*?)[ \t]*$/.exec(lines[i]) ?? [];
    const count = /^\d+$/.test(value ?? '') ? Number(value) : null;
    if (key === undefined) fault('front-matter', i, 'a line of the front matter is `key: value`', hint);
    else if (key === 'spe' && value !== '1') fault('front-matter', i, `this is not version 1 of the notebook format: ${value}`, hint);
    else if (key === 'host' && value !== '') front.host = value;
    else if (key === 'seed' && count !== null) front.seed = count;
    else if (key === 'width' && count !== null && count >= 20) front.width = count;
    else if (key !== 'spe')
      fault(
        'front-matter',
        i,
        ['host', 'seed', 'width'].includes(key) ? `'${value}' is no ${key}` : `unknown key '${key}' in the front matter`,
        hint,
      );
  }
  if (end - 1 > LONGEST_FRONT) fault('front-matter', LONGEST_FRONT + 1, 'the front matter has too many lines', hint);
  return { front, after: end + 1 };
}

function readAttributes(info: string, line: number, fault: Fault): Pick<Cell, 'id' | 'skip' | 'fresh' | 'width'> {
  let id: string | null = null;
  let skip = false;
  let fresh = false;
  let width: number | null = null;
  for (const word of info.split(/\s+/).slice(1)) {
    const [name, value] = word.split(/=(.*)/);
    if (name === 'id' && value) id = value;
    else if (word === 'skip') skip = true;
    else if (word === 'fresh') fresh = true;
    else if (name === 'width' && /^\d+$/.test(value ?? '') && Number(value) >= 20) width = Number(value);
    else fault('attribute', line, `unknown attribute '${word}' of a cell`, 'attributes are id=NAME, skip, fresh, width=N');
  }
  return { id, skip, fresh, width };
}

function readPrompts(
  lines: readonly string[],
  from: number,
  to: number,
  fault: Fault,
  read: (piece: string, line: number, column: number) => readonly PlacedCommand[],
): Prompt[] {
  const prompts: Prompt[] = [];
  let i = from;
  while (i < to) {
    const line = i;
    const first = afterPrompt(lines[i]);
    if (first === null) {
      if (lines[i].trim() !== '')
        fault('output', i, 'output stands before the first command of the cell', `a command begins with '${PROMPT}'`);
      i += 1;
      continue;
    }
    const typed = [first];
    i += 1;
    for (let more = i < to ? afterMore(lines[i]) : null; more !== null; more = i < to ? afterMore(lines[i]) : null) {
      typed.push(more);
      i += 1;
    }
    // Positions must be those of the file: each continuation's mark is blanks, each line end a blank (or the one behind a `\`).
    const piece = typed
      .map((text, k) => (k === 0 ? text : ' '.repeat(MORE.length) + text))
      .reduce((all, text) => `${all.replace(/\\$/, ' ')} ${text}`);
    const commands = read(piece, line, PROMPT.length);
    const outputLine = i;
    const recorded: string[] = [];
    while (i < to && afterPrompt(lines[i]) === null) recorded.push(lines[i++]);
    const blankTail = cutBlanks(recorded);
    const refused = REFUSED.exec(recorded[recorded.length - 1] ?? '')?.[1] ?? null;
    if (refused !== null) {
      recorded.pop();
      cutBlanks(recorded);
    }
    for (const [k, text] of recorded.entries()) {
      const matcher = matcherOf(text);
      if (matcher.isErr()) fault('regex', outputLine + k, matcher.error, 'the syntax is that of JavaScript');
    }
    prompts.push({ commands, typed: typed.join('\n'), line, outputLine, endLine: i - blankTail, recorded, refused });
  }
  return prompts;
}

/** Takes blank lines off the end; how many. */
function cutBlanks(lines: string[]): number {
  const before = lines.length;
  while (lines.length > 0 && lines[lines.length - 1].trim() === '') lines.pop();
  return before - lines.length;
}
