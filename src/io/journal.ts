// The journal of a running shell, in the state directory: written command by command, so that a session that is killed is not lost. A journal
// whose process is gone was left behind by one.
import { appendFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readText, writeBytes } from './files.ts';
import { stateDirectory } from './project.ts';

export interface JournalFile {
  /** Begins again with this text. */
  begin(text: string): void;
  /** Puts this in place of all of it: whoever is killed meanwhile leaves the old text or the new one. */
  rewrite(text: string): void;
  /** In the file when it returns, as far as the system promises it for a process that is killed: one write. */
  append(text: string): void;
  remove(): void;
}

const NAME = /^journal-(\d+)\.md$/;

/** The journal of this process; there is no file before something is written. */
export function openJournal(): JournalFile {
  const path = join(stateDirectory(), `journal-${process.pid}.md`);
  let head: string | null = null;
  const quietly = (act: () => void): void => {
    try {
      act();
    } catch {
      // A journal that cannot be written is not worth a word.
    }
  };
  return {
    begin(text) {
      head = text;
      quietly(() => rmSync(path, { force: true }));
    },
    rewrite(text) {
      head = writeBytes(path, text).isErr() ? text : null;
    },
    append(text) {
      quietly(() => appendFileSync(path, (head ?? '') + text, { mode: 0o600 }));
      head = null;
    },
    remove: () => quietly(() => rmSync(path, { force: true })),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (problem) {
    return (problem as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Journals that killed shells left, the latest last. */
export function leftJournals(): string[] {
  const directory = stateDirectory();
  try {
    return readdirSync(directory)
      .filter((name) => {
        const pid = NAME.exec(name)?.[1];
        return pid !== undefined && Number(pid) !== process.pid && !isAlive(Number(pid));
      })
      .map((name) => join(directory, name))
      .filter((path) => readText(path).isOk());
  } catch {
    return [];
  }
}

/** The journal has been offered: it is kept under another name, or goes where it was taken. */
export function settleJournal(path: string, taken: boolean): void {
  try {
    if (taken) rmSync(path, { force: true });
    else renameSync(path, path.replace(/journal-(\d+)\.md$/, 'session-$1.md'));
  } catch {
    // Another shell has settled it.
  }
}

const aliasPath = (): string => join(stateDirectory(), 'aliases.json');

/** The aliases of earlier shells: name and text. */
export function keptAliases(): [string, string][] {
  try {
    const read: unknown = JSON.parse(readText(aliasPath()).unwrapOr('{}'));
    return Object.entries(read ?? {}).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as [string, string]] : []));
  } catch {
    return [];
  }
}

export function keepAliases(aliases: ReadonlyMap<string, string>): void {
  writeBytes(aliasPath(), `${JSON.stringify(Object.fromEntries(aliases), null, 2)}\n`);
}
