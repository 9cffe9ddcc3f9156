// The configuration of the interactive shell: $XDG_CONFIG_HOME/spesh/config.toml (XDG Base Directory Specification). Scripts, notebooks and `-c`
// do not read it, so that they do the same everywhere. What the command line says goes before it. Part of main.
import { err, ok, type Result } from 'neverthrow';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { failure, type Home } from './home.ts';
import { fileExists, readText } from './io/files.ts';
import { configDirectory } from './io/project.ts';
import { SECTIONS, sectionsOf } from './session/stop-context.ts';
import type { Failure } from './shell/batch.ts';
import { EXIT } from './shell/exit-code.ts';
import { COLOUR_THEMES } from './view/themes.ts';

const schema = z.strictObject({
  host: z.string().optional(),
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  color: z.enum(['auto', 'always', 'never']).optional(),
  width: z.int().min(20).max(10_000).optional(),
  plain: z.boolean().optional(),
  theme: z.enum(COLOUR_THEMES).optional(),
  context: z
    .string()
    .refine((value) => sectionsOf(value) !== null, { message: `off, on, or some of ${SECTIONS.join(',')}` })
    .optional(),
  init: z.string().optional(),
  plugins: z.array(z.string()).optional(),
  alias: z.record(z.string(), z.string()).optional(),
});
export type Config = z.infer<typeof schema>;

/** Reads it; nothing where there is none. Paths in it are relative to its directory. */
export function readConfig(): Result<Config, Failure> {
  const directory = configDirectory();
  const path = `${directory}/config.toml`;
  const init = `${directory}/init.spe`;
  const own: Config = fileExists(init) ? { init } : {};
  if (!fileExists(path)) return ok(own);
  const read = readText(path);
  if (read.isErr()) return err(failure(EXIT.usage, `${path}: ${read.error.message}`));
  const within = (name: string): string => (name.startsWith('/') ? name : `${directory}/${name}`);
  try {
    const checked = schema.safeParse(parse(read.value));
    if (!checked.success) {
      const [issue] = checked.error.issues;
      return err(
        failure(
          EXIT.usage,
          `${path}: ${issue.path.join('.')}${issue.path.length > 0 ? ': ' : ''}${issue.message}`,
          'help config shows one',
        ),
      );
    }
    const { init: named, plugins, ...rest } = checked.data;
    return ok({
      ...own,
      ...rest,
      ...(named === undefined ? {} : { init: within(named) }),
      ...(plugins === undefined ? {} : { plugins: plugins.map(within) }),
    });
  } catch (problem) {
    if (!(problem instanceof TomlError)) throw problem;
    return err(
      failure(EXIT.usage, `${path}:${problem.line}:${problem.column}: ${problem.message.split('\n')[0]}`, 'help config shows one'),
    );
  }
}

/** Puts it behind what the command line says. */
export function applyConfig(home: Home, config: Config): void {
  const { options } = home;
  home.options = {
    ...options,
    host: options.host ?? config.host ?? null,
    seed: options.seed ?? config.seed ?? null,
    color: options.color === 'auto' ? (config.color ?? 'auto') : options.color,
    width: options.width ?? config.width ?? null,
    plain: options.plain || config.plain === true,
    init: options.init ?? config.init ?? null,
  };
}
