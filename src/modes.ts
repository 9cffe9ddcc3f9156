// Arguments to mode, mode to exit code (language.md §1). Everything that a mode does not need stays behind a dynamic import. Part of main.

import { setFlagsFromString } from 'node:v8';
import { type Home, keepSession, newDriver, openHome, spareState } from './home.ts';
import { hostCache, NO_CACHE } from './host-cache.ts';
import { type CommonOptions, type Invocation, readArguments } from './io/arguments.ts';
import { readStandardInput, readText } from './io/files.ts';
import { isUtf8, type OutputOptions, STDERR, STDOUT, wantsColour, widthOf } from './io/output.ts';
import { projectRoot } from './io/project.ts';
import { listenForStop, stopCode } from './io/signals.ts';
import { type BatchPort, COMMAND_LINE, type Program, printMisreads, readProgram, runPrograms } from './shell/batch.ts';
import type { Source } from './shell/diagnostic.ts';
import { EXIT } from './shell/exit-code.ts';
import { renderAnsi } from './view/ansi.ts';
import { asciiText } from './view/ascii.ts';
import type { Doc } from './view/doc.ts';
import { renderPlain } from './view/plain.ts';
import { colourTheme } from './view/themes.ts';

// The young generation reaches its size at once: four of five collections at the start are for nothing.
setFlagsFromString('--semi-space-growth-factor=16');

const root = projectRoot(import.meta.url);
const out = (text: string): void => STDOUT.write(text);
const err = (text: string): void => STDERR.write(text);

/** A clock; node:perf_hooks, where `performance` lives, would have to be loaded. */
const milliseconds = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** Draws a Doc for a stream; `set` in the session goes before the options. */
function renderer(options: CommonOptions, home: () => Home | null): (doc: Doc, stream: 'out' | 'err') => string {
  return (doc, stream) => {
    if (doc.length === 0) return '';
    const target = stream === 'out' ? STDOUT : STDERR;
    const settings = home()?.driver?.state.settings;
    const width = settings?.get('width');
    const color = settings?.get('color');
    const output: OutputOptions = {
      color: color === 'always' || color === 'never' ? color : options.color,
      width: width === undefined || width === 'auto' ? options.width : Number(width),
      plain: options.plain || settings?.get('plain') === 'on',
    };
    const draw = wantsColour(target, output, process.env) ? renderAnsi : renderPlain;
    const text = draw(doc, {
      theme: colourTheme(settings?.get('theme')),
      width: widthOf(STDOUT, output),
      linear: output.plain || !isUtf8(process.env),
    });
    return isUtf8(process.env) ? text : asciiText(text);
  };
}

async function readSource(name: string): Promise<Source | null> {
  if (name === '-') return { file: '<stdin>', text: await readStandardInput() };
  return readText(name).match(
    (text) => ({ file: name, text }),
    (fault) => {
      err(`spesh: ${name}: ${fault.message}\n`);
      return null;
    },
  );
}

interface Batch {
  readonly home: Home;
  readonly port: BatchPort;
  readonly options: CommonOptions;
}

/** Runs these sources; signals end the command under way and then the batch. */
async function runSources(batch: Batch, sources: readonly Source[], prefixes: boolean): Promise<number> {
  const { port, options, home } = batch;
  const { table } = spareState(home);
  const programs: Program[] = [];
  let wrong = false;
  for (const source of sources) {
    const program = readProgram(source, table, prefixes);
    if (program.isOk()) programs.push(program.value);
    else if (!wrong || !options.json) {
      wrong = true;
      printMisreads(program.error, options, port);
    }
  }
  if (wrong) return EXIT.misread;
  const signals = listenForStop();
  const code = await runPrograms(programs, options, { ...port, stopping: () => signals.pending() !== null });
  const signal = signals.pending();
  signals.dispose();
  if (signal === null || code === EXIT.bug) return code;
  if (signal !== 'SIGINT') err(port.render(keepSession(home, 'terminated', []), 'err'));
  return stopCode(signal);
}

