// Verifying a notebook: every cell runs, and what it prints is compared with what is recorded; an update rewrites outputs and nothing else.
import { err, ok, type Result } from 'neverthrow';
import { type Doc, type Line, text } from '../view/doc.ts';
import { fenceFor } from '../view/markdown.ts';
import { renderPlain } from '../view/plain.ts';
import { diagnosticDoc } from './diagnostic.ts';
import type { Driver } from './driver.ts';
import { EXIT, exitCodeOf, refusalOf } from './exit-code.ts';
import { type Cell, type FrontMatter, type Notebook, PROMPT, type Prompt } from './notebook.ts';
import { drive, type Pace } from './pace.ts';
import { present } from './present.ts';
import { ESCAPED, recordedHolds, recordLine, updateRecorded } from './recorded.ts';
import type { Finished } from './state.ts';

/** Columns of tables in a notebook that says nothing else. */
export const NOTEBOOK_WIDTH = 80;

export interface PromptResult {
  readonly cell: Cell;
  readonly prompt: Prompt;
  /** What it printed: stdout, then stderr. */
  readonly lines: readonly string[];
  readonly refused: string | null;
  /** The recorded output and `?` line hold. */
  readonly holds: boolean;
  /** An `expect` or `assert` in it did not hold: no update mends that. */
  readonly failed: boolean;
}

export interface Verified {
  readonly notebook: Notebook;
  readonly results: readonly PromptResult[];
  readonly interrupted: boolean;
}

export interface VerifyPort<F> extends Pace {
  newDriver(front: FrontMatter, onFinished: (finished: Finished) => void): Result<Driver, F>;
}

/** Runs the notebook; the error is why no session could be made. */
export async function verifyNotebook<F>(notebook: Notebook, port: VerifyPort<F>): Promise<Result<Verified, F>> {
  const results: PromptResult[] = [];
  let finished: Finished[] = [];
  const begin = (): Result<Driver, F> => port.newDriver(notebook.front, (one) => finished.push(one));
  let made: Result<Driver, F> | null = null;
  for (const cell of notebook.cells) {
    if (cell.skip) continue;
    if (made === null || cell.fresh) made = begin();
    if (made.isErr()) return err(made.error);
    const driver = made.value;
    const width = cell.width ?? notebook.front.width ?? NOTEBOOK_WIDTH;
    for (const prompt of cell.prompts) {
      finished = [];
      let last = EXIT.ok as number;
      let ending = false;
      for (const { command } of prompt.commands) {
        const outcome = await drive(driver.start(command), port);
        last = exitCodeOf(outcome);
        ending = outcome.quit !== undefined;
        if (last !== EXIT.ok || ending) break;
      }
      if (last === EXIT.interrupted) return ok({ notebook, results, interrupted: true });
      results.push(judge(cell, prompt, finished, driver, width));
      if (ending) return ok({ notebook, results, interrupted: false });
    }
  }
  return ok({ notebook, results, interrupted: false });
}

/** What the commands of one prompt printed, against what is recorded. */
function judge(cell: Cell, prompt: Prompt, finished: readonly Finished[], driver: Driver, width: number): PromptResult {
  const lines = outputLines(finished, driver, width);
  const last = finished[finished.length - 1]?.outcome;
  const failed = finished.some((f) => exitCodeOf(f.outcome) === EXIT.failed);
  const refused = last !== undefined && !last.ok && last.unmet === undefined && last.expected === undefined ? refusalOf(last) : null;
  const holds = refused === prompt.refused && recordedHolds(prompt.recorded, lines);
  return { cell, prompt, lines, refused, holds, failed };
}

/** Text of the commands by the plain renderer: stdout, then stderr; blank lines at the end are not kept. */
export function outputLines(finished: readonly Finished[], driver: Pick<Driver, 'state'>, width: number): string[] {
  const shown = finished.map((f) => present(f.command, f.outcome, (id) => driver.state.table.behaviours.get(id)));
  const whole = (part: string): string => (part === '' || part.endsWith('\n') ? part : `${part}\n`);
  const printed = [...shown.map((s) => s.out), ...shown.map((s) => s.err)].map((doc) => whole(renderPlain(doc, { width }))).join('');
  const lines = printed.split('\n').map((line) => line.trimEnd());
  while (lines.length > 0 && lines[lines.length - 1] === '') lines.pop();
  return lines;
}

/** What changed at one prompt, as a diagnostic with the lines that differ. */
export function changeDoc(verified: Verified, r: PromptResult): Doc {
  const { source } = verified.notebook;
  const hint = r.failed ? 'an update does not mend a failed expectation' : `spesh check --update ${source.file} records what it prints now`;
  const message = r.failed ? 'an expectation in it does not hold' : 'the output is not what is recorded';
  const place = { line: r.prompt.line + 1, column: 1 };
  const length = Array.from(verified.notebook.lines[r.prompt.line]).length;
  const head = diagnosticDoc({
    kind: r.failed ? 'failed' : 'changed',
    code: r.failed ? 'expectation' : 'recorded',
    source,
    place,
    length,
    message,
    hint,
  });
  const mark = (refused: string | null): string[] => (refused === null ? [] : [`? ${refused}`]);
  const before = [...r.prompt.recorded, ...mark(r.prompt.refused)];
  const after = [...(r.holds ? r.prompt.recorded : updateRecorded(r.prompt.recorded, r.lines)), ...mark(r.refused)];
  return [...head, text(...differingLines(before, after))];
}

