// Traces from one form to another: a raw AUX file or a perf.data becomes a perf.data, or the AUX bytes alone. In pieces, whatever the size.
import { plainRecording } from './perf-data/defaults.ts';
import { piecesOf } from './perf-data/read-at.ts';
import type { PerfRecording } from './perf-data/recording.ts';
import { recordingOfPerfData } from './perf-data/recording-in.ts';
import { auxStreamsInTurn } from './perf-data/streams.ts';
import type { TraceSource } from './perf-data/trace-source.ts';
import { writePerfData } from './perf-data/write.ts';

export interface ExportOptions {
  /** Of raw AUX bytes, which do not say: MIDR_EL1 of the CPU, and the frequency of the timestamps' counter in Hz. */
  readonly midr?: bigint;
  readonly frequency?: bigint;
  /** AUXTRACE_INFO of the perf.data: 1 opens in every perf. */
  readonly metadata?: 1 | 2;
}

/** The recording that a trace is, for `writePerfData`. */
export function recordingOfSource(source: TraceSource, options: ExportOptions = {}): PerfRecording {
  if (source.perfData !== null) return recordingOfPerfData(source.perfData, options.metadata);
  return plainRecording([source.file], options);
}

/** A trace as a perf.data file. */
export function exportPerfData(source: TraceSource, options: ExportOptions = {}): Generator<Uint8Array> {
  return writePerfData(recordingOfSource(source, options));
}

/** The AUX bytes alone, as the units wrote them: stream after stream, in the order in which the file begins them. */
export function* exportAux(source: TraceSource): Generator<Uint8Array> {
  const { perfData } = source;
  if (perfData === null) {
    yield* piecesOf(source.file, 0, source.file.size);
    return;
  }
  for (const piece of auxStreamsInTurn(perfData)) yield piece.bytes;
}
