// Outcome to Doc: what a command shows. Calls as strace prints them, after a refusal the check that failed, then what the form shows;
// Unmet and failed expectations apart, because in batch they go to stderr (language.md §1, §3).
import type { Command } from '../session/command.ts';
import type { CallReport, Displayed, Outcome, StopTaken } from '../session/outcome.ts';
import type { Doc, Line, Span } from '../view/doc.ts';
import { NOTHING, text } from '../view/doc.ts';
import { textWidth } from '../view/width.ts';
import type { Form } from './family.ts';
import { markedValue } from './seen.ts';
import { showStopContext } from './show-stop-context.ts';

export interface Presented {
  /** Results: stdout. */
  readonly out: Doc;
  /** Unmet, a failed expectation, an interruption: stderr. */
  readonly err: Doc;
}

/** Where the evidence of a `check …` line begins. */
const EVIDENCE_COLUMN = 77;
const NARROWEST_GAP = 3;

/** Forms whose outcome is that of the command inside them. */
const OF_INNER = /^(expect\..*|process)$/;

/** The form whose data the outcome holds. */
export function innermost(command: Command): Command {
  const inner = OF_INNER.test(command.form) ? command.args['command'] : undefined;
  return inner?.kind === 'command' ? innermost(inner.command) : command;
}

/** What the outcome of `command` shows. `formOf` finds forms by id. */
export function present(command: Command, outcome: Outcome, formOf: (id: string) => Form | undefined): Presented {
  const calls = outcome.calls ?? (outcome.call === undefined ? [] : [outcome.call]);
  const lines = foldedLines(calls);
  const form = formOf(innermost(command).form);
  const shown = outcome.unmet === undefined ? (form?.show?.(outcome) ?? NOTHING) : NOTHING;
  const displays = (outcome.displays ?? []).map(displayLine);
  const stopped = outcome.data?.['stop'] === undefined ? (outcome.stopped ?? []).map(stoppedLine) : [];
  const behind = (outcome.onStop ?? []).map((one) => ({ ...one, shown: present(one.command, one.outcome, formOf) }));
  const notes = (outcome.notes ?? []).map((note): Line => [{ text: note, role: 'comment' }]);
  const err: Line[] = [];
  if (outcome.unmet !== undefined) {
    // What is more than a line stands on its own lines: its columns mean something.
    const lines = outcome.unmet.message.split('\n');
    err.push([{ text: lines.length === 1 ? 'unmet: ' : 'unmet:', role: 'bad' }, { text: lines.length === 1 ? lines[0] : '' }]);
    if (lines.length > 1) err.push(...lines.map((line): Line => [{ text: line }]));
    if (outcome.unmet.hint !== undefined) err.push([{ text: `  hint: ${outcome.unmet.hint}`, role: 'dim' }]);
  }
  if (outcome.expected !== undefined && !outcome.ok) {
    err.push([{ text: 'failed: ', role: 'bad' }, { text: `expected ${outcome.expected}, got ${outcome.got ?? 'nothing'}` }]);
  }
  if (outcome.interrupted === true) err.push([{ text: 'interrupted', role: 'changed' }]);
  // Behind what went wrong, not before it.
  const told = err.length === 0 ? notes : [];
  if (err.length > 0) err.push(...notes);
  const out = [
    ...(lines.length === 0 ? [] : [text(...lines)]),
    ...shown,
    ...showStopContext(outcome.context),
    ...(stopped.length + displays.length === 0 ? [] : [text(...stopped, ...displays)]),
    ...behind.flatMap((one) => [text(onStopLine(one.stop, one.command)), ...one.shown.out]),
    ...(told.length === 0 ? [] : [text(...told)]),
  ];
  return { out, err: [...behind.flatMap((one) => one.shown.err), ...(err.length === 0 ? NOTHING : [text(...err)])] };
}

/** `catch 2, KVM_SET_DEVICE_ATTR`: of a command that is no run. */
const stoppedLine = ({ number, what }: StopTaken): Line => [{ text: `catch ${number}, ${what}`, role: 'strong' }];

/** `on 1: print x0`: what stands behind it is that command's. */
const onStopLine = (stop: number, command: Command): Line => [{ text: `on ${stop}: `, role: 'dim' }, { text: command.text }];

/** `1: x0 = 0x43ff0040* was 0x43ff0000`: a value that changed is marked. */
export const displayLine = ({ n, expression, value, was }: Displayed): Line => [
  { text: `${n}: `, role: 'dim' },
  { text: `${expression} = ` },
  markedValue(value, was !== undefined),
  { text: was === undefined ? '' : ` was ${was}`, role: 'dim' },
];

/** Lines of several calls; successful calls that print alike, one behind the other (KVM_RUN for each byte of the UART), are told once. */
function foldedLines(calls: readonly CallReport[]): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < calls.length; ) {
    let next = i + 1;
    while (next < calls.length && calls[next].errno === null && calls[next].strace === calls[i].strace) next++;
    lines.push(...callLines(calls[i]));
    if (next > i + 1) lines.push([{ text: `  ... ${next - i - 1} more like it`, role: 'dim' }]);
    i = next;
  }
  return lines;
}

/** The strace line and, after a refusal, the check that failed. */
export function callLines(call: CallReport): Line[] {
  const line = straceLine(call);
  if (call.errno === null || call.check === undefined) return [line];
  const saw = call.checks?.[call.check - 1]?.saw ?? '';
  const head = `  check ${call.check} of ${call.of ?? call.check}: `;
  const sentence = `${call.why ?? ''}${saw === '' ? '' : `: ${saw}`}`;
  const gap = Math.max(NARROWEST_GAP, EVIDENCE_COLUMN - textWidth(head + sentence));
  const evidence: Span[] =
    call.evidenceText === undefined ? [] : [{ text: ' '.repeat(gap) }, { text: `[${call.evidenceText}]`, role: 'dim' }];
  return [line, [{ text: head, role: 'dim' }, { text: sentence }, ...evidence]];
}

function straceLine(call: CallReport): Line {
  const at = call.strace.lastIndexOf(' = ');
  if (at < 0) return call.strace;
  return [{ text: call.strace.slice(0, at + 3) }, { text: call.strace.slice(at + 3), role: call.errno === null ? 'good' : 'bad' }];
}
