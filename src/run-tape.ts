// `spesh tape`: plays demos on a virtual clock and writes the recordings they name. Part of main.
import { type Home, newDriver } from './home.ts';
import type { Invocation } from './io/arguments.ts';
import { readText, writeBytes } from './io/files.ts';
import { memoryTerminal } from './io/memory-terminal.ts';
import { greetingOf } from './run-shell.ts';
import type { BatchPort } from './shell/batch.ts';
import { complete } from './shell/complete.ts';
import { diagnosticDoc } from './shell/diagnostic.ts';
import { EXIT } from './shell/exit-code.ts';
import { sessionNotebook } from './shell/save.ts';
import type { Finished, ShellState } from './shell/state.ts';
import { NO_FILE, type OutputKind, readTape, type Tape } from './shell/tape.ts';
import { playTape, type Recording } from './ui/record/play.ts';
import { sessionPort } from './ui/session-port.ts';
import { castText } from './view/cast.ts';
import { text } from './view/doc.ts';
import { pictureSvg } from './view/svg.ts';
import { THEMES } from './view/themes.ts';

type TapeInvocation = Extract<Invocation, { mode: 'tape' }>;

/** How long a picture's last screen stands before it begins again. */
const REST = 4000; // ms

/** Plays the tapes one after the other; the exit code is that of the first that fails. */
export async function runTapes(invocation: TapeInvocation, home: Home, port: BatchPort): Promise<number> {
  let code: number = EXIT.ok;
  for (const file of invocation.files) code ||= await runTape(file, invocation.castVersion, home, port);
  return code;
}

async function runTape(file: string, castVersion: 2 | 3, home: Home, port: BatchPort): Promise<number> {
  const read = readText(file);
  if (read.isErr()) {
    port.err(`spesh: ${file}: ${read.error.message}\n`);
    return EXIT.usage;
  }
  const tape = readTape({ file, text: read.value }, (name) => readText(name).mapErr((fault) => fault.message));
  if (tape.isErr()) {
    for (const fault of tape.error) port.err(port.render(diagnosticDoc(fault), 'err'));
    return tape.error.every((fault) => fault.code === NO_FILE) ? EXIT.usage : EXIT.misread;
  }
  const ended: Finished[] = [];
  const made = newDriver(home, {}, (one) => ended.push(one));
  if (made.isErr()) {
    port.err(port.render(made.error.doc, 'err'));
    return made.error.code;
  }
  const { state } = made.value;
  const recording = await playTape({
    tape: tape.value,
    port: sessionPort({ driver: made.value, ended, colour: true, complete: (line, cursor) => complete(line, cursor, state) }),
    greeting: greetingOf(home, state.host),
    open: memoryTerminal,
  });
  const { failed } = recording;
  if (failed !== null) {
    const { source, line, kind } = failed.step;
    const length = source.text.split('\n')[line - 1].trimEnd().length;
    const message = kind === 'wait' ? 'what it waits for did not come' : 'what it expects is not on the screen';
    const hint = 'the screen as it was then stands below';
    port.err(
      port.render(diagnosticDoc({ kind: 'failed', code: 'screen', source, place: { line, column: 1 }, length, message, hint }), 'err'),
    );
    port.err(port.render([text('the screen then:', ...failed.screen.filter((row) => row !== '').map((row) => `  ${row}`))], 'err'));
    return EXIT.failed;
  }
  for (const { path, kind } of tape.value.outputs) {
    const wrote = writeBytes(path, outputText(kind, tape.value, recording, state, castVersion));
    if (wrote.isErr()) {
      port.err(`spesh: ${path}: ${wrote.error.message}\n`);
      return EXIT.usage;
    }
  }
  const paths = tape.value.outputs.map((output) => output.path);
  const time = `${(recording.length / 1000).toFixed(1)} s`;
  if (home.options.json)
    port.out(`${JSON.stringify({ v: 1, file, milliseconds: recording.length, frames: recording.frames.length, outputs: paths })}\n`);
  else if (!home.options.quiet)
    port.out(
      port.render(
        [text(`${file}: ${time}, ${recording.frames.length} screens${paths.length === 0 ? '' : `: ${paths.join(', ')}`}`)],
        'out',
      ),
    );
  return EXIT.ok;
}

function outputText(kind: OutputKind, tape: Tape, recording: Recording, state: ShellState, castVersion: 2 | 3): string {
  const { columns, rows, title } = tape;
  const theme = THEMES[tape.theme];
  switch (kind) {
    case 'cast':
      return castText({ columns, rows, title, theme, events: recording.events }, castVersion);
    case 'svg': {
      const largest = (size: 'columns' | 'rows'): number =>
        Math.max(tape[size], ...tape.steps.map((step) => (step.kind === 'resize' ? step[size] : 0)));
      const named = title === '' ? 'a recorded session of spesh' : title;
      return pictureSvg({ columns: largest('columns'), rows: largest('rows'), title: named, theme, frames: recording.frames, rest: REST });
    }
    case 'txt':
      return `${recording.text.join('\n').trimEnd()}\n`;
    case 'md':
      return sessionNotebook(state);
  }
}
