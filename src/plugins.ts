// Commands of one's own: `--plugin FILE`, or `plugins` in the configuration. A module exports a function that is handed what families are made
// of and returns a family (src/shell/family.ts), or several; they stand in the table beside the project's. Part of main.
import { err, ok, type Result } from 'neverthrow';
import { families } from '../commands/table.ts';
import { hex } from './base/hex.ts';
import { failure, type Home } from './home.ts';
import { loadModule } from './io/plugins.ts';
import { done, unmet } from './session/outcome.ts';
import type { Failure } from './shell/batch.ts';
import { EXIT } from './shell/exit-code.ts';
import { type Family, family } from './shell/family.ts';
import { newShellState } from './shell/state.ts';
import { text } from './view/doc.ts';

/** What a plugin is handed. */
export const PLUGIN_API = { family, done, unmet, text, hex } as const;

const isFamily = (x: unknown): x is Family =>
  typeof x === 'object' &&
  x !== null &&
  'name' in x &&
  typeof x.name === 'string' &&
  'summary' in x &&
  'forms' in x &&
  Array.isArray(x.forms);

/** Loads them into `home`; the failure names the file. */
export async function loadPlugins(home: Home, paths: readonly string[]): Promise<Result<null, Failure>> {
  for (const path of paths) {
    const loaded = await loadModule(path);
    if (loaded.isErr()) return err(failure(EXIT.usage, `${path}: ${loaded.error.message}`));
    const make = loaded.value;
    if (typeof make !== 'function') return err(failure(EXIT.usage, `${path}: a plugin exports a function by default`, PLUGIN_HINT));
    try {
      const made: unknown = (make as (api: typeof PLUGIN_API) => unknown)(PLUGIN_API);
      const list = Array.isArray(made) ? made : [made];
      if (!list.every(isFamily)) return err(failure(EXIT.usage, `${path}: what it returns is no command family`, PLUGIN_HINT));
      home.plugins.push(...list);
      // The table says what does not fit: a name that is taken, a syntax that cannot be read.
      const { table } = newShellState((state) => [...families(state), ...home.plugins]);
      for (const { forms } of list) for (const form of forms) table.form(form.id);
    } catch (problem) {
      return err(failure(EXIT.usage, `${path}: ${problem instanceof Error ? problem.message : String(problem)}`, PLUGIN_HINT));
    }
  }
  home.spare = null;
  return ok(null);
}

const PLUGIN_HINT = 'help plugins shows one';
