// The interactive shell's port on the real thing: the language of shell, the session behind its driver, documents drawn by view.
import type { Command } from '../session/command.ts';
import type { JournalEntry } from '../session/session.ts';
import { createDriver, type Driver, type DriverOptions } from '../shell/driver.ts';
import { present } from '../shell/present.ts';
import { sessionScript } from '../shell/save.ts';
import { readScript } from '../shell/script.ts';
import type { Finished } from '../shell/state.ts';
import { SHORT_FORMS } from '../shell/table.ts';
import { type AnsiOptions, renderAnsi } from '../view/ansi.ts';
import { asciiText } from '../view/ascii.ts';
import { renderPlain } from '../view/plain.ts';
import { colourTheme } from '../view/themes.ts';
import { echo } from './cells.ts';
import { colouring } from './colouring.ts';
import { painter } from './paint.ts';
import type { Completion, Read, ShellPort } from './port.ts';

/** A driver that exists already, and the commands that its onFinished has put aside; or what a driver is made of. */
export type DriverSource = { readonly driver: Driver; readonly ended: Finished[] } | Omit<DriverOptions, 'onFinished'>;

export type SessionPortOptions = DriverSource & PortLook;

interface PortLook {
  readonly colour: boolean;
  /** No drawing characters: screen readers, terminals without Unicode. */
  readonly linear?: boolean;
  /** The terminal is not UTF-8. */
  readonly ascii?: boolean;
  /** Keeps a script of the session where the next start finds it; its path. */
  keep?(script: string): string | undefined;
  complete?(line: string, cursor: number): Completion;
}

/** Commands that Enter on an empty line runs again, and those that go on where they stopped (language.md §2). */
const REPEATED: ReadonlySet<string> = new Set(['step', 'sample']);

/** What goes on where `x` or `dis` stopped. */
function goesOn({ command, outcome }: Finished): string | undefined {
  const { data } = outcome;
  if (!outcome.ok || data === null) return undefined;
  if (command.form === 'dis' && typeof data['next'] === 'string') {
    const count = Array.isArray(data['instructions']) ? data['instructions'].length : 8;
    return `dis ${data['next']} ${count}`;
  }
  if (command.form === 'x' && typeof data['address'] === 'string' && typeof data['length'] === 'number') {
    const next = BigInt(data['address']) + BigInt(data['length']);
    const space = typeof data['space'] === 'string' && data['space'] !== 'va' ? ` --as ${data['space']}` : '';
    // `x/4xg` counts units of its own.
    const format = /^x(\/\w+)/.exec(command.text)?.[1];
    return format === undefined ? `x 0x${next.toString(16)} ${data['length']}${space}` : `x${format} 0x${next.toString(16)}${space}`;
  }
  return undefined;
}

/** The port of one session. */
export function sessionPort(options: SessionPortOptions): ShellPort {
  const { colour, linear = false } = options;
  const ended: Finished[] = 'driver' in options ? options.ended : [];
  const driver = 'driver' in options ? options.driver : createDriver({ ...options, onFinished: (one) => ended.push(one) });
  const { state } = driver;
  let last: Finished | undefined;
  /** What the last save holds. */
  let saved: ReadonlySet<JournalEntry> = new Set();

  const journal = () => driver.session.journal;
  const changes = (command: Command): boolean => state.table.behaviours.get(command.form)?.effect === 'world';

  /** What `set` says goes before how spesh was started. */
  function drawing(width: number): { readonly colour: boolean; readonly layout: AnsiOptions } {
    const plain = state.settings.get('plain') === 'on';
    const own = state.settings.get('color');
    const columns = Number(state.settings.get('width'));
    return {
      colour: own === 'always' || (own !== 'never' && colour && !plain),
      layout: { width: columns > 0 ? columns : width, linear: linear || plain, theme: colourTheme(state.settings.get('theme')) },
    };
  }

  /** What a command shows; where nobody typed it, behind its line. */
  function shown({ command, outcome, brought }: Finished, width: number): string {
    // Where a command was interrupted, the shell says itself.
    const { out, err } = present(command, { ...outcome, interrupted: undefined }, (id) => state.table.form(id)?.form);
    const how = drawing(width);
    const text = (how.colour ? renderAnsi : renderPlain)([...out, ...err], how.layout);
    const paint = painter(how.colour, () => how.layout.theme ?? 'default');
    return (brought === undefined ? '' : `${echo(command.text, port, paint)}\n`) + (options.ascii === true ? asciiText(text) : text);
  }

  function news(width: number): string {
    last = ended.at(-1) ?? last;
    if (ended.some(({ command, outcome }) => command.form === 'save' && outcome.ok)) saved = new Set(journal());
    const text = ended
      .splice(0)
      .map((one) => shown(one, width))
      .join('');
    return text.replace(/\n$/, '');
  }

  function read(line: string): Read {
    const found = readScript({ file: 'prompt', text: line }, state.table, { prefixes: true, aliases: state.aliases });
    if (found.isOk()) return { ok: true, commands: found.value.map((placed) => placed.command) };
    const { diagnostic } = found.error[0];
    // A line of several rows has its place in the last of them that begins before it.
    const rows = Array.from(line.split('\n')).slice(0, diagnostic.place.line - 1);
    const at = rows.reduce((sum, row) => sum + Array.from(row).length + 1, 0) + diagnostic.place.column - 1;
    return {
      ok: false,
      at,
      end: at + Math.max(1, diagnostic.length),
      code: diagnostic.code,
      message: diagnostic.message,
      hint: diagnostic.hint,
    };
  }

  const port: ShellPort = {
    prompt: () => 'spe> ',
    read,
    execute: (command) => driver.start(command),
    news,
    complete: options.complete ?? ((_line, cursor) => ({ replace: [cursor, cursor], items: [] })),
    colour: (line) =>
      colouring(line, (word) => state.table.formsOf(word).length > 0 || state.aliases.has(word) || SHORT_FORMS[word] !== undefined),
    again() {
      if (last === undefined) return undefined;
      return REPEATED.has(last.command.form) ? last.command.text : goesOn(last);
    },
    tick: () => driver.session.context.world.world.machine.tick,
    unsaved: () => journal().some((entry) => !saved.has(entry) && changes(entry.command)),
    save(path) {
      const command = read(`save '${path}'`);
      if (!command.ok) return { ok: false, message: command.message };
      const running = driver.start(command.commands[0]);
      const outcome = running.advance(0) ?? running.interrupt();
      const message = news(80);
      return { ok: outcome.ok, message: message === '' ? `saved ${path}` : message };
    },
    autosave: options.keep === undefined ? undefined : () => options.keep?.(sessionScript(state)),
  };
  return port;
}
