// Command modules of the person: JavaScript or TypeScript files, loaded as Node loads them.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { err, ok, type Result } from 'neverthrow';
import { type FileFault, fileExists } from './files.ts';

/** What the file exports by default. */
export async function loadModule(path: string): Promise<Result<unknown, FileFault>> {
  const whole = resolve(path);
  if (!fileExists(whole)) return err({ message: 'no such file' });
  try {
    const loaded = (await import(pathToFileURL(whole).href)) as { readonly default?: unknown };
    return ok(loaded.default);
  } catch (problem) {
    return err({ message: problem instanceof Error ? problem.message : String(problem) });
  }
}
