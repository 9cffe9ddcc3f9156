// Batch: runs scripts and notebooks command by command, prints what they show, and says with which exit code it ended (language.md §1).
import type { Result } from 'neverthrow';
import { done, type Outcome } from '../session/outcome.ts';
import type { Doc } from '../view/doc.ts';
import { type Diagnostic, diagnosticDoc, type Source } from './diagnostic.ts';
import type { Driver } from './driver.ts';
import { EXIT, exitCodeOf, refusalOf } from './exit-code.ts';
import { misreadJson, outcomeJson } from './json.ts';
import { type Cell, type FrontMatter, type Notebook, PROMPT, type Prompt, readNotebook } from './notebook.ts';
import { diagnosticOf, refusalDiagnostic } from './outcome-diagnostic.ts';
import { drive, type Pace } from './pace.ts';
import { present } from './present.ts';
import { matcherOf } from './recorded.ts';
import { type PlacedCommand, type PlacedMisread, readScript } from './script.ts';
import type { Finished } from './state.ts';
import type { CommandTable } from './table.ts';

export interface BatchOptions {
  readonly json: boolean;
  /** Results are not printed; diagnostics are. */
  readonly quiet: boolean;
  /** `spe> COMMAND` before what it shows, and a notebook's prose. */
  readonly echo: boolean;
  readonly keepGoing: boolean;
}

export interface BatchPort extends Pace {
  out(text: string): void;
  err(text: string): void;
  /** Text of a Doc for either stream. */
  render(doc: Doc, stream: 'out' | 'err'): string;
  /** A fresh session; `front` is what a notebook asks for. */
  newDriver(front: FrontMatter, onFinished: (finished: Finished) => void): Result<Driver, Failure>;
}

/** The name of what `-c` gives. */
export const COMMAND_LINE = '-c';

/** Something that ends spesh before a command could. */
export interface Failure {
  readonly code: number;
  readonly doc: Doc;
}

/** A file read and parsed: what to run. */
export type Program =
  | { readonly kind: 'script'; readonly source: Source; readonly commands: readonly PlacedCommand[] }
  | { readonly kind: 'notebook'; readonly notebook: Notebook };

/** Parses a source: notebooks by their ending. */
export function readProgram(source: Source, table: CommandTable, prefixes: boolean): Result<Program, readonly PlacedMisread[]> {
  if (!source.file.endsWith('.md'))
    return readScript(source, table, { prefixes }).map((commands): Program => ({ kind: 'script', source, commands }));
  return readNotebook(source, table, prefixes).map((notebook): Program => ({ kind: 'notebook', notebook }));
}

/** Prints what does not parse: one JSON object, or every diagnostic. */
export function printMisreads(list: readonly PlacedMisread[], options: BatchOptions, port: BatchPort): void {
  if (options.json) {
    const [{ typed, misread, diagnostic }] = list;
    port.out(`${misreadJson(typed, misread, { file: diagnostic.source.file, ...diagnostic.place })}\n`);
  } else for (const { diagnostic } of list) port.err(port.render(diagnosticDoc(diagnostic), 'err'));
}

/** Runs programs one after the other, each in a fresh session; the exit code. */
export async function runPrograms(programs: readonly Program[], options: BatchOptions, port: BatchPort): Promise<number> {
  let code: number = EXIT.ok;
  for (const program of programs) {
    const run = new Run(options, port);
    const own = program.kind === 'script' ? await run.script(program.commands) : await run.notebook(program.notebook);
    if (code === EXIT.ok) code = own;
    if (run.stopped) break;
  }
  return code;
}

/** One program under way. */
class Run {
  /** The whole batch ends here. */
  stopped = false;
  private code: number = EXIT.ok;
  private driver: Driver | null = null;
  private place: PlacedCommand | null = null;
  private readonly options: BatchOptions;
  private readonly port: BatchPort;

  constructor(options: BatchOptions, port: BatchPort) {
    this.options = options;
    this.port = port;
  }

  async script(commands: readonly PlacedCommand[]): Promise<number> {
    if (!this.begin({})) return this.code;
    for (const one of commands) {
      await this.command(one, null);
      if (this.stopped) break;
    }
    return this.code;
  }