/** The lines that were and the lines that are, without those that begin and end both alike. */
function differingLines(before: readonly string[], after: readonly string[]): Line[] {
  let from = 0;
  while (from < before.length && from < after.length && before[from] === after[from]) from += 1;
  let same = 0;
  while (same < before.length - from && same < after.length - from && before[before.length - 1 - same] === after[after.length - 1 - same])
    same += 1;
  return [
    ...before.slice(from, before.length - same).map((line): Line => [{ text: `  - ${line}`, role: 'bad' }]),
    ...after.slice(from, after.length - same).map((line): Line => [{ text: `  + ${line}`, role: 'good' }]),
  ];
}

/** The notebook's text with the outputs that came; equal to the old text where everything holds. */
export function updatedText(verified: Verified): string {
  return new TextDecoder().decode(updatedBytes(verified, new TextEncoder().encode(verified.notebook.source.text)));
}

const BOM = [0xef, 0xbb, 0xbf];

/** The same for the notebook's file: what is not output stays as it is, a byte order mark and what is no UTF-8 too. */
export function updatedBytes(verified: Verified, file: Uint8Array): Uint8Array {
  const { notebook } = verified;
  const mark = BOM.every((byte, i) => file[i] === byte) ? BOM.length : 0;
  const raw = splitLines(file.subarray(mark));
  const ending = raw[0]?.at(-1) === CR ? '\r' : '';
  const edits: { from: number; to: number; lines: readonly string[] }[] = [];
  const byCell = new Map<Cell, string[]>();
  for (const { cell, prompt, lines, refused, holds } of verified.results) {
    if (holds) continue;
    const recorded = [...updateRecorded(prompt.recorded, lines), ...(refused === null ? [] : [`? ${refused}`])];
    edits.push({ from: prompt.outputLine, to: prompt.endLine, lines: recorded });
    byCell.set(cell, [...(byCell.get(cell) ?? []), ...recorded]);
  }
  for (const [cell, lines] of byCell) edits.push(...fenceEdits(notebook, cell, lines));
  edits.sort((a, b) => b.from - a.from || b.to - a.to);
  const encoder = new TextEncoder();
  for (const { from, to, lines } of edits) raw.splice(from, to - from, ...lines.map((line) => encoder.encode(line + ending)));
  const out = new Uint8Array(raw.reduce((size, line) => size + line.length + 1, mark - 1));
  out.set(file.subarray(0, mark));
  let at = mark;
  for (const [i, line] of raw.entries()) {
    if (i > 0) out[at++] = LF;
    out.set(line, at);
    at += line.length;
  }
  return out;
}

const CR = 13;
const LF = 10;

/** As text is split at newlines: they are no part of any other character of UTF-8. */
function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let from = 0; ; ) {
    const end = bytes.indexOf(LF, from);
    if (end < 0) return [...lines, bytes.subarray(from)];
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
}

/** A longer fence where the new output holds a run of the fence's characters that would close it. */
function fenceEdits(notebook: Notebook, cell: Cell, lines: readonly string[]): { from: number; to: number; lines: readonly string[] }[] {
  const open = /^( {0,3})(`+|~+)(.*)$/.exec(notebook.lines[cell.fenceLine]);
  if (open === null) return [];
  const mark = open[2][0];
  const longest = Math.max(0, ...lines.map((line) => new RegExp(`^ {0,3}(\\${mark}+)[ \\t]*$`).exec(line)?.[1].length ?? 0));
  if (longest < open[2].length) return [];
  const fence = mark.repeat(longest + 1);
  return [
    { from: cell.fenceLine, to: cell.fenceLine + 1, lines: [open[1] + fence + open[3]] },
    { from: cell.endLine, to: cell.endLine + 1, lines: [open[1] + fence] },
  ];
}

/** A cell as `save` writes it: commands with what they printed. */
export function cellText(
  prompts: readonly { readonly typed: string; readonly lines: readonly string[]; readonly refused: string | null }[],
): string {
  const command = (typed: string): string => `${PROMPT}${typed}${typed.endsWith(ESCAPED) ? ';' : ''}`;
  const lines = prompts.flatMap((p) => [command(p.typed), ...p.lines.map(recordLine), ...(p.refused === null ? [] : [`? ${p.refused}`])]);
  const body = lines.join('\n');
  const fence = fenceFor(body);
  return `${fence}spe\n${body}\n${fence}\n`;
}
