// `spesh export FILE -o OUT`: a trace in another form; the ending of OUT says which. Part of main.
import type { Invocation } from './io/arguments.ts';
import { createStreamFile, type StreamFile } from './io/stream-file.ts';
import { EXIT } from './shell/exit-code.ts';
import { EXPORT_FORMS, type ExportForm, type ExportOptions, exportFormOf, exportTrace } from './trace/export.ts';
import { newStatistics, summarise } from './trace/statistics.ts';
import { openTraceFile, type TraceFile, type TracePort } from './trace-file.ts';
import { escapeControls } from './view/width.ts';

type ExportInvocation = Extract<Invocation, { mode: 'export' }>;

/** Converts; the exit code: 2 for a file that cannot be opened or written or an unknown ending, 5 for one that is no trace. */
export async function runExport(invocation: ExportInvocation, port: TracePort): Promise<number> {
  const form = exportFormOf(invocation.out);
  if (form === null) {
    port.err(`spesh: ${escapeControls(invocation.out)}: no format has this ending\n  hint: endings are .${EXPORT_FORMS.join(' .')}\n`);
    return EXIT.usage;
  }
  const opened = openTraceFile(invocation.file, port);
  if (opened.isErr()) return opened.error;
  const created = createStreamFile(invocation.out);
  if (created.isErr()) {
    opened.value.close();
    return cannotWrite(invocation.out, created.error.message, port);
  }
  const { midr, frequency, metadata } = invocation;
  const options: ExportOptions = { metadata, ...(midr === null ? {} : { midr }), ...(frequency === null ? {} : { frequency }) };
  try {
    await writeForm(opened.value, form, options, created.value, port);
  } catch (problem) {
    created.value.abandon();
    const code = (problem as { code?: unknown }).code;
    if (typeof code !== 'string') throw problem;
    return cannotWrite(invocation.out, code === 'ENOSPC' ? 'no space left' : code, port);
  } finally {
    opened.value.close();
  }
  return created.value.close().match(
    () => EXIT.ok,
    (fault) => cannotWrite(invocation.out, fault.message, port),
  );
}

function cannotWrite(path: string, message: string, port: TracePort): number {
  port.err(`spesh: ${escapeControls(path)}: ${message}\n`);
  return EXIT.usage;
}

async function writeForm(file: TraceFile, form: ExportForm, options: ExportOptions, out: StreamFile, port: TracePort): Promise<void> {
  if (form === 'parquet') {
    const { writeParquet } = await import('./export-parquet.ts');
    writeParquet(file.source, out.write, options);
  } else if (form === 'svg') {
    const statistics = newStatistics();
    const { countTrace } = await import('./run-stat.ts');
    await countTrace(file, statistics, null, port, 1);
    const { statisticsBlocks } = await import('../commands/stat.ts');
    const { chartSvg } = await import('./view/chart-svg.ts');
    const summary = summarise(statistics);
    out.write(new TextEncoder().encode(chartSvg(`${summary.records.toLocaleString('en-US')} records`, statisticsBlocks(summary))));
  } else for (const piece of exportTrace(file.source, form, options)) out.write(piece);
}