  async notebook(notebook: Notebook): Promise<number> {
    if (!this.begin(notebook.front)) return this.code;
    let line = notebook.cells.length === 0 ? 0 : frontEnd(notebook);
    for (const cell of notebook.cells) {
      if (this.options.echo) this.prose(notebook, line, cell);
      line = cell.endLine + 1;
      if (cell.skip) continue;
      if (cell.fresh && !this.begin(notebook.front)) return this.code;
      for (const prompt of cell.prompts) {
        await this.prompt(prompt);
        if (this.stopped) return this.code;
      }
    }
    if (this.options.echo) this.prose(notebook, line, null);
    return this.code;
  }

  private begin(front: FrontMatter): boolean {
    const made = this.port.newDriver(front, (finished) => this.print(finished));
    if (made.isOk()) {
      this.driver = made.value;
      return true;
    }
    this.port.err(this.port.render(made.error.doc, 'err'));
    this.code = made.error.code;
    this.stopped = true;
    return false;
  }

  private prose(notebook: Notebook, from: number, cell: Cell | null): void {
    const lines = notebook.lines.slice(from, cell?.fenceLine ?? notebook.lines.length);
    const text = lines.join('\n').trim();
    if (text !== '' && !this.options.json) this.port.out(`\n${text}\n\n`);
  }

  /** The commands of one `spe> `; the first that fails is the one that `? ERRNO` or the recorded text may expect. */
  private async prompt(prompt: Prompt): Promise<void> {
    for (const one of prompt.commands) {
      const outcome = await this.command(one, prompt);
      if (this.stopped || exitCodeOf(outcome) !== EXIT.ok) return;
    }
  }

  private async command(one: PlacedCommand, prompt: Prompt | null): Promise<Outcome> {
    const { driver, options, port } = this;
    if (driver === null) throw new Error('a command before its session');
    this.place = one;
    if (port.stopping()) {
      this.stopped = true;
      if (this.code === EXIT.ok) this.code = EXIT.interrupted;
      return { ...done(), interrupted: true };
    }
    const outcome = await drive(driver.start(one.command), port);
    if (outcome.quit !== undefined) {
      this.stopped = true;
      if (this.code === EXIT.ok) this.code = outcome.quit;
      return outcome;
    }
    const code = exitCodeOf(outcome);
    if (code === EXIT.ok || (prompt !== null && expectedBy(prompt, outcome))) return outcome;
    if (this.code === EXIT.ok) this.code = code;
    if (code === EXIT.interrupted || !options.keepGoing) this.stopped = true;
    if (this.stopped && code === EXIT.refused && outcome.unmet === undefined && !options.json) this.refused(one, outcome);
    return outcome;
  }

  /** Says on stderr where it ended: the call and its check are on stdout. On a command line the person sees it, unless results are not printed. */
  private refused(one: PlacedCommand, outcome: Outcome): void {
    if (one.source.file !== COMMAND_LINE || this.options.quiet) this.diagnose(refusalDiagnostic(one, outcome));
  }

  private print(finished: Finished): void {
    const { options, port, place, driver } = this;
    const { command, outcome } = finished;
    if (options.json) {
      port.out(`${outcomeJson(command.text, outcome, finished.n, finished.tick)}\n`);
      return;
    }
    const shown = present(command, outcome, (id) => driver?.state.table.behaviours.get(id));
    if (!options.quiet) port.out((options.echo ? `${PROMPT}${command.text}\n` : '') + port.render(shown.out, 'out'));
    const found = place === null ? null : diagnosticOf(place, outcome);
    if (found === null) port.err(port.render(shown.err, 'err'));
    else this.diagnose(found);
  }

  private diagnose(found: Diagnostic): void {
    this.port.err(this.port.render(diagnosticDoc(found), 'err'));
  }
}

const frontEnd = (notebook: Notebook): number => {
  if (notebook.lines[0]?.trimEnd() !== '---') return 0;
  const end = notebook.lines.findIndex((line, i) => i > 0 && line.trimEnd() === '---');
  return end < 0 ? 0 : end + 1;
};

/** A notebook expects a refusal by `? ERRNO`, an Unmet by having recorded its text. */
function expectedBy(prompt: Prompt, outcome: Outcome): boolean {
  if (outcome.expected !== undefined || outcome.interrupted === true) return false;
  if (outcome.unmet === undefined) return refusalOf(outcome) !== null && prompt.refused === refusalOf(outcome);
  const line = `unmet: ${outcome.unmet.message}`;
  return prompt.recorded.some((recorded) =>
    matcherOf(recorded).match(
      (m) => m.kind === 'any lines' || m.matches(line),
      () => false,
    ),
  );
}
