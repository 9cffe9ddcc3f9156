// A text in the person's own pager: $PAGER, else less, else more (POSIX.1-2017, man, "Environment Variables", PAGER).
import { spawn } from 'node:child_process';

/** -R lets less show colours and nothing else that a control character could do. 127 is "not found" (POSIX.1-2017, Shell, "Exit Status for Commands"). */
const USUAL = 'command -v less >/dev/null && exec less -R; command -v more >/dev/null && exec more; exit 127';
const NOT_RUN: ReadonlySet<number | null> = new Set([null, 126, 127]);

/** Shows a text until the person leaves the pager; false where there is none. The terminal is the pager's meanwhile: it takes its keys from there, the text from its input. */
export async function pageText(text: string): Promise<boolean> {
  // A pager may hold arguments, so a shell reads it, as it does for man and git. A bare `less` gets -R this way.
  const env = { ...process.env, LESS: process.env['LESS'] ?? 'R' };
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn('/bin/sh', ['-c', process.env['PAGER'] || USUAL], { stdio: ['pipe', 'inherit', 'inherit'], env });
    child.on('error', () => resolve(null));
    // Ended by a signal, it has run all the same.
    child.on('exit', (status) => resolve(status ?? 0));
    // Whoever leaves the pager early closes the pipe.
    child.stdin?.on('error', () => {});
    child.stdin?.end(text.endsWith('\n') ? text : `${text}\n`);
  });
  return !NOT_RUN.has(code);
}
