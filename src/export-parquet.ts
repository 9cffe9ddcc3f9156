// Records as a Parquet file. Part of main.
import { createParquet, type ParquetFile } from './io/parquet.ts';
import type { ExportOptions } from './trace/export.ts';
import { clearRowGroup, fillRowGroup, newRowGroup, ROW_GROUP } from './trace/parquet-columns.ts';
import { decodeSource, type TraceSource } from './trace/trace.ts';

/** Writes every record, a row group at a time. */
export function writeParquet(source: TraceSource, write: (piece: Uint8Array) => void, options: ExportOptions): void {
  const clock = source.perfData?.clock ?? null;
  const midrOfAux = options.midr === undefined ? undefined : Number(options.midr & 0xffff_ffffn);
  const group = newRowGroup();
  const file = createParquet(group.columns, write, { 'spesh.trace': source.perfData === null ? 'aux' : 'perf.data' });
  const flush = (to: ParquetFile): void => {
    if (group.rows > 0) to.group(group.columns);
    clearRowGroup(group);
  };
  for (const { decoder, cpu, midr } of decodeSource(source)) {
    for (let row = 0; row < decoder.columns.rows; ) {
      row = fillRowGroup(group, decoder.columns, row, { cpu, midr: midr ?? midrOfAux, clock });
      if (group.rows >= ROW_GROUP) flush(file);
    }
  }
  flush(file);
  file.end();
}
