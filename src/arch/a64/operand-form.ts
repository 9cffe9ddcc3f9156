// How operands are written and read: what print.ts and assemble.ts share. Each operand of a row or an alias has one form,
// which prints it from the fields of a word and reads it back into fields.
import { type BitPattern, fieldOf } from '../../base/bits.ts';
import type { A64Row } from './rows-form.ts';

/** Field name (as in the pattern) to value, unsigned. */
export type Fields = Record<string, number>;

export interface Printing {
  readonly row: A64Row;
  readonly fields: Fields;
  /** Address of the instruction: labels are relative to it. */
  readonly pc: bigint;
  /** Name of an address as it is to be printed (`<main+0x10>`), or undefined. */
  symbol(address: bigint): string | undefined;
  /** What objdump prints after `//`. */
  comment: string;
}

export interface Reading {
  readonly row: A64Row;
  readonly fields: Fields;
  readonly pc: bigint;
  /** The operands' text, cut at commas outside brackets; `at` is the next one. */
  readonly parts: readonly string[];
  readonly at: number;
  /** The address of a label, or undefined. */
  label(name: string): bigint | undefined;
}

export interface OperandForm {
  /** The operand's text; '' when it is left out. */
  print(p: Printing): string;
  /** How many parts it took, having set the fields; -1 when they are not such an operand. */
  read(r: Reading): number;
}

/** The values of a pattern's fields in a word. */
export function fieldsOf(pattern: BitPattern, word: number): Fields {
  const fields: Fields = {};
  for (const field of pattern.fields) fields[field.name] = fieldOf(word, field);
  return fields;
}

/** Sets a field while reading; false when another operand has already said otherwise. */
export function put(fields: Fields, name: string, value: number): boolean {
  if (fields[name] !== undefined && fields[name] !== value) return false;
  fields[name] = value;
  return true;
}

/** `#12`, `#0x1f`, `#-8`, the sign # may be missing; null for anything else. */
export function readImmediate(text: string | undefined): bigint | null {
  const found = /^#?(-?)(0x[0-9a-fA-F]+|\d+)$/.exec(text ?? '');
  if (found === null) return null;
  return found[1] === '-' ? -BigInt(found[2]) : BigInt(found[2]);
}

export const signed = (value: number, width: number): number => (value << (32 - width)) >> (32 - width);

/** A value as a field of `width` bits in two's complement; -1 when it does not fit. */
export function unsigned(value: number, width: number): number {
  if (value < -(2 ** (width - 1)) || value >= 2 ** (width - 1)) return -1;
  return value & (2 ** width - 1);
}

/** 32 or 64: the width of the operation. */
export const widthOf = (fields: Fields): number => (fields['sf'] === 0 ? 32 : 64);

/** Bytes of one register's access. */
export function bytesOf(row: A64Row, fields: Fields): number {
  const bytes = row.access?.bytes ?? 8;
  return bytes === 'sf' ? 4 << fields['sf'] : bytes;
}
