// Scripts (.spe, `-c`, standard input): a text read whole before anything of it runs.
import { err, ok, type Result } from 'neverthrow';
import type { Command } from '../session/command.ts';
import { type Diagnostic, type Place, placeIn, type Source } from './diagnostic.ts';
import type { Misread } from './misread.ts';
import { readCommand } from './read.ts';
import type { CommandTable } from './table.ts';
import { splitCommands } from './words.ts';

/** A command of a file, and where it stands there. */
export interface PlacedCommand {
  readonly command: Command;
  readonly source: Source;
  readonly place: Place;
  /** As typed, without comments. */
  readonly typed: string;
}

/** A command of a file that does not parse. */
export interface PlacedMisread {
  readonly typed: string;
  readonly misread: Misread;
  readonly diagnostic: Diagnostic;
}

export interface ScriptOptions {
  /** Prefixes of words: in `-c` only. */
  readonly prefixes: boolean;
  /** Aliases that exist already; the ones the text makes are known from there on. */
  readonly aliases?: ReadonlyMap<string, string>;
}

/** Id of the form that makes an alias; its slots are `name` and `text`. */
export const ALIAS_FORM = 'alias.set';
/** Id of the form that takes one away; its slot is `name`. */
export const UNALIAS_FORM = 'alias.remove';

/** Every command of the text, or every one that does not parse. */
export function readScript(source: Source, table: CommandTable, options: ScriptOptions): Result<PlacedCommand[], PlacedMisread[]> {
  return readPiece(source, source.text, 0, table, options, new Map(options.aliases ?? []));
}

/** The same for a piece of the source that begins at code point `offset`; `aliases` grows. */
export function readPiece(
  source: Source,
  piece: string,
  offset: number,
  table: CommandTable,
  options: ScriptOptions,
  aliases: Map<string, string>,
): Result<PlacedCommand[], PlacedMisread[]> {
  const commands: PlacedCommand[] = [];
  const misreads: PlacedMisread[] = [];
  for (const statement of splitCommands(piece)) {
    const at = offset + statement.at;
    const read = readCommand(statement.text, table, { prefixes: options.prefixes, aliases });
    if (read.isErr()) {
      const m = read.error;
      const place = placeIn(source, at + m.at);
      const { code, message, hint = 'help lists the commands' } = m;
      misreads.push({
        typed: statement.text,
        misread: { ...m, hint },
        diagnostic: { kind: 'misread', code, source, place, length: m.end - m.at, message, hint },
      });
      continue;
    }
    learnAlias(read.value, aliases);
    commands.push({ command: read.value, source, place: placeIn(source, at), typed: statement.text });
  }
  return misreads.length > 0 ? err(misreads) : ok(commands);
}

function learnAlias(command: Command, aliases: Map<string, string>): void {
  const { name, text } = command.args;
  if (command.form === ALIAS_FORM && name?.kind === 'word' && text?.kind === 'word') aliases.set(name.text, text.text);
  if (command.form === UNALIAS_FORM && name?.kind === 'word') aliases.delete(name.text);
}
