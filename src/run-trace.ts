// `spesh dump`, `records`, `stat`: a trace file as text, streamed. Part of main.
import { ok, type Result } from 'neverthrow';
import type { CommonOptions, Invocation } from './io/arguments.ts';
import { STDOUT } from './io/output.ts';
import { EXIT } from './shell/exit-code.ts';
import { newColumns } from './trace/columns.ts';
import { type LineForm, lineSteps, linesHeader, newRecordLines } from './trace/record-lines.ts';
import { chooseRows, type RowTest } from './trace/row-values.ts';
import { auxSize, buffersOf, decodeSource, dumpSource } from './trace/trace.ts';
import { openTraceFile, startProgress, type TraceFile, type TracePort, threadsFor } from './trace-file.ts';
import { workInThreads } from './trace-threads.ts';
import { escapeControls } from './view/width.ts';

type TraceInvocation = Extract<Invocation, { mode: 'dump' | 'records' | 'stat' }>;

/** Runs the mode; the exit code: 2 for a file that cannot be opened, 5 for one that is no trace. */
export async function runTrace(invocation: TraceInvocation, options: CommonOptions, port: TracePort): Promise<number> {
  const test = invocation.mode === 'dump' ? ok(null) : await testOf(invocation.where);
  if (test.isErr()) {
    port.err(`spesh: ${test.error.split('\n').map(escapeControls).join('\n')}\n`);
    return EXIT.usage;
  }
  const opened = openTraceFile(invocation.file, port);
  if (opened.isErr()) return opened.error;
  const file = opened.value;
  const threads = threadsFor(file, invocation.workers, workOf(invocation));
  try {
    switch (invocation.mode) {
      case 'dump':
        return await dump(file, invocation.perf, threads, port);
      case 'records':
        return await records(file, options.json ? 'ndjson' : invocation.csv ? 'csv' : 'text', test.value, threads, port);
      case 'stat': {
        const { runStat } = await import('./run-stat.ts');
        return await runStat(file, invocation, options, test.value, port, threads);
      }
    }
  } finally {
    file.close();
  }
}

/** Who does most of it. */
function workOf(invocation: TraceInvocation): 'counts' | 'quick' | 'slow' {
  switch (invocation.mode) {
    case 'dump':
      return 'quick';
    case 'records':
      return invocation.csv ? 'quick' : 'slow';
    case 'stat':
      return invocation.counts ? 'counts' : 'slow';
  }
}

async function dump({ source, open }: TraceFile, perf: string, threads: number, port: TracePort): Promise<number> {
  if (perf !== '6.1' && perf !== '6.12' && perf !== '7.3') throw new Error(`no perf ${perf}`);
  const progress = startProgress(auxSize(source), port);
  if (open !== null) {
    await workInThreads(open, buffersOf(source), { kind: 'dump', perf }, threads, STDOUT.write, progress.add);
  } else {
    for (const piece of dumpSource(source, perf, progress.add)) STDOUT.write(piece);
  }
  progress.end();
  return EXIT.ok;
}

/** The parser of expressions is there only where one is. */
async function testOf(where: string | null): Promise<Result<RowTest | null, string>> {
  return where === null ? ok(null) : (await import('./trace-where.ts')).readWhere(where);
}

async function records(
  { source, open }: TraceFile,
  form: LineForm,
  test: RowTest | null,
  threads: number,
  port: TracePort,
): Promise<number> {
  const { perfData } = source;
  const lines = newRecordLines(form, perfData);
  const progress = startProgress(auxSize(source), port);
  STDOUT.write(linesHeader(lines));
  if (open !== null && perfData === null && test === null) {
    await workInThreads(open, buffersOf(source), { kind: 'lines', form }, threads, STDOUT.write, progress.add);
  } else {
    const chosen = newColumns(64);
    for (const piece of decodeSource(source)) {
      const { decoder, midr, cpu, bytes } = piece;
      if (test !== null) chooseRows(chosen, decoder.columns, test, piece);
      for (const text of lineSteps(lines, test === null ? decoder.columns : chosen, midr, cpu, decoder.loop)) {
        STDOUT.write(text.bytes.subarray(0, text.length));
        text.length = 0;
      }
      progress.add(bytes);
    }
  }
  progress.end();
  return EXIT.ok;
}
