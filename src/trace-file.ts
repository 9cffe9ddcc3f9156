// A trace file opened for a mode: its source, what was wrong with it, how many threads may work on it. Part of main.
import { err, ok, type Result } from 'neverthrow';
import { readBytes } from './io/files.ts';
import { STDERR } from './io/output.ts';
import { cpuCount } from './io/processors.ts';
import { progressBar } from './io/progress.ts';
import { type OpenFile, openFile } from './io/read-at.ts';
import type { BatchPort } from './shell/batch.ts';
import { EXIT } from './shell/exit-code.ts';
import { readAtBytes } from './trace/perf-data/read-at.ts';
import { auxSize, openTrace, TRACE_HINT, type TraceSource } from './trace/trace.ts';
import { escapeControls } from './view/width.ts';

/** Where a mode for traces prints. */
export type TracePort = Pick<BatchPort, 'out' | 'err' | 'render' | 'now'>;

export interface TraceFile {
  readonly source: TraceSource;
  /** The file, where threads can read it too; null: a pipe, which was read whole. */
  readonly open: OpenFile | null;
  close(): void;
}

/** Opens it and prints its warnings; else the exit code: 2 for a file that cannot be opened, 5 for one that is no trace. */
export function openTraceFile(path: string, port: TracePort): Result<TraceFile, number> {
  const name = escapeControls(path);
  const regular = openFile(path);
  const whole = regular.isErr() && regular.error.message === 'not a regular file' ? readBytes(path) : null;
  if (regular.isErr() && (whole === null || whole.isErr())) {
    port.err(`spesh: ${name}: ${regular.error.message}\n`);
    return err(EXIT.usage);
  }
  const open = regular.isOk() ? regular.value : null;
  const opened = openTrace(open ?? readAtBytes(whole?.isOk() ? whole.value.bytes : new Uint8Array(0)));
  if (opened.isErr()) {
    open?.close();
    const { offset, message } = opened.error;
    port.err(`${name}: byte ${offset}: invalid [trace]: ${escapeControls(message)}\n  hint: ${TRACE_HINT}\n`);
    return err(EXIT.invalid);
  }
  const { perfData } = opened.value;
  if (perfData !== null) {
    for (const w of perfData.warnings) port.err(`${name}: byte ${w.offset}: ${escapeControls(w.message)}\n`);
    const more = perfData.warningCount - perfData.warnings.length;
    if (more > 0) port.err(`${name}: ${more} more like these\n`);
  }
  return ok({ source: opened.value, open, close: () => open?.close() });
}

/** Bytes from which on a second thread saves more than its start takes: where a quick loop does the work, it is soon done. */
const WORTH_THREADS = { counts: 512 << 20, quick: 128 << 20, slow: 4 << 20 } as const;

/** More threads than that only wait for the one that writes. */
const MOST_THREADS = 8;

/** Threads for a trace: as asked, else one a CPU where it is long enough; 1: the main thread alone. */
export function threadsFor(file: TraceFile, asked: number | null, work: keyof typeof WORTH_THREADS): number {
  if (file.open === null) return 1;
  if (asked !== null) return asked;
  return auxSize(file.source) < WORTH_THREADS[work] ? 1 : Math.min(MOST_THREADS, cpuCount());
}

/** Smaller traces are read in less time than it takes to look. */
const WORTH_A_BAR = 64 << 20;
const MIB = 1 << 20;

/** A progress bar for work over `total` bytes, where standard error is a terminal. `add` hears of bytes that are done. */
export function startProgress(total: number, port: TracePort): { add(bytes: number): void; end(): void } {
  if (total <= WORTH_A_BAR) return { add: () => {}, end: () => {} };
  const bar = progressBar(STDERR, port.now);
  let done = 0;
  return {
    add: (bytes) => {
      done += bytes;
      bar.show(done / MIB, total / MIB, 'MiB');
    },
    end: () => bar.clear(),
  };
}
