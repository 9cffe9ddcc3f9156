// A text in the person's own editor: $VISUAL, else $EDITOR, else vi (POSIX.1-2017, "Environment Variables", EDITOR and VISUAL).
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The text as it was left; undefined where there is no editor, or where it failed. The terminal is the editor's meanwhile. */
export async function editText(text: string): Promise<string | undefined> {
  const editor = process.env['VISUAL'] || process.env['EDITOR'] || 'vi';
  const directory = mkdtempSync(join(tmpdir(), 'spesh-'));
  const path = join(directory, 'commands.spe');
  try {
    writeFileSync(path, text === '' || text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600 });
    const code = await new Promise<number | null>((resolve) => {
      // The variable may hold arguments, so a shell reads it, as it does for git and crontab.
      const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, path], { stdio: 'inherit' });
      child.on('error', () => resolve(null));
      child.on('exit', resolve);
    });
    return code === 0 ? readFileSync(path, 'utf8') : undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
