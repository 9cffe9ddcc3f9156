// Traces from one form to another: a raw AUX file or a perf.data becomes a perf.data, the AUX bytes alone, or lines of its records. In pieces,
// whatever the size.
import { writeAgain } from './perf-data/again.ts';
import { plainRecording } from './perf-data/defaults.ts';
import { piecesOf } from './perf-data/read-at.ts';
import { auxStreamsInTurn } from './perf-data/streams.ts';
import { writePerfData } from './perf-data/write.ts';
import { type LineForm, linesHeader, linesOf, newRecordLines } from './record-lines.ts';
import { decodeSource, type TraceSource } from './trace.ts';

export interface ExportOptions {
  /** Of raw AUX bytes, which do not say: MIDR_EL1 of the CPU, and the frequency of the timestamps' counter in Hz. */
  readonly midr?: bigint;
  readonly frequency?: bigint;
  /** AUXTRACE_INFO of the perf.data: 1 opens in every perf. */
  readonly metadata?: 1 | 2;
}

/** A trace as a perf.data file: one that is a perf.data again with all that it holds, the frequency and the MIDR too. */
export function exportPerfData(source: TraceSource, options: ExportOptions = {}): Generator<Uint8Array> {
  if (source.perfData !== null) return writeAgain(source.perfData, options.metadata);
  return writePerfData(plainRecording([source.file], options));
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

/** The records as CSV or NDJSON: the fields of language.md §6. */
export function* exportLines(source: TraceSource, form: Exclude<LineForm, 'text'>): Generator<Uint8Array> {
  const lines = newRecordLines(form, source.perfData);
  yield linesHeader(lines);
  for (const { decoder, midr, cpu } of decodeSource(source)) yield* linesOf(lines, decoder.columns, midr, cpu, decoder.loop);
}

/** Forms that `spesh export` writes, by the ending of the file's name. */
export type ExportForm = 'data' | 'parquet' | 'csv' | 'ndjson' | 'aux' | 'svg';
export const EXPORT_FORMS: readonly ExportForm[] = ['data', 'parquet', 'csv', 'ndjson', 'aux', 'svg'];

/** The form that a file's name asks for; null: none that there is. */
export function exportFormOf(path: string): ExportForm | null {
  const ending = /\.([^./\\]+)$/.exec(path)?.[1].toLowerCase();
  return EXPORT_FORMS.find((form) => form === ending) ?? null;
}

/** A trace in one of the forms that are made here; Parquet (a package's) and pictures are main's. */
export function exportTrace(
  source: TraceSource,
  form: Exclude<ExportForm, 'parquet' | 'svg'>,
  options: ExportOptions = {},
): Generator<Uint8Array> {
  if (form === 'data') return exportPerfData(source, options);
  return form === 'aux' ? exportAux(source) : exportLines(source, form);
}
