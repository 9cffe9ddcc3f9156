// The modes for trace files, without what they do not need: no host, no session, no command table. Part of main.
import { type CommonOptions, readArguments } from './io/arguments.ts';
import { isUtf8, type Output, STDERR, STDOUT, wantsColour, widthOf } from './io/output.ts';
import { EXIT } from './shell/exit-code.ts';
import type { TracePort } from './trace-file.ts';

async function portOf(options: CommonOptions): Promise<TracePort> {
  const { renderAnsi } = await import('./view/ansi.ts');
  const { renderPlain } = await import('./view/plain.ts');
  const { color, width, plain } = options;
  const output = { color, width, plain };
  const draw = (target: Output): typeof renderPlain => (wantsColour(target, output, process.env) ? renderAnsi : renderPlain);
  return {
    out: STDOUT.write,
    err: STDERR.write,
    render: (doc, stream) =>
      draw(stream === 'out' ? STDOUT : STDERR)(doc, { width: widthOf(STDOUT, output), linear: plain || !isUtf8(process.env) }),
    now: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  };
}

/** Runs the mode; the exit code. */
export async function runTraceMode(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv, '');
  if (read.kind === 'text') {
    STDOUT.write(read.out);
    STDERR.write(read.err);
    return read.code;
  }
  const { invocation, options } = read;
  try {
    switch (invocation.mode) {
      case 'dump':
      case 'records':
      case 'stat': {
        const { runTrace } = await import('./run-trace.ts');
        return await runTrace(invocation, options, await portOf(options));
      }
      case 'export': {
        const { runExport } = await import('./run-export.ts');
        return await runExport(invocation, await portOf(options));
      }
      default:
        throw new Error(`${invocation.mode} is no mode for traces`);
    }
  } catch (problem) {
    const stack = problem instanceof Error ? (problem.stack ?? '').split('\n').slice(1).join('\n') : '';
    STDERR.write(`spesh: a bug of spesh: ${problem instanceof Error ? problem.message : String(problem)}\n`);
    if (process.env['SPESH_DEBUG'] !== undefined) STDERR.write(`${stack}\n`);
    return EXIT.bug;
  }
}
