// Layouts of C structs as rows: a field's offset and width in bytes, little-endian, as arm64 lays them out.

export interface StructField {
  readonly name: string;
  readonly offset: number;
  readonly size: 1 | 2 | 4 | 8 | 16;
  readonly count: number; // more than 1: an array
  readonly signed: boolean;
  /** A user pointer: strace prints what it leads to. */
  readonly pointer: boolean;
}

export interface Struct {
  readonly name: string;
  readonly size: number;
  readonly fields: readonly StructField[];
}

type FieldText = `${'u8' | 'u16' | 'u32' | 'u64' | 'u128' | 's32' | 'ptr'}${'' | `[${number}]`} ${string}`;

/** A struct from 'type name' texts in order, aligned naturally. Throws (our bug) when the size is not `size`. */
export function struct(name: string, size: number, fields: readonly FieldText[]): Struct {
  let at = 0;
  const rows = fields.map((text): StructField => {
    const match = /^(u8|u16|u32|u64|u128|s32|ptr)(?:\[(\d+)\])? (\w+)$/.exec(text);
    if (match === null) throw new Error(`${name}: cannot read '${text}'`);
    const [, type, count, field] = match;
    const width = type === 'u8' ? 1 : type === 'u16' ? 2 : type === 'u32' || type === 's32' ? 4 : type === 'u128' ? 16 : 8;
    at = Math.ceil(at / width) * width;
    const row: StructField = {
      name: field,
      offset: at,
      size: width,
      count: Number(count ?? 1),
      signed: type === 's32',
      pointer: type === 'ptr',
    };
    at += width * row.count;
    return row;
  });
  if (at !== size) throw new Error(`${name}: ${at} bytes instead of ${size}`);
  return { name, size, fields: rows };
}

/** The value of one element of a field, unsigned unless the field is signed. */
export function readStructField(bytes: Uint8Array, field: StructField, index = 0): bigint {
  let value = 0n;
  for (let i = field.size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[field.offset + index * field.size + i]);
  return field.signed ? BigInt.asIntN(field.size * 8, value) : value;
}

export function writeStructField(bytes: Uint8Array, field: StructField, value: bigint, index = 0): void {
  let rest = BigInt.asUintN(field.size * 8, value);
  for (let i = 0; i < field.size; i++) {
    bytes[field.offset + index * field.size + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

/** The field of that name. Throws (our bug) when there is none. */
export function structField(s: Struct, name: string): StructField {
  const found = s.fields.find((f) => f.name === name);
  if (found === undefined) throw new Error(`${s.name} has no field ${name}`);
  return found;
}

/** A reader bound to names checked when the module loads: `reader(KVM_DEVICE_ATTR)('addr')`. */
export const getField = (s: Struct, bytes: Uint8Array, name: string): bigint => readStructField(bytes, structField(s, name));

/** The bytes of a struct whose named members have these values; the others are zero. */
export function packStruct(
  s: Struct,
  values: Readonly<Record<string, bigint | number | readonly (bigint | number)[]>>,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(s.size);
  for (const [name, value] of Object.entries(values)) {
    const field = structField(s, name);
    const items = typeof value === 'object' ? value : [value];
    items.forEach((item, i) => {
      writeStructField(bytes, field, BigInt(item), i);
    });
  }
  return bytes;
}
