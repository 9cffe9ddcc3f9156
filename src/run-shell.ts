// The interactive shell's mode: its port on a fresh session; history, journal, aliases and kept sessions in the state directory. Part of main.
import { ok, type Result } from 'neverthrow';
import type { Config } from './config.ts';
import { type Home, newDriver } from './home.ts';
import { editText } from './io/editor.ts';
import { readText } from './io/files.ts';
import { keepAliases, keptAliases, leftJournals, openJournal, settleJournal } from './io/journal.ts';
import { isUtf8, STDERR, STDOUT, wantsColour } from './io/output.ts';
import { pageText } from './io/pager.ts';
import { hasConfiguration, historyFile, keepText } from './io/project.ts';
import type { Failure } from './shell/batch.ts';
import { complete } from './shell/complete.ts';
import { journalCell, journalLength, journalText } from './shell/journal.ts';
import { ALIAS_FORM, UNALIAS_FORM } from './shell/script.ts';
import type { Finished } from './shell/state.ts';
import { sessionPort } from './ui/session-port.ts';
import { startShell } from './ui/start.ts';
import { processTerminal } from './ui/terminal.ts';
import { renderPlain } from './view/plain.ts';
import { colourTheme } from './view/themes.ts';

/** The lines above the first prompt. */
export const greetingOf = (home: Home, host: string): string =>
  `spesh on ${host}: ${home.hosts.get(host)?.about ?? 'a host of your own'}.\nhelp lists the commands; Tab completes; Ctrl-D ends.`;

const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path}'`);

/** What a killed shell left behind, as a line for the greeting and the command that brings it back. */
function offer(paths: readonly string[]): { readonly line: string; readonly command: string } | null {
  const path = paths.at(-1);
  if (path === undefined) return null;
  const count = journalLength(readText(path).unwrapOr(''));
  const command = `load ${quoted(path)}`;
  return {
    line: `\nA session was killed after ${count === 1 ? 'one command' : `${count} commands`}. Up and Enter bring it back: ${command}`,
    command,
  };
}

/** Reads the configuration and the plugins it names; zod and TOML are loaded only where there is one. */
async function configure(home: Home): Promise<Result<Config, Failure>> {
  if (home.options.noInit || !hasConfiguration()) return ok({});
  const { applyConfig, readConfig } = await import('./config.ts');
  const config = readConfig();
  if (config.isErr()) return config;
  applyConfig(home, config.value);
  const { plugins = [] } = config.value;
  if (plugins.length === 0) return config;
  const { loadPlugins } = await import('./plugins.ts');
  return (await loadPlugins(home, plugins)).map(() => config.value);
}

/** Runs the shell until the person leaves; the exit code. */
export async function runShell(home: Home): Promise<number> {
  const fail = ({ doc, code }: Failure): number => {
    STDERR.write(renderPlain(doc, { width: 80 }));
    return code;
  };
  const configured = await configure(home);
  if (configured.isErr()) return fail(configured.error);
  const { options } = home;
  const ended: Finished[] = [];
  const journal = openJournal();
  const onFinished = (one: Finished): void => {
    ended.push(one);
    const state = home.driver?.state;
    if (state === undefined) return;
    const cell = journalCell(one, state);
    if (one.outcome.rewound === true) journal.rewrite(journalText(state));
    else if (cell === null) journal.begin(journalText(state));
    else if (cell !== '') journal.append(cell);
    if (one.outcome.ok && (one.command.form === ALIAS_FORM || one.command.form === UNALIAS_FORM)) keepAliases(state.aliases);
  };
  const made = newDriver(home, {}, onFinished);
  if (made.isErr()) return fail(made.error);
  const driver = made.value;
  const { state } = driver;
  const { host, seed } = state;
  const { theme, context, alias = {} } = configured.value;
  if (theme !== undefined) state.settings.set('theme', theme);
  if (context !== undefined) state.settings.set('context', context);
  for (const [name, text] of Object.entries(alias)) state.aliases.set(name, text);
  if (!options.noInit) for (const [name, text] of keptAliases()) state.aliases.set(name, text);
  journal.begin(journalText(state));
  const left = leftJournals();
  const offered = offer(left);
  const colour = wantsColour(STDOUT, options, process.env);
  const port = sessionPort({
    driver,
    ended,
    colour,
    linear: options.plain || !isUtf8(process.env),
    ascii: !isUtf8(process.env),
    keep: (script) => keepText(`session-${process.pid}.spe`, `# host ${host}, seed ${seed}\n${script}`).unwrapOr(undefined),
    complete: (line, cursor) => complete(line, cursor, state),
  });
  const history = historyFile();
  try {
    const code = await startShell({
      port,
      colour,
      theme: () => colourTheme(state.settings.get('theme')),
      plain: options.plain,
      ascii: !isUtf8(process.env),
      history: offered === null ? history : { ...history, load: () => [...history.load(), offered.command] },
      greeting: greetingOf(home, host) + (offered?.line ?? ''),
      terminal: processTerminal({ editText, pageText }),
    });
    for (const path of left)
      settleJournal(
        path,
        state.transcript.some((f) => f.outcome.ok && f.command.text === `load ${quoted(path)}`),
      );
    return code;
  } finally {
    journal.remove();
  }
}
