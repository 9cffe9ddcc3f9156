// Parquet files through hyparquet-writer, row group by row group: what a group was is written and forgotten before the next is made.
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

export interface TableColumn {
  readonly name: string;
  readonly type: 'uint64' | 'uint32' | 'text' | 'boolean';
  readonly data: readonly (bigint | number | string | boolean | null)[];
}

export interface ParquetFile {
  /** Writes a row group; every group has the same columns. The arrays may be used again. */
  group(columns: readonly TableColumn[]): void;
  end(): void;
}

/** Elements of the schema: Parquet keeps unsigned numbers in signed types and says so. */
const ELEMENT = {
  uint64: { type: 'INT64', converted_type: 'UINT_64' },
  uint32: { type: 'INT32', converted_type: 'UINT_32' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  boolean: { type: 'BOOLEAN' },
} as const;

/** Begins a file; `write` gets its bytes in order. `about`: key and value pairs that the file carries. */
export function createParquet(
  columns: readonly TableColumn[],
  write: (piece: Uint8Array) => void,
  about: Readonly<Record<string, string>> = {},
): ParquetFile {
  // The writer keeps what it wrote; here it is taken away after each group, and only its count of bytes goes on.
  const writer = new ByteWriter();
  const flush = (): void => {
    write(new Uint8Array(writer.buffer, 0, writer.index).slice());
    writer.index = 0;
  };
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: 'records', num_children: columns.length },
      ...columns.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...ELEMENT[type] })),
    ],
    createdBy: 'spesh',
    kvMetadata: Object.entries(about).map(([key, value]) => ({ key, value })),
  });
  return {
    group: (group) => {
      const columnData = group.map((c) => ({ name: c.name, data: [...c.data] }));
      file.write({ columnData, rowGroupSize: group[0]?.data.length ?? 0 });
      flush();
    },
    end: () => {
      file.finish();
      flush();
    },
  };
}
