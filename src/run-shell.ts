// The interactive shell's mode: its port on a fresh session, history and kept sessions in the state directory. Part of main.
import { type Home, newDriver } from './home.ts';
import { isUtf8, STDERR, STDOUT, wantsColour } from './io/output.ts';
import { historyFile, keepText } from './io/project.ts';
import { complete } from './shell/complete.ts';
import type { Finished } from './shell/state.ts';
import { sessionPort } from './ui/session-port.ts';
import { startShell } from './ui/start.ts';
import { renderPlain } from './view/plain.ts';

/** The lines above the first prompt. */
export const greetingOf = (home: Home, host: string): string =>
  `spesh on ${host}: ${home.hosts.get(host)?.about ?? 'a host of your own'}. help lists the commands; Tab completes; Ctrl-D ends.`;

/** Runs the shell until the person leaves; the exit code. */
export async function runShell(home: Home): Promise<number> {
  const { options } = home;
  const ended: Finished[] = [];
  const made = newDriver(home, {}, (finished) => ended.push(finished));
  if (made.isErr()) {
    STDERR.write(renderPlain(made.error.doc, { width: 80 }));
    return made.error.code;
  }
  const driver = made.value;
  const { host, seed } = driver.state;
  const colour = wantsColour(STDOUT, options, process.env);
  const port = sessionPort({
    driver,
    ended,
    colour,
    linear: options.plain || !isUtf8(process.env),
    keep: (script) => keepText(`session-${process.pid}.spe`, `# host ${host}, seed ${seed}\n${script}`).unwrapOr(undefined),
    complete: (line, cursor) => complete(line, cursor, driver.state),
  });
  return startShell({
    port,
    colour,
    plain: options.plain,
    ascii: !isUtf8(process.env),
    history: historyFile(),
    greeting: greetingOf(home, host),
  });
}