async function runMode(invocation: Invocation, batch: Batch): Promise<number> {
  const { options, home, port } = batch;
  switch (invocation.mode) {
    case 'commands':
      return runSources(batch, [{ file: COMMAND_LINE, text: invocation.text }], true);
    case 'help':
      return runSources(batch, [{ file: COMMAND_LINE, text: `help ${invocation.topic}` }], true);
    case 'run': {
      const sources = await Promise.all(invocation.files.map(readSource));
      const all = sources.filter((s) => s !== null);
      return all.length < sources.length ? EXIT.usage : runSources(batch, all, false);
    }
    case 'start': {
      const terminal = STDOUT.isTTY && process.stdin.isTTY === true;
      if (!options.interactive && (!terminal || options.batch)) return runMode({ mode: 'run', files: ['-'] }, batch);
      // A shell stays open for long: its heap grows in small steps, which costs a tenth of the speed of a run that keeps millions of records.
      setFlagsFromString('--heap-growing-percent=25');
      if (terminal && process.env['TERM'] !== 'dumb') {
        const { runShell } = await import('./run-shell.ts');
        return runShell(home);
      }
      const { runLines } = await import('./run-lines.ts');
      return runLines(home, port);
    }
    case 'check': {
      const { runCheck } = await import('./run-check.ts');
      return runCheck(invocation, home, port);
    }
    case 'tape': {
      const { runTapes } = await import('./run-tape.ts');
      return runTapes(invocation, home, port);
    }
    case 'boot': {
      const { runBoot } = await import('./run-boot.ts');
      return runBoot(invocation, home, port);
    }
    case 'explore': {
      const { runExplore } = await import('./run-explore.ts');
      return runExplore(invocation, home, port);
    }
    case 'dump':
    case 'records':
    case 'stat': {
      const { runTrace } = await import('./run-trace.ts');
      return runTrace(invocation, options, port);
    }
    case 'export': {
      const { runExport } = await import('./run-export.ts');
      return runExport(invocation, port);
    }
  }
}

/** Keeps what a bug of ours must not lose, and says where it is. */
function reportBug(problem: unknown, home: Home | null, render: (doc: Doc, stream: 'out' | 'err') => string): number {
  const message = problem instanceof Error ? problem.message : String(problem);
  const stack = problem instanceof Error ? (problem.stack ?? '').split('\n').slice(1) : [];
  const { host, seed } = home?.driver?.state ?? { host: 'none', seed: 0 };
  err(`spesh: a bug of spesh: ${message}\n  host ${host}, seed ${seed}\n`);
  if (home !== null) err(render(keepSession(home, 'crash', [message, ...stack]), 'err'));
  if (process.env['SPESH_DEBUG'] !== undefined) err(`${stack.join('\n')}\n`);
  return EXIT.bug;
}

async function version(): Promise<string> {
  const { version: text } = JSON.parse(readText(`${root}/package.json`).unwrapOr('{"version":"unknown"}')) as { version: string };
  return text;
}

/** Runs spesh with the arguments behind its name; the exit code. `cacheDirectory`: where what start-up needs may be kept; null: nowhere. */
export async function runSpesh(argv: readonly string[], cacheDirectory: string | null): Promise<number> {
  const read = readArguments(argv, argv.includes('--version') || argv.includes('-V') ? await version() : '');
  if (read.kind === 'text') {
    out(read.out);
    err(read.err);
    return read.code;
  }
  const { invocation, options } = read;
  let home: Home | null = null;
  const render = renderer(options, () => home);
  try {
    home = openHome(root, options, cacheDirectory === null ? NO_CACHE : hostCache(cacheDirectory));
    const opened = home;
    if (options.plugins.length > 0) {
      const { loadPlugins } = await import('./plugins.ts');
      const loaded = await loadPlugins(opened, options.plugins);
      if (loaded.isErr()) {
        err(render(loaded.error.doc, 'err'));
        return loaded.error.code;
      }
    }
    const port: BatchPort = {
      out,
      err,
      render,
      now: milliseconds,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      stopping: () => false,
      newDriver: (front, onFinished) => newDriver(opened, front, onFinished),
    };
    return await runMode(invocation, { home, port, options });
  } catch (problem) {
    return reportBug(problem, home, render);
  }
}
