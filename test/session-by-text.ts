// A session on a project host with the whole command table, for tests that go through the one door.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { families } from '../commands/table.ts';
import { parseHost } from '../src/kernel/host-schema.ts';
import type { Command } from '../src/session/command.ts';
import type { Outcome } from '../src/session/outcome.ts';
import { type Asset, createSession, finish, type Session, type SessionOptions } from '../src/session/session.ts';
import { filesOf } from '../src/shell/files.ts';
import { readCommand } from '../src/shell/read.ts';
import { newShellState } from '../src/shell/state.ts';

const root = join(import.meta.dirname, '..');
const text = (name: string): string => readFileSync(join(root, 'fixtures', 'hosts', `${name}.toml`), 'utf8');
const { table } = newShellState(families);

export function optionsFor(hostName = 'two-spu', seed = 0): SessionOptions {
  const host = parseHost(`${hostName}.toml`, text(hostName), text)._unsafeUnwrap();
  return { host, hosts: new Map([[hostName, host]]), seed, table: table.behaviours };
}

const guests = new Map<string, Asset>();

/** A guest of the project as an asset. */
export function guestAsset(name: string): Asset {
  let asset = guests.get(name);
  if (asset === undefined) {
    const bytes = new Uint8Array(readFileSync(join(root, 'fixtures', 'guests', `${name}.elf`)));
    asset = { path: name, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
    guests.set(name, asset);
  }
  return asset;
}

/** The command of a text. Throws on a misread: the tests' own commands are right. */
export function command(source: string): Command {
  const read = readCommand(source, table, { prefixes: true, aliases: new Map() });
  if (read.isErr()) throw new Error(`${source}: ${read.error.message}`);
  return read.value;
}

/** Runs one command to its end, in slices of `slice` operations. */
export function run(session: Session, source: string, slice?: number): Outcome {
  const read = command(source);
  for (const file of filesOf(read, table)) if (file.kind === 'GUEST') session.addAsset(guestAsset(file.name));
  return finish(session.execute(read), slice);
}

export const openSession = (hostName?: string, seed?: number): Session => createSession(optionsFor(hostName, seed));
