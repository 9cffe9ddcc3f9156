// A tutorial: a notebook gone through by hand. Its prose is told, the person types the command, and what they typed is checked against the cell:
// the same command, refused or not as recorded. Anything else may be tried in between.
import { err, ok, type Result } from 'neverthrow';
import type { Command } from '../session/command.ts';
import type { Outcome } from '../session/outcome.ts';
import { wrapProse } from '../view/prose.ts';
import { refusalOf } from './exit-code.ts';
import { readNotebook } from './notebook.ts';
import type { ShellState, Tutorial } from './state.ts';
import type { CommandTable } from './table.ts';

/** The steps of a notebook; the message of its first fault. */
export function readTutorial(file: string, text: string, table: CommandTable): Result<Tutorial, string> {
  const read = readNotebook({ file, text }, table);
  if (read.isErr()) return err(`${file}:${read.error[0].diagnostic.place.line}: ${read.error[0].misread.message}`);
  const { lines, cells } = read.value;
  let from = lines[0]?.trimEnd() === '---' ? lines.indexOf('---', 1) + 1 : 0;
  const steps = cells.flatMap((cell) => {
    const prose = paragraphs(lines.slice(from, cell.fenceLine));
    from = cell.endLine + 1;
    const commands = cell.prompts.flatMap((p) => p.commands.map(({ command }) => ({ command, refused: p.refused })));
    return commands.map((one, i) => ({ prose: i === 0 ? prose : [], ...one }));
  });
  return ok({ steps, at: 0 });
}

/** Prose in lines as wide as help's; headings lose their marks. */
function paragraphs(lines: readonly string[]): string[] {
  const text = lines.join('\n').trim();
  if (text === '') return [];
  return text
    .split(/\n\s*\n/)
    .flatMap((paragraph, i) => [...(i === 0 ? [] : ['']), ...wrapProse(paragraph.replace(/^#+ /, '').replace(/\n/g, ' '))]);
}

/** What is told at a step. */
export function stepLines({ steps, at }: Tutorial): string[] {
  const step = steps[at];
  if (step === undefined) return ['', 'That was the tutorial. `help` lists everything there is, Ctrl-R searches what you typed.'];
  return ['', ...step.prose, ...(step.prose.length === 0 ? [] : ['']), `[${at + 1} of ${steps.length}] type: ${step.command.text}`];
}

/** The outcome with what the lesson says to it. */
export function withLesson(command: Command, outcome: Outcome, state: ShellState): Outcome {
  const lesson = state.tutorial;
  const step = lesson?.steps[lesson.at];
  if (lesson === null || step === undefined || command.form.startsWith('tutorial')) return outcome;
  if (command.text !== step.command.text) {
    // What fails, or is nearly what was asked for, may have been meant for the step.
    const meant = !outcome.ok || command.form === step.command.form;
    return meant ? { ...outcome, notes: [`tutorial: the step is still: ${step.command.text}`] } : outcome;
  }
  const refused = outcome.ok ? null : refusalOf(outcome);
  if (outcome.unmet !== undefined || refused !== step.refused) {
    const wanted = step.refused === null ? 'it should have succeeded' : `it should have been refused with ${step.refused}`;
    return { ...outcome, notes: [`tutorial: ${wanted}; something before it differs. 'tutorial' begins again.`] };
  }
  lesson.at += 1;
  const notes = stepLines(lesson);
  if (lesson.at === lesson.steps.length) state.tutorial = null;
  return { ...outcome, notes };
}
