// A session driven by text, as a person drives it: what each command printed, its outcome, its JSON object.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok } from 'neverthrow';
import { families } from '../../commands/table.ts';
import type { Host } from '../../src/kernel/host.ts';
import { parseHost } from '../../src/kernel/host-schema.ts';
import type { Outcome } from '../../src/session/outcome.ts';
import { createSession, finish, type Session } from '../../src/session/session.ts';
import { createDriver } from '../../src/shell/driver.ts';
import { outcomeJson } from '../../src/shell/json.ts';
import type { Misread } from '../../src/shell/misread.ts';
import { present } from '../../src/shell/present.ts';
import { readCommand } from '../../src/shell/read.ts';
import { newShellState } from '../../src/shell/state.ts';
import { renderPlain } from '../../src/view/plain.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const hostText = (name: string): string => readFileSync(join(fixtures, 'hosts', `${name}.toml`), 'utf8');

const hostNames = readdirSync(join(fixtures, 'hosts')).map((file) => file.replace(/\.toml$/, ''));
export const HOSTS: ReadonlyMap<string, Host> = new Map(
  hostNames.sort().map((name) => [name, parseHost(`${name}.toml`, hostText(name), hostText)._unsafeUnwrap()]),
);

export interface Ran {
  readonly outcome: Outcome;
  /** Plain text of stdout and stderr, lines without trailing blanks. */
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly json: Record<string, unknown>;
}

export interface Shell {
  readonly session: Session;
  /** Runs a command; it must parse. */
  run(text: string): Ran;
  /** Runs several; what the last one did. */
  all(...texts: readonly string[]): Ran;
  /** The Misread of a text; null when it parses. */
  misread(text: string): Misread | null;
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** A shell on a freshly booted host. `files` are what FILE and HOST arguments find. */
export function newShell(hostName = 'two-spu', files: Readonly<Record<string, string | Uint8Array>> = {}): Shell {
  const host = HOSTS.get(hostName);
  if (host === undefined) throw new Error(`no host ${hostName}`);
  const state = newShellState(families);
  const bytesOf = (name: string): Uint8Array | null => {
    const given = files[name];
    if (given !== undefined) return typeof given === 'string' ? new TextEncoder().encode(given) : given;
    const guest = join(fixtures, 'guests', `${name}.elf`);
    try {
      return readFileSync(guest);
    } catch {
      return null;
    }
  };
  const driver = createDriver({
    state,
    files: {
      read: (name, kind) => {
        if (kind === 'HOST' && HOSTS.has(name)) return ok(null);
        const bytes = bytesOf(name);
        return bytes === null
          ? err({ message: 'no such file' })
          : ok({ path: name, absolute: join(fixtures, 'guests', `${name}.elf`), sha256: '', bytes });
      },
      write: () => ok(null),
    },
    newSession: (table) => createSession({ host, hosts: HOSTS, seed: 0, table }),
  });
  const run = (text: string): Ran => {
    const command = readCommand(text, state.table, { prefixes: false });
    if (command.isErr()) throw new Error(`${text}: ${command.error.message}`);
    const outcome = finish(driver.start(command.value));
    const shown = present(command.value, outcome, (id) => state.table.behaviours.get(id));
    const plain = (doc: typeof shown.out): string[] => linesOf(renderPlain(doc, { width: 200 }));
    const json = JSON.parse(
      outcomeJson(command.value.text, outcome, state.transcript.length, driver.session.context.world.world.machine.tick),
    );
    return { outcome, out: plain(shown.out), err: plain(shown.err), json };
  };
  return {
    session: driver.session,
    run,
    all: (...texts) => texts.map(run)[texts.length - 1],
    misread: (text) =>
      readCommand(text, state.table, { prefixes: false }).match(
        () => null,
        (misread) => misread,
      ),
  };
}
