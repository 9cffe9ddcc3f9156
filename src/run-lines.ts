// The shell line by line, for terminals that can do no more (TERM=dumb) and for `--interactive` without a terminal: a prompt, a line, what it
// shows. A mistake ends nothing. Part of main.
import { type Home, newDriver } from './home.ts';
import { inputLines } from './io/lines.ts';
import { listenForStop } from './io/signals.ts';
import type { BatchPort } from './shell/batch.ts';
import { diagnosticDoc } from './shell/diagnostic.ts';
import type { Driver } from './shell/driver.ts';
import { EXIT } from './shell/exit-code.ts';
import { PROMPT } from './shell/notebook.ts';
import { drive } from './shell/pace.ts';
import { present } from './shell/present.ts';
import { readScript } from './shell/script.ts';
import type { Finished } from './shell/state.ts';

/** Reads lines until `quit` or the end of the input; the exit code. */
export async function runLines(home: Home, port: BatchPort): Promise<number> {
  const made = newDriver(home, {}, (finished) => show(finished, made.isOk() ? made.value : null, port));
  if (made.isErr()) {
    port.err(port.render(made.error.doc, 'err'));
    return made.error.code;
  }
  port.out(PROMPT);
  for await (const line of inputLines()) {
    const code = await runLine(line, made.value, port);
    if (code !== null) return code;
    port.out(PROMPT);
  }
  port.out('\n');
  return EXIT.ok;
}

function show({ command, outcome }: Finished, driver: Driver | null, port: BatchPort): void {
  const shown = present(command, outcome, (id) => driver?.state.table.behaviours.get(id));
  port.out(port.render(shown.out, 'out'));
  port.err(port.render(shown.err, 'err'));
}

/** The exit code that the line asked for; null to go on. */
async function runLine(line: string, driver: Driver, port: BatchPort): Promise<number | null> {
  const { state } = driver;
  const read = readScript({ file: 'prompt', text: line }, state.table, { prefixes: true, aliases: state.aliases });
  if (read.isErr()) {
    port.err(port.render(diagnosticDoc(read.error[0].diagnostic), 'err'));
    return null;
  }
  const signals = listenForStop();
  try {
    for (const { command } of read.value) {
      const outcome = await drive(driver.start(command), { ...port, stopping: () => signals.pending() !== null });
      if (outcome.quit !== undefined) return outcome.quit;
      if (!outcome.ok || outcome.interrupted === true) return null;
    }
    return null;
  } finally {
    signals.dispose();
  }
}
