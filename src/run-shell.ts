// The interactive shell's mode: its port on a fresh session, history and kept sessions in the state directory. Part of main.

import { families } from '../commands/table.ts';
import { DEFAULT_HOST, findHost, type Home } from './home.ts';
import { isUtf8, STDERR, STDOUT, wantsColour } from './io/output.ts';
import { historyFile, keepText } from './io/project.ts';
import { createSession } from './session/session.ts';
import { complete } from './shell/complete.ts';
import { newShellState } from './shell/state.ts';
import { sessionPort } from './ui/session-port.ts';
import { startShell } from './ui/start.ts';
import { renderPlain } from './view/plain.ts';

/** Runs the shell until the person leaves; the exit code. */
export async function runShell(home: Home): Promise<number> {
  const { options } = home;
  const found = findHost(home, options.host ?? DEFAULT_HOST);
  if (found.isErr()) {
    STDERR.write(renderPlain(found.error.doc, { width: 80 }));
    return found.error.code;
  }
  const host = found.value;
  const state = newShellState(families);
  state.host = host.name;
  state.seed = options.seed ?? 0;
  const colour = wantsColour(STDOUT, options, process.env);
  const linear = options.plain || !isUtf8(process.env);
  const port = sessionPort({
    state,
    files: home.files,
    newSession: (table) => createSession({ host, hosts: home.hosts, seed: state.seed, table }),
    colour,
    linear,
    keep: (script) => keepText(`session-${process.pid}.spe`, `# host ${host.name}, seed ${state.seed}\n${script}`).unwrapOr(undefined),
    complete: (line, cursor) => complete(line, cursor, state),
  });
  return startShell({
    port,
    colour,
    plain: options.plain,
    ascii: !isUtf8(process.env),
    history: historyFile(),
    greeting: `spesh on ${host.name}: ${host.about}. help lists the commands; Tab completes; Ctrl-D ends.`,
  });
}
